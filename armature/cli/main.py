"""The commands: each reads its options, asks the API, shows the answer and ends with an exit code."""

from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer

from armature.cli.arguments import (
    DEFAULT_API_URL,
    ApiOption,
    BundleArgument,
    CloudOption,
    EnvironmentOption,
    GroupOption,
    IdArgument,
    JsonOption,
    KeyOption,
    LocalBundleArgument,
    LocationOption,
    OrderOption,
    ProjectOption,
    StackGroupsOption,
    SubscriptionOption,
    TargetOption,
    TenantOption,
)
from armature.cli.asking import NOT_STORED_YET, Wanted, has_target, new_deployment_id, request_from
from armature.cli.checking import check
from armature.cli.client import ApiClient
from armature.cli.exits import ExitCode
from armature.cli.packaging import packed, send
from armature.cli.result import print_deployments, print_plan, print_problems
from armature.cli.running import end, refuse_or_warn, reported, start, watch
from armature.cli.screen import output, print_json, print_line, say, write_what_can_be_written
from armature.options import Mode, Scheduling
from armature.state import Status

_EXIT_CODES = "Exit codes: " + "; ".join(f"{code.value} {code.meaning}" for code in ExitCode) + "."

app = typer.Typer(
    name="armature",
    help="Deploy bundles of Azure Resource Manager templates through Armature.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
bundle_app = typer.Typer(help="Work on a bundle without deploying it.", no_args_is_help=True)
app.add_typer(bundle_app, name="bundle")


@app.command(epilog=_EXIT_CODES)
def deploy(
    bundle: BundleArgument,
    target: TargetOption = None,
    subscription: SubscriptionOption = None,
    resource_group: GroupOption = None,
    location: LocationOption = None,
    stack_resource_group: StackGroupsOption = None,
    tenant: TenantOption = None,
    mode: Annotated[Mode | None, typer.Option(help="What happens to resources that no template names.")] = None,
    sequential: Annotated[bool, typer.Option("--sequential", help="One template at a time.")] = False,
    max_concurrency: Annotated[int | None, typer.Option(help="Templates, or uploads, in flight at once.")] = None,
    scheduling: Annotated[
        Scheduling | None, typer.Option(help="Start a template after its own dependencies, or after the tier before.")
    ] = None,
    assembly_order: OrderOption = None,
    max_attempts: Annotated[int | None, typer.Option(help="Attempts at a template, the first included.")] = None,
    backoff_multiplier: Annotated[float | None, typer.Option(help="Factor between one wait and the next.")] = None,
    deployment_id: Annotated[str | None, typer.Option(help="The id to give it; made up when left out.")] = None,
    project: ProjectOption = None,
    environment: EnvironmentOption = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Start it, and do not watch it.")] = False,
    as_json: JsonOption = False,
    cloud: CloudOption = None,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Check a bundle, send it, deploy it, and watch it until it ends."""
    wanted = Wanted(
        target=target,
        subscription=subscription,
        resource_group=resource_group,
        location=location,
        tenant=tenant,
        stack_resource_groups=stack_resource_group or (),
        project=project,
        environment=environment,
        deployment_id=deployment_id or new_deployment_id(Path(bundle).stem, datetime.now(UTC)),
        options={
            "mode": mode,
            "parallel": False if sequential else None,
            "maxConcurrency": max_concurrency,
            "scheduling": scheduling,
            "assemblyOrder": assembly_order,
            "retryPolicy": {
                name: value
                for name, value in (("maxAttempts", max_attempts), ("backoffMultiplier", backoff_multiplier))
                if value is not None
            },
        },
    )
    with reported(as_json=as_json), ApiClient(api, key) as client:
        if "://" in bundle:
            request = request_from(wanted, {"uri": bundle})
        else:
            path = Path(bundle)
            request = request_from(wanted, NOT_STORED_YET)
            refuse_or_warn(check(path, request, str(wanted.deployment_id), cloud), as_json=as_json)
            with packed(path) as zip_file:
                request = request_from(wanted, {"id": send(client, zip_file, say)})
        start(client, request, no_wait=no_wait, as_json=as_json)


@app.command(epilog=_EXIT_CODES)
def status(
    deployment_id: IdArgument,
    follow: Annotated[bool, typer.Option("--watch", help="Go on watching until it ends.")] = False,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Show how a deployment stands."""
    with reported(as_json=as_json), ApiClient(api, key) as client:
        if follow:
            watch(client, deployment_id, as_json=as_json)
        snapshot = client.state(deployment_id)
        if snapshot is not None:
            end(snapshot, as_json=as_json)


@app.command("list", epilog=_EXIT_CODES)
def list_(
    project: ProjectOption = None,
    environment: EnvironmentOption = None,
    status: Annotated[Status | None, typer.Option(help="Only those that stand so.")] = None,
    as_json: JsonOption = False,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """List deployments."""
    given = {"project": project, "environment": environment, "status": status}
    filters = {name: str(value) for name, value in given.items() if value is not None}
    with reported(as_json=as_json), ApiClient(api, key) as client:
        found = list(client.deployments(filters))
        if as_json:
            print_json({"value": [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in found]})
        elif found:
            print_deployments(output(), found)
        else:
            say("No deployment is like that.")


@app.command(epilog=_EXIT_CODES)
def version() -> None:
    """Print the version of this command."""
    print_line(output(), f"armature {version_of('armature')}")


@bundle_app.command(epilog=_EXIT_CODES)
def validate(
    bundle: LocalBundleArgument,
    target: TargetOption = None,
    subscription: SubscriptionOption = None,
    resource_group: GroupOption = None,
    location: LocationOption = None,
    stack_resource_group: StackGroupsOption = None,
    assembly_order: OrderOption = None,
    project: ProjectOption = None,
    environment: EnvironmentOption = None,
    cloud: CloudOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a bundle here, with no API: its manifest, templates, expressions, parameters, packages and order."""
    wanted = Wanted(
        target=target,
        subscription=subscription,
        resource_group=resource_group,
        location=location,
        stack_resource_groups=stack_resource_group or (),
        project=project,
        environment=environment,
        deployment_id=new_deployment_id("validate", datetime.now(UTC)),
        options={"assemblyOrder": assembly_order},
    )
    with reported(as_json=as_json):
        request = request_from(wanted, NOT_STORED_YET) if has_target(wanted) else None
        checked = check(Path(bundle), request, str(wanted.deployment_id), cloud)
        if as_json:
            print_json(checked.dump())
        elif checked.problems:
            print_problems(output(), checked.problems)
        if checked.is_refused:
            raise typer.Exit(ExitCode.REFUSED)
        if not as_json:
            if checked.review and checked.review.plan:
                print_plan(output(), checked.review.plan)
            print_line(output(), f"{bundle} can be deployed.")


def main() -> None:
    """The entry point of the `armature` script."""
    write_what_can_be_written()
    app()

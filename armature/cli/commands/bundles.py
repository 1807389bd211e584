"""`armature bundle`: work on a bundle without deploying it."""

from datetime import UTC, datetime
from pathlib import Path

import typer

from armature.cli.arguments import (
    CloudOption,
    EnvironmentOption,
    GroupOption,
    JsonOption,
    LocalBundleArgument,
    LocationOption,
    ManagementGroupOption,
    OrderOption,
    ProjectOption,
    StackGroupsOption,
    SubscriptionOption,
    TargetOption,
)
from armature.cli.asking import NOT_STORED_YET, Wanted, has_target, new_deployment_id, request_from
from armature.cli.checking import check
from armature.cli.commands.application import EXIT_CODES, app
from armature.cli.endings import reported
from armature.cli.exits import ExitCode
from armature.cli.listing import print_plan
from armature.cli.problem_list import print_problems
from armature.cli.regions import manifest_of
from armature.cli.screen import output, print_json, print_line

bundle_app = typer.Typer(help="Work on a bundle without deploying it.", no_args_is_help=True)
app.add_typer(bundle_app, name="bundle")


@bundle_app.command(epilog=EXIT_CODES)
def validate(
    bundle: LocalBundleArgument,
    target: TargetOption = None,
    subscription: SubscriptionOption = None,
    resource_group: GroupOption = None,
    management_group: ManagementGroupOption = None,
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
        management_group=management_group,
        location=location,
        stack_resource_groups=stack_resource_group or (),
        project=project,
        environment=environment,
        deployment_id=new_deployment_id("validate", datetime.now(UTC)),
        options={"assemblyOrder": assembly_order},
    )
    with reported(as_json=as_json):
        is_for_one = has_target(wanted) and not _is_for_any_region(wanted, Path(bundle))
        request = request_from(wanted, NOT_STORED_YET) if is_for_one else None
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


def _is_for_any_region(wanted: Wanted, path: Path) -> bool:
    """True when a bundle has several regions, and nobody says which: then it is checked in each of them."""
    manifest = manifest_of(path) if wanted.location is None else None
    return manifest is not None and bool(manifest.regions) and manifest.location is None

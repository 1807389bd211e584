"""`armature deploy`: from a bundle on this machine, or in storage, to a deployment that has ended."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from armature.cli.arguments import (
    DEFAULT_API_URL,
    ApiOption,
    BundleArgument,
    CloudOption,
    EnvironmentOption,
    GroupOption,
    JsonOption,
    KeyOption,
    LocationOption,
    ManagementGroupOption,
    NoWaitOption,
    OrderOption,
    ProjectOption,
    StackGroupsOption,
    SubscriptionOption,
    TargetOption,
    TenantOption,
)
from armature.cli.asking import NOT_STORED_YET, Wanted, new_deployment_id, request_from, retry_policy, usage_error
from armature.cli.checking import check
from armature.cli.client import ApiClient
from armature.cli.commands.application import EXIT_CODES, app
from armature.cli.endings import reported
from armature.cli.packaging import packed, send
from armature.cli.previews import Telling
from armature.cli.regions import check_all, deploy_to_each, each_region
from armature.cli.running import refuse_or_warn, start
from armature.cli.screen import say
from armature.options import Delivery, Mode, Scheduling, Strategy

TELLING = "armature.telling"
"""In the context of the command: how a preview is told (Telling), where another command says so."""


@app.command(epilog=EXIT_CODES)
def deploy(
    context: typer.Context,
    bundle: BundleArgument,
    target: TargetOption = None,
    subscription: SubscriptionOption = None,
    resource_group: GroupOption = None,
    management_group: ManagementGroupOption = None,
    location: LocationOption = None,
    all_regions: Annotated[
        bool,
        typer.Option(
            "--all-regions", help="To each region of the manifest, one after the other, as long as each completes."
        ),
    ] = False,
    stack_resource_group: StackGroupsOption = None,
    tenant: TenantOption = None,
    mode: Annotated[
        Mode | None,
        typer.Option(
            help="What no template names is left (Incremental) or deleted (Complete); WhatIf tells what would change, "
            "Validate whether Azure would accept it."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would change, and with Complete what would be deleted.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Ask for no approval, whatever would call for it.")] = False,
    strategy: Annotated[
        Strategy | None, typer.Option(help="Armature schedules the templates (graph), or Azure does (root).")
    ] = None,
    delivery: Annotated[
        Delivery | None, typer.Option(help="How Azure gets a template: by link (sas), or in the request (inline).")
    ] = None,
    sequential: Annotated[bool, typer.Option("--sequential", help="One template at a time.")] = False,
    max_concurrency: Annotated[int | None, typer.Option(help="Templates, or uploads, in flight at once.")] = None,
    scheduling: Annotated[
        Scheduling | None, typer.Option(help="Start a template after its own dependencies, or after the tier before.")
    ] = None,
    assembly_order: OrderOption = None,
    max_attempts: Annotated[int | None, typer.Option(help="Attempts at a template, the first included.")] = None,
    first_interval: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="The wait before the second attempt.")
    ] = None,
    backoff_multiplier: Annotated[float | None, typer.Option(help="Factor between one wait and the next.")] = None,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="MINUTES", help="Until it is given up; the time in the queue does not count."),
    ] = None,
    rollback_on_failure: Annotated[
        bool | None,
        typer.Option(
            "--rollback-on-failure/--no-rollback-on-failure",
            help="Put everything back as it was when it fails, is cancelled or times out.",
            show_default=False,
        ),
    ] = None,
    cancel_on_failure: Annotated[
        bool, typer.Option("--cancel-on-failure", help="When a template has failed, cancel those in flight.")
    ] = False,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="NAME=VALUE", help="A tag for all that is deployed; may be repeated."),
    ] = None,
    deployment_name_prefix: Annotated[
        str | None, typer.Option(metavar="PREFIX", help="Begins the names of the deployments in Azure.")
    ] = None,
    deployment_id: Annotated[str | None, typer.Option(help="The id to give it; made up when left out.")] = None,
    project: ProjectOption = None,
    environment: EnvironmentOption = None,
    notification_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An https address to tell of approvals and the end, if the app allows it."),
    ] = None,
    no_wait: NoWaitOption = False,
    as_json: JsonOption = False,
    cloud: CloudOption = None,
    api: ApiOption = DEFAULT_API_URL,
    key: KeyOption = None,
) -> None:
    """Check a bundle, send it, deploy it, and watch it until it ends. Ctrl+C asks to cancel it."""
    wanted = Wanted(
        target=target,
        subscription=subscription,
        resource_group=resource_group,
        management_group=management_group,
        location=location,
        tenant=tenant,
        stack_resource_groups=stack_resource_group or (),
        project=project,
        environment=environment,
        tags=tag or (),
        deployment_id=deployment_id,
        notification_url=notification_url,
        options={
            "mode": mode,
            "dryRun": dry_run or None,
            "force": force or None,
            "strategy": strategy,
            "delivery": delivery,
            "parallel": False if sequential else None,
            "maxConcurrency": max_concurrency,
            "scheduling": scheduling,
            "assemblyOrder": assembly_order,
            "retryPolicy": retry_policy(max_attempts, first_interval, backoff_multiplier),
            "timeout": timeout,
            "rollbackOnFailure": rollback_on_failure,
            "cancelOnFailure": cancel_on_failure or None,
            "deploymentNamePrefix": deployment_name_prefix,
        },
    )
    telling: Telling = context.meta.get(TELLING, Telling())
    with reported(as_json=as_json, starts=True), ApiClient(api, key) as client:
        if all_regions:
            _deploy_to_all(client, wanted, bundle, cloud, telling, no_wait=no_wait, as_json=as_json)
        wanted = replace(wanted, deployment_id=deployment_id or new_deployment_id(Path(bundle).stem, datetime.now(UTC)))
        if "://" in bundle:
            request = request_from(wanted, {"uri": bundle})
        else:
            path = Path(bundle)
            request = request_from(wanted, NOT_STORED_YET)
            refuse_or_warn(check(path, request, str(wanted.deployment_id), cloud), as_json=as_json)
            with packed(path) as zip_file:
                request = request_from(wanted, {"id": send(client, zip_file, say)})
        start(client, request, no_wait=no_wait, as_json=as_json, telling=telling)


def _deploy_to_all(
    client: ApiClient,
    wanted: Wanted,
    bundle: str,
    cloud: str | None,
    telling: Telling,
    *,
    no_wait: bool,
    as_json: bool,
) -> NoReturn:
    """Check a bundle for every region, send it once, and deploy it to one region after the other.

    Raises:
        typer.Exit: always, with the outcome.
        CommandError: options contradict; the API can't be reached, or refuses; or the watching was interrupted.
    """
    if wanted.location or no_wait:
        other = "--location" if wanted.location else "--no-wait"
        raise usage_error(
            f"--all-regions and {other} exclude each other.", "Start one deployment a region, with --location."
        )
    if "://" in bundle:
        raise usage_error(
            "The regions of a bundle in storage are not known here.", "Start one deployment a region, with --location."
        )
    path = Path(bundle)
    regions = each_region(wanted, path, datetime.now(UTC))
    refuse_or_warn(check_all(regions or {"": wanted}, path, cloud), as_json=as_json)
    with packed(path) as zip_file:
        stored = {"id": send(client, zip_file, say)}
    requests = {region: request_from(each, stored) for region, each in regions.items()}
    deploy_to_each(client, requests, telling, as_json=as_json)

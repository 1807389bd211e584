"""Packages: the sites that run from one may read it, and a cloud assembly's function apps are pointed at theirs."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df

from activities.border import register
from activities.events import succeeded_event
from activities.parameters import package_of, package_uri, signed_package_uri
from activities.releasing import container_of, released
from activities.showing import show, templates_of
from activities.standing import artifact_account, asked_of, state_of, too_late
from armature.azure.artifacts import PACKAGES_CONTAINER, ArtifactAccount
from armature.azure.models import ArmResource, ReleaseSight
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, failure
from armature.events import Event, EventCode, Level
from armature.messages import PackagesAnswer, PackagesInput
from armature.plan import PackageAttachment, Plan, PlannedTemplate
from armature.state import TemplateState, TemplateStatus

blueprint = df.Blueprint()

SITES_API_VERSION = "2023-12-01"
STORAGE_BLOB_DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
"""Built-in role (Azure built-in roles, 2025): read blobs."""

RUN_FROM_PACKAGE = "WEBSITE_RUN_FROM_PACKAGE"
RUN_FROM_PACKAGE_IDENTITY = "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID"
"""App settings (Run your functions from a package file, 2025): the URI, and which user-assigned identity reads it."""

_IDENTIFY = 'Give the function app an "identity" in its template, or take the package out of the manifest.'
_INTEGRATE = "Set `virtualNetworkSubnetId` to a subnet from which the account's private endpoint is reached."

SITE_ID = re.compile(r"/providers/Microsoft\.Web/sites/[^/]+(/slots/[^/]+)?$", re.IGNORECASE)


def attach_packages(services: Services, work: PackagesInput) -> PackagesAnswer:
    """Let the sites of a template read their packages for good.

    A cloud assembly's function apps also get the app setting that names the package, their others being kept, or, on
    Flex Consumption, the package itself, which the platform fetches meanwhile; in our own manifest the template itself
    hands the plain URI on to the site.

    Twice: a role assignment has a name made of its parts, settings that are right already are not written, and a
    package that the platform has, or is at, is not handed to it again. Late, once the run has ended or what it did is
    being undone, or after the lineage lock is lost: nothing is attached any more.
    """
    if (why := too_late(services, work, "The package")) is not None:
        return PackagesAnswer(failure=why)
    plan = services.deployments.plan(work.plan_id)
    template = plan.template(work.template)
    state = state_of(services, work.deployment_id)
    shown = templates_of(state, work).get(work.template)
    resources = shown.resources if shown else ()
    asked_by = f"{work.plan_id}:{state.run}"
    try:
        sights = [_attach(services, plan, template, attachment, asked_by) for attachment in template.attachments]
        if under_way := [sight for sight in sights if sight.link]:
            pause = max((sight.retry_after_seconds or 0 for sight in under_way), default=0) or None
            return PackagesAnswer(**dict(asked_of(services, state)), is_pending=True, retry_after_seconds=pause)
        granted = _grant_to_sites(services, plan, template, resources) if template.hands_on_packages else []
    except FailureError as failed:
        _show(services, work, {"failure": failed.failure}, [])
        raise
    attached = [_attached(template, attachment) for attachment in template.attachments]
    done = {"status": TemplateStatus.SUCCEEDED, "finished_at": datetime.now(UTC), "failure": None}
    _show(services, work, done, [*attached, *granted, succeeded_event(work.template, len(resources))])
    return PackagesAnswer()


def _grant_to_sites(services: Services, plan: Plan, template: PlannedTemplate, resources: Iterable[str]) -> list[Event]:
    """Make the identities of the sites among `resources` readers of the packages; a site without one is warned of."""
    arm, account = services.arm(plan.asked_in(template.scope)), artifact_account(services, plan)
    events = []
    for site_id in filter(SITE_ID.search, resources):
        name = site_id.rsplit("/", 1)[-1]
        site = arm.get_resource(site_id, SITES_API_VERSION)
        principal, _ = _identity_of(site) if site else ("", None)
        if principal:
            arm.ensure_role_assignment(packages_scope(services, plan), principal, STORAGE_BLOB_DATA_READER)
            events.append(_event(template.name, name, f"{name} may read the packages."))
        else:
            message = f"{name} has no managed identity, so it can't read a package by its plain URI."
            events.append(_event(template.name, name, message, Level.WARNING))
        if site and account.is_private and not _is_in_network(site):
            key = f"{name}:network"
            events.append(_event(template.name, key, f"{_outside(name, account)} {_INTEGRATE}", Level.WARNING))
    return events


def _attach(
    services: Services, plan: Plan, template: PlannedTemplate, attachment: PackageAttachment, asked_by: str
) -> ReleaseSight:
    """Point one function app at its package, or hand it over; a link in the answer means that this is under way."""
    arm = services.arm(plan.asked_in(template.scope))
    name = attachment.function_app
    site_id = f"{template.scope.resource_id}/providers/Microsoft.Web/sites/{name}"
    site = arm.get_resource(site_id, SITES_API_VERSION)
    if site is None:
        raise FailureError(_refusal(f"The function app {name} is not among what was deployed."))
    is_flex = container_of(site) is not None
    principal, identity_id = _identity_of(site)
    if not principal and not is_flex:
        raise FailureError(_refusal(f"The function app {name} has no managed identity to read its package with."))
    account = artifact_account(services, plan)
    if account.is_private and not _is_in_network(site):
        raise FailureError(_refusal(_outside(name, account), _INTEGRATE))
    if is_flex:
        blob = package_of(services, plan, attachment.package).blob_name
        address = partial(signed_package_uri, services, account, plan, attachment.package)
        return released(services.releases, arm, site, blob, address, asked_by)
    arm.ensure_role_assignment(packages_scope(services, plan), principal, STORAGE_BLOB_DATA_READER)
    wanted = {RUN_FROM_PACKAGE: package_uri(services, account, plan, attachment.package)}
    if identity_id:
        wanted[RUN_FROM_PACKAGE_IDENTITY] = identity_id
    arm.set_app_settings(site_id, wanted)
    return ReleaseSight()


def _attached(template: PlannedTemplate, attachment: PackageAttachment) -> Event:
    name = attachment.function_app
    return _event(template.name, name, f"{name} runs from the package {attachment.package}.")


def _is_in_network(site: ArmResource) -> bool:
    """Whether a site reaches out through a virtual network: by an integration, or as part of an environment in one."""
    return bool(site.properties.get("virtualNetworkSubnetId") or site.properties.get("hostingEnvironmentProfile"))


def _outside(site: str, account: ArtifactAccount) -> str:
    return (
        f"{site} is in no virtual network, so it can't read its package: public networks don't reach the artifact "
        f"storage account {account.name}."
    )


def packages_scope(services: Services, plan: Plan) -> str:
    """The id of the container of packages, on which sites are given the role to read them."""
    account = artifact_account(services, plan)
    return f"{account.resource_id}/blobServices/default/containers/{PACKAGES_CONTAINER}"


def _identity_of(site: ArmResource) -> tuple[str, str | None]:
    """The principal that reads for the site ("" for none), and its resource id when it is a user-assigned one."""
    if site.identity_principal_id:
        return site.identity_principal_id, None
    for identity_id, identity in site.user_assigned_identities.items():
        if identity.get("principalId"):
            return str(identity["principalId"]), identity_id
    return "", None


def _event(template: str, site: str, message: str, level: Level = Level.INFO) -> Event:
    code = EventCode.PACKAGE_ATTACHED if level is Level.INFO else EventCode.PACKAGE_UNREADABLE
    return Event(
        key=f"package:{template}:{site}",
        time=datetime.now(UTC),
        code=code,
        message=message,
        level=level,
        template=template,
    )


def _refusal(message: str, suggestion: str = _IDENTIFY) -> Failure:
    return failure(FailureClass.TEMPLATE, "PackageNotAttached", message, suggestion)


def _show(services: Services, work: PackagesInput, update: dict[str, object], events: list[Event]) -> None:
    def changed(template: TemplateState) -> TemplateState:
        return template.model_copy(update=update)

    show(services, work, {work.template: changed}, events)


register(blueprint, attach_packages, PackagesInput)

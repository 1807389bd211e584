"""Packages of a cloud assembly: nothing in its templates consumes them, so each function app is pointed at its own."""

from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df

from activities.border import register
from activities.events import succeeded_event
from activities.parameters import package_uri
from activities.standing import artifact_account
from armature.azure.arm import ArmGateway
from armature.azure.artifacts import PACKAGES_CONTAINER
from armature.azure.services import Services
from armature.errors import Failure, FailureClass, FailureError, failure
from armature.events import Event, EventCode
from armature.messages import Answer, PackagesInput
from armature.plan import PackageAttachment, Plan, PlannedTemplate
from armature.state import TemplateState, TemplateStatus
from armature.transitions import with_template

blueprint = df.Blueprint()

SITES_API_VERSION = "2023-12-01"
STORAGE_BLOB_DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
"""Built-in role (Azure built-in roles, 2025): read blobs."""

RUN_FROM_PACKAGE = "WEBSITE_RUN_FROM_PACKAGE"
RUN_FROM_PACKAGE_IDENTITY = "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID"
"""App settings (Run your functions from a package file, 2025): the URI, and which user-assigned identity reads it."""


def attach_packages(services: Services, work: PackagesInput) -> Answer:
    """Let each function app of a template read its package and run from it; its other settings are kept.

    Twice: the role assignment has a name of its own, settings that are right already are not written.
    """
    plan = services.deployments.plan(work.deployment_id)
    template = plan.template(work.template)
    try:
        for attachment in template.attachments:
            _attach(services, plan, template, attachment)
    except FailureError as failed:
        _show(services, work, {"failure": failed.failure}, [])
        raise
    state = services.deployments.state(work.deployment_id)
    resources = next((len(t.resources) for t in state.templates if t.name == work.template), 0) if state else 0
    now = datetime.now(UTC)
    events = [
        Event(
            key=f"package:{work.template}:{attachment.function_app}",
            time=now,
            code=EventCode.PACKAGE_ATTACHED,
            message=f"{attachment.function_app} runs from the package {attachment.package}.",
            template=work.template,
        )
        for attachment in template.attachments
    ]
    done = {"status": TemplateStatus.SUCCEEDED, "finished_at": now, "failure": None}
    _show(services, work, done, [*events, succeeded_event(work.template, resources)])
    return Answer()


def _attach(services: Services, plan: Plan, template: PlannedTemplate, attachment: PackageAttachment) -> None:
    arm = services.arm(template.scope.subscription)
    account = artifact_account(services, plan)
    site_id = f"{template.scope.resource_id}/providers/Microsoft.Web/sites/{attachment.function_app}"
    principal, identity_id = _identity(arm, site_id, attachment)
    container_id = f"{account.resource_id}/blobServices/default/containers/{PACKAGES_CONTAINER}"
    arm.ensure_role_assignment(container_id, principal, STORAGE_BLOB_DATA_READER)
    wanted = {RUN_FROM_PACKAGE: package_uri(services, account, plan, attachment.package)}
    if identity_id:
        wanted[RUN_FROM_PACKAGE_IDENTITY] = identity_id
    arm.set_app_settings(site_id, wanted)


def _identity(arm: ArmGateway, site_id: str, attachment: PackageAttachment) -> tuple[str, str | None]:
    """The principal that reads the package, and the resource id of its identity when that is a user-assigned one."""
    site = arm.get_resource(site_id, SITES_API_VERSION)
    if site is None:
        raise FailureError(_refusal(f"The function app {attachment.function_app} is not among what was deployed."))
    if site.identity_principal_id:
        return site.identity_principal_id, None
    assigned: dict[str, Any] = site.user_assigned_identities
    for identity_id, identity in assigned.items():
        if identity.get("principalId"):
            return str(identity["principalId"]), identity_id
    raise FailureError(
        _refusal(f"The function app {attachment.function_app} has no managed identity to read its package with.")
    )


def _refusal(message: str) -> Failure:
    suggestion = 'Give the function app an "identity" in its template, or take the package out of the manifest.'
    return failure(FailureClass.TEMPLATE, "PackageNotAttached", message, suggestion)


def _show(services: Services, work: PackagesInput, update: dict[str, object], events: list[Event]) -> None:
    now = datetime.now(UTC)
    services.deployments.append_events(work.deployment_id, events)

    def changed(template: TemplateState) -> TemplateState:
        return template.model_copy(update=update)

    services.deployments.update_state(
        work.deployment_id, lambda state: with_template(state, work.template, changed, now)
    )


register(blueprint, attach_packages, PackagesInput)

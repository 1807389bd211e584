"""What stood in the way of an earlier start is cleared: a resource provider registered, room made in the history."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from activities.parallel import in_parallel
from activities.standing import DEPLOYMENT_TAG
from armature.azure.arm import ArmGateway
from armature.azure.models import ArmDeployment
from armature.azure.services import Services
from armature.errors import FailureClass, FailureError, Recovery, failure
from armature.events import Event, EventCode
from armature.messages import StartInput
from armature.plan import PlannedTemplate
from armature.state import DeploymentState

PRUNED_TO = 700
"""Entries that are left in a history of at most 800: above as many ARM begins to prune by itself (Automatic deletions
from deployment history, 2025). It could not, or a person has forbidden it, when a deployment is refused for that."""


def cleared(services: Services, state: DeploymentState, template: PlannedTemplate, work: StartInput) -> list[Event]:
    """Do what the start before failed for want of; answers what to tell of it.

    Twice: a provider that is registered stays so, entries that are gone are gone.

    Raises:
        FailureError: the provider is not registered yet; ARM refuses, or could not be asked.
    """
    setback = work.start.setback
    if setback is None:
        return []
    arm = services.arm(services.deployments.plan(work.plan_id).asked_in(template.scope))
    if setback.recovery is Recovery.REGISTER_PROVIDER and setback.subject:
        return _registered(arm, setback.subject, template.name)
    if setback.recovery is Recovery.PRUNE_HISTORY:
        return _pruned(services, arm, state, setback.subject or template.scope.resource_id, work)
    return []


def _registered(arm: ArmGateway, namespace: str, template: str) -> list[Event]:
    state = arm.provider_state(namespace)
    if state.lower() not in ("registered", "registering"):
        arm.register_provider(namespace)
        state = arm.provider_state(namespace)
    if state.lower() != "registered":
        message = f"The resource provider {namespace} is being registered in the subscription ({state})."
        suggestion = f"Register it beforehand: az provider register --namespace {namespace} --wait"
        waits = failure(FailureClass.NOT_REGISTERED, "ProviderRegistering", message, suggestion)
        recovery = {"recovery": Recovery.REGISTER_PROVIDER, "subject": namespace}
        raise FailureError(waits.model_copy(update=recovery))
    return [
        Event(
            key=f"provider:{namespace.lower()}:registered",
            time=datetime.now(UTC),
            code=EventCode.PROVIDER_REGISTERED,
            message=f"The resource provider {namespace} is registered in the subscription.",
            template=template,
        )
    ]


def _pruned(
    services: Services, arm: ArmGateway, state: DeploymentState, scope_id: str, work: StartInput
) -> list[Event]:
    entries = list(arm.deployments_of(scope_id))
    owners = {entry.tags[DEPLOYMENT_TAG] for entry in entries if DEPLOYMENT_TAG in entry.tags}
    kept = {state.deployment_id, state.rollback.previous_deployment_id or state.deployment_id}
    doomed = prunable(entries, kept | _needed(services, sorted(owners - kept)))
    doomed = doomed[: max(0, len(entries) - PRUNED_TO)]
    in_parallel(arm.delete_deployment, [entry.id for entry in doomed])
    return [
        Event(
            key=f"history:{work.start.name}:{work.start.number}:pruned",
            time=datetime.now(UTC),
            code=EventCode.HISTORY_PRUNED,
            message=f"{len(doomed)} of {len(entries)} entries were deleted from the deployment history of {scope_id}: "
            "it was full. Their resources are untouched.",
            template=work.start.name,
        )
    ]


def _needed(services: Services, deployment_ids: Sequence[str]) -> set[str]:
    """Those that still run, or may still be rolled back or resumed: their operations tell what they made."""
    states = [state for state in in_parallel(services.deployments.state, deployment_ids) if state]
    keys = {state.lineage.key for state in states if state.lineage}
    latest = {services.deployments.lineage(key).latest for key in keys}
    return {s.deployment_id for s in states if not s.status.is_final or s.deployment_id in latest}


def prunable(entries: Iterable[ArmDeployment], kept: set[str]) -> list[ArmDeployment]:
    """The entries of a history that may go, in the order in which they go: Armature's before those of others, and the
    oldest first. Never one that still runs, nor what belongs to a deployment whose id is in `kept`, linked ones
    included: they share its correlation id."""
    found = list(entries)
    ours = {entry.correlation_id for entry in found if DEPLOYMENT_TAG in entry.tags}
    needed = {entry.correlation_id for entry in found if entry.tags.get(DEPLOYMENT_TAG) in kept}
    free = [
        entry
        for entry in found
        if entry.is_final
        and entry.tags.get(DEPLOYMENT_TAG) not in kept
        and (entry.correlation_id is None or entry.correlation_id not in needed)
    ]

    def order(entry: ArmDeployment) -> tuple[bool, datetime]:
        is_ours = DEPLOYMENT_TAG in entry.tags or (entry.correlation_id is not None and entry.correlation_id in ours)
        return not is_ours, entry.timestamp or datetime.min.replace(tzinfo=UTC)

    return sorted(free, key=order)

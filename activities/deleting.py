"""Delete what a deployment had created, pass by pass."""

from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df

from activities.border import register
from activities.parallel import in_parallel
from activities.standing import asked_of, state_of
from activities.survey import content_of
from armature.azure.arm.soft_deletion import keeps_its_name
from armature.azure.services import Services
from armature.deletions import DeletionProgress, DeletionState, DeletionStatus
from armature.errors import Failure, FailureClass, FailureError, failure
from armature.events import Event, EventCode
from armature.messages import DeletionAnswer, DeletionInput
from armature.rollback import Deletion
from armature.state import RollbackState, WarningState
from armature.surveying import is_group, subscription_of
from armature.transitions import with_rollback, with_warnings

blueprint = df.Blueprint()

MAX_IN_A_PASS = 200
"""Deletions of one pass: a few at a time, each a second of ARM's, they end within a minute."""

_RECOVERABLE = failure(
    FailureClass.UNKNOWN,
    "MayHoldEarlierContent",
    "something of that name had been deleted before this deployment, or nobody could tell, so it is left recoverable.",
)


def delete_resources(services: Services, work: DeletionInput) -> DeletionAnswer:
    """One pass of deletions: all that may go now is asked for, or looked at again.

    Twice: what is gone already is success, and what is on its way is only looked at. Late, once the rollback is over:
    nothing is deleted, since what is there by now may be another's.
    """
    state = state_of(services, work.deployment_id)
    control = asked_of(services, state)
    undoing = services.rollbacks.undoing(work)
    is_over = state.status.is_final or state.rollback.number != work.rollback
    if control.is_lock_broken or is_over or undoing is None:
        return DeletionAnswer(**dict(control))
    before = services.rollbacks.deletions(work)
    batch = before.next(undoing.deletions, is_stuck=work.is_stuck)[:MAX_IN_A_PASS]
    subscription = services.deployments.plan(work.deployment_id).subscription
    steps = in_parallel(partial(_step, services, subscription, before), batch)
    progress = services.rollbacks.update_deletions(work, (step.state for step in steps))
    progress = services.rollbacks.update_deletions(work, progress.with_owned(undoing.deletions).states.values())
    fresh = set(progress.gone(undoing.deletions)) - set(before.gone(undoing.deletions))
    _show(services, work, undoing.deletions, progress, fresh, [step.warning for step in steps if step.warning])
    left = progress.open(undoing.deletions)
    working = (DeletionStatus.DELETING, DeletionStatus.PURGING)
    return DeletionAnswer(
        **dict(control),
        left=len(left),
        settled=len(before.open(undoing.deletions)) - len(left),
        under_way=sum(progress.state(deletion).status in working for deletion in left),
        retry_after_seconds=max((step.retry_after_seconds for step in steps), default=0.0) or None,
    )


class _Step:
    """What came of one step of a deletion."""

    def __init__(
        self, state: DeletionState, warning: WarningState | None = None, retry_after_seconds: float | None = None
    ) -> None:
        self.state = state
        self.warning = warning
        self.retry_after_seconds = retry_after_seconds or 0.0


def _step(services: Services, subscription: str, progress: DeletionProgress, deletion: Deletion) -> _Step:
    state = progress.state(deletion)
    try:
        if state.status is DeletionStatus.PURGING:
            return _purged(services, state, may_purge=deletion.may_purge)
        return _deleted(services, subscription_of(deletion.id) or subscription, state, may_purge=deletion.may_purge)
    except FailureError as refused:
        retry_after = refused.failure.retry_after_seconds
        if state.status is DeletionStatus.PURGING and not refused.failure.is_retried:
            return _Step(_gone(state), _name_stays_taken(state, refused.failure))
        return _Step(state.after(refused.failure), None, retry_after)


def _deleted(services: Services, subscription: str, state: DeletionState, *, may_purge: bool) -> _Step:
    """Ask ARM to delete a resource, or look whether it has."""
    arm = services.arm(subscription)
    if state.status is DeletionStatus.DELETING or keeps_its_name(state.id):
        document = content_of(services, subscription, state.id)
        if document is None:
            return _purged(services, state, may_purge=may_purge)
        properties = document.get("properties") or {}
        if str(properties.get("provisioningState")).lower() == "deleting":
            return _Step(state.model_copy(update={"status": DeletionStatus.DELETING}))
        if keeps_its_name(state.id):
            state = state.model_copy(update={"location": document.get("location")})
    if is_group(state.id):
        held = arm.list_resources(state.id.rpartition("/")[2])
        state = state.after_look([resource.id for resource in held])
        if not state.is_empty:
            return _Step(state)
    if arm.delete_resource(state.id):
        return _purged(services, state, may_purge=may_purge)
    return _Step(state.model_copy(update={"status": DeletionStatus.DELETING, "reason": "", "suggestion": ""}))


def _purged(services: Services, state: DeletionState, *, may_purge: bool) -> _Step:
    """A resource that is deleted is gone, once its name is free again; but what was recovered stays recoverable."""
    if state.location is None or not keeps_its_name(state.id):
        return _Step(_gone(state))
    if not may_purge:
        return _Step(_gone(state), _name_stays_taken(state, _RECOVERABLE))
    arm = services.arm(subscription_of(state.id) or "")
    try:
        is_free = arm.purge_soft_deleted(state.id, state.location)
    except FailureError as refused:
        if refused.failure.is_retried:
            return _Step(state.model_copy(update={"status": DeletionStatus.PURGING}))
        return _Step(_gone(state), _name_stays_taken(state, refused.failure))
    return _Step(_gone(state) if is_free else state.model_copy(update={"status": DeletionStatus.PURGING}))


def _gone(state: DeletionState) -> DeletionState:
    return state.model_copy(update={"status": DeletionStatus.GONE, "reason": "", "suggestion": ""})


def _name_stays_taken(state: DeletionState, why: Failure) -> WarningState:
    name = state.id.rpartition("/")[2]
    message = (
        f"{state.id} is deleted, but its name {name} stays taken in {state.location} until it is purged: "
        f"{why.code}: {why.message} Once it may be: {_purge_command(state.id, name, state.location or '')}"
    )
    key = f"soft-deleted:{state.id.lower()}"
    return WarningState(key=key, code="NameStaysTaken", message=message, at=datetime.now(UTC))


def _purge_command(resource_id: str, name: str, location: str) -> str:
    kind = resource_id.lower()
    if "/microsoft.keyvault/" in kind:
        return f"az keyvault purge --name {name} --location {location}"
    if "/microsoft.appconfiguration/" in kind:
        return f"az appconfig purge --name {name} --location {location}"
    group = resource_id.split("/")[4]
    return f"az cognitiveservices account purge --name {name} --resource-group {group} --location {location}"


def _show(
    services: Services,
    work: DeletionInput,
    deletions: tuple[Deletion, ...],
    progress: DeletionProgress,
    fresh: set[str],
    warnings: list[WarningState],
) -> None:
    now = datetime.now(UTC)
    gone = progress.gone(deletions)
    services.deployments.append_events(
        work.deployment_id,
        [
            Event(
                key=f"rollback-{work.rollback}:deleted:{id_.lower()}",
                time=now,
                code=EventCode.RESOURCE_DELETED,
                message=f"{id_} is deleted.",
            )
            for id_ in sorted(fresh)
        ],
    )
    message = f"{len(gone)} of {len(deletions)} resources deleted."

    def shown(rollback: RollbackState) -> RollbackState:
        if rollback.number != work.rollback or len(gone) < len(rollback.deleted):
            return rollback
        return rollback.model_copy(update={"deleted": gone, "message": message})

    services.deployments.update_state(
        work.deployment_id, lambda state: with_warnings(with_rollback(state, shown, now), warnings)
    )


register(blueprint, delete_resources, DeletionInput)

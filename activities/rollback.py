"""Roll back: begin, find out what is to be undone, record the end.

What is done in between is in `deleting`, `verifying` and, for previous versions, in the activities of a rollout.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import azure.durable_functions as df

from activities.border import register
from activities.previous import kept_plan, planned_again, predecessor_of
from activities.roots import begun_of
from activities.standing import asked_of, state_of
from activities.undoing import undoing_found
from activities.verifying import differs_key
from armature.attempts import Start
from armature.azure.services import Services
from armature.cleaning.ending import words_after_rollback
from armature.errors import Failure, FailureClass, FailureError, failure
from armature.events import Event, EventCode, Level
from armature.leftovers import Leftover
from armature.messages import BegunAnswer, DeploymentStep, EndInput, RollbackInput, RollbackOutcome, UndoingAnswer
from armature.numbers import count_of
from armature.options import Strategy
from armature.previous_versions import number_of, started
from armature.rollback import Undoing
from armature.state import DeploymentState, Purpose, RollbackState, RollbackStatus, TemplateState, TemplateStatus
from armature.transitions import with_rollback

blueprint = df.Blueprint()

MAX_LEFTOVER_EVENTS = 50
"""Leftovers told in the log; the state holds all of them."""

_NOT_LISTED = "What it made could not be found out, so nothing of it was undone"


def begin_rollback(services: Services, work: RollbackInput) -> BegunAnswer:
    """Show that the rollback runs, and tell what may still be in flight. A run that only settles shows nothing.

    Twice: what has begun is left as it is.
    """
    state = state_of(services, work.deployment_id)
    again = tuple(_start(t) for t in state.rollback.templates if t.starts > 0 and not t.status.is_final)
    prefix = state.options.deployment_name_prefix
    number = number_of(state.rollback.templates, work.deployment_id, work.rollback, prefix)
    answer = BegunAnswer(in_flight=_in_flight(services, state), in_flight_again=again, rollback_in_flight=number)
    if work.is_undoing:
        message = "Waiting for what is in flight to end."
        by = _asked_by(services, state)
        _show(services, work, lambda found, now: _begun(found, work.rollback, by, message, now))
        _tell(services, work, "begun", EventCode.ROLLBACK_BEGUN, f"Rollback {work.rollback} has begun. {message}")
    return answer


def plan_rollback(services: Services, work: DeploymentStep) -> UndoingAnswer:
    """Find out what is to be undone, and plan which previous versions are deployed again.

    Twice: what was found and planned first stands.
    """
    state = state_of(services, work.deployment_id)
    control = asked_of(services, state)
    plan = kept_plan(services, work.deployment_id)
    names = _started(services, state)
    if control.is_lock_broken or (plan is None and not names):
        return UndoingAnswer(**dict(control))
    if plan is not None and state.options.strategy is Strategy.ROOT:
        names = begun_of(services, plan, names, started(state.templates))
    if plan is None:
        message = f"The plan of deployment {work.deployment_id} is gone, and with it what tells what it started."
        raise FailureError(failure(FailureClass.UNKNOWN, "PlanMissing", message))
    predecessor, why_not = predecessor_of(services, state.rollback.previous_deployment_id)
    undoing = undoing_found(services, work, plan, state, names, why_not)
    templates = planned_again(services, work, plan, predecessor, names, undoing)
    message = f"Deploying {count_of(len(templates), 'previous version')} again." if templates else ""

    def shown(rollback: RollbackState, _: datetime) -> RollbackState:
        known = {template.deployment_name for template in rollback.templates}
        is_shown = known == {template.deployment_name for template in templates}
        fresh = rollback.templates if is_shown else tuple(map(TemplateState.planned, templates))
        return rollback.model_copy(
            update={"templates": fresh, "to_delete": len(undoing.deletions), "message": message or rollback.message}
        )

    _show(services, work, shown)
    found = _listed(
        {
            f"{count_of(len(templates), 'template')} to deploy again in the previous version": len(templates),
            f"{count_of(len(undoing.deletions), 'resource')} to delete": len(undoing.deletions),
        },
        "nothing to deploy again, nothing to delete",
    )
    _tell(services, work, "planned", EventCode.ROLLBACK_PLANNED, " ".join(filter(None, [f"Found {found}.", why_not])))
    return UndoingAnswer(**dict(control), templates=len(templates), to_delete=len(undoing.deletions))


def end_rollback(services: Services, work: EndInput) -> RollbackOutcome:
    """Record how the rollback ended, with everything that is not as it was.

    Twice: the same is found again, and one that has ended stays so.
    """
    state = state_of(services, work.deployment_id)
    undoing = services.rollbacks.undoing(work)
    gone = services.rollbacks.deletions(work).gone(undoing.deletions) if undoing else ()
    leftovers = _leftovers(services, work, state, undoing)
    differing = sum(warning.key.startswith(differs_key(work, "")) for warning in state.warnings)
    restored = (id_ for t in state.rollback.templates if t.status is TemplateStatus.SUCCEEDED for id_ in t.resources)
    lost = words_after_rollback(services.clean_ups.deleted(work.deployment_id), restored)
    message = _ending(state, len(gone), leftovers, differing, lost)

    def ended(rollback: RollbackState, now: datetime) -> RollbackState:
        if rollback.finished_at is not None:
            return rollback
        status = RollbackStatus.PARTIAL if leftovers else RollbackStatus.COMPLETED
        return rollback.model_copy(
            update={
                "status": status,
                "finished_at": now,
                "message": message,
                "leftovers": leftovers,
                "deleted": gone,
            }
        )

    _show(services, work, ended)
    for number, leftover in enumerate(leftovers[:MAX_LEFTOVER_EVENTS]):
        text = f"{leftover.id} is left: {leftover.reason} {leftover.suggestion}"
        _tell(services, work, f"left:{number}", EventCode.RESOURCE_LEFT_OVER, text, Level.WARNING)
    level = Level.WARNING if leftovers else Level.INFO
    _tell(services, work, "ended", EventCode.ROLLBACK_ENDED, message, level)
    return RollbackOutcome(message=message, leftovers=len(leftovers), failure=work.failure if leftovers else None)


def _asked_by(services: Services, state: DeploymentState) -> str | None:
    """Who asked for the rollback, by hand or by a cancellation; None when it is the app's own doing."""
    control = services.deployments.control(state.deployment_id)
    is_by_hand = state.purpose is Purpose.ROLL_BACK
    request = control.reopening(state.purpose) if is_by_hand else control.cancel_of(state.run)
    return request.by if request else None


def _begun(rollback: RollbackState, number: int, by: str | None, message: str, now: datetime) -> RollbackState:
    if rollback.number >= number and rollback.status is not None:
        return rollback
    fresh: dict[str, object] = {"deleted": (), "to_delete": 0, "leftovers": (), "finished_at": None}
    begun = {"number": number, "status": RollbackStatus.RUNNING, "requested_by": by, "started_at": now}
    return rollback.model_copy(update={**fresh, **begun, "message": message})


def _started(services: Services, state: DeploymentState) -> tuple[str, ...]:
    """The templates that may have been handed to ARM: what is surveyed is about to be, and a start that nobody lived to
    record has left that."""
    surveyed = services.rollbacks.surveyed(state.deployment_id, [template.name for template in state.templates])
    attempted = started(state.templates)
    return tuple(t.name for t in state.templates if t.name in attempted or t.name in surveyed)


def _in_flight(services: Services, state: DeploymentState) -> tuple[Start, ...]:
    """All that was started but what has succeeded: ARM may go on with what nobody could watch any more."""
    names = _started(services, state)
    open_ = (t for t in state.templates if t.name in names and t.status is not TemplateStatus.SUCCEEDED)
    return tuple(map(_start, open_))


def _start(template: TemplateState) -> Start:
    return Start(name=template.name, attempt=max(template.attempt, 1), number=max(template.starts, 1))


def _leftovers(
    services: Services, work: EndInput, state: DeploymentState, undoing: Undoing | None
) -> tuple[Leftover, ...]:
    """What is not as it was: what could not be deleted, what is changed, and what nobody came to look at."""
    reason = f"{work.failure.code}: {work.failure.message}" if work.failure else ""
    if undoing is None:
        return _nothing_undone(services, state, work.failure) if work.failure else ()
    why_not = f"It was not deleted in time. {reason}".strip()
    not_deleted = services.rollbacks.deletions(work).leftovers(undoing.deletions, why_not)
    after = services.rollbacks.after(work)
    seen = {sighting.id.lower() for sighting in after.sightings} if after else set()
    unseen = tuple(
        Leftover(
            id=id_,
            reason=f"The rollback ended before it was told whether it is as it was before. {reason}".strip(),
            suggestion="Ask for the rollback again.",
        )
        for id_ in (*(change.id for change in undoing.changes), *undoing.unproven)
        if id_.lower() not in seen
    )
    return not_deleted + state.rollback.leftovers + unseen


def _nothing_undone(services: Services, state: DeploymentState, why: Failure) -> tuple[Leftover, ...]:
    plan = kept_plan(services, state.deployment_id)
    names = _started(services, state)
    return tuple(
        Leftover(
            id=template.scope.deployment_id(template.deployment_name),
            reason=f"{_NOT_LISTED}: {why.code}: {why.message}",
            suggestion=f"{why.suggestion} Then ask for the rollback again.",
        )
        for template in (plan.templates if plan else ())
        if template.name in names
    )


def _ending(
    state: DeploymentState, deleted: int, leftovers: tuple[Leftover, ...], differing: int, lost: str = ""
) -> str:
    """What became of the rollback, in words. `lost` tells what mode Complete had deleted, which nothing brings back."""
    again = sum(template.status is TemplateStatus.SUCCEEDED for template in state.rollback.templates)
    done = _listed(
        {
            f"{count_of(again, 'template')} deployed again in the previous version": again,
            f"{count_of(deleted, 'resource')} deleted": deleted,
        },
        "there was nothing to undo",
    )
    if lost and not leftovers:
        return f"What this deployment deployed is undone: {done}. {lost}"
    if not leftovers and differing:
        what = count_of(differing, "resource")
        return f"Everything is as the previous version has it, which is not quite what {what} had been: {done}."
    if not leftovers:
        return f"Everything is as it was before: {done}."
    return f"{count_of(len(leftovers), 'thing')} could not be undone; {done}. {lost}".rstrip()


def _listed(numbers: Mapping[str, int], nothing: str) -> str:
    """What there is of these, in words: those of which there are none are left out, and all of them are `nothing`."""
    return ", ".join(words for words, number in numbers.items() if number) or nothing


def _show(services: Services, work: DeploymentStep, change: Callable[[RollbackState, datetime], RollbackState]) -> None:
    now = datetime.now(UTC)
    services.deployments.update_state(
        work.deployment_id, lambda state: with_rollback(state, lambda rollback: change(rollback, now), now)
    )


def _tell(
    services: Services, work: DeploymentStep, key: str, code: EventCode, message: str, level: Level = Level.INFO
) -> None:
    event = Event(
        key=f"rollback-{work.rollback}:{key}", time=datetime.now(UTC), code=code, message=message, level=level
    )
    services.deployments.append_events(work.deployment_id, [event])


register(blueprint, begin_rollback, RollbackInput)
register(blueprint, plan_rollback, DeploymentStep)
register(blueprint, end_rollback, EndInput)

"""The deletions of mode Complete, pass by pass: only what was approved, and only while it is what was approved."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import azure.durable_functions as df

from activities.border import register
from activities.cleaning import noted_approvals
from activities.cleaning_facts import found_resource, listed_in
from activities.parallel import in_parallel
from activities.standing import asked_of, state_of
from activities.survey import content_of
from armature.azure.services import Services
from armature.cleaning import CleanUpList, CleanUpState, DoomedResource, FoundResource, deletions_of
from armature.cleaning.changes import changed_in_document, changed_in_list, named_in
from armature.cleaning.ending import AGAIN, DEPLOY_AGAIN, Ending, clean_up_ending
from armature.deletions import DeletionState, DeletionStatus, LeftCause
from armature.errors import FailureClass, FailureError, failure
from armature.events import Event, EventCode, Level
from armature.messages import CleaningInput, CleanUpEnding, CleanUpEndInput, DeletionAnswer
from armature.rollback import Deletion
from armature.state import DeploymentState, WarningState
from armature.surveying import group_of, subscription_of
from armature.transitions import with_clean_up, with_warnings

blueprint = df.Blueprint()

MAX_IN_A_PASS = 200
"""Deletions of one pass: a few at a time, each a second of ARM's, they end within a minute."""

MAX_LEFTOVER_EVENTS = 50
"""Leftovers told in the log; the list tells all of them."""

_NOT_APPROVED = "Nobody has approved its deletion, exactly as it is on the list."


def delete_doomed(services: Services, work: CleaningInput) -> DeletionAnswer:
    """One pass of deletions: each resource that may go now is looked at, and deleted if it is still what was approved.

    Twice: what is gone already is success, and what is on its way is only looked at. Late, once the run has ended, also
    when a further one has begun: as after a cancellation, and when the lineage lock is lost, nothing is deleted.
    """
    state = state_of(services, work.deployment_id)
    control = asked_of(services, state)
    listed = services.clean_ups.listed(work.deployment_id, work.list_id)
    has_ended = state.status.is_final or state.run != work.run
    if control.is_lock_broken or control.is_cancelled or has_ended or listed is None:
        return DeletionAnswer(**dict(control))
    run = _Pass(services, state, listed)
    run.carry_out(is_stuck=work.is_stuck)
    left = run.progress.open(run.deletions)
    working = sum(run.progress.state(deletion).status is DeletionStatus.DELETING for deletion in left)
    return DeletionAnswer(
        **dict(control),
        left=len(left),
        settled=len(run.before.open(run.deletions)) - len(left),
        under_way=working,
        retry_after_seconds=run.retry_after_seconds or None,
    )


class _Pass:
    """One pass over the deletions of a list."""

    def __init__(self, services: Services, state: DeploymentState, listed: CleanUpList) -> None:
        self._services = services
        self._state = state
        self._listed = listed
        self._doomed = {each.id.lower(): each for each in listed.resources}
        self.deletions = deletions_of(listed.resources)
        self.before = services.clean_ups.deletions(state.deployment_id, state.run, listed.list_id)
        self.progress = self.before
        self.retry_after_seconds = 0.0

    def carry_out(self, *, is_stuck: bool) -> None:
        """Look at all that may go now, write down what that will change besides, then delete."""
        due = self.before.next(self.deletions, is_stuck=is_stuck)[:MAX_IN_A_PASS]
        self._keep(self._unapproved(due))
        batch = self._own_turn([each for each in due if not self.progress.state(each).status.is_final])
        shown = self._shown(batch)
        self._keep(in_parallel(partial(self._looked_at, shown), batch))
        ready = [each for each in batch if self.progress.state(each).status is DeletionStatus.WAITING]
        self._keep(in_parallel(self._deleted, ready))
        self._keep(self.progress.with_owned(self.deletions).states.values())
        self._show()

    def _keep(self, states: Iterable[DeletionState]) -> None:
        fresh = tuple(states)
        if fresh:
            self.progress = self._services.clean_ups.update_deletions(
                self._state.deployment_id, self._state.run, self._listed.list_id, fresh
            )

    def _unapproved(self, batch: Sequence[Deletion]) -> list[DeletionState]:
        """What nobody has approved is not deleted, whoever asks for it."""
        if self._state.options.force:
            return []
        record = noted_approvals(self._services, self._state)
        marks = self._services.clean_ups.approved_marks(self._state.deployment_id, record)
        return [
            self.progress.state(each).given_up(LeftCause.UNAPPROVED, _NOT_APPROVED, DEPLOY_AGAIN)
            for each in batch
            if self._doomed[each.id.lower()].mark not in marks
        ]

    def _own_turn(self, batch: Sequence[Deletion]) -> list[Deletion]:
        """Those that do not wait for what they go with."""

        def waits(deletion: Deletion) -> bool:
            leader = self._doomed[deletion.id.lower()].goes_with
            if leader is None or leader.lower() not in self._doomed:
                return False
            return not self.progress.state(Deletion(id=leader, level=0)).status.is_final

        return [each for each in batch if not waits(each)]

    def _shown(self, batch: Sequence[Deletion]) -> Mapping[str, FoundResource]:
        """What the groups of these hold now, as their lists show it."""
        groups = {group.lower(): group for each in batch if (group := group_of(each.id))}
        lists = in_parallel(partial(listed_in, self._services), list(groups.values()))
        return {each.id.lower(): found_resource(each) for listed in lists for each in listed}

    def _looked_at(self, shown: Mapping[str, FoundResource], deletion: Deletion) -> DeletionState:
        """A deletion once its resource was looked at: gone, on its way, not what was approved, or ready to be deleted,
        with what else that will change."""
        state = self.progress.state(deletion)
        approved = self._doomed[deletion.id.lower()]
        try:
            document = content_of(self._services, subscription_of(deletion.id) or "", deletion.id)
        except FailureError as refused:
            return self._after(state, refused)
        if document is None:
            return _gone(state)
        is_ours = state.status is DeletionStatus.DELETING
        properties = document.get("properties") or {}
        if str(properties.get("provisioningState")).lower() == "deleting":
            return state.model_copy(update={"status": DeletionStatus.DELETING})
        why = self._change(approved, shown.get(deletion.id.lower()), document, is_begun=is_ours)
        if why:
            return state.given_up(LeftCause.CHANGED, why, DEPLOY_AGAIN)
        touches = tuple(id_ for id_ in named_in(document, self._doomed.keys()) if id_ != deletion.id.lower())
        return state.model_copy(update={"status": DeletionStatus.WAITING, "touches": touches})

    def _change(
        self, approved: DoomedResource, now: FoundResource | None, document: Mapping[str, object], *, is_begun: bool
    ) -> str:
        is_touched = is_begun or approved.id.lower() in self.progress.touched
        told = changed_in_list(approved, now, is_touched=is_touched) if now is not None else ""
        return told or changed_in_document(approved, document, self._listed.at, is_touched=is_touched)

    def _deleted(self, deletion: Deletion) -> DeletionState:
        state = self.progress.state(deletion)
        try:
            is_gone = self._services.arm(subscription_of(deletion.id) or "").delete_resource(deletion.id)
        except FailureError as refused:
            return self._after(state, refused)
        except ValueError as odd:
            return state.after(failure(FailureClass.UNKNOWN, "ResourceIdUnreadable", str(odd)), AGAIN)
        if is_gone:
            return _gone(state)
        return state.model_copy(update={"status": DeletionStatus.DELETING, "reason": "", "suggestion": ""})

    def _after(self, state: DeletionState, refused: FailureError) -> DeletionState:
        self.retry_after_seconds = max(self.retry_after_seconds, refused.failure.retry_after_seconds or 0.0)
        return state.after(refused.failure, AGAIN)

    def _show(self) -> None:
        now = datetime.now(UTC)
        gone = self.progress.gone(self.deletions)
        fresh = set(gone) - set(self.before.gone(self.deletions))
        store, id_ = self._services.deployments, self._state.deployment_id
        store.append_events(id_, [_deleted_event(self._state.run, each, now) for each in sorted(fresh)])

        def shown(found: CleanUpState) -> CleanUpState:
            is_other = found.list_id != self._listed.list_id or found.deleted > len(gone)
            return found if is_other else found.model_copy(update={"deleted": len(gone)})

        store.update_state(id_, lambda state: with_clean_up(state, shown, now))


def _gone(state: DeletionState) -> DeletionState:
    return state.model_copy(update={"status": DeletionStatus.GONE, "reason": "", "suggestion": ""})


def _deleted_event(run: int, resource_id: str, now: datetime) -> Event:
    return Event(
        key=f"clean-up:{run}:deleted:{resource_id.lower()}",
        time=now,
        code=EventCode.RESOURCE_DELETED,
        message=f"{resource_id} is deleted: no template deploys it.",
    )


def end_clean_up(services: Services, work: CleanUpEndInput) -> CleanUpEnding:
    """Record how the deletions ended, with everything that is left, and why. Twice: the same is found again.

    Raises:
        FailureError: a further run has begun meanwhile, or the list is gone.
    """
    state = state_of(services, work.deployment_id)
    if state.run != work.run:
        message = f"Run {work.run} of deployment {work.deployment_id} has ended already."
        raise FailureError(failure(FailureClass.UNKNOWN, "RunEnded", message))
    control = asked_of(services, state)
    listed = services.clean_ups.listed(work.deployment_id, work.list_id)
    if listed is None:
        message = f"The list {work.list_id} of deployment {work.deployment_id} is gone."
        raise FailureError(failure(FailureClass.UNKNOWN, "CleanUpListMissing", message))
    progress = services.clean_ups.deletions(work.deployment_id, state.run, work.list_id)
    ending = clean_up_ending(listed, progress, work.why)
    now = datetime.now(UTC)
    _tell(services, state, listed, ending, now)

    def ended(found: CleanUpState) -> CleanUpState:
        return found.model_copy(
            update={"deleted": ending.deleted, "left": len(ending.all_left), "leftovers": ending.leftovers}
        )

    services.deployments.update_state(
        work.deployment_id, lambda found: with_warnings(with_clean_up(found, ended, now), _warnings(ending, now))
    )
    return CleanUpEnding(
        **dict(control),
        message=ending.message,
        deleted=ending.deleted,
        kept=len(ending.all_left) - len(ending.refused),
        left=len(ending.refused),
    )


def _warnings(ending: Ending, now: datetime) -> list[WarningState]:
    return [
        WarningState(key=f"clean-up:{code}:{ending.list_id}", code=code, message=message, at=now)
        for code, message in ending.warnings.items()
    ]


def _tell(services: Services, state: DeploymentState, listed: CleanUpList, ending: Ending, now: datetime) -> None:
    key = f"clean-up:{state.run}:{listed.list_id}"
    left = [
        Event(
            key=f"{key}:left:{leftover.id.lower()}",
            time=now,
            code=EventCode.RESOURCE_LEFT_OVER,
            message=f"{leftover.id} is not deleted: {leftover.reason} {leftover.suggestion}".strip(),
            level=Level.WARNING,
        )
        for leftover in ending.all_left[:MAX_LEFTOVER_EVENTS]
    ]
    level = Level.WARNING if ending.all_left else Level.INFO
    last = Event(key=f"{key}:ended", time=now, code=EventCode.CLEAN_UP_ENDED, message=ending.message, level=level)
    services.deployments.append_events(state.deployment_id, [*left, last])


register(blueprint, delete_doomed, CleaningInput)
register(blueprint, end_clean_up, CleanUpEndInput)

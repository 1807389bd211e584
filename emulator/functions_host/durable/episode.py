"""One episode of an instance: takes what is in its inbox, asks the orchestrator, writes what follows."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from azure.functions import meta

from emulator.functions_host.durable import failures
from emulator.functions_host.durable import history as rows
from emulator.functions_host.durable.actions import OrchestratorAnswer, parse_answer
from emulator.functions_host.durable.beginning import Beginning
from emulator.functions_host.durable.consequences import (
    Outcome,
    as_input,
    child_of,
    report_to_parent,
    row_of,
    standing_after,
)
from emulator.functions_host.durable.decisions import (
    Completed,
    Continued,
    Failed,
    NonDeterministic,
    ScheduleActivity,
    StartSubOrchestration,
    StartTimer,
    Verdict,
)
from emulator.functions_host.durable.history import HistoryEvent, ParentInstance, Recorded
from emulator.functions_host.durable.instances import (
    Commit,
    Delivery,
    Instance,
    Message,
    PendingActivity,
    PendingTimer,
    RuntimeStatus,
)
from emulator.functions_host.durable.remembered import RememberedHistories
from emulator.functions_host.durable.replay import KnownFunctions, replay
from emulator.functions_host.durable.store import Store
from emulator.functions_host.errors import HostError
from emulator.functions_host.indexing import HostFunction
from emulator.functions_host.invocation import OUT_OF_PROCESS_MARKER, FunctionError, FunctionInput, Invoker
from emulator.functions_host.leases import Fence


def utc_now() -> datetime:
    """Return the current moment."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Aftermath:
    """What has to be woken after an episode."""

    activities: Sequence[PendingActivity] = ()
    instances: Sequence[str] = ()
    has_new_timers: bool = False


class EpisodeRunner:
    """Runs episodes: several at a time, but one of each instance."""

    def __init__(
        self,
        store: Store,
        orchestrators: Mapping[str, HostFunction],
        known: KnownFunctions,
        invoker: Invoker,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._orchestrators = orchestrators
        self._known = known
        self._invoker = invoker
        self._clock = clock
        self._histories = RememberedHistories(store)

    def run(self, instance_id: str, fence: Fence | None = None) -> Aftermath:
        """Run one episode of an instance if anything waits for it; `fence` is the lease that allows it.

        Raises `LeaseLostError` when another host has the lease by the time that the episode is written.
        """
        with self._store.snapshot():
            episode = self._begin(instance_id)
        if not isinstance(episode, Beginning):
            if episode:
                self._store.discard(episode)
            return Aftermath()
        aftermath = self._carry_on(replace(episode, fence=fence))
        if episode.begins_again:  # what came for the instance in the meantime is still in the inbox
            return replace(aftermath, instances=[*aftermath.instances, instance_id])
        return aftermath

    def forget(self, is_for_others: Callable[[str], bool]) -> None:
        """Keep no history in memory of the instances of which this is so."""
        self._histories.forget_all(is_for_others)

    def _carry_on(self, episode: Beginning) -> Aftermath:
        if episode.termination is not None:
            return self._terminate(episode, episode.termination)
        answer, failure = self._answer(episode)
        if failure is not None:
            return self._fail(episode, failure)
        verdict = replay(episode.events, answer, self._known)
        instance = episode.instance
        if answer.custom_status is not None:
            instance = replace(instance, custom_status=rows.compact(answer.custom_status))
        return self._conclude(replace(episode, instance=instance), answer, verdict)

    def _terminate(self, episode: Beginning, termination: HistoryEvent) -> Aftermath:
        """Ask once more, as the host does, and ignore how the orchestrator says that it ends.

        What the news before the termination have led to is scheduled all the same, and its reports are for nobody.
        """
        answer, failure = self._answer(episode)
        verdict = None if failure else replay(episode.events, answer, self._known)
        if verdict is not None and isinstance(verdict.ending, NonDeterministic):  # found out before it is terminated
            return self._conclude(episode, answer, verdict)
        reason = termination.fields["Input"]
        return self._end(episode, Outcome(RuntimeStatus.TERMINATED, reason, reason or ""), verdict)

    def _begin(self, instance_id: str) -> Beginning | list[int]:
        """Return how the episode begins; without one the deliveries that are for nobody any more."""
        deliveries = self._store.inbox(instance_id)
        if not deliveries:
            return []
        instance = self._store.instance(instance_id)
        if instance is None or instance.status.is_final:
            self._histories.forget(instance_id)
            return [delivery.id for delivery in deliveries]
        current = [d for d in deliveries if d.message.execution_id in (None, instance.execution_id)]
        stale = [d.id for d in deliveries if d not in current]
        if not current:
            return stale
        history = self._histories.of(instance)
        now = self._clock()
        begins_again = next((d for d in current if d.message.event is None), None)
        if begins_again is not None:
            consumed = [*stale, begins_again.id]
            return Beginning(instance, now, history, 0, consumed, is_first=True, begins_again=True)
        news = [Recorded(event, is_played=False) for event in [rows.orchestrator_started(now), *_events(current)]]
        consumed = [*stale, *(d.id for d in current)]
        return Beginning(instance, now, [*history, *news], len(history), consumed, is_first=not history)

    def _orchestrator(self, episode: Beginning) -> HostFunction | None:
        return self._orchestrators.get(episode.instance.name.lower())

    def _answer(self, episode: Beginning) -> tuple[OrchestratorAnswer, str | None]:
        """Return what the orchestrator answered, and the failure when the host cannot go on with it.

        After a crash, or with a custom status that is too large, the extension performs none of the actions: a history
        that has tasks in it then counts as nondeterministic.
        """
        nothing = OrchestratorAnswer((), is_done=False)
        function = self._orchestrator(episode)
        if function is None:
            names = [known.name for known in self._orchestrators.values()]
            return nothing, failures.unknown_orchestrator(episode.instance.name, names)
        text, error = self._ask(episode, function)
        if error is not None:
            _, marker, state = error.message.partition(OUT_OF_PROCESS_MARKER)
            if not marker:
                return replace(nothing, error=failures.crash_without_state(error)), None
            text = state
        try:
            answer = parse_answer(text)
        except HostError as problem:
            return nothing, str(problem)
        status = "" if answer.custom_status is None else rows.compact(answer.custom_status)
        objection = failures.custom_status_failure(status)
        return (answer if objection is None else replace(nothing, error=objection)), None

    def _ask(self, episode: Beginning, function: HostFunction | None) -> tuple[str, FunctionError | None]:
        if function is None:
            return "", None
        context = rows.context_string(episode.history, is_replaying=not episode.is_first)
        try:
            datum = self._invoker.invoke_here(function, FunctionInput(meta.Datum(context, "string")))
        except FunctionError as error:
            return "", error
        return (datum.value if datum else ""), None

    def _conclude(self, episode: Beginning, answer: OrchestratorAnswer, verdict: Verdict) -> Aftermath:
        match verdict.ending:
            case Continued():
                return self._continue_as_new(episode, verdict.ending)
            case Completed():
                output = None if answer.output is None else rows.compact(answer.output)
                return self._end(episode, Outcome(RuntimeStatus.COMPLETED, output), verdict)
            case Failed(error):
                return self._fail(episode, error, verdict)
            case NonDeterministic(message):
                return self._end(episode, Outcome(RuntimeStatus.FAILED, message, message), verdict)
            case None:
                instance = standing_after(episode.instance, episode.news, episode.now)
                return self._commit(self._changes(episode, instance, verdict))

    def _fail(self, episode: Beginning, error: str, verdict: Verdict | None = None) -> Aftermath:
        output = failures.orchestrator_failure(episode.instance.name, error)
        return self._end(episode, Outcome(RuntimeStatus.FAILED, output, error), verdict)

    def _end(self, episode: Beginning, ending: Outcome, verdict: Verdict | None = None) -> Aftermath:
        instance = replace(episode.instance, status=ending.status, output=ending.output, updated=self._clock())
        verdict = verdict or Verdict((), (), None)
        changes = self._changes(episode, instance, verdict)
        completed = rows.execution_completed(
            instance.updated, verdict.next_event_id, ending.status.value, ending.output
        )
        changes.history = [*changes.history[:-1], Recorded(completed, is_played=False), changes.history[-1]]
        parent = ParentInstance.of(episode.started)
        if parent is not None:
            changes.messages.append(report_to_parent(parent, ending, instance.updated))
        return self._commit(changes)

    def _continue_as_new(self, episode: Beginning, continued: Continued) -> Aftermath:
        now = self._clock()
        old = episode.instance
        started = rows.execution_started(
            now,
            instance_id=old.instance_id,
            execution_id=uuid.uuid4().hex,
            name=old.name,
            input_text=as_input(continued.input_text),
            parent=ParentInstance.of(episode.started),
            version=episode.started.fields["Version"],
        )
        execution_id = started.fields["OrchestrationInstance"]["ExecutionId"]
        instance = replace(
            old,
            execution_id=execution_id,
            input_text=as_input(continued.input_text),
            status=RuntimeStatus.RUNNING,
            created=now,
            updated=now,
        )
        beginning = [rows.orchestrator_started(now), started, *continued.carried_over, rows.orchestrator_completed(now)]
        again = Message(old.instance_id, execution_id, None)
        return self._commit(
            Commit(
                instance,
                of_execution=old.execution_id,
                fence=episode.fence,
                consumed=episode.consumed,
                history=[Recorded(event, is_played=False) for event in beginning],
                kept_rows=0,
                messages=[again],
            )
        )

    def _changes(self, episode: Beginning, instance: Instance, verdict: Verdict) -> Commit:
        now = self._clock()
        decided = [row_of(decision, now) for decision in verdict.decisions]
        added = [*decided, rows.orchestrator_completed(now)]
        changes = Commit(
            instance,
            of_execution=instance.execution_id,
            fence=episode.fence,
            consumed=episode.consumed,
            history=[*episode.seen(), *(Recorded(event, is_played=False) for event in added)],
            kept_rows=episode.kept_rows,
            cancelled_timers=verdict.cancelled_timers,
        )
        for decision in verdict.decisions:
            match decision:
                case ScheduleActivity(event_id, name, input_text):
                    changes.activities.append((event_id, name, input_text))
                case StartTimer(event_id, fire_at, is_cancelled):
                    if not is_cancelled:
                        fired = rows.timer_fired(now, event_id, fire_at)
                        changes.timers.append(
                            PendingTimer(instance.instance_id, instance.execution_id, event_id, fire_at, fired)
                        )
                case StartSubOrchestration():
                    changes.starts.append(child_of(instance, decision, now))
        return changes

    def _commit(self, changes: Commit) -> Aftermath:
        activities = self._store.commit(changes)
        instance = changes.instance
        if activities is None:  # purged or begun anew while the orchestrator was asked: the episode never was
            self._histories.forget(instance.instance_id)
            return Aftermath(instances=[instance.instance_id])
        self._histories.remember(instance, changes.history)
        woken = [child.instance_id for child, _ in changes.starts] + [m.instance_id for m in changes.messages]
        return Aftermath(activities, woken, bool(changes.timers))


def _events(deliveries: Sequence[Delivery]) -> list[HistoryEvent]:
    return [delivery.message.event for delivery in deliveries if delivery.message.event is not None]

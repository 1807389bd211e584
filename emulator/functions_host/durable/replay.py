"""Replays one orchestration: follows the SDK's actions along the history and says what has to be scheduled next.

Follows the out-of-process shim of the Durable Task extension: the actions are performed one after the other, each
awaited (``whenAny`` and ``whenAll`` around several), their failures are the user code's business; event ids are given
in the order in which tasks are scheduled; every scheduling row of the history must find its task again. As in
DurableTask.Core's TaskOrchestrationExecutor, an orchestration does not end, or begin anew, while an activity, a
sub-orchestration or a timer that it has scheduled is open, whatever the user code has returned. While an orchestration
is suspended nothing is delivered to it and nothing that it asks for is done; a resumption catches up with both.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from emulator.functions_host.durable.actions import (
    HTTP_ACTIVITY,
    Action,
    CallActivity,
    CallHttp,
    CallSubOrchestrator,
    ContinueAsNew,
    CreateTimer,
    OrchestratorAnswer,
    RetryPolicy,
    WaitForEvent,
    WhenAll,
    WhenAny,
)
from emulator.functions_host.durable.decisions import (
    Completed,
    Continued,
    Decision,
    Ending,
    Failed,
    NonDeterministic,
    ScheduleActivity,
    StartSubOrchestration,
    StartTimer,
    Verdict,
)
from emulator.functions_host.durable.history import EventType, HistoryEvent
from emulator.functions_host.durable.nondeterminism import NonDeterminismError, check_scheduled
from emulator.functions_host.durable.promises import Promise, TaskError, all_of, first_of, start


@dataclass(frozen=True)
class KnownFunctions:
    """Names of the app's functions, in lower case."""

    activities: Collection[str]
    orchestrators: Collection[str]


def replay(history: Sequence[HistoryEvent], answer: OrchestratorAnswer, known: KnownFunctions) -> Verdict:
    """Follow `answer` along `history`, whose last episode is the one that the answer was given to."""
    return _Replay(history, answer, known).run()


class _Replay:
    def __init__(self, history: Sequence[HistoryEvent], answer: OrchestratorAnswer, known: KnownFunctions) -> None:
        self._history = history
        self._answer = answer
        self._known = known
        self._now = history[0].timestamp
        self._execution_id = ""
        self._next_id = 0
        self._open: dict[int, Promise] = {}
        self._unconfirmed: dict[int, Decision] = {}
        self._cancelled_timers: list[int] = []
        self._waiting: defaultdict[str, list[Promise]] = defaultdict(list)
        self._buffered: defaultdict[str, deque[HistoryEvent]] = defaultdict(deque)
        self._continuation: ContinueAsNew | None = None
        self._carried_over: list[HistoryEvent] = []
        self._is_suspended = False
        self._held_events: deque[HistoryEvent] = deque()
        self._held_decisions: dict[int, Decision] = {}
        self._is_through = False

    def run(self) -> Verdict:
        try:
            for event in self._history:
                self._apply(event)
            ending = None if self._open else self._ending()
        except NonDeterminismError as error:
            ending = NonDeterministic(str(error))
        return Verdict(tuple(self._unconfirmed.values()), tuple(self._cancelled_timers), ending, self._next_id)

    def _apply(self, event: HistoryEvent) -> None:
        if event.type is EventType.ORCHESTRATOR_STARTED:
            self._now = event.timestamp
        elif event.type is EventType.EXECUTION_RESUMED:
            self._resume()
        elif not self._is_suspended:
            self._deliver(event)
        elif event.type is not EventType.EXECUTION_SUSPENDED:
            self._held_events.append(event)

    def _suspend(self) -> None:
        self._is_suspended = True
        self._held_decisions |= self._unconfirmed
        self._unconfirmed = {}

    def _resume(self) -> None:
        self._is_suspended = False
        self._unconfirmed |= self._held_decisions
        self._held_decisions = {}
        while self._held_events:
            self._apply(self._held_events.popleft())

    def _deliver(self, event: HistoryEvent) -> None:
        match event.type:
            case EventType.EXECUTION_STARTED:
                self._execution_id = event.fields["OrchestrationInstance"]["ExecutionId"]
                start(self._perform_all())
            case EventType.TASK_SCHEDULED | EventType.SUB_ORCHESTRATION_CREATED | EventType.TIMER_CREATED:
                check_scheduled(event, self._unconfirmed.get(event.event_id))
                del self._unconfirmed[event.event_id]
            case EventType.TASK_COMPLETED | EventType.SUB_ORCHESTRATION_COMPLETED:
                self._settle(event.fields["TaskScheduledId"])
            case EventType.TASK_FAILED | EventType.SUB_ORCHESTRATION_FAILED:
                self._settle(event.fields["TaskScheduledId"], TaskError(event.fields["Reason"]))
            case EventType.TIMER_FIRED:
                self._settle(event.fields["TimerId"])
            case EventType.EVENT_RAISED:
                self._raise(event)
            case EventType.EXECUTION_SUSPENDED:
                self._suspend()
            case _:
                pass

    def _settle(self, event_id: int, error: TaskError | None = None) -> None:
        promise = self._open.pop(event_id, None)
        if promise is not None:
            promise.settle(error)

    def _raise(self, event: HistoryEvent) -> None:
        """Deliver an event; the host, other than the SDK, does not tell upper from lower case in names.

        What comes once the orchestration has asked to begin anew is for the next execution.
        """
        name = event.fields["Name"].lower()
        if self._continuation is not None:
            self._carried_over.append(event)
        elif self._waiting[name]:
            self._waiting[name].pop().settle()
        else:
            self._buffered[name].append(event)

    async def _perform_all(self) -> None:
        for action in self._answer.actions:
            await first_of([self._perform(action)])  # a failure has been told to the user code by the SDK
        self._is_through = True

    def _ending(self) -> Ending | None:
        """Return how the orchestration ends once nothing is open, None while the user code waits."""
        if not self._is_through:
            return None
        if self._answer.error is not None:
            return Failed(self._answer.error)
        if self._continuation is not None:
            return Continued(self._continuation.input_text, tuple(self._carried_over))
        return Completed() if self._answer.is_done else None

    def _perform(self, action: Action) -> Promise:
        match action:
            case CallActivity(name) if name.lower() not in self._known.activities:
                return _settled(TaskError(f"The function '{name}' doesn't exist, is disabled, or is not an activity"))
            case CallActivity(name, input_text, retry):
                return self._attempts(lambda: self._schedule_activity(name, input_text), retry)
            case CallSubOrchestrator(name) if name.lower() not in self._known.orchestrators:
                return _settled(TaskError(f"The function '{name}' doesn't exist or is not an orchestrator"))
            case CallSubOrchestrator():
                return self._attempts(lambda: self._start_sub_orchestration(action), action.retry)
            case CallHttp(request_text):
                return self._schedule(ScheduleActivity(self._take_id(), HTTP_ACTIVITY, request_text))
            case CreateTimer(fire_at, is_cancelled):
                return self._create_timer(fire_at, is_cancelled=is_cancelled)
            case WaitForEvent(name):
                return self._wait_for(name.lower())
            case WhenAny(actions):
                return first_of([self._perform(child) for child in actions])
            case WhenAll(actions):
                return start(all_of([self._perform(child) for child in actions]))
            case ContinueAsNew():
                self._continuation = action
                return _settled()

    def _attempts(self, attempt: Callable[[], Promise], retry: RetryPolicy | None) -> Promise:
        return attempt() if retry is None else start(self._retry(attempt, retry))

    async def _retry(self, attempt: Callable[[], Promise], retry: RetryPolicy) -> None:
        """Try up to the limit; a timer follows every failure, after the last one it is due at once.

        DurableTask.Core keeps that last timer for the sake of old histories (RetryInterceptor).
        """
        for number in range(1, retry.max_attempts + 1):
            try:
                await attempt()
            except TaskError:
                is_last = number == retry.max_attempts
                await self._create_timer(self._now + (timedelta(0) if is_last else retry.first_interval))
                if is_last:
                    raise
            else:
                return

    def _schedule_activity(self, name: str, input_text: str | None) -> Promise:
        return self._schedule(ScheduleActivity(self._take_id(), name, input_text))

    def _start_sub_orchestration(self, action: CallSubOrchestrator) -> Promise:
        event_id = self._take_id()
        instance_id = action.instance_id or f"{self._execution_id}:{event_id}"
        return self._schedule(StartSubOrchestration(event_id, action.name, instance_id, action.input_text))

    def _create_timer(self, fire_at: datetime, *, is_cancelled: bool = False) -> Promise:
        event_id = self._take_id()
        promise = self._schedule(StartTimer(event_id, fire_at, is_cancelled))
        if is_cancelled:
            self._cancelled_timers.append(event_id)
            self._settle(event_id, TaskError("the timer was cancelled"))
        return promise

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _schedule(self, decision: Decision) -> Promise:
        self._unconfirmed[decision.event_id] = decision
        promise = self._open[decision.event_id] = Promise()
        return promise

    def _wait_for(self, name: str) -> Promise:
        if self._buffered[name]:
            self._buffered[name].popleft()
            return _settled()
        promise = Promise()
        self._waiting[name].append(promise)
        return promise


def _settled(error: TaskError | None = None) -> Promise:
    promise = Promise()
    promise.settle(error)
    return promise

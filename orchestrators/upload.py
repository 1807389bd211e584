"""Upload every artifact of a plan, at most `concurrency` at a time, each retried on its own."""

from dataclasses import dataclass
from datetime import timedelta

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase, TimerTask

from armature.control import CONTROL_EVENT
from armature.errors import Failure
from armature.messages import ArtifactAnswer, ArtifactInput, Outcome, UploadAnswer, UploadCounts, UploadInput
from armature.patience import Patience
from armature.progress import progress_of
from armature.state import Phase, StopReason
from armature.stops import lock_broken, stopped
from orchestrators.retrying import Steps, answer_of, retried

UPLOADS_PER_HISTORY = 100
"""Artifacts that one history takes before the orchestrator continues as new."""

TICKS_PER_HISTORY = 200
"""Looks at what is asked for that one history takes: large files take long, and each look lengthens it."""

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def upload(context: df.DurableOrchestrationContext) -> Steps:
    """Upload the artifacts from `next_index` on; answers an Outcome.

    When one fails for good, the deployment is cancelled, or its time is over, nothing new starts, and what runs ends.
    """
    work = UploadInput.load(context.get_input())
    window = _Window(context, work)
    while True:
        window.fill()
        if not window.running:
            break
        finished = yield context.task_any(window.awaited())
        window.settle(finished)
        if window.is_look_due(finished):
            context.set_custom_status(window.digest())
            window.hear(
                (yield from retried(context, "record_upload", window.counts(), UploadAnswer, work.retry_policy))
            )
    window.end()
    window.hear((yield from retried(context, "record_upload", window.counts(), UploadAnswer, work.retry_policy)))
    outcome = window.outcome()
    if outcome is None:
        context.continue_as_new(window.work.dump())
        return None
    return outcome.dump()


@dataclass(frozen=True)
class _Upload:
    """One artifact on its way: which, what was spent on it, and the timer while it waits for another attempt."""

    index: int
    patience: Patience
    timer: TimerTask | None = None


class _Window:
    """The uploads that run now: filled up to the concurrency, each settled as it ends or tried again after a wait."""

    def __init__(self, context: df.DurableOrchestrationContext, work: UploadInput) -> None:
        self._context = context
        self._last = min(work.total, work.next_index + UPLOADS_PER_HISTORY)
        self._failed = 0
        self._ticks = 0
        self._looked_at = context.current_utc_datetime
        self._tick: TimerTask | None = None
        self._event = context.wait_for_external_event(CONTROL_EVENT)
        self._asked = UploadAnswer()
        self.work = work
        self.running: dict[TaskBase, _Upload] = {}
        self.failure: Failure | None = None
        self.stop: StopReason | None = None

    @property
    def _is_ending(self) -> bool:
        return self.failure is not None or self.stop is not None or self._asked.is_lock_broken

    def fill(self) -> None:
        """Start uploads while there is room, something is left for this history, and nothing has ended it."""
        if self.work.deadline is not None and self._context.current_utc_datetime >= self.work.deadline:
            self.stop = self.stop or StopReason.TIMED_OUT
        if self._ticks >= TICKS_PER_HISTORY:
            self._last = self.work.next_index
        while not self._is_ending and len(self.running) < self.work.concurrency and self.work.next_index < self._last:
            self._start(self.work.next_index, Patience())
            self.work = self.work.model_copy(update={"next_index": self.work.next_index + 1})
        if self._is_ending:
            self._drop_waits()

    def awaited(self) -> list[TaskBase]:
        """What the next step waits for: an upload, the next look at what is asked for, or that something is asked."""
        if self._tick is None or self._tick.is_completed:
            due = self._looked_at + timedelta(seconds=self.work.poll_interval_seconds)
            self._tick = self._context.create_timer(max(due, self._context.current_utc_datetime))
        return [*self.running, self._tick, *([] if self._event.is_completed else [self._event])]

    def settle(self, finished: TaskBase) -> None:
        """Take in what has ended: an upload, or the wait before another attempt at one."""
        upload = self.running.pop(finished, None)
        if upload is None:
            return
        if upload.timer is not None:
            self._start(upload.index, upload.patience)
            return
        answer = answer_of(finished.result, ArtifactAnswer)
        if answer.failure is None:
            self.work = self.work.model_copy(
                update={
                    "uploaded": self.work.uploaded + 1,
                    "skipped": self.work.skipped + int(answer.is_skipped),
                    "bytes_written": self.work.bytes_written + answer.bytes_written,
                }
            )
        elif self._is_ending or not self._again(upload, answer.failure):
            self._failed += 1
            if self.stop is None:  # of what is stopped, nobody hears that it was not tried again
                self.failure = self.failure or answer.failure

    def _again(self, upload: _Upload, why: Failure) -> bool:
        """Have an upload tried again after a wait; False when that helps no more."""
        seed = f"{self._context.instance_id}|upload_artifact|{upload.index}"
        wait = upload.patience.after(why.recovery, self.work.retry_policy, seed, why.retry_after_seconds)
        if wait is None:
            return False
        until = self._context.current_utc_datetime + timedelta(seconds=wait.seconds)
        timer = self._context.create_timer(until)
        self.running[timer] = _Upload(upload.index, wait.patience, timer)
        return True

    def _start(self, index: int, patience: Patience) -> None:
        work = ArtifactInput(deployment_id=self.work.deployment_id, index=index)
        self.running[self._context.call_activity("upload_artifact", work.dump())] = _Upload(index, patience)

    def _drop_waits(self) -> None:
        for timer in [upload.timer for upload in self.running.values() if upload.timer is not None]:
            self.running.pop(timer)
            timer.cancel()

    def is_look_due(self, finished: TaskBase) -> bool:
        """True once in an interval, and when somebody has asked something."""
        now = self._context.current_utc_datetime
        is_asked = finished is self._event
        if not is_asked and now - self._looked_at < timedelta(seconds=self.work.poll_interval_seconds):
            return False
        self._looked_at = now
        self._ticks += 1
        return True

    def hear(self, answer: UploadAnswer) -> None:
        """Take in what is asked for."""
        if answer.failure is None:
            self._asked = answer
        if self._asked.is_cancelled:
            self.stop = self.stop or StopReason.CANCELLED

    def end(self) -> None:
        """Wait for nothing any more: a host completes no orchestration that leaves a timer behind."""
        if self._tick is not None and not self._tick.is_completed:
            self._tick.cancel()

    def counts(self) -> UploadCounts:
        """How far it is, for the state."""
        return UploadCounts(
            deployment_id=self.work.deployment_id,
            total=self.work.total,
            uploaded=self.work.uploaded,
            skipped=self.work.skipped,
            failed=self._failed,
            bytes_written=self.work.bytes_written,
        )

    def digest(self) -> dict[str, object]:
        """How far it is, for the portal."""
        message = f"{self.work.uploaded} of {self.work.total} files"
        return progress_of(Phase.UPLOADING, self.work.uploaded, self.work.total, message).dump()

    def outcome(self) -> Outcome | None:
        """How it ended; None when it goes on in another history."""
        done = f"{self.work.uploaded} of {self.work.total} files uploaded, nothing deployed"
        if self._asked.is_lock_broken:
            return lock_broken(done)
        if self.failure is not None:
            return Outcome(
                message="Not everything could be uploaded.", failure=self.failure, rollback=self._asked.rollback
            )
        if self.stop is not None:
            return stopped(self.stop, self._asked, done)
        if self.work.next_index < self.work.total:
            return None
        return Outcome(message=f"{self.work.uploaded} files uploaded.")

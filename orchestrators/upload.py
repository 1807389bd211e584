"""Upload every artifact of a plan, at most `concurrency` at a time, each retried on its own."""

from datetime import datetime, timedelta

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

from armature.errors import Failure
from armature.messages import Answer, ArtifactAnswer, ArtifactInput, Outcome, UploadCounts, UploadInput
from armature.progress import progress_of
from armature.scheduling import retry_wait
from armature.state import Phase
from orchestrators.retrying import Steps, answer_of, retried

UPLOADS_PER_HISTORY = 100
"""Artifacts that one history takes before the orchestrator continues as new."""

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def upload(context: df.DurableOrchestrationContext) -> Steps:
    """Upload the artifacts from `next_index` on; answers an Outcome. When one fails for good, nothing new starts."""
    work = UploadInput.load(context.get_input())
    window = _Window(context, work)
    recorded_at = context.current_utc_datetime
    while True:
        window.fill()
        if not window.running:
            break
        finished = yield context.task_any(list(window.running))
        window.settle(finished)
        if _is_due(context.current_utc_datetime, recorded_at, work.poll_interval_seconds):
            recorded_at = context.current_utc_datetime
            context.set_custom_status(window.digest())
            yield from retried(context, "record_upload", window.counts(), Answer, work.retry_policy)
    yield from retried(context, "record_upload", window.counts(), Answer, work.retry_policy)
    if window.failure:
        return Outcome(message="Not everything could be uploaded.", failure=window.failure).dump()
    if window.work.next_index < work.total:
        context.continue_as_new(window.work.dump())
        return None
    return Outcome(message=f"{window.work.uploaded} files uploaded.").dump()


def _is_due(now: datetime, recorded_at: datetime, interval_seconds: float) -> bool:
    return now - recorded_at >= timedelta(seconds=interval_seconds)


class _Window:
    """The uploads that run now: filled up to the concurrency, each settled as it ends or tried again after a wait."""

    def __init__(self, context: df.DurableOrchestrationContext, work: UploadInput) -> None:
        self._context = context
        self._last = min(work.total, work.next_index + UPLOADS_PER_HISTORY)
        self.work = work
        self.running: dict[TaskBase, tuple[int, int, bool]] = {}
        self.failure: Failure | None = None
        self._failed = 0

    def fill(self) -> None:
        """Start uploads while there is room, something is left for this history, and nothing has failed for good."""
        while not self.failure and len(self.running) < self.work.concurrency and self.work.next_index < self._last:
            self._start(self.work.next_index, attempt=1)
            self.work = self.work.model_copy(update={"next_index": self.work.next_index + 1})

    def settle(self, finished: TaskBase) -> None:
        """Take in what has ended: an upload, or the wait before another attempt at one."""
        index, attempt, is_wait = self.running.pop(finished)
        if is_wait:
            self._start(index, attempt + 1)
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
        elif answer.failure.is_retried and attempt < self.work.retry_policy.max_attempts and not self.failure:
            wait = retry_wait(self.work.retry_policy, attempt, answer.failure.retry_after_seconds)
            timer = self._context.create_timer(self._context.current_utc_datetime + timedelta(seconds=wait))
            self.running[timer] = (index, attempt, True)
        else:
            self.failure = self.failure or answer.failure
            self._failed += 1

    def _start(self, index: int, attempt: int) -> None:
        work = ArtifactInput(deployment_id=self.work.deployment_id, index=index)
        self.running[self._context.call_activity("upload_artifact", work.dump())] = (index, attempt, False)

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

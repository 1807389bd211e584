"""Uploads: a sliding window, each artifact retried on its own, histories that do not grow without end."""

from armature.errors import FailureClass, failure
from armature.messages import Answer, ArtifactAnswer, UploadInput
from armature.options import RetryPolicy
from orchestrators.upload import UPLOADS_PER_HISTORY, blueprint
from tests.orchestrators.simulation import Lasting, Simulation, orchestrator_of

TRANSIENT = failure(FailureClass.TRANSIENT, "ServerBusy", "Storage is busy.")
FATAL = failure(FailureClass.TEMPLATE, "ChecksumMismatch", "The checksum is another.")


def simulation(total: int, upload_artifact=lambda _: ArtifactAnswer(bytes_written=10).dump(), concurrency: int = 3):
    work = UploadInput(
        deployment_id="d-1",
        total=total,
        concurrency=concurrency,
        retry_policy=RetryPolicy(max_attempts=2, first_interval_seconds=7),
        poll_interval_seconds=5,
    )
    responds = {"upload_artifact": upload_artifact, "record_upload": lambda _: Answer().dump()}
    return Simulation(orchestrator_of(blueprint, "upload"), work.dump(), responds)


def most_at_once(simulated: Simulation, seconds: float) -> int:
    times = [call.at.timestamp() for call in simulated.calls if call.name == "upload_artifact"]
    return max(sum(start <= time < start + seconds - 0.1 for time in times) for start in times)


def test_every_artifact_is_uploaded_once():
    uploads = simulation(total=10)

    output = uploads.run()

    assert sorted(work["index"] for work in uploads.called("upload_artifact")) == list(range(10))
    assert output["message"] == "10 files uploaded."
    assert uploads.called("record_upload")[-1] == {
        "deploymentId": "d-1",
        "total": 10,
        "uploaded": 10,
        "skipped": 0,
        "failed": 0,
        "bytesWritten": 100,
    }


def test_nothing_to_upload_is_done_at_once():
    assert simulation(total=0).run()["message"] == "0 files uploaded."


def test_no_more_than_the_concurrency_run_at_once_and_the_window_slides():
    uploads = simulation(
        total=9,
        concurrency=3,
        upload_artifact=lambda w: Lasting(ArtifactAnswer().dump(), 60 if w["index"] == 0 else 10),
    )

    uploads.run()

    took = (uploads.now - uploads.calls[0].at).total_seconds()
    assert most_at_once(uploads, 10) <= 3
    assert took < 62  # the slow one held up nothing: the eight others passed it by in the two places left


def test_a_transient_failure_is_retried_by_a_timer_while_the_others_go_on():
    tries: dict[int, int] = {}

    def flaky(work):
        tries[work["index"]] = tries.get(work["index"], 0) + 1
        is_first = work["index"] == 1 and tries[1] == 1
        return ArtifactAnswer(failure=TRANSIENT).dump() if is_first else ArtifactAnswer(bytes_written=1).dump()

    uploads = simulation(total=4, upload_artifact=flaky)

    output = uploads.run()

    times = [c.at for c in uploads.calls if c.name == "upload_artifact" and c.payload["index"] == 1]
    assert round((times[1] - times[0]).total_seconds()) == 7
    assert output["message"] == "4 files uploaded."


def test_after_a_final_failure_nothing_new_starts_and_what_runs_ends():
    def breaks(work):
        if work["index"] == 0:
            return ArtifactAnswer(failure=FATAL).dump()
        return Lasting(ArtifactAnswer(bytes_written=1).dump(), 30)

    uploads = simulation(total=50, upload_artifact=breaks)

    output = uploads.run()

    assert output["failure"]["code"] == "ChecksumMismatch"
    assert len(uploads.called("upload_artifact")) == 3
    assert uploads.called("record_upload")[-1]["uploaded"] == 2
    assert uploads.called("record_upload")[-1]["failed"] == 1


def test_many_artifacts_continue_as_new_and_the_history_stays_short():
    uploads = simulation(total=3 * UPLOADS_PER_HISTORY)

    output = uploads.run()

    assert output["message"] == f"{3 * UPLOADS_PER_HISTORY} files uploaded."
    assert uploads.executions == 3
    assert uploads.longest_history < 6 * UPLOADS_PER_HISTORY


def test_an_upload_that_the_host_lost_is_made_again():
    losses = [RuntimeError("Timeout value of 00:10:00 exceeded by function: upload_artifact")]

    def upload_artifact(_):
        if losses:
            raise losses.pop()
        return ArtifactAnswer(bytes_written=10).dump()

    uploads = simulation(total=2, upload_artifact=upload_artifact)

    assert uploads.run()["message"] == "2 files uploaded."
    assert len(uploads.called("upload_artifact")) == 3

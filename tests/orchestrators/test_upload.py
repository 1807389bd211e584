"""Uploads: a sliding window, each artifact retried on its own, histories that do not grow without end."""

from datetime import timedelta

import pytest

from armature.control import CONTROL_EVENT
from armature.errors import FailureClass, Recovery, failure
from armature.messages import ArtifactAnswer, Outcome, UploadAnswer, UploadInput
from armature.options import RetryPolicy
from armature.patience import JITTER
from armature.state import StopReason
from orchestrators.upload import UPLOADS_PER_HISTORY, blueprint
from tests.orchestrators.simulation import START, Lasting, Simulation, orchestrator_of

TRANSIENT = failure(FailureClass.TRANSIENT, "ServerBusy", "Storage is busy.")
FATAL = failure(FailureClass.TEMPLATE, "ChecksumMismatch", "The checksum is another.")


def simulation(
    total: int,
    upload_artifact=lambda _: ArtifactAnswer(bytes_written=10).dump(),
    concurrency: int = 3,
    asked=dict,
    raised=(),
    **parts,
):
    work = UploadInput(
        deployment_id="d-1",
        total=total,
        concurrency=concurrency,
        retry_policy=RetryPolicy(max_attempts=2, first_interval_seconds=7),
        **{"poll_interval_seconds": 5, **parts},
    )
    responds = {"upload_artifact": upload_artifact, "record_upload": lambda _: UploadAnswer(**asked()).dump()}
    return Simulation(orchestrator_of(blueprint, "upload"), work.dump(), responds, raised=tuple(raised))


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
    assert 7 <= (times[1] - times[0]).total_seconds() <= 7 * (1 + JITTER) + 0.1
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


def test_storage_that_is_away_for_minutes_fails_no_upload():
    away = TRANSIENT.model_copy(update={"recovery": Recovery.OUTWAIT})

    def upload_artifact(_):
        is_away = uploads.now < START + timedelta(minutes=8)
        return (ArtifactAnswer(failure=away) if is_away else ArtifactAnswer(bytes_written=1)).dump()

    uploads = simulation(total=3, upload_artifact=upload_artifact, poll_interval_seconds=30)

    assert uploads.run()["message"] == "3 files uploaded."


def cancelled_at(seconds: float, total: int = 50, raised=(), lasting: float = 20, **parts) -> Simulation:
    def asked():
        is_asked = uploads.now >= START + timedelta(seconds=seconds)
        return {"is_cancelled": True, "cancelled_by": "alice@example.com"} if is_asked else {}

    def upload_artifact(_):
        return Lasting(ArtifactAnswer(bytes_written=1).dump(), lasting)

    uploads = simulation(total=total, asked=asked, raised=raised, upload_artifact=upload_artifact, **parts)
    return uploads


def test_a_cancelled_upload_starts_nothing_more_and_what_runs_ends():
    uploads = cancelled_at(12)

    output = uploads.run()

    assert output["message"] == "Cancelled by alice@example.com: 3 of 50 files uploaded, nothing deployed."
    assert output["stop"] == "cancelled"
    assert len(uploads.called("upload_artifact")) == 3
    assert uploads.now <= START + timedelta(seconds=21)


def test_an_event_has_the_cancellation_noticed_at_once():
    uploads = cancelled_at(100, poll_interval_seconds=300, lasting=10_000, raised=[(100, CONTROL_EVENT)])

    uploads.run()

    looks = [call.at for call in uploads.calls if call.name == "record_upload"]
    assert START + timedelta(seconds=100) <= looks[0] < START + timedelta(seconds=101)


def test_a_retry_is_not_waited_for_once_the_deployment_is_cancelled():
    uploads = cancelled_at(12)
    patient = TRANSIENT.model_copy(update={"retry_after_seconds": 250})
    uploads.responds["upload_artifact"] = lambda _: ArtifactAnswer(failure=patient).dump()

    output = uploads.run()

    assert output["stop"] == "cancelled"
    assert uploads.now < START + timedelta(seconds=30)


@pytest.mark.parametrize("word", [True, False, None])
def test_an_upload_that_fails_while_a_cancellation_ends_it_is_a_cancellation(word):
    uploads = simulation(
        total=1,
        upload_artifact=lambda _: Lasting(ArtifactAnswer(failure=TRANSIENT).dump(), 20),
        asked=lambda: {"is_cancelled": True, "cancelled_by": "ada", "rollback": word},
    )

    outcome = Outcome.load(uploads.run())

    assert (outcome.stop, outcome.failure, outcome.rollback) == (StopReason.CANCELLED, None, word)


def test_what_a_cancellation_said_of_rolling_back_is_heeded_when_an_upload_had_failed_before_it():
    uploads = simulation(
        total=2,
        upload_artifact=lambda work: Lasting(ArtifactAnswer(failure=FATAL).dump(), 1 + 20 * work["index"]),
        asked=lambda: {"is_cancelled": True, "rollback": False},
    )

    outcome = Outcome.load(uploads.run())

    assert (outcome.failure, outcome.rollback) == (FATAL, False)


def test_an_upload_ends_when_the_time_of_its_deployment_is_over():
    uploads = cancelled_at(1e6, total=1000, deadline=START + timedelta(seconds=50))

    output = uploads.run()

    assert output["stop"] == "timedOut"
    assert uploads.now <= START + timedelta(seconds=61)


def test_an_upload_ends_when_the_lineage_lock_is_broken():
    uploads = simulation(
        total=50,
        asked=lambda: {"is_lock_broken": True},
        upload_artifact=lambda _: Lasting(ArtifactAnswer().dump(), 20),
    )

    assert uploads.run()["isLockBroken"]
    assert len(uploads.called("upload_artifact")) == 3


def test_large_files_make_no_long_history(monkeypatch):
    monkeypatch.setattr("orchestrators.upload.TICKS_PER_HISTORY", 20)
    uploads = cancelled_at(1e6, total=12, lasting=60)

    output = uploads.run()

    assert output["message"] == "12 files uploaded."
    assert uploads.executions == 2
    assert uploads.longest_history < 10 * (20 + 12)

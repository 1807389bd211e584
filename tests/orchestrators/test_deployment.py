"""The whole process, told without a host: what runs after what, and what every ending looks like."""

from itertools import pairwise

from armature.errors import FailureClass, failure
from armature.messages import Answer, BundleAnswer, DeploymentInput, FinishInput, Outcome, ReadyAnswer, TurnAnswer
from armature.options import Options, RetryPolicy
from orchestrators.deployment import blueprint
from orchestrators.preparing import READY_WITHIN, ROUNDS_PER_HISTORY
from orchestrators.retrying import UNTIL_WRITTEN
from tests.orchestrators.simulation import START, Simulation, orchestrator_of

OPTIONS = Options(retry_policy=RetryPolicy(max_attempts=3, backoff_multiplier=2, first_interval_seconds=5))
TRANSIENT = failure(FailureClass.TRANSIENT, "ServerBusy", "Storage is busy.")


def simulation(**responds) -> Simulation:
    """A deployment in which everything goes well, but for what `responds` says."""
    well = {
        "record_phase": lambda _: Answer().dump(),
        "read_bundle": lambda _: BundleAnswer(artifacts=3, lineage_key="k").dump(),
        "take_turn": lambda _: TurnAnswer(is_ours=True).dump(),
        "prepare_target": lambda _: ReadyAnswer(is_ready=True).dump(),
        "upload": lambda _: Outcome(message="3 files uploaded.").dump(),
        "rollout": lambda _: Outcome(message="2 templates deployed.").dump(),
        "finish_deployment": lambda _: Answer().dump(),
        "release_turn": lambda _: Answer().dump(),
        "send_result": lambda _: Answer().dump(),
    }
    work = DeploymentInput(deployment_id="d-1", options=OPTIONS)
    return Simulation(orchestrator_of(blueprint, "deployment"), work.dump(), {**well, **responds})


def one_after_the_other(*answers):
    """Answers each call with the next of `answers`, and with the last from then on."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_the_phases_follow_one_another():
    deployment = simulation()

    output = deployment.run()

    assert output == {"status": "completed", "message": "2 templates deployed."}
    assert [call.name for call in deployment.calls if call.name != "record_phase"] == [
        "read_bundle",
        "take_turn",
        "prepare_target",
        "upload",
        "rollout",
        "finish_deployment",
        "release_turn",
        "send_result",
    ]
    assert [phase["phase"] for phase in deployment.called("record_phase")] == [
        "preparing",
        "preparing",
        "uploading",
        "deploying",
    ]


def test_phases_are_recorded_with_rising_sequence_numbers():
    deployment = simulation()

    deployment.run()

    recorded = [phase["sequence"] for phase in deployment.called("record_phase")]
    recorded += [end["sequence"] for end in deployment.called("finish_deployment")]
    assert recorded == sorted(set(recorded))


def test_a_refused_bundle_touches_nothing_and_is_recorded_as_failed():
    refusal = failure(FailureClass.TEMPLATE, "BundleRefused", "2 problems found in the bundle.")
    deployment = simulation(read_bundle=lambda _: BundleAnswer(failure=refusal).dump())

    output = deployment.run()

    assert output["status"] == "failed"
    assert not deployment.called("prepare_target")
    assert not deployment.called("upload")
    assert deployment.called("finish_deployment")[0]["outcome"]["failure"]["code"] == "BundleRefused"


def test_a_transient_failure_of_an_activity_is_retried_after_the_back_off():
    busy = BundleAnswer(failure=TRANSIENT).dump()
    deployment = simulation(read_bundle=one_after_the_other(busy, busy, BundleAnswer(artifacts=1).dump()))

    deployment.run()

    times = [call.at for call in deployment.calls if call.name == "read_bundle"]
    waits = [round((later - earlier).total_seconds()) for earlier, later in pairwise(times)]
    assert waits == [5, 10]


def test_a_transient_failure_ends_the_deployment_when_the_attempts_are_used_up():
    deployment = simulation(read_bundle=lambda _: BundleAnswer(failure=TRANSIENT).dump())

    output = deployment.run()

    assert output["status"] == "failed"
    assert len(deployment.called("read_bundle")) == 3


def test_it_waits_visibly_for_its_turn_in_the_lineage():
    waiting = TurnAnswer(is_ours=False, holder="d-0").dump()
    deployment = simulation(take_turn=one_after_the_other(waiting, waiting, TurnAnswer(is_ours=True).dump()))

    deployment.run()

    queued = [phase for phase in deployment.called("record_phase") if phase["status"] == "queued"]
    assert [phase["message"] for phase in queued] == ["Waiting for deployment d-0 to end."]
    assert len(deployment.called("take_turn")) == 3


def test_a_long_wait_continues_as_new_before_the_history_grows():
    left = [ROUNDS_PER_HISTORY + 10]

    def take_turn(_):
        left[0] -= 1
        return TurnAnswer(is_ours=left[0] <= 0, holder="d-0").dump()

    deployment = simulation(take_turn=take_turn)

    output = deployment.run()

    assert output["status"] == "completed"
    assert deployment.executions == 2
    assert deployment.longest_history < 12 * ROUNDS_PER_HISTORY


def test_it_looks_again_until_the_artifact_storage_stands():
    not_yet = ReadyAnswer(is_ready=False).dump()
    deployment = simulation(prepare_target=one_after_the_other(not_yet, not_yet, ReadyAnswer(is_ready=True).dump()))

    deployment.run()

    assert len(deployment.called("prepare_target")) == 3


def test_a_failed_upload_starts_no_rollout():
    broken = failure(FailureClass.TEMPLATE, "ChecksumMismatch", "The checksum is another.")
    deployment = simulation(upload=lambda _: Outcome(message="Not everything.", failure=broken).dump())

    output = deployment.run()

    assert output["status"] == "failed"
    assert not deployment.called("rollout")
    assert deployment.called("release_turn")


def test_a_sub_orchestration_that_dies_is_recorded_and_the_lock_is_released():
    def dies(_):
        raise RuntimeError("Non-Deterministic workflow detected")

    deployment = simulation(rollout=dies)

    output = deployment.run()

    assert output["status"] == "failed"
    assert deployment.called("finish_deployment")[0]["outcome"]["failure"]["code"] == "OrchestrationFault"
    assert deployment.called("release_turn")
    assert deployment.called("send_result")


def test_the_custom_status_stays_small():
    deployment = simulation()

    deployment.run()

    assert deployment.statuses
    assert all(len(str(status)) < 8000 for status in deployment.statuses)


def test_an_activity_that_the_host_lost_is_called_again():
    losses = [RuntimeError("The function timed out.")]

    def read_bundle(_):
        if losses:
            raise losses.pop()
        return BundleAnswer(artifacts=1).dump()

    deployment = simulation(read_bundle=read_bundle)

    assert deployment.run()["status"] == "completed"
    assert len(deployment.called("read_bundle")) == 2


def test_a_result_that_could_not_be_sent_is_sent_again():
    losses = [RuntimeError("The queue can't be reached.")]

    def send_result(_):
        if losses:
            raise losses.pop()
        return Answer().dump()

    deployment = simulation(send_result=send_result)

    assert deployment.run()["status"] == "completed"
    assert len(deployment.called("send_result")) == 2


def test_while_the_end_can_not_be_recorded_the_lock_is_kept_and_no_result_is_told():
    deployment = simulation(finish_deployment=lambda _: Answer(failure=TRANSIENT).dump())

    deployment.run()

    assert len(deployment.called("finish_deployment")) == UNTIL_WRITTEN.max_attempts
    assert not deployment.called("release_turn")
    assert not deployment.called("send_result")


def test_a_deployment_that_waits_long_reads_its_bundle_once_and_stays_queued():
    left = [2 * ROUNDS_PER_HISTORY + 10]

    def take_turn(_):
        left[0] -= 1
        return TurnAnswer(is_ours=left[0] <= 0, holder="d-0").dump()

    deployment = simulation(take_turn=take_turn)

    deployment.run()

    assert deployment.executions == 3
    assert len(deployment.called("read_bundle")) == 1
    assert [phase["phase"] for phase in deployment.called("record_phase")] == [
        "preparing",
        "queued",
        "preparing",
        "uploading",
        "deploying",
    ]


def test_a_lock_that_was_just_released_is_no_holder_to_wait_for():
    answers = [TurnAnswer(is_ours=False, holder=""), TurnAnswer(is_ours=True)]
    deployment = simulation(take_turn=one_after_the_other(*(answer.dump() for answer in answers)))

    deployment.run()

    assert "queued" not in [phase["phase"] for phase in deployment.called("record_phase")]


def test_artifact_storage_that_never_gets_ready_fails_the_deployment_with_a_short_history():
    deployment = simulation(prepare_target=lambda _: ReadyAnswer(is_ready=False).dump())

    deployment.run()

    (end,) = deployment.called("finish_deployment")
    assert end["outcome"]["failure"]["code"] == "ArtifactStorageNotReady"
    assert (deployment.now - START).total_seconds() < 2 * READY_WITHIN.total_seconds()
    assert deployment.longest_history < 1000


def test_the_end_of_a_deployment_whose_orchestration_died_is_recorded_by_another():
    why = failure(FailureClass.UNKNOWN, "OrchestrationEnded", "It was terminated.")
    end = FinishInput(deployment_id="d-1", sequence=4, outcome=Outcome(message="It was terminated.", failure=why))
    well = {name: lambda _: Answer().dump() for name in ("finish_deployment", "release_turn", "send_result")}
    closing = Simulation(orchestrator_of(blueprint, "closing"), end.dump(), well, instance_id="d-1:closing")

    closing.run()

    assert [call.name for call in closing.calls] == ["finish_deployment", "release_turn", "send_result"]
    assert closing.called("finish_deployment") == [end.dump()]


def test_a_role_that_is_never_seen_is_the_reason_in_the_end():
    mismatch = failure(FailureClass.STORAGE_ACCESS, "AuthorizationPermissionMismatch", "Not with this permission.")
    deployment = simulation(prepare_target=lambda _: ReadyAnswer(is_ready=False, waits_for=mismatch).dump())

    deployment.run()

    (end,) = deployment.called("finish_deployment")
    assert end["outcome"]["failure"]["code"] == "AuthorizationPermissionMismatch"
    told = [phase["message"] for phase in deployment.called("record_phase")]
    assert told[-1] == "Waiting until the app may use the artifact storage: Not with this permission."

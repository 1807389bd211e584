"""The whole process, told without a host: what runs after what, and what every ending looks like."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from armature.errors import FailureClass, Recovery, failure
from armature.messages import (
    PRESENT_GENERATION,
    Answer,
    AskingAnswer,
    BundleAnswer,
    ClosingInput,
    ControlAnswer,
    DeploymentInput,
    FinishAnswer,
    FinishInput,
    GateAnswer,
    Outcome,
    ReadyAnswer,
    RollbackInput,
    RollbackOutcome,
    TracesAnswer,
    TurnAnswer,
)
from armature.options import Options, RetryPolicy
from armature.state import Purpose, StopReason
from orchestrators.deployment import blueprint
from orchestrators.preparing import READY_WITHIN, ROUNDS_PER_HISTORY
from orchestrators.retrying import UNTIL_WRITTEN
from tests.orchestrators.simulation import START, Simulation, orchestrator_of

OPTIONS = Options(retry_policy=RetryPolicy(max_attempts=3, backoff_multiplier=2, first_interval_seconds=5))
TRANSIENT = failure(FailureClass.TRANSIENT, "ServerBusy", "Storage is busy.")


def simulation(work=None, raised=(), **responds) -> Simulation:
    """A deployment in which everything goes well, but for what `responds` says; `work` changes its input."""
    well = {
        "record_phase": lambda _: Answer().dump(),
        "read_bundle": lambda _: BundleAnswer(artifacts=3, lineage_key="k").dump(),
        "take_turn": lambda _: TurnAnswer(is_ours=True).dump(),
        "open_gate": lambda _: GateAnswer().dump(),
        "ask_for_approval": lambda _: AskingAnswer().dump(),
        "prepare_target": lambda _: ReadyAnswer(is_ready=True).dump(),
        "look_for_traces": lambda _: TracesAnswer().dump(),
        "upload": lambda _: Outcome(message="3 files uploaded.").dump(),
        "rollout": lambda _: Outcome(message="2 templates deployed.").dump(),
        "validation": lambda _: Outcome(message="5 of 5 checks passed.").dump(),
        "rollback": lambda _: RollbackOutcome(message="All of it is undone.").dump(),
        "read_control": lambda _: ControlAnswer().dump(),
        "finish_deployment": told_end,
        "release_turn": lambda _: Answer().dump(),
        "send_result": lambda _: Answer().dump(),
    }
    asked = {"deployment_id": "d-1", "generation": PRESENT_GENERATION, "options": OPTIONS, **(work or {})}
    orchestrator = orchestrator_of(blueprint, "deployment")
    return Simulation(orchestrator, DeploymentInput(**asked).dump(), {**well, **responds}, raised=raised)


def told_end(end):
    """Answers the recording of an end as the activity does, for a deployment that deploys."""
    outcome = Outcome.load(end["outcome"])
    good = "rolledBack" if end["isUndone"] else "cancelled" if outcome.stop is StopReason.CANCELLED else "completed"
    status = "failed" if outcome.failure and not end["isUndone"] else good
    return FinishAnswer(status=status, message=outcome.message).dump()


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
        "open_gate",
        "ask_for_approval",
        "prepare_target",
        "upload",
        "rollout",
        "validation",
        "finish_deployment",
        "release_turn",
        "send_result",
    ]
    assert [phase["phase"] for phase in deployment.called("record_phase")] == [
        "preparing",
        "preparing",
        "uploading",
        "deploying",
        "validating",
    ]


def test_what_fails_its_checks_is_rolled_back():
    bad = failure(FailureClass.UNKNOWN, "ValidationFailed", "1 check of 5 failed.")
    deployment = simulation(validation=lambda _: Outcome(message="Not good.", failure=bad).dump())

    deployment.run()

    [end] = deployment.called("finish_deployment")
    assert end["outcome"]["failure"]["code"] == "ValidationFailed"
    assert end["isUndone"]
    assert deployment.called("rollback")[0]["isUndoing"]


@pytest.mark.parametrize("generation", [1, 2])
def test_a_run_that_began_before_there_were_checks_gets_none(generation):
    deployment = simulation(work={"generation": generation})

    deployment.run()

    assert not deployment.called("validation")


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
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert 5 <= waits[0] < 10 <= waits[1] < 20


def test_a_transient_failure_ends_the_deployment_when_the_attempts_are_used_up():
    deployment = simulation(read_bundle=lambda _: BundleAnswer(failure=TRANSIENT).dump())

    output = deployment.run()

    assert output["status"] == "failed"
    assert len(deployment.called("read_bundle")) == 3


def test_it_waits_visibly_for_its_turn_in_the_lineage():
    places = [TurnAnswer(is_ours=False, holder="d-0", position=place).dump() for place in (2, 2, 1)]
    deployment = simulation(take_turn=one_after_the_other(*places, TurnAnswer(is_ours=True).dump()))

    deployment.run()

    queued = [phase for phase in deployment.called("record_phase") if phase["status"] == "queued"]
    assert [phase["message"] for phase in queued] == [
        "Waiting for d-0 to end; 2nd in the queue.",
        "Waiting for d-0 to end; 1st in the queue.",
    ]
    assert len(deployment.called("take_turn")) == 4


def test_it_looks_again_until_the_artifact_storage_stands():
    not_yet = ReadyAnswer(is_ready=False).dump()
    deployment = simulation(prepare_target=one_after_the_other(not_yet, not_yet, ReadyAnswer(is_ready=True).dump()))

    deployment.run()

    assert len(deployment.called("prepare_target")) == 3


def test_a_failed_upload_starts_no_rollout_and_what_was_made_is_undone():
    broken = failure(FailureClass.TEMPLATE, "ChecksumMismatch", "The checksum is another.")
    deployment = simulation(upload=lambda _: Outcome(message="Not everything.", failure=broken).dump())

    output = deployment.run()

    assert output["status"] == "rolledBack"
    assert not deployment.called("rollout")
    assert deployment.called("rollback")[0]["isUndoing"]
    assert deployment.called("release_turn")


BROKEN = failure(FailureClass.QUOTA, "QuotaExceeded", "No more cores.")
KEEPING = {"options": OPTIONS.model_copy(update={"rollback_on_failure": False})}
CANCELLED = {"is_cancelled": True, "cancelled_by": "ada"}


def failing(_):
    return Outcome(message="a failed.", failure=BROKEN).dump()


def dies(_):
    raise RuntimeError("Non-Deterministic workflow detected")


def names(deployment: Simulation) -> list[str]:
    return [call.name for call in deployment.calls if call.name != "record_phase"]


def end_of(deployment: Simulation) -> FinishInput:
    (end,) = deployment.called("finish_deployment")
    return FinishInput.load(end)


def test_what_failed_is_rolled_back_visibly_before_the_end_is_recorded():
    deployment = simulation(rollout=failing)

    output = deployment.run()

    assert output["status"] == "rolledBack"
    assert names(deployment)[-5:] == ["rollout", "rollback", "finish_deployment", "release_turn", "send_result"]
    assert deployment.called("record_phase")[-1]["status"] == "rollingBack"
    assert end_of(deployment).is_undone
    assert end_of(deployment).rollback == RollbackOutcome(message="All of it is undone.")
    assert end_of(deployment).outcome.failure == BROKEN


def test_what_failed_and_is_to_be_kept_is_only_settled():
    deployment = simulation(KEEPING, rollout=failing)

    output = deployment.run()

    assert output["status"] == "failed"
    assert [rollback["isUndoing"] for rollback in deployment.called("rollback")] == [False]
    assert "rollingBack" not in [phase["status"] for phase in deployment.called("record_phase")]
    assert not end_of(deployment).is_undone


def test_a_rollback_that_leaves_something_is_recorded_with_it():
    partial = RollbackOutcome(message="1 resource is left over.", leftovers=1)
    deployment = simulation(rollout=failing, rollback=lambda _: partial.dump())

    deployment.run()

    assert end_of(deployment).rollback == partial


def test_a_rollback_that_the_host_fails_is_begun_again_and_goes_on():
    losses = [RuntimeError("Non-Deterministic workflow detected"), RuntimeError("terminated")]

    def rollback(_):
        if losses:
            raise losses.pop()
        return RollbackOutcome(message="All of it is undone.").dump()

    deployment = simulation(rollout=failing, rollback=rollback)

    assert deployment.run()["status"] == "rolledBack"
    assert len({str(work) for work in deployment.called("rollback")}) == 1
    assert len(deployment.called("rollback")) == 3


def test_a_rollback_that_is_lost_again_and_again_is_told_and_the_end_recorded():
    deployment = simulation(rollout=failing, rollback=dies)

    deployment.run()

    rollback = end_of(deployment).rollback
    assert rollback is not None
    assert rollback.failure is not None
    assert rollback.failure.code == "RollbackLost"
    assert deployment.called("release_turn")


@pytest.mark.parametrize("child", ["validation", "approval"])
def test_checks_and_a_wait_for_approval_that_the_host_fails_are_begun_again(child):
    asked = AskingAnswer(approval_id="a" * 16, number=1, deadline=START + timedelta(hours=1))
    losses = [RuntimeError("Non-Deterministic workflow detected"), RuntimeError("terminated")]

    def lost_twice(_):
        if losses:
            raise losses.pop()
        return Outcome(message="5 of 5 checks passed.").dump()

    responds = {"approval": lambda _: Outcome(message="").dump(), child: lost_twice}
    deployment = simulation(ask_for_approval=lambda _: asked.dump(), **responds)

    assert deployment.run()["status"] == "completed"
    assert len(deployment.called(child)) == 3


@pytest.mark.parametrize(
    ("child", "code", "is_undone"), [("validation", "ValidationLost", True), ("approval", "ApprovalLost", False)]
)
def test_what_is_lost_again_and_again_fails_the_deployment(child, code, is_undone):
    asked = AskingAnswer(approval_id="a" * 16, number=1, deadline=START + timedelta(hours=1))
    responds = {"approval": lambda _: Outcome(message="").dump(), child: dies}
    deployment = simulation(ask_for_approval=lambda _: asked.dump(), **responds)

    deployment.run()

    assert end_of(deployment).outcome.failure is not None
    assert end_of(deployment).outcome.failure.code == code
    assert end_of(deployment).is_undone is is_undone


@pytest.mark.parametrize("child", ["upload", "rollout"])
def test_when_a_sub_orchestration_is_lost_what_it_left_in_azure_is_settled_before_the_lock_is_released(child):
    deployment = simulation(**{child: dies})

    output = deployment.run()

    assert output["status"] == "rolledBack"
    assert names(deployment)[-5:] == ["read_control", "rollback", "finish_deployment", "release_turn", "send_result"]
    assert end_of(deployment).outcome.failure is not None
    assert end_of(deployment).outcome.failure.code == "OrchestrationFault"


def test_what_a_cancellation_said_of_rolling_back_is_heeded_when_the_rollout_is_lost():
    asked = ControlAnswer(**CANCELLED, rollback=False)
    deployment = simulation(rollout=dies, read_control=lambda _: asked.dump())

    deployment.run()

    assert [rollback["isUndoing"] for rollback in deployment.called("rollback")] == [False]


def test_a_deployment_that_is_cancelled_in_the_queue_ends_without_its_turn():
    turns = [TurnAnswer(holder="d-0", position=1), TurnAnswer(**CANCELLED)]
    deployment = simulation(take_turn=one_after_the_other(*(turn.dump() for turn in turns)))

    output = deployment.run()

    assert output["status"] == "cancelled"
    assert "prepare_target" not in names(deployment)
    assert names(deployment)[-3:] == ["finish_deployment", "release_turn", "send_result"]
    assert end_of(deployment).outcome.message == "Cancelled by ada."


def test_a_wake_up_ends_the_wait_in_the_queue_before_the_next_tick():
    turns = [TurnAnswer(holder="d-0", position=1), TurnAnswer(**CANCELLED)]
    patient = {"options": OPTIONS.model_copy(update={"poll_interval_seconds": 300})}
    deployment = simulation(
        patient, raised=((2, "control"),), take_turn=one_after_the_other(*(t.dump() for t in turns))
    )

    deployment.run()

    assert (deployment.now - START).total_seconds() < 10


@pytest.mark.parametrize("word", [True, False, None])
def test_a_deployment_that_is_cancelled_while_its_target_is_prepared_starts_nothing(word):
    target = ReadyAnswer(**CANCELLED, rollback=word)
    deployment = simulation(prepare_target=one_after_the_other(ReadyAnswer().dump(), target.dump()))

    deployment.run()

    assert "upload" not in names(deployment)
    assert end_of(deployment).outcome.stop is StopReason.CANCELLED
    undone = [rollback["isUndoing"] for rollback in deployment.called("rollback")]
    assert undone == ([] if word is False else [True])  # nothing was started that could be in flight


@pytest.mark.parametrize("phase", ["upload", "rollout"])
@pytest.mark.parametrize(("word", "option", "undone"), [(None, True, True), (True, False, True), (False, True, False)])
def test_a_deployment_that_is_cancelled_is_undone_as_it_was_asked_to_be(phase, word, option, undone):
    stopped = Outcome(message="Cancelled by ada.", stop=StopReason.CANCELLED, rollback=word)
    options = {"options": OPTIONS.model_copy(update={"rollback_on_failure": option})}
    deployment = simulation(options, **{phase: lambda _: stopped.dump()})

    output = deployment.run()

    assert output["status"] == ("rolledBack" if undone else "cancelled")
    settled = undone or phase == "rollout"
    assert [rollback["isUndoing"] for rollback in deployment.called("rollback")] == [undone] * settled


def test_the_time_runs_from_the_turn_and_is_told_to_all_that_follows():
    turns = [TurnAnswer(holder="d-0", position=1)] * 30 + [TurnAnswer(is_ours=True)]
    deployment = simulation(
        {"options": OPTIONS.model_copy(update={"timeout": 10})},
        take_turn=one_after_the_other(*(turn.dump() for turn in turns)),
    )

    deployment.run()

    turn_at = [call.at for call in deployment.calls if call.name == "take_turn"][-1]
    told = [phase["deadline"] for phase in deployment.called("record_phase") if "deadline" in phase]
    told += [work["deadline"] for work in (*deployment.called("upload"), *deployment.called("rollout"))]
    deadlines = {datetime.fromisoformat(text) for text in told}
    assert len(told) == 3
    assert len(deadlines) == 1
    assert 600 <= (deadlines.pop() - turn_at).total_seconds() < 601


def test_a_target_that_is_not_ready_when_the_time_is_over_ends_the_deployment():
    deployment = simulation(
        {"options": OPTIONS.model_copy(update={"timeout": 2})}, prepare_target=lambda _: ReadyAnswer().dump()
    )

    deployment.run()

    assert end_of(deployment).outcome.stop is StopReason.TIMED_OUT
    assert (deployment.now - START).total_seconds() < 130


@pytest.mark.parametrize(
    "responds",
    [
        {"take_turn": lambda _: TurnAnswer(is_lock_broken=True).dump()},
        {"prepare_target": lambda _: ReadyAnswer(is_lock_broken=True).dump()},
        {"upload": lambda _: Outcome(message="Broken.", failure=BROKEN, is_lock_broken=True).dump()},
        {"rollout": lambda _: Outcome(message="Broken.", failure=BROKEN, is_lock_broken=True).dump()},
        {"rollout": dies, "read_control": lambda _: ControlAnswer(is_lock_broken=True).dump()},
    ],
)
def test_a_deployment_that_has_lost_its_lock_touches_nothing_any_more(responds):
    deployment = simulation(**responds)

    output = deployment.run()

    assert output["status"] == "failed"
    assert not deployment.called("rollback")
    assert end_of(deployment).outcome.is_lock_broken


BY_HAND = {"run": 2, "purpose": Purpose.ROLL_BACK, "rollback": 3, "sequence": 20}


def test_a_rollback_by_hand_takes_its_turn_and_undoes():
    deployment = simulation(BY_HAND)

    deployment.run()

    assert names(deployment) == ["take_turn", "rollback", "finish_deployment", "release_turn", "send_result"]
    (work,) = deployment.called("rollback")
    assert (work["rollback"], work["isUndoing"]) == (3, True)
    assert end_of(deployment).run == 2
    assert end_of(deployment).sequence > 20


@pytest.mark.parametrize("turn", [TurnAnswer(failure=BROKEN), TurnAnswer(**CANCELLED), TurnAnswer(is_lock_broken=True)])
def test_a_rollback_by_hand_that_gets_no_turn_undoes_nothing(turn):
    deployment = simulation(BY_HAND, take_turn=lambda _: turn.dump())

    deployment.run()

    assert not deployment.called("rollback")
    assert end_of(deployment).rollback is None


def test_what_is_resumed_and_fails_before_its_rollout_is_undone_with_what_the_earlier_run_left():
    deployment = simulation({"run": 2}, prepare_target=lambda _: ReadyAnswer(failure=BROKEN).dump())

    deployment.run()

    assert [rollback["isUndoing"] for rollback in deployment.called("rollback")] == [True]


def test_what_is_resumed_and_ends_at_the_gate_again_is_not_undone_as_nothing_was_touched():
    deployment = simulation({"run": 2, "has_touched": False}, open_gate=lambda _: GateAnswer(failure=BROKEN).dump())

    output = deployment.run()

    assert output["status"] == "failed"
    assert not deployment.called("rollback")


def test_a_target_that_could_not_be_prepared_at_all_leaves_nothing_to_undo():
    deployment = simulation(prepare_target=lambda _: ReadyAnswer(failure=BROKEN).dump())

    output = deployment.run()

    assert output["status"] == "failed"
    assert not deployment.called("rollback")


@pytest.mark.parametrize("traces", [TracesAnswer(are_found=True), TracesAnswer(failure=BROKEN)])
def test_what_was_made_of_a_target_before_its_preparation_failed_is_undone(traces):
    deployment = simulation(
        prepare_target=lambda _: ReadyAnswer(failure=BROKEN).dump(), look_for_traces=lambda _: traces.dump()
    )

    output = deployment.run()

    assert output["status"] == "rolledBack"
    assert [rollback["isUndoing"] for rollback in deployment.called("rollback")] == [True]


def test_arm_that_is_away_while_the_target_is_prepared_is_not_waited_for_past_the_deadline():
    away = failure(FailureClass.TRANSIENT, "ConnectionError", "ARM is away.")
    away = away.model_copy(update={"recovery": Recovery.OUTWAIT})
    deployment = simulation(
        {"options": OPTIONS.model_copy(update={"timeout": 2})},
        prepare_target=lambda _: ReadyAnswer(failure=away).dump(),
    )

    deployment.run()

    assert end_of(deployment).outcome.failure == away
    assert (deployment.now - START).total_seconds() < 120


def test_a_run_that_began_under_an_earlier_version_ends_as_it_would_have_then():
    deployment = simulation({"generation": 1}, rollout=failing)

    output = deployment.run()

    assert output["status"] == "failed"
    assert not deployment.called("rollback")


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

    output = deployment.run()

    assert len(deployment.called("finish_deployment")) == UNTIL_WRITTEN.max_attempts
    assert not deployment.called("release_turn")
    assert not deployment.called("send_result")
    assert output["end"] == deployment.called("finish_deployment")[0]


def test_a_deployment_that_waits_long_keeps_a_short_history_reads_its_bundle_once_and_stays_queued():
    left = [ROUNDS_PER_HISTORY + 10]

    def take_turn(_):
        left[0] -= 1
        return TurnAnswer(is_ours=left[0] <= 0, holder="d-0").dump()

    deployment = simulation(take_turn=take_turn)

    output = deployment.run()

    assert output["status"] == "completed"
    assert deployment.executions == 2
    assert deployment.longest_history < 12 * ROUNDS_PER_HISTORY
    assert len(deployment.called("read_bundle")) == 1
    assert [phase["phase"] for phase in deployment.called("record_phase")] == [
        "preparing",
        "queued",
        "preparing",
        "uploading",
        "deploying",
        "validating",
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


def closing_simulation(work: ClosingInput, **responds) -> Simulation:
    well = {name: lambda _: Answer().dump() for name in ("record_phase", "release_turn", "send_result")}
    well |= {"finish_deployment": told_end, "rollback": lambda _: RollbackOutcome(message="Undone.").dump()}
    orchestrator = orchestrator_of(blueprint, "closing")
    return Simulation(orchestrator, work.dump(), {**well, **responds}, instance_id="d-1:closing")


DEAD = FinishInput(deployment_id="d-1", sequence=4, outcome=Outcome(message="It was terminated.", failure=BROKEN))


def test_the_end_of_a_deployment_whose_orchestration_died_is_recorded_by_another():
    closing = closing_simulation(ClosingInput(end=DEAD))

    closing.run()

    assert [call.name for call in closing.calls] == ["finish_deployment", "release_turn", "send_result"]
    assert closing.called("finish_deployment") == [DEAD.dump()]


def test_what_a_dead_orchestration_started_is_undone_before_its_end_is_recorded():
    end = DEAD.model_copy(update={"is_undone": True})
    closing = closing_simulation(
        ClosingInput(end=end, rollback=RollbackInput(deployment_id="d-1", rollback=2, options=OPTIONS))
    )

    closing.run()

    assert [call.name for call in closing.calls] == [
        "record_phase",
        "rollback",
        "finish_deployment",
        "release_turn",
        "send_result",
    ]
    assert closing.called("rollback")[0]["rollback"] == 2
    recorded = FinishInput.load(closing.called("finish_deployment")[0])
    assert recorded.rollback == RollbackOutcome(message="Undone.")
    assert recorded.sequence > closing.called("record_phase")[0]["sequence"]


def test_a_role_that_is_never_seen_is_the_reason_in_the_end():
    mismatch = failure(FailureClass.STORAGE_ACCESS, "AuthorizationPermissionMismatch", "Not with this permission.")
    deployment = simulation(prepare_target=lambda _: ReadyAnswer(is_ready=False, waits_for=mismatch).dump())

    deployment.run()

    (end,) = deployment.called("finish_deployment")
    assert end["outcome"]["failure"]["code"] == "AuthorizationPermissionMismatch"
    told = [phase["message"] for phase in deployment.called("record_phase")]
    assert told[-1] == "Waiting until the app may use the artifact storage: Not with this permission."

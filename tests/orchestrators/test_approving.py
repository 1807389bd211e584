"""The gate and the wait for a person, without a host: what is looked at when, and how each end is told."""

from datetime import timedelta

import pytest

from armature.approval import ApprovalStatus
from armature.errors import FailureClass, failure
from armature.messages import Answer, ApprovalInput, AskingAnswer, GateAnswer, LookAnswer, Outcome, PreviewAnswer
from armature.messages.cleaning import DoomedAnswer
from armature.notices import Notice, NoticeInput, NoticeKind, Receiver
from armature.state import Status, StopReason
from orchestrators.approving import LONGEST_LOOK_AWAY, LOOKED_FOR, LOOKS_PER_HISTORY, blueprint
from orchestrators.notifying import UNTIL_TAKEN
from orchestrators.notifying import blueprint as notices
from tests.orchestrators.simulation import START, Lasting, Simulation, orchestrator_of
from tests.orchestrators.test_deployment import one_after_the_other
from tests.orchestrators.test_deployment import simulation as deploying

DEADLINE = START + timedelta(hours=2)
BUSY = failure(FailureClass.TRANSIENT, "ServerBusy", "Storage is busy.")
WAITING = LookAnswer().dump()


def wait(look, raised=(), deadline=DEADLINE, first_wait=5.0, **parts) -> Simulation:
    """The wait for an approval, whose looks `look` answers."""
    work = ApprovalInput(
        deployment_id="d-1", run=1, number=2, approval_id="a" * 16, deadline=deadline, wait=first_wait, **parts
    )
    return Simulation(
        orchestrator_of(blueprint, "approval"),
        work.dump(),
        {"look_at_approval": look},
        instance_id="d-1:approval-2",
        raised=raised,
    )


def decided(status: ApprovalStatus, **parts) -> dict:
    return LookAnswer(status=status, **parts).dump()


def test_a_decision_that_came_before_the_wait_began_is_read_at_once():
    approval = wait(lambda _: decided(ApprovalStatus.APPROVED))

    assert Outcome.load(approval.run()).is_good
    assert len(approval.called("look_at_approval")) == 1
    assert approval.now - START < timedelta(seconds=1)


def test_an_event_wakes_the_wait_up_and_what_it_says_is_read():
    approval = wait(one_after_the_other(WAITING, decided(ApprovalStatus.APPROVED)), raised=((2.0, "control"),))

    assert Outcome.load(approval.run()).is_good
    assert timedelta(seconds=2) <= approval.now - START < timedelta(seconds=3)


def test_a_decision_whose_event_was_lost_is_read_at_the_next_look():
    approval = wait(one_after_the_other(WAITING, decided(ApprovalStatus.APPROVED)))

    assert Outcome.load(approval.run()).is_good
    assert timedelta(seconds=5) <= approval.now - START < timedelta(seconds=6)


def test_a_long_wait_keeps_a_short_history_and_looks_once_a_minute():
    def look(_):
        return decided(ApprovalStatus.EXPIRED) if approval.now >= DEADLINE else WAITING

    approval = wait(look, first_wait=LONGEST_LOOK_AWAY)

    outcome = Outcome.load(approval.run())

    looks = len(approval.called("look_at_approval"))
    assert outcome.stop is StopReason.NOT_APPROVED
    assert looks == (DEADLINE - START).total_seconds() / LONGEST_LOOK_AWAY + 1
    assert approval.executions == 1 + looks // LOOKS_PER_HISTORY
    assert approval.longest_history < 10 * LOOKS_PER_HISTORY
    assert DEADLINE <= approval.now < DEADLINE + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("look", "stop", "message"),
    [
        (
            decided(ApprovalStatus.REJECTED, by="ada", comment='not "now"'),
            StopReason.REJECTED,
            "Rejected by ada: \"not 'now'\"; nothing was touched.",
        ),
        (decided(ApprovalStatus.REJECTED), StopReason.REJECTED, "Rejected: nothing was touched."),
        (
            decided(ApprovalStatus.EXPIRED),
            StopReason.NOT_APPROVED,
            "Nobody approved it until 2026-01-01 02:00 UTC: nothing was touched.",
        ),
        (LookAnswer(is_cancelled=True, cancelled_by="bob").dump(), StopReason.CANCELLED, "Cancelled by bob."),
    ],
)
def test_each_end_is_told(look, stop, message):
    outcome = Outcome.load(wait(lambda _: look).run())

    assert (outcome.stop, outcome.message) == (stop, message)


def test_what_asks_once_more_after_the_rollout_does_not_say_that_nothing_was_touched():
    outcome = Outcome.load(wait(lambda _: decided(ApprovalStatus.REJECTED), has_deployed=True).run())

    assert outcome.message == "Rejected: what it asked for is left as it is."


def test_a_broken_lock_ends_the_wait():
    assert Outcome.load(wait(lambda _: LookAnswer(is_lock_broken=True).dump()).run()).is_lock_broken


def test_storage_that_is_away_ends_no_wait_but_for_ever_it_is_not_looked():
    soon = START + timedelta(minutes=10)

    def back(_):
        is_back = approval.now >= START + timedelta(minutes=20)
        return decided(ApprovalStatus.APPROVED) if is_back else LookAnswer(failure=BUSY).dump()

    approval = wait(back, deadline=soon, first_wait=60.0)
    gone = wait(lambda _: LookAnswer(failure=BUSY).dump(), deadline=soon, first_wait=60.0)

    assert Outcome.load(approval.run()).is_good
    assert Outcome.load(gone.run()).failure == BUSY
    assert gone.now - soon > LOOKED_FOR


def test_a_deployment_that_is_gone_is_waited_for_no_more():
    gone = failure(FailureClass.UNKNOWN, "StateMissing", "It is gone.")

    assert Outcome.load(wait(lambda _: LookAnswer(failure=gone).dump()).run()).failure == gone


ASKED = AskingAnswer(approval_id="a" * 16, number=1, message="The target is protected: x.", deadline=DEADLINE).dump()


def names(deployment: Simulation) -> list[str]:
    return [call.name for call in deployment.calls if call.name != "record_phase"]


def test_a_deployment_that_is_approved_goes_on_with_all_its_time():
    waited = Lasting(Outcome(message="").dump(), timedelta(hours=1).total_seconds())
    deployment = deploying(ask_for_approval=lambda _: ASKED, approval=lambda _: waited)

    output = deployment.run()

    phases = deployment.called("record_phase")
    asking = next(phase for phase in phases if phase["phase"] == "awaitingApproval")
    assert output["status"] == "completed"
    assert asking["status"] == "awaitingApproval"
    assert asking["message"] == "The target is protected: x. Waiting for approval until 2026-01-01 02:00 UTC."
    assert "deadline" not in asking
    ready = next(phase for phase in phases if phase.get("deadline"))
    assert ready["deadline"] > (START + timedelta(hours=5)).isoformat()
    (work,) = deployment.called("approval")
    assert (work["number"], work["approvalId"]) == (1, "a" * 16)


@pytest.mark.parametrize("stop", [StopReason.REJECTED, StopReason.NOT_APPROVED])
@pytest.mark.parametrize("run", [1, 2])
def test_what_is_not_approved_touches_nothing_and_undoes_nothing(stop, run):
    outcome = Outcome(message="Rejected: nothing was touched.", stop=stop)
    deployment = deploying({"run": run}, ask_for_approval=lambda _: ASKED, approval=lambda _: outcome.dump())

    deployment.run()

    assert names(deployment)[-4:] == ["approval", "finish_deployment", "release_turn", "send_result"]
    assert deployment.called("finish_deployment")[0]["outcome"]["stop"] == stop


def test_force_asks_nobody():
    deployment = deploying({"options": deploying().input["options"] | {"force": True}})

    deployment.run()

    assert not {"open_gate", "ask_for_approval"} & set(names(deployment))


def test_a_run_that_began_under_an_earlier_version_is_not_asked_for():
    deployment = deploying({"generation": 2})

    deployment.run()

    assert not {"open_gate", "ask_for_approval"} & set(names(deployment))


def a_notice(sent, unsent=lambda _: Answer().dump()) -> Simulation:
    work = NoticeInput(
        notice=Notice(
            id="d-1.ended-1",
            kind=NoticeKind.DEPLOYMENT_ENDED,
            at=START,
            deployment_id="d-1",
            run=1,
            status=Status.COMPLETED,
            message="m",
        ),
        receiver=Receiver.APP,
    )
    return Simulation(orchestrator_of(notices, "notice"), work.dump(), {"send_notice": sent, "note_unsent": unsent})


def test_a_notice_is_sent_again_until_it_is_taken():
    notice = a_notice(one_after_the_other(Answer(failure=BUSY).dump(), Answer().dump()))

    assert notice.run() == {"sent": True, "message": ""}
    assert len(notice.called("send_notice")) == 2
    assert not notice.called("note_unsent")


def test_a_notice_that_nobody_takes_is_given_up_and_told_so():
    notice = a_notice(lambda _: Answer(failure=BUSY).dump())

    assert notice.run()["sent"] is False
    assert len(notice.called("send_notice")) == UNTIL_TAKEN.max_attempts
    assert [work["why"] for work in notice.called("note_unsent")] == [BUSY.message]
    assert timedelta(minutes=20) < notice.now - START < timedelta(hours=1)


def test_a_list_that_has_changed_while_somebody_decided_asks_again_with_what_it_is_now():
    lists = one_after_the_other(
        *(DoomedAnswer(list_id=list_id, unapproved=1, total=1).dump() for list_id in ("l-1", "l-2", "l-2")),
        DoomedAnswer(list_id="l-3").dump(),
    )

    def ask(payload):
        list_id = payload["findings"]["listId"]
        asked = {"approval_id": list_id, "number": int(list_id[-1]), "deadline": DEADLINE}
        return AskingAnswer(message="Mode Complete would delete 1 resource.", **asked).dump()

    options = deploying().input["options"] | {"mode": "Complete"}
    deployment = deploying(
        {"options": options}, list_doomed=lists, ask_for_approval=ask, approval=lambda _: Outcome(message="").dump()
    )

    output = deployment.run()

    assert output["status"] == "completed"
    assert [work["number"] for work in deployment.called("approval")] == [1, 2]
    assert names(deployment).index("prepare_target") > names(deployment).index("approval")


@pytest.mark.parametrize(
    ("minutes", "later", "asked"),
    [
        (4, {"deletions": 2, "digest": "other"}, ["first"]),
        (6, {"deletions": 1, "digest": "first"}, ["first"]),
        (6, {"deletions": 2, "digest": "other"}, ["first", "other"]),
        (6, {}, ["first", ""]),
    ],
)
def test_losses_are_looked_for_once_more_after_somebody_took_their_time(minutes, later, asked):
    first = {"deletions": 1, "digest": "first"}
    looks = one_after_the_other(*(PreviewAnswer(**told).dump() for told in (first, later)))
    needed = AskingAnswer(approval_id="a" * 16, number=1, deadline=DEADLINE)
    requests = []

    def ask(work):
        requests.append(work["findings"]["digest"])
        return (AskingAnswer() if len(requests) > 1 else needed).dump()

    deployment = deploying(
        open_gate=lambda _: GateAnswer(is_previewed=True).dump(),
        preview=looks,
        ask_for_approval=ask,
        approval=lambda _: Lasting(Outcome(message="").dump(), 60.0 * minutes),
    )

    deployment.run()

    assert requests == asked
    assert len(deployment.called("preview")) == (1 if minutes < 5 else 2)
    assert deployment.called("prepare_target")


def test_what_azure_refuses_once_it_is_approved_ends_at_the_gate():
    looks = one_after_the_other(
        PreviewAnswer(deletions=1, digest="first").dump(), PreviewAnswer(refused=1, refusal_message="Refused.").dump()
    )
    deployment = deploying(
        open_gate=lambda _: GateAnswer(is_previewed=True).dump(),
        preview=looks,
        ask_for_approval=lambda _: AskingAnswer(approval_id="a" * 16, number=1, deadline=DEADLINE).dump(),
        approval=lambda _: Lasting(Outcome(message="").dump(), 3600.0),
    )

    deployment.run()

    assert deployment.called("finish_deployment")[0]["outcome"]["failure"]["code"] == "TemplatesRefused"
    assert deployment.called("prepare_target") == []

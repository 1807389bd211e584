"""What was asked of a deployment: which of several requests counts, and what one may look like."""

import pytest
from pydantic import ValidationError

from armature.control import (
    MAX_COMMENT,
    Action,
    ActionMessage,
    CancelRequest,
    CancelWish,
    Control,
    ControlRequest,
    LineageRecord,
    is_carried_out,
)
from armature.state import Purpose
from tests.armature.deployments import NOW


def asked(run: int = 1, **parts) -> ControlRequest:
    return ControlRequest(run=run, at=NOW, **parts)


@pytest.mark.parametrize("said", ["yes", "no", 1, "false"])
def test_only_true_and_false_say_whether_a_cancelled_deployment_is_rolled_back(said):
    with pytest.raises(ValidationError):
        CancelWish.model_validate({"rollback": said})


def test_a_queue_message_that_comes_again_is_carried_out_already():
    resume, cancel = asked(run=1, id="m-1"), CancelRequest(run=1, at=NOW, id="m-2")
    control = Control(resume=resume, cancel=cancel)

    assert is_carried_out(control, Action.RESUME, run=2, request_id="m-1")
    assert is_carried_out(control, Action.CANCEL, run=2, request_id="m-2")
    assert not is_carried_out(control, Action.RESUME, run=1, request_id="m-1")
    assert not is_carried_out(control, Action.RESUME, run=2, request_id="m-2")
    assert not is_carried_out(control, Action.RESUME, run=2, request_id=None)
    assert not is_carried_out(control, Action.ROLL_BACK, run=2, request_id="m-1")


def test_a_request_for_an_earlier_run_that_comes_late_takes_nothing_from_what_was_asked_since():
    cancel, broken = CancelRequest(run=2, at=NOW), ControlRequest(run=2, at=NOW)
    control = Control(cancel=cancel, resume=asked(run=2), rollback=asked(run=2), lock_broken=broken)

    late = control.with_cancel(CancelRequest(run=1, at=NOW)).with_lock_broken(ControlRequest(run=1, at=NOW))
    late = late.with_reopening(Purpose.DEPLOY, asked(run=1)).with_reopening(Purpose.ROLL_BACK, asked(run=1))

    assert late == control


def test_of_two_requests_for_one_run_the_first_cancellation_counts_and_the_last_reopening():
    first, second = CancelRequest(run=1, at=NOW, by="ada"), CancelRequest(run=1, at=NOW, by="bob")

    control = Control().with_cancel(first).with_cancel(second)
    control = control.with_reopening(Purpose.DEPLOY, asked(run=1, id="m-1"))
    control = control.with_reopening(Purpose.DEPLOY, asked(run=1, id="m-2"))

    assert control.cancel == first
    assert control.resume == asked(run=1, id="m-2")


def test_a_comment_is_one_line_without_secrets_and_not_longer_than_its_bound():
    wish = CancelWish(comment="stop\r\n2026-01-01 completed \x1b[31m https://x.example/t?sv=1&sig=abc%2Bdef")

    assert wish.comment.startswith("stop 2026-01-01 completed [31m")
    assert "abc" not in wish.comment
    with pytest.raises(ValidationError, match=str(MAX_COMMENT)):
        CancelWish(comment="x" * (MAX_COMMENT + 1))


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ({"action": "stop", "deploymentId": "d-01"}, "action"),
        ({"action": "cancel"}, "deploymentId"),
        ({"action": "cancel", "deploymentId": "../x"}, "deploymentId"),
        ({"action": "resume", "deploymentId": "d-01", "rollback": True}, "rollback"),
        ({"action": "resume", "deploymentId": "d-01", "force": True}, "force"),
    ],
)
def test_a_message_with_an_action_that_can_not_be_is_refused_with_its_place(message, place):
    with pytest.raises(ValidationError, match=place):
        ActionMessage.model_validate(message)


def test_a_lineage_remembers_those_whose_result_stands_in_the_order_in_which_they_completed():
    record = LineageRecord().begun_by("d-1").completed_by("d-1").begun_by("d-2").completed_by("d-2").begun_by("d-3")

    assert record == LineageRecord(completed=("d-1", "d-2"), latest="d-3", earlier="d-2")
    assert record.completed_by("d-1").completed == ("d-2", "d-1")
    assert record.predecessor_of("d-3") == "d-2"
    assert record.predecessor_of("d-2") == "d-1"
    assert record.undone("d-2").undone("d-2").predecessor_of("d-3") == "d-1"
    assert LineageRecord().predecessor_of("d-1") is None


def test_one_that_touched_nothing_leaves_the_latest_of_the_lineage_as_it_was():
    before = LineageRecord().begun_by("d-1").completed_by("d-1")
    begun = before.begun_by("d-2").begun_by("d-2")

    after = begun.untouched_by("d-2").untouched_by("d-2")

    assert (begun.latest, begun.earlier) == ("d-2", "d-1")
    assert after == LineageRecord(completed=("d-1",), latest="d-1", untouched="d-2")
    assert after.untouched_by("never-had-its-turn") == after
    assert after.begun_by("d-3") == LineageRecord(completed=("d-1",), latest="d-3", earlier="d-1")
    assert LineageRecord().begun_by("d-1").untouched_by("d-1") == LineageRecord(untouched="d-1")

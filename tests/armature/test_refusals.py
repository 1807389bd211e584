"""What may be asked of a deployment, and what is answered to what may not."""

import pytest

from armature.control import CancelRequest, Control, ControlRequest, LineageRecord
from armature.options import Mode, Options
from armature.refusals import may_cancel, may_resume, may_roll_back
from armature.state import Purpose, RollbackState, RollbackStatus, Status, StopReason, StopState, TemplateStatus
from tests.armature.deployments import NOW, deployment, template

NOTHING = Control()
LATEST = LineageRecord(completed=("d-00", "d-01"), latest="d-01")
UNTOUCHED = LineageRecord(completed=("d-00",), latest="d-00", untouched="d-01")
STOPPED = StopState(reason=StopReason.CANCELLED, at=NOW)


def asked(run: int = 1, **parts) -> ControlRequest:
    return ControlRequest(run=run, at=NOW, **parts)


def cancelled(run: int = 1) -> Control:
    return Control(cancel=CancelRequest(run=run, at=NOW))


def kind(refusal) -> str | None:
    return refusal and refusal.kind


@pytest.mark.parametrize(
    ("state", "control", "expected"),
    [
        (deployment(Status.PENDING), NOTHING, None),
        (deployment(Status.QUEUED), NOTHING, None),
        (deployment(Status.UPLOADING), NOTHING, None),
        (deployment(Status.DEPLOYING), NOTHING, None),
        (deployment(Status.DEPLOYING), cancelled(), None),
        (deployment(Status.QUEUED, purpose=Purpose.ROLL_BACK), NOTHING, None),
        (deployment(Status.ROLLING_BACK), NOTHING, "already-rolling-back"),
        (deployment(Status.ROLLING_BACK), cancelled(), None),
        (deployment(Status.ROLLING_BACK, run=2), cancelled(run=1), "already-rolling-back"),
        (deployment(Status.COMPLETED), NOTHING, "not-running"),
        (deployment(Status.COMPLETED), cancelled(), "not-running"),
        (deployment(Status.FAILED), NOTHING, "not-running"),
        (deployment(Status.CANCELLED, stop=STOPPED), cancelled(), None),
        (deployment(Status.ROLLED_BACK, stop=STOPPED), cancelled(), None),
    ],
)
def test_what_runs_can_be_cancelled_and_cancelling_it_again_is_the_same(state, control, expected):
    assert kind(may_cancel(state, control)) == expected


@pytest.mark.parametrize("status", [Status.DEPLOYING, Status.CANCELLED])
@pytest.mark.parametrize(
    ("first", "by_option", "second", "expected"),
    [
        (None, True, True, None),
        (None, True, False, "already-cancelled"),
        (False, True, None, None),
        (False, True, False, None),
        (False, True, True, "already-cancelled"),
        (True, False, False, "already-cancelled"),
        (None, False, True, "already-cancelled"),
    ],
)
def test_a_second_cancellation_that_wants_another_rollback_is_told_that_the_first_counts(
    status, first, by_option, second, expected
):
    stop = STOPPED if status.is_final else None
    state = deployment(status, stop=stop, options=Options(rollback_on_failure=by_option))
    control = Control(cancel=CancelRequest(run=1, at=NOW, rollback=first))

    refusal = may_cancel(state, control, rollback=second)

    assert kind(refusal) == expected


def test_a_cancellation_amid_the_deletions_of_mode_complete_rolls_back_only_when_it_says_so():
    deleting = deployment(Status.DEPLOYING)
    deleting = deleting.model_copy(update={"phases": {**deleting.phases, "cleaningUp": NOW}})

    assert kind(may_cancel(deleting, cancelled(), rollback=True)) == "already-cancelled"
    assert kind(may_cancel(deleting, cancelled(), rollback=False)) is None


@pytest.mark.parametrize("may", [may_roll_back, may_resume])
def test_what_is_being_cancelled_is_neither_rolled_back_nor_resumed_before_its_end(may):
    refusal = may(deployment(Status.DEPLOYING), cancelled(), LATEST)

    assert (kind(refusal), refusal.next_step) == ("already-cancelled", "Wait for its end.")


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (deployment(Status.COMPLETED), "Roll it back if its result is not wanted."),
        (deployment(Status.ROLLED_BACK), "There is nothing left to do."),
        (deployment(Status.CANCELLED, has_touched=False), "There is nothing left to do."),
        (
            deployment(Status.FAILED, rollback=RollbackState(status=RollbackStatus.PARTIAL, number=1)),
            "Ask for the rollback again once nothing stands in its way.",
        ),
    ],
)
def test_who_cancels_what_has_ended_is_told_what_can_be_done_with_it(state, step):
    assert may_cancel(state, NOTHING).next_step == step


PARTIAL = RollbackState(status=RollbackStatus.PARTIAL, number=1)


@pytest.mark.parametrize(
    ("state", "control", "lineage", "expected"),
    [
        (deployment(Status.COMPLETED), NOTHING, LATEST, None),
        (deployment(Status.FAILED), NOTHING, LATEST, None),
        (deployment(Status.CANCELLED), NOTHING, LATEST, None),
        (deployment(Status.FAILED, rollback=PARTIAL), NOTHING, LATEST, None),
        (deployment(Status.ROLLED_BACK), NOTHING, LATEST, "already-rolled-back"),
        (deployment(Status.COMPLETED), NOTHING, LineageRecord(latest="d-02"), "not-latest"),
        (deployment(Status.COMPLETED), NOTHING, LineageRecord(), "not-latest"),
        (deployment(Status.FAILED, lineage=None), NOTHING, LineageRecord(), "nothing-started"),
        (
            deployment(Status.CANCELLED, templates=(template("a", TemplateStatus.SKIPPED, starts=0, attempt=0),)),
            NOTHING,
            LineageRecord(latest="d-00"),
            "nothing-started",
        ),
        (deployment(Status.CANCELLED, has_touched=False), NOTHING, UNTOUCHED, "nothing-started"),
        (deployment(Status.CANCELLED, has_touched=False), NOTHING, LATEST, "nothing-started"),
        (deployment(Status.COMPLETED, "d-00"), NOTHING, UNTOUCHED, None),
        (deployment(Status.COMPLETED, retired_at=NOW), NOTHING, LATEST, "removed"),
        (deployment(Status.DEPLOYING), NOTHING, LATEST, "not-final"),
        (deployment(Status.QUEUED), NOTHING, LATEST, "not-final"),
        (deployment(Status.ROLLING_BACK), NOTHING, LATEST, "already-rolling-back"),
        (deployment(Status.ROLLING_BACK, run=2, purpose=Purpose.ROLL_BACK), Control(rollback=asked(1)), LATEST, None),
        (deployment(Status.QUEUED, run=2, purpose=Purpose.ROLL_BACK), Control(rollback=asked(1)), LATEST, None),
        (deployment(Status.DEPLOYING, run=3), Control(rollback=asked(1)), LATEST, "not-final"),
    ],
)
def test_the_latest_of_a_lineage_can_be_rolled_back_once_it_has_ended(state, control, lineage, expected):
    assert kind(may_roll_back(state, control, lineage)) == expected


@pytest.mark.parametrize(
    ("state", "control", "lineage", "expected"),
    [
        (deployment(Status.FAILED), NOTHING, LATEST, None),
        (deployment(Status.CANCELLED), NOTHING, LATEST, None),
        (deployment(Status.COMPLETED), NOTHING, LATEST, "not-resumable"),
        (deployment(Status.ROLLED_BACK), NOTHING, LATEST, "not-resumable"),
        (deployment(Status.FAILED, rollback=PARTIAL), NOTHING, LATEST, "partially-rolled-back"),
        (deployment(Status.FAILED), NOTHING, LineageRecord(latest="d-02"), "not-latest"),
        (deployment(Status.CANCELLED, has_touched=False), NOTHING, UNTOUCHED, None),
        (deployment(Status.FAILED, "d-00"), NOTHING, UNTOUCHED, None),
        (deployment(Status.FAILED, retired_at=NOW), NOTHING, LATEST, "removed"),
        (deployment(Status.DEPLOYING), NOTHING, LATEST, "not-final"),
        (deployment(Status.ROLLING_BACK), NOTHING, LATEST, "already-rolling-back"),
        (deployment(Status.DEPLOYING, run=2), Control(resume=asked(1)), LATEST, None),
        (deployment(Status.PENDING, run=3), Control(resume=asked(1)), LATEST, "not-final"),
    ],
)
def test_what_failed_or_was_cancelled_can_be_resumed_while_it_is_the_latest(state, control, lineage, expected):
    assert kind(may_resume(state, control, lineage)) == expected


def test_every_refusal_tells_the_reason_and_the_next_step_in_words():
    refusals = [
        may_cancel(deployment(Status.COMPLETED), NOTHING),
        may_roll_back(deployment(Status.COMPLETED), NOTHING, LineageRecord(latest="d-02")),
        may_resume(deployment(Status.FAILED, rollback=PARTIAL), NOTHING, LATEST),
    ]

    for refusal in refusals:
        assert "d-01" in refusal.reason
        assert refusal.reason.endswith(".")
        assert refusal.next_step.endswith(".")


@pytest.mark.parametrize("status", [Status.PENDING, Status.COMPLETED, Status.FAILED, Status.CANCELLED])
@pytest.mark.parametrize("options", [Options(mode=Mode.WHAT_IF), Options(mode=Mode.VALIDATE), Options(dry_run=True)])
def test_a_preview_is_neither_rolled_back_nor_resumed(status, options):
    state = deployment(status, options=options)

    assert kind(may_roll_back(state, NOTHING, LATEST)) == "only-previews"
    assert kind(may_resume(state, NOTHING, LATEST)) == "only-previews"


def test_a_preview_can_be_cancelled_and_once_it_has_ended_nothing_is_left_to_do():
    options = Options(mode=Mode.WHAT_IF)

    assert may_cancel(deployment(Status.PENDING, options=options), NOTHING) is None
    refusal = may_cancel(deployment(Status.COMPLETED, options=options), NOTHING)
    assert refusal.next_step == "There is nothing left to do: it was a preview."

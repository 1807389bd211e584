"""How a run ends: the last status, from how its work and its rollback went; and what a dead one leaves to be done."""

from datetime import timedelta

import pytest

from armature.approval import ApprovalState, ApprovalStatus
from armature.checks import CheckKind, CheckResult, CheckState, ValidationState
from armature.control import CancelRequest, Control, ControlRequest
from armature.endings import Result, closing_of, ended, ending_of, last_words, undoes
from armature.errors import FailureClass, failure
from armature.messages import FinishInput, Outcome, RollbackOutcome
from armature.options import Mode, Options
from armature.preview import PreviewState
from armature.state import (
    Purpose,
    RollbackState,
    RollbackStatus,
    Status,
    StopReason,
    TemplateStatus,
)
from armature.stops import lock_broken
from tests.armature.deployments import NOW, deployment, template

WHY = failure(FailureClass.QUOTA, "QuotaExceeded", "No more cores.")
GOOD = Outcome(message="2 templates deployed.")
FAILED = Outcome(message="a failed.", failure=WHY)
CANCELLED = Outcome(message="Cancelled.", stop=StopReason.CANCELLED)
REJECTED = Outcome(message="Rejected.", stop=StopReason.REJECTED)
NOT_APPROVED = Outcome(message="Nobody approved it.", stop=StopReason.NOT_APPROVED)
TIMED_OUT = Outcome(message="The time was over.", stop=StopReason.TIMED_OUT)
BROKEN = lock_broken()
WHOLE = RollbackOutcome(message="All of it is undone.")
PARTIAL = RollbackOutcome(message="1 thing is left over.", leftovers=1)
LOST = RollbackOutcome(failure=failure(FailureClass.UNKNOWN, "RollbackLost", "It was ended."))
ASKED = Control(cancel=CancelRequest(run=1, at=NOW, by="ada", comment="wrong branch"))

DEPLOYING = deployment(Status.DEPLOYING)
BY_HAND = deployment(Status.ROLLING_BACK, run=2, purpose=Purpose.ROLL_BACK, ended_as=Status.COMPLETED)


def end(
    outcome: Outcome, rollback: RollbackOutcome | None = None, *, is_undone: bool = True, run: int = 1
) -> FinishInput:
    undone = is_undone and rollback is not None
    return FinishInput(deployment_id="d-01", run=run, sequence=9, outcome=outcome, is_undone=undone, rollback=rollback)


@pytest.mark.parametrize(
    ("state", "end_", "status", "result"),
    [
        (DEPLOYING, end(GOOD), Status.COMPLETED, Result.STANDS),
        (DEPLOYING, end(FAILED), Status.FAILED, Result.UNCHANGED),
        (DEPLOYING, end(FAILED, WHOLE), Status.ROLLED_BACK, Result.UNDONE),
        (DEPLOYING, end(FAILED, PARTIAL), Status.FAILED, Result.UNDONE),
        (DEPLOYING, end(FAILED, LOST), Status.FAILED, Result.UNDONE),
        (DEPLOYING, end(FAILED, WHOLE, is_undone=False), Status.FAILED, Result.UNCHANGED),
        (DEPLOYING, end(CANCELLED), Status.CANCELLED, Result.UNCHANGED),
        (DEPLOYING, end(CANCELLED, WHOLE, is_undone=False), Status.CANCELLED, Result.UNCHANGED),
        (DEPLOYING, end(CANCELLED, LOST, is_undone=False), Status.FAILED, Result.UNCHANGED),
        (DEPLOYING, end(CANCELLED, WHOLE), Status.ROLLED_BACK, Result.UNDONE),
        (DEPLOYING, end(CANCELLED, PARTIAL), Status.FAILED, Result.UNDONE),
        (DEPLOYING, end(REJECTED), Status.CANCELLED, Result.UNCHANGED),
        (DEPLOYING, end(NOT_APPROVED), Status.CANCELLED, Result.UNCHANGED),
        (DEPLOYING, end(TIMED_OUT), Status.FAILED, Result.UNCHANGED),
        (DEPLOYING, end(TIMED_OUT, WHOLE, is_undone=False), Status.FAILED, Result.UNCHANGED),
        (DEPLOYING, end(TIMED_OUT, WHOLE), Status.ROLLED_BACK, Result.UNDONE),
        (DEPLOYING, end(BROKEN), Status.FAILED, Result.UNCHANGED),
        (BY_HAND, end(Outcome(message=""), WHOLE), Status.ROLLED_BACK, Result.UNDONE),
        (BY_HAND, end(Outcome(message=""), PARTIAL), Status.FAILED, Result.UNDONE),
        (BY_HAND, end(CANCELLED), Status.COMPLETED, Result.UNCHANGED),
        (BY_HAND, end(FAILED), Status.COMPLETED, Result.UNCHANGED),
        (BY_HAND, end(BROKEN), Status.FAILED, Result.UNCHANGED),
    ],
)
def test_the_last_status_follows_from_how_the_work_and_its_rollback_went(state, end_, status, result):
    ending = ending_of(state, ASKED, end_, NOW)

    assert (ending.status, ending.result) == (status, result)


def test_the_failures_of_templates_tell_more_than_that_some_failed():
    state = deployment(Status.DEPLOYING, templates=(template("a", TemplateStatus.FAILED, failure=WHY), template("b")))
    sum_of_them = failure(FailureClass.UNKNOWN, "TemplatesFailed", "a failed.")

    ending = ending_of(state, Control(), end(Outcome(message="a failed.", failure=sum_of_them)), NOW)

    assert ending.failures == (WHY,)


def test_a_timeout_names_itself_before_what_else_failed():
    templates = (template("a", TemplateStatus.FAILED, failure=WHY),)
    state = deployment(Status.DEPLOYING, templates=templates, options=Options(timeout=90))

    ending = ending_of(state, Control(), end(TIMED_OUT), NOW)

    assert [why.code for why in ending.failures] == ["DeploymentTimedOut", "QuotaExceeded"]
    assert "90 minutes" in ending.failures[0].message
    assert ending.stop is not None
    assert ending.stop.reason is StopReason.TIMED_OUT


def test_a_cancellation_tells_who_asked_for_it_and_why():
    stop = ending_of(DEPLOYING, ASKED, end(CANCELLED), NOW).stop

    assert stop is not None
    assert (stop.reason, stop.by, stop.comment) == (StopReason.CANCELLED, "ada", "wrong branch")


def test_who_is_not_approved_is_told_by_whom_and_why():
    approval = ApprovalState(approval_id="a" * 16, asked_at=NOW, deadline=NOW)
    rejected = approval.decided(ApprovalStatus.REJECTED, NOW, "ada", comment="not today")
    state = deployment(Status.AWAITING_APPROVAL, approval=rejected)

    ending = ending_of(state, Control(), end(REJECTED), NOW)

    assert ending.stop is not None
    assert (ending.stop.reason, ending.stop.by, ending.stop.comment) == (StopReason.REJECTED, "ada", "not today")
    assert not ending.failures


def test_an_approval_that_nobody_waits_for_any_more_is_withdrawn():
    approval = ApprovalState(approval_id="a" * 16, asked_at=NOW, deadline=NOW)
    state = deployment(Status.AWAITING_APPROVAL, approval=approval)
    died = end(FAILED)

    after = ended(state, ending_of(state, Control(), died, NOW), died, NOW, is_latest=True)

    assert after.approval is not None
    assert after.approval.status is ApprovalStatus.WITHDRAWN


def test_what_is_not_approved_is_not_undone_whatever_the_option_says():
    assert not undoes(Purpose.DEPLOY, REJECTED, rollback_on_failure=True)
    assert not undoes(Purpose.DEPLOY, NOT_APPROVED, rollback_on_failure=True)


def test_a_run_that_died_while_it_waited_for_approval_has_nothing_to_be_undone():
    state = deployment(Status.AWAITING_APPROVAL, templates=(template(attempt=0, starts=0),))

    closing = closing_of(state, Control(), "It was terminated.", has_turn=True)

    assert closing.rollback is None


def test_what_completed_in_spite_of_a_cancellation_was_not_stopped():
    assert ending_of(DEPLOYING, ASKED, end(GOOD), NOW).stop is None


def test_a_rollback_that_was_lost_is_among_the_failures():
    assert [why.code for why in ending_of(DEPLOYING, ASKED, end(FAILED, LOST), NOW).failures] == [
        "QuotaExceeded",
        "RollbackLost",
    ]


def ended_state(state, end_, *, is_latest: bool = True):
    return ended(state, ending_of(state, ASKED, end_, NOW), end_, NOW + timedelta(minutes=1), is_latest=is_latest)


def test_the_state_tells_whether_it_can_be_rolled_back_and_how_the_rollback_ended():
    completed = ended_state(DEPLOYING, end(GOOD)).rollback
    overtaken = ended_state(DEPLOYING, end(BROKEN), is_latest=False).rollback
    whole = ended_state(DEPLOYING, end(FAILED, WHOLE)).rollback
    partial = ended_state(DEPLOYING, end(FAILED, PARTIAL)).rollback

    assert (completed.available, completed.status) == (True, None)
    assert overtaken.available is False
    assert (whole.available, whole.status) == (False, RollbackStatus.COMPLETED)
    assert (partial.available, partial.status) == (True, RollbackStatus.PARTIAL)


def test_who_is_cancelled_in_the_queue_waits_for_nobody_any_more():
    lineage = deployment(Status.QUEUED).lineage.model_copy(update={"holder": "d-00", "position": 2})
    queued = deployment(Status.QUEUED, lineage=lineage)

    state = ended_state(queued, end(CANCELLED))

    assert (state.lineage.holder, state.lineage.position) == (None, None)


@pytest.mark.parametrize(
    ("state", "outcome", "rollback", "told"),
    [
        (DEPLOYING, FAILED, WHOLE, "a failed. Rolled back."),
        (DEPLOYING, FAILED, PARTIAL, "a failed. Rolled back in part."),
        (BY_HAND, Outcome(message=""), WHOLE, "Rolled back."),
    ],
)
def test_the_last_line_of_the_log_does_not_repeat_the_one_before_it(state, outcome, rollback, told):
    shown = state.rollback.model_copy(update={"message": rollback.message})
    state = state.model_copy(update={"rollback": shown})

    ending = ending_of(state, Control(), end(outcome, rollback, run=state.run), NOW)

    assert last_words(state, ending) == told
    assert ending.message.endswith(rollback.message)


def test_what_a_preview_has_found_is_told_once():
    options = Options(mode=Mode.WHAT_IF)
    told = Outcome(message="What-if: 1 to create.")
    preview = deployment(Status.PENDING, options=options, preview=PreviewState(at=NOW))
    broken = deployment(Status.PENDING, options=options)

    assert last_words(preview, ending_of(preview, Control(), end(told), NOW)) == "Nothing was changed."
    assert last_words(broken, ending_of(broken, Control(), end(FAILED), NOW)) == FAILED.message


def test_nobody_is_told_that_armature_goes_on_trying_what_it_has_given_up():
    busy = failure(FailureClass.TRANSIENT, "ServerBusy", "Busy.", "Armature tries again by itself. Look at the portal.")
    gone = failure(FailureClass.TRANSIENT, "ServerBusy", "Busy.", "Armature waits, then tries again.")
    retrying = template(status=TemplateStatus.RETRYING, attempt=1, failure=busy)
    state = deployment(Status.DEPLOYING, templates=(retrying,))

    after = ended_state(state, end(Outcome(message="It failed.", failure=gone)))

    assert after.templates[0].failure.suggestion == "Look at the portal."
    assert after.failures[0].suggestion == "It did not pass in the time there was. Try again once it has."


def test_a_run_that_has_ended_stays_so_and_a_late_end_does_not_end_the_next_run():
    once = ended_state(DEPLOYING, end(GOOD))

    assert ended(once, ending_of(DEPLOYING, ASKED, end(FAILED), NOW), end(FAILED), NOW, is_latest=True) == once
    assert ended_state(deployment(Status.DEPLOYING, run=2), end(GOOD, run=1)).status is Status.DEPLOYING


@pytest.mark.parametrize(
    ("purpose", "word", "option", "expected"),
    [
        (Purpose.DEPLOY, None, True, True),
        (Purpose.DEPLOY, None, False, False),
        (Purpose.DEPLOY, False, True, False),
        (Purpose.DEPLOY, True, False, True),
        (Purpose.ROLL_BACK, None, False, True),
    ],
)
def test_the_word_of_a_cancellation_goes_before_the_option(purpose, word, option, expected):
    outcome = CANCELLED.model_copy(update={"rollback": word})

    assert undoes(purpose, outcome, rollback_on_failure=option) is expected


KEEPING = Options(rollback_on_failure=False)
NEW = deployment(Status.PENDING, templates=(template("a", TemplateStatus.WAITING, starts=0, attempt=0),))

CLEANING_UP = DEPLOYING.model_copy(update={"phases": {**DEPLOYING.phases, "cleaningUp": NOW}})
"""All of it is deployed: what is left to delete undoes nothing."""


def test_no_check_waits_any_more_once_the_run_has_ended_however_it_died():
    checks = tuple(
        CheckState(key=result.value, kind=CheckKind.RESOURCE, subject="log", result=result)
        for result in (CheckResult.WAITING, CheckResult.PASS)
    )
    validation = ValidationState(total=5, passed=1, checks=checks)
    died = DEPLOYING.model_copy(update={"validation": validation})

    state = ended(died, ending_of(died, Control(), end(FAILED), NOW), end(FAILED), NOW, is_latest=True)

    assert state.validation is not None
    assert (state.validation.done, state.validation.skipped) == (5, 4)
    assert [check.result for check in state.validation.checks] == [CheckResult.SKIPPED, CheckResult.PASS]
    assert "the deployment ended" in state.validation.checks[0].message


@pytest.mark.parametrize("outcome", [FAILED, CANCELLED])
def test_what_was_only_not_cleaned_up_is_the_version_that_the_next_one_is_rolled_back_to(outcome):
    kept = ending_of(CLEANING_UP, ASKED, end(outcome, WHOLE, is_undone=False), NOW)
    undone = ending_of(CLEANING_UP, ASKED, end(outcome, WHOLE), NOW)

    assert (kept.result, undone.result) == (Result.STANDS, Result.UNDONE)
    assert kept.status is not Status.COMPLETED


@pytest.mark.parametrize(
    ("state", "control", "has_turn", "settles", "undoes_"),
    [
        (DEPLOYING, Control(), True, True, True),
        (DEPLOYING.model_copy(update={"options": KEEPING}), Control(), True, True, False),
        (DEPLOYING, Control(cancel=CancelRequest(run=1, at=NOW, rollback=False)), True, True, False),
        (DEPLOYING, Control(), False, False, False),
        (DEPLOYING, Control(lock_broken=ControlRequest(run=1, at=NOW)), True, False, False),
        (NEW, Control(), True, False, False),
        (NEW.model_copy(update={"deadline": NOW}), Control(), True, True, True),
        (BY_HAND, Control(), True, True, True),
        (BY_HAND, Control(), False, False, False),
        (deployment(Status.PENDING, run=2), Control(), True, True, True),
        (CLEANING_UP, Control(), True, True, False),
        (CLEANING_UP, Control(cancel=CancelRequest(run=1, at=NOW, rollback=True)), True, True, True),
        (CLEANING_UP, Control(cancel=CancelRequest(run=1, at=NOW)), True, True, False),
        (deployment(Status.PENDING, run=2, has_cleaned_up=True), Control(), True, True, False),
        (BY_HAND.model_copy(update={"has_cleaned_up": True}), Control(), True, True, True),
    ],
)
def test_a_run_whose_orchestration_died_is_settled_or_undone_while_it_has_its_turn(
    state, control, has_turn, settles, undoes_
):
    closing = closing_of(state, control, "It was terminated.", has_turn=has_turn)

    assert (closing.rollback is not None) is settles
    assert closing.end.is_undone is undoes_
    assert closing.end.run == state.run
    assert closing.rollback is None or closing.rollback.is_undoing is undoes_


def test_a_rollback_that_died_goes_on_under_its_number_and_another_one_gets_the_next():
    running = RollbackState(number=2, status=RollbackStatus.RUNNING)
    done = RollbackState(number=2, status=RollbackStatus.PARTIAL)

    numbers = [
        closing_of(BY_HAND.model_copy(update={"rollback": found}), Control(), "m", has_turn=True).rollback.rollback
        for found in (running, done, RollbackState())
    ]

    assert numbers == [2, 3, 1]


def test_a_preview_that_ends_well_is_no_version_of_its_lineage():
    previewing = deployment(Status.PENDING, options=Options(mode=Mode.WHAT_IF))

    ending = ending_of(previewing, Control(), end(GOOD), NOW)
    state = ended(previewing, ending, end(GOOD), NOW, is_latest=False)

    assert (ending.status, ending.result) == (Status.COMPLETED, Result.UNCHANGED)
    assert not state.rollback.available

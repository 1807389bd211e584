"""The state only moves forward, whatever is written twice or late."""

from datetime import UTC, datetime, timedelta

import pytest

from armature.checks import ValidationState
from armature.cleaning import CleanUpState
from armature.errors import FailureClass, failure
from armature.options import Mode, Options
from armature.problems import Problem, ProblemCode, Severity
from armature.request import DeploymentRequest
from armature.state import (
    Artifacts,
    DeploymentState,
    Phase,
    Purpose,
    Status,
    StopReason,
    StopState,
    TemplateState,
    TemplateStatus,
    WarningState,
)
from armature.transitions import (
    MAX_OF_A_KIND,
    MAX_PROBLEMS,
    accepted,
    reopened,
    with_artifacts,
    with_failures,
    with_phase,
    with_problems,
    with_some_warnings,
    with_stop,
    with_templates,
    with_validation,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=5)

REQUEST = DeploymentRequest.model_validate(
    {"bundle": {"id": "bundle-1"}, "target": {"subscription": "00000000-0000-0000-0000-000000000001"}}
)


def state(*templates: TemplateState, **changes) -> DeploymentState:
    start = accepted(REQUEST, "d-01", "someone", NOW)
    return start.model_copy(update={"templates": templates, **changes})


def at(status: TemplateStatus, attempt: int = 1) -> TemplateState:
    return TemplateState(name="web", tier=0, status=status, attempt=attempt)


def becoming(status: TemplateStatus, attempt: int = 1):
    return lambda template: template.model_copy(update={"status": status, "attempt": attempt})


def phase(found: DeploymentState, sequence: int, status: Status, name: Phase) -> DeploymentState:
    return with_phase(found, sequence=sequence, status=status, phase=name, message="m", now=LATER)


def test_an_accepted_deployment_is_pending_with_nothing_done():
    start = state()

    assert (start.status, start.phase, start.progress.percent) == (Status.PENDING, Phase.PENDING, 0)
    assert start.request == REQUEST.model_copy(update={"deployment_id": "d-01"})


def test_an_older_phase_never_overwrites_a_newer_one():
    newer = phase(state(), 5, Status.DEPLOYING, Phase.DEPLOYING)

    assert phase(newer, 4, Status.UPLOADING, Phase.UPLOADING) == newer
    assert phase(newer, 5, Status.UPLOADING, Phase.UPLOADING) == newer
    assert phase(newer, 6, Status.COMPLETED, Phase.FINISHED).status is Status.COMPLETED


def test_a_final_status_stays():
    final = phase(state(), 5, Status.FAILED, Phase.FINISHED)

    assert phase(final, 9, Status.COMPLETED, Phase.FINISHED) == final
    assert final.finished_at == LATER


def test_the_first_time_of_a_phase_is_kept():
    once = phase(state(), 1, Status.PENDING, Phase.PREPARING)
    again = with_phase(
        once,
        sequence=2,
        status=Status.PENDING,
        phase=Phase.PREPARING,
        message="m",
        now=LATER + timedelta(minutes=1),
    )

    assert again.phases["preparing"] == LATER


@pytest.mark.parametrize(
    ("before", "change", "expected"),
    [
        (at(TemplateStatus.WAITING, 0), becoming(TemplateStatus.RUNNING), TemplateStatus.RUNNING),
        (at(TemplateStatus.RUNNING), becoming(TemplateStatus.SUCCEEDED), TemplateStatus.SUCCEEDED),
        (at(TemplateStatus.RUNNING), becoming(TemplateStatus.RETRYING), TemplateStatus.RETRYING),
        (at(TemplateStatus.RETRYING), becoming(TemplateStatus.RUNNING, 2), TemplateStatus.RUNNING),
        (at(TemplateStatus.RETRYING), becoming(TemplateStatus.RUNNING), TemplateStatus.RETRYING),
        (at(TemplateStatus.RUNNING, 2), becoming(TemplateStatus.FAILED, 1), TemplateStatus.RUNNING),
        (at(TemplateStatus.SUCCEEDED), becoming(TemplateStatus.RUNNING, 2), TemplateStatus.SUCCEEDED),
        (at(TemplateStatus.FAILED), becoming(TemplateStatus.SUCCEEDED), TemplateStatus.FAILED),
    ],
)
def test_a_template_moves_forward_only(before, change, expected):
    assert with_templates(state(before), {"web": change}, LATER).templates[0].status is expected


def test_progress_while_deploying_counts_templates_and_names_what_is_worked_on():
    templates = (at(TemplateStatus.SUCCEEDED), TemplateState(name="db", tier=0, status=TemplateStatus.RUNNING))

    found = phase(state(*templates), 1, Status.DEPLOYING, Phase.DEPLOYING).progress

    assert (found.completed, found.total, found.percent) == (1, 2, 50)
    assert found.bar == "deploying | [==========          ] 50% | 1 of 2 templates, working on db"


def test_upload_counts_never_go_back():
    uploading = phase(state(), 1, Status.UPLOADING, Phase.UPLOADING)
    ahead = with_artifacts(uploading, Artifacts(total=4, uploaded=3), LATER)

    assert with_artifacts(ahead, Artifacts(total=4, uploaded=2), LATER) == ahead
    assert ahead.progress.percent == 75


def test_the_same_failure_is_listed_once():
    why = failure(FailureClass.POLICY, "RequestDisallowedByPolicy", "No.")

    assert with_failures(with_failures(state(), [why]), [why]).failures == (why,)


def test_the_document_reads_back_as_it_was_written():
    written = state(at(TemplateStatus.RUNNING))

    assert DeploymentState.model_validate_json(written.model_dump_json(by_alias=True, exclude_none=True)) == written


def test_of_many_problems_the_first_are_kept_errors_before_warnings():
    warning = Problem(ProblemCode.PLAIN_TEXT_SECRET, "m", "n", severity=Severity.WARNING)
    errors = [Problem(ProblemCode.FILE_MISSING, f"m{number}", "n") for number in range(MAX_PROBLEMS + 1)]

    few = with_problems(state(), [warning, errors[0]])
    many = with_problems(state(), [warning, *errors])

    assert [problem.severity for problem in few.problems] == ["error", "warning"]
    assert len(with_problems(state(), errors[:-1]).problems) == MAX_PROBLEMS
    assert (len(many.problems), many.problems_found) == (MAX_PROBLEMS, MAX_PROBLEMS + 2)
    assert {problem.severity for problem in many.problems} == {"error"}


def ended(status: Status = Status.FAILED, **changes) -> DeploymentState:
    templates = (
        TemplateState(name="a", tier=0, status=TemplateStatus.SUCCEEDED, starts=1, attempt=1, resources=("/x",)),
        TemplateState(
            name="b",
            tier=1,
            depends_on=("a",),
            status=TemplateStatus.FAILED,
            starts=3,
            attempt=3,
            deployment_name="b.d-01",
            failure=failure(FailureClass.QUOTA, "QuotaExceeded", "No."),
        ),
        TemplateState(name="c", tier=2, depends_on=("b",), status=TemplateStatus.SKIPPED),
    )
    why = failure(FailureClass.QUOTA, "QuotaExceeded", "No.")
    found = with_failures(state(*templates, artifacts=Artifacts(total=3, uploaded=3)), [why])
    return phase(found, 7, status, Phase.FINISHED).model_copy(update=changes)


def again(found: DeploymentState, purpose: Purpose = Purpose.DEPLOY, run: int = 1) -> DeploymentState:
    return reopened(found, run=run, purpose=purpose, message="Resumed.", now=LATER)


def test_a_deployment_that_is_resumed_keeps_what_succeeded_and_waits_again_with_the_rest():
    resumed = again(ended(stop=StopState(reason=StopReason.CANCELLED, at=NOW), deadline=NOW))

    assert (resumed.run, resumed.purpose, resumed.status) == (2, Purpose.DEPLOY, Status.PENDING)
    assert (resumed.finished_at, resumed.stop, resumed.deadline, resumed.failures) == (None, None, None, ())
    assert resumed.ended_as is Status.FAILED
    assert [item.status for item in resumed.templates] == [
        TemplateStatus.SUCCEEDED,
        TemplateStatus.WAITING,
        TemplateStatus.WAITING,
    ]
    assert resumed.templates[0].resources == ("/x",)
    assert (resumed.templates[1].starts, resumed.templates[1].attempt, resumed.templates[1].failure) == (3, 0, None)
    assert resumed.templates[1].deployment_name == "b.d-01"
    assert resumed.sequence > ended().sequence


def test_a_deployment_that_is_rolled_back_by_hand_keeps_what_it_did_in_sight():
    found = again(ended(), Purpose.ROLL_BACK)

    assert (found.run, found.purpose, found.status) == (2, Purpose.ROLL_BACK, Status.ROLLING_BACK)
    assert found.templates == ended().templates
    assert found.failures == ended().failures


def test_a_further_run_is_begun_once_and_only_when_the_one_before_has_ended():
    once = again(ended())

    assert again(once) == once
    assert again(ended(), run=2) == ended()
    assert again(phase(state(), 1, Status.DEPLOYING, Phase.DEPLOYING)).run == 1


def test_a_template_that_had_failed_moves_on_in_a_further_run_only():
    resumed = again(ended())

    def becomes(status, starts):
        return {"b": lambda item: item.model_copy(update={"status": status, "starts": starts})}

    started = with_templates(resumed, becomes(TemplateStatus.RUNNING, 4), LATER)
    late = with_templates(started, becomes(TemplateStatus.FAILED, 3), LATER)

    assert started.templates[1].status is TemplateStatus.RUNNING
    assert late == started


def test_a_run_is_stopped_by_the_first_who_asks():
    first, second = (StopState(reason=StopReason.CANCELLED, at=NOW, by=name) for name in ("ada", "bob"))
    running = phase(state(), 1, Status.DEPLOYING, Phase.DEPLOYING)

    stopped = with_stop(with_stop(running, 1, first), 1, second)

    assert stopped.stop == first
    assert with_stop(running, 2, first) == running
    assert with_stop(ended(), 1, first) == ended()


def test_the_deadline_stands_once_it_is_set():
    found = with_phase(
        state(), sequence=1, status=Status.PENDING, phase=Phase.PREPARING, message="m", now=NOW, deadline=LATER
    )

    assert phase(found, 2, Status.UPLOADING, Phase.UPLOADING).deadline == LATER


def test_a_deployment_has_touched_nothing_until_its_target_is_made_ready():
    asked_for = accepted(REQUEST, "d-01", None, NOW)
    read = phase(asked_for, 1, Status.PENDING, Phase.PREPARING)
    ready = with_phase(
        read, sequence=2, status=Status.PENDING, phase=Phase.PREPARING, message="m", now=NOW, deadline=LATER
    )

    look = asked_for.model_copy(update={"options": Options(mode=Mode.WHAT_IF)})
    told = with_phase(
        look, sequence=1, status=Status.PENDING, phase=Phase.PREVIEWING, message="m", now=NOW, deadline=LATER
    )

    assert [each.has_touched for each in (asked_for, read, ready, told)] == [False, False, True, False]
    assert phase(ready, 3, Status.UPLOADING, Phase.UPLOADING).has_touched
    assert phase(read, 3, Status.UPLOADING, Phase.UPLOADING).has_touched, "nobody could record what came before"


def checked(found: DeploymentState, run: int = 1, passed: int = 1) -> DeploymentState:
    return with_validation(found, ValidationState(run=run, total=2, passed=passed), LATER)


def test_results_of_checks_never_go_back_and_belong_to_the_present_run():
    validating = phase(state(), 1, Status.VALIDATING, Phase.VALIDATING)

    later = checked(validating, passed=2)

    assert later.validation is not None
    assert (later.validation.passed, later.progress.message, later.progress.percent) == (2, "2 of 2 checks", 100)
    assert checked(later, passed=1) == later
    assert checked(validating, run=2) == validating


def test_a_resumed_deployment_is_checked_anew():
    failed = phase(checked(state()), 2, Status.FAILED, Phase.FINISHED)

    again = reopened(failed, run=1, purpose=Purpose.DEPLOY, message="m", now=LATER)
    undone = reopened(failed, run=1, purpose=Purpose.ROLL_BACK, message="m", now=LATER)

    assert again.validation is None
    assert undone.validation == failed.validation


def test_what_has_nothing_to_delete_is_not_at_its_beginning_again():
    listed = phase(state().model_copy(update={"clean_up": CleanUpState()}), 1, Status.DEPLOYING, Phase.CLEANING_UP)
    found = phase(
        state().model_copy(update={"clean_up": CleanUpState(to_delete=4, deleted=1)}),
        1,
        Status.DEPLOYING,
        Phase.CLEANING_UP,
    )

    assert (listed.progress.percent, listed.progress.message) == (100, "m")
    assert (found.progress.percent, found.progress.message) == (25, "1 of 4 resources deleted")


def test_what_was_at_its_deletions_stands_in_all_its_further_runs():
    deploying = phase(state(), 1, Status.DEPLOYING, Phase.DEPLOYING)
    deleting = phase(deploying, 2, Status.DEPLOYING, Phase.CLEANING_UP)
    failed = phase(deleting, 3, Status.FAILED, Phase.FINISHED)

    again = reopened(failed, run=1, purpose=Purpose.DEPLOY, message="m", now=LATER)
    failed_again = phase(again, 9, Status.FAILED, Phase.FINISHED)
    third = reopened(failed_again, run=2, purpose=Purpose.DEPLOY, message="m", now=LATER)

    assert not deploying.stands
    assert deleting.stands
    assert again.stands
    assert third.stands


def test_of_one_kind_of_warning_the_state_holds_so_many_and_of_others_too():
    def told(code: str, count: int) -> list[WarningState]:
        return [WarningState(key=f"{code}:{n}", code=code, message="m", at=NOW) for n in range(count)]

    state = with_some_warnings(accepted(REQUEST, "d-01", None, NOW), told("tags", MAX_OF_A_KIND + 1))
    again = with_some_warnings(state, [*told("tags", MAX_OF_A_KIND + 1), *told("packages", 1)])

    assert [warning.key for warning in state.warnings] == [f"tags:{n}" for n in range(MAX_OF_A_KIND)]
    assert [warning.key for warning in again.warnings[MAX_OF_A_KIND:]] == ["packages:0"]

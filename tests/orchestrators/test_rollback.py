"""A rollback, told without a host: what follows what, what stops it, and what it never stops at."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from armature.attempts import Report, Start
from armature.errors import FailureClass, Recovery, failure
from armature.messages import (
    Answer,
    BegunAnswer,
    DeletionAnswer,
    Outcome,
    PollAnswer,
    RollbackInput,
    RollbackOutcome,
    UndoingAnswer,
)
from armature.options import Options
from armature.state import TemplateStatus
from orchestrators.rollback import PASSES_PER_HISTORY, SETTLED_WITHIN, STUCK_FOR, blueprint
from tests.orchestrators.simulation import START, Lasting, Simulation, orchestrator_of

NETWORK, WEB = Start(name="network", attempt=1), Start(name="web", attempt=2)
BROKEN = failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "The app may not do that.")
AWAY = failure(FailureClass.TRANSIENT, "ConnectionError", "ARM can't be reached.").model_copy(
    update={"recovery": Recovery.OUTWAIT}
)


def simulation(*, is_undoing: bool = True, rollback: int = 1, timeout: float = 240, **responds) -> Simulation:
    """A rollback in which everything goes well, but for what `responds` says."""
    well = {
        "begin_rollback": lambda _: BegunAnswer(in_flight=(WEB,)).dump(),
        "cancel_templates": lambda _: ended(WEB),
        "plan_rollback": lambda _: UndoingAnswer(templates=2, to_delete=3).dump(),
        "rollout": lambda _: Outcome(message="2 templates deployed.").dump(),
        "delete_resources": lambda _: DeletionAnswer(settled=3).dump(),
        "verify_rollback": lambda _: Answer().dump(),
        "end_rollback": lambda work: RollbackOutcome(message="Done.", leftovers=int("failure" in work)).dump(),
    }
    options = Options(poll_interval_seconds=5, timeout=timeout)
    work = RollbackInput(deployment_id="d-1", rollback=rollback, options=options, is_undoing=is_undoing)
    return Simulation(orchestrator_of(blueprint, "rollback"), work.dump(), {**well, **responds}, "d-1:rollback")


def ended(*starts: Start, status: TemplateStatus = TemplateStatus.CANCELLED):
    return PollAnswer(reports=tuple(Report.of(start, status) for start in starts)).dump()


def one_after_the_other(*answers):
    """Answers each call with the next of `answers`, and with the last from then on."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def names(rollback: Simulation) -> list[str]:
    return [call.name for call in rollback.calls]


def test_it_settles_puts_back_deletes_and_looks_in_that_order():
    rollback = simulation()

    outcome = rollback.run()

    assert names(rollback) == [
        "begin_rollback",
        "cancel_templates",
        "plan_rollback",
        "rollout",
        "delete_resources",
        "verify_rollback",
        "end_rollback",
    ]
    assert outcome == {"message": "Done.", "leftovers": 0}


@pytest.mark.parametrize(("timeout", "hours"), [(1, 4), (600, 10)])
def test_the_rollout_of_previous_versions_is_of_this_rollbacks_plan_and_has_a_time_of_its_own(timeout, hours):
    rollback = simulation(rollback=3, timeout=timeout)

    rollback.run()

    rollout = rollback.called("rollout")[0]
    assert rollout["rollback"] == 3
    given = datetime.fromisoformat(rollout["deadline"]) - START
    assert timedelta(hours=hours) <= given < timedelta(hours=hours, minutes=1)


def test_when_it_only_settles_it_cancels_and_waits_and_nothing_else():
    rollback = simulation(is_undoing=False)

    outcome = rollback.run()

    assert names(rollback) == ["begin_rollback", "cancel_templates"]
    assert outcome["leftovers"] == 0
    assert "failure" not in outcome


def test_it_waits_until_all_that_was_in_flight_has_ended_of_an_earlier_rollback_too():
    flying = BegunAnswer(in_flight=(NETWORK, WEB), in_flight_again=(NETWORK,), rollback_in_flight=1).dump()
    running = ended(NETWORK, status=TemplateStatus.RUNNING)
    half = {"reports": [*ended(WEB)["reports"], *running["reports"]]}
    rollback = simulation(
        rollback=2,
        begin_rollback=lambda _: flying,
        cancel_templates=one_after_the_other(half, running, ended(NETWORK), running, ended(NETWORK)),
    )

    rollback.run()

    asked = [([s["name"] for s in poll["inFlight"]], poll["rollback"]) for poll in rollback.called("cancel_templates")]
    assert asked == [
        (["network", "web"], 0),
        (["network"], 0),
        (["network"], 0),
        (["network"], 1),
        (["network"], 1),
    ]
    assert names(rollback).index("plan_rollback") > names(rollback).index("cancel_templates")


def test_what_never_ends_is_not_waited_for_for_ever_and_nothing_is_deleted_under_it():
    rollback = simulation(cancel_templates=lambda _: ended(WEB, status=TemplateStatus.RUNNING))

    rollback.run()

    assert rollback.now - START < SETTLED_WITHIN + timedelta(minutes=2)
    assert not rollback.called("delete_resources")
    assert rollback.called("end_rollback")[0]["failure"]["code"] == "DeploymentsDoNotEnd"


def test_without_previous_versions_nothing_is_deployed():
    rollback = simulation(plan_rollback=lambda _: UndoingAnswer(to_delete=3).dump())

    rollback.run()

    assert not rollback.called("rollout")
    assert rollback.called("delete_resources")


@pytest.mark.parametrize("is_lost", [False, True])
def test_previous_versions_that_can_not_be_deployed_keep_nothing_from_being_deleted(is_lost):
    def rollout(_):
        if is_lost:
            raise RuntimeError("terminated")
        return Outcome(message="web failed.", failure=BROKEN).dump()

    rollback = simulation(rollout=rollout)

    rollback.run()

    assert names(rollback)[-3:] == ["delete_resources", "verify_rollback", "end_rollback"]
    assert "failure" not in rollback.called("end_rollback")[0]


def test_a_pass_that_got_on_is_followed_by_the_next_at_once_and_arm_is_waited_for():
    rollback = simulation(
        delete_resources=one_after_the_other(
            DeletionAnswer(left=2, settled=2).dump(),
            DeletionAnswer(left=2, under_way=2).dump(),
            DeletionAnswer(left=1, settled=1, under_way=1).dump(),
            DeletionAnswer(settled=1).dump(),
        )
    )

    rollback.run()

    times = [(call.at - START).total_seconds() for call in rollback.calls if call.name == "delete_resources"]
    gaps = [round(later - earlier) for earlier, later in pairwise(times)]
    assert gaps == [0, 5, 5]


def test_a_pass_that_changed_nothing_is_followed_by_one_that_tries_everything():
    rollback = simulation(
        delete_resources=one_after_the_other(
            DeletionAnswer(left=2).dump(),
            DeletionAnswer(left=2, under_way=1).dump(),
            DeletionAnswer(left=1, settled=1).dump(),
            DeletionAnswer(settled=1).dump(),
        )
    )

    rollback.run()

    assert [work["isStuck"] for work in rollback.called("delete_resources")] == [False, True, False, False]


def test_deletions_that_do_not_go_on_are_given_up_and_all_is_looked_at():
    rollback = simulation(delete_resources=lambda _: DeletionAnswer(left=1).dump())

    rollback.run()

    assert STUCK_FOR <= rollback.now - START < STUCK_FOR + timedelta(minutes=2)
    assert names(rollback)[-2:] == ["verify_rollback", "end_rollback"]


def test_a_long_deletion_continues_as_new_and_does_nothing_twice_but_deleting():
    left = [PASSES_PER_HISTORY + 5]

    def delete(_):
        left[0] -= 1
        return Lasting(DeletionAnswer(left=left[0], settled=1, under_way=left[0]).dump(), 1)

    rollback = simulation(delete_resources=delete)

    rollback.run()

    assert rollback.executions == 2
    assert rollback.longest_history < 10 * PASSES_PER_HISTORY
    assert [names(rollback).count(name) for name in ("begin_rollback", "plan_rollback", "rollout", "end_rollback")] == [
        1
    ] * 4


@pytest.mark.parametrize(
    "step", ["begin_rollback", "cancel_templates", "plan_rollback", "delete_resources", "verify_rollback"]
)
def test_a_step_that_fails_for_good_ends_it_and_the_end_says_why(step):
    rollback = simulation(**{step: lambda _: Answer(failure=BROKEN).dump()})

    outcome = rollback.run()

    assert names(rollback)[-2:] == [step, "end_rollback"]
    assert rollback.called("end_rollback")[0]["failure"]["code"] == "AuthorizationFailed"
    assert outcome["leftovers"] == 1


def test_arm_that_is_away_is_outwaited():
    away = Answer(failure=AWAY).dump()
    rollback = simulation(plan_rollback=one_after_the_other(*[away] * 20, UndoingAnswer(to_delete=1).dump()))

    rollback.run()

    assert "failure" not in rollback.called("end_rollback")[0]


@pytest.mark.parametrize("step", ["cancel_templates", "plan_rollback", "delete_resources"])
def test_nothing_is_touched_once_the_lock_is_broken(step):
    rollback = simulation(**{step: lambda _: {"isLockBroken": True}})

    rollback.run()

    assert names(rollback)[-2:] == [step, "end_rollback"]
    assert rollback.called("end_rollback")[0]["failure"]["code"] == "LineageLockBroken"


def test_a_failure_to_settle_is_told_by_one_that_only_settles():
    rollback = simulation(is_undoing=False, cancel_templates=lambda _: Answer(failure=BROKEN).dump())

    outcome = rollback.run()

    assert outcome["failure"]["code"] == "AuthorizationFailed"
    assert not rollback.called("end_rollback")


def test_how_far_it_is_shows_in_the_portal():
    rollback = simulation()

    rollback.run()

    assert [status["message"] for status in rollback.statuses if "message" in status] == [
        "Waiting for the end of what is in flight: 1.",
        "Finding out what is to be undone.",
        "Deploying previous versions again: 2.",
        "Looking whether everything is as it was.",
    ]

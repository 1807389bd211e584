"""The deletions of mode Complete, told without a host: pass by pass, what ends them, and that they undo nothing."""

from datetime import timedelta
from itertools import pairwise

import pytest

from armature.errors import FailureClass, Recovery, failure
from armature.messages import CleanUpEnding, CleanUpInput, DeletionAnswer
from armature.options import Options
from orchestrators.cleanup import PASSES_PER_HISTORY, STUCK_FOR, blueprint
from tests.orchestrators.simulation import START, Simulation, orchestrator_of

BROKEN = failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "The app may not do that.")
AWAY = failure(FailureClass.TRANSIENT, "ConnectionError", "ARM can't be reached.").model_copy(
    update={"recovery": Recovery.OUTWAIT}
)
DONE = CleanUpEnding(message="Mode Complete: 3 resources deleted.", deleted=3)


def simulation(*answers: DeletionAnswer, ending: CleanUpEnding = DONE, minutes: float = 240, **parts) -> Simulation:
    """Deletions whose passes answer one after the other, and the last from then on."""
    left = [answer.dump() for answer in answers] or [DeletionAnswer(settled=3).dump()]
    responds = {
        "delete_doomed": lambda _: left.pop(0) if len(left) > 1 else left[0],
        "end_clean_up": lambda _: ending.dump(),
    }
    work = CleanUpInput(
        deployment_id="d-1",
        list_id="list-1",
        options=Options(poll_interval_seconds=5),
        deadline=START + timedelta(minutes=minutes),
    )
    return Simulation(orchestrator_of(blueprint, "cleanup"), work.dump(), responds, "d-1:cleanup", **parts)


def test_it_deletes_the_approved_list_and_says_what_became_of_it():
    cleanup = simulation()

    outcome = cleanup.run()

    assert outcome == {"message": DONE.message, "isLockBroken": False}
    assert [call.payload["listId"] for call in cleanup.calls] == ["list-1", "list-1"]


def test_it_looks_again_less_and_less_often_while_azure_works():
    working = DeletionAnswer(left=1, under_way=1)

    cleanup = simulation(working, working, working, DeletionAnswer(settled=1))
    cleanup.run()

    moments = [call.at for call in cleanup.calls if call.name == "delete_doomed"]
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    assert waits == sorted(waits)
    assert 5 <= waits[0] < waits[-1]


def test_a_pass_that_settled_something_is_followed_at_once_and_one_that_changed_nothing_tries_all():
    cleanup = simulation(
        DeletionAnswer(left=2, settled=1), DeletionAnswer(left=2), DeletionAnswer(left=2), DeletionAnswer(settled=2)
    )

    cleanup.run()

    passes = [call for call in cleanup.calls if call.name == "delete_doomed"]
    assert (passes[1].at - passes[0].at).total_seconds() < 1
    assert [each.payload["isStuck"] for each in passes] == [False, False, True, True]


def test_it_leaves_azure_in_peace_for_as_long_as_it_asks():
    cleanup = simulation(DeletionAnswer(left=1, retry_after_seconds=60), DeletionAnswer(settled=1))

    cleanup.run()

    first, second = [call.at for call in cleanup.calls if call.name == "delete_doomed"]
    assert (second - first).total_seconds() >= 60


def test_what_is_left_fails_the_deployment_and_rolls_nothing_back():
    ending = CleanUpEnding(message="Mode Complete: 2 resources deleted, 1 could not be deleted.", deleted=2, left=1)
    cleanup = simulation(DeletionAnswer(left=1), ending=ending)

    outcome = cleanup.run()

    assert outcome["failure"]["code"] == "CleanUpIncomplete"
    assert outcome["rollback"] is False
    assert "resume the deployment" in outcome["failure"]["suggestion"]
    assert STUCK_FOR <= cleanup.now - START < STUCK_FOR + timedelta(minutes=3)
    assert cleanup.called("end_clean_up")[0]["why"] == "Nothing went on for 30 minutes."


def test_what_azure_works_on_is_waited_for_until_the_time_is_over():
    slow = DeletionAnswer(left=1, under_way=1)
    cleanup = simulation(*[slow] * 90, DeletionAnswer(settled=1))

    outcome = cleanup.run()

    assert "failure" not in outcome
    assert cleanup.now - START > 2 * STUCK_FOR


def test_what_a_lock_keeps_fails_nothing():
    ending = CleanUpEnding(message="Mode Complete: 2 resources deleted, 1 kept by locks.", deleted=2, kept=1)

    outcome = simulation(ending=ending).run()

    assert "failure" not in outcome
    assert "stop" not in outcome


@pytest.mark.parametrize("rollback", [True, False, None])
def test_a_cancellation_stops_between_two_passes_and_tells_what_is_deleted(rollback):
    cancelled = DeletionAnswer(is_cancelled=True, cancelled_by="ada", rollback=rollback)
    cleanup = simulation(DeletionAnswer(left=2, settled=1), cancelled, ending=DONE)

    outcome = cleanup.run()

    assert (outcome["stop"], outcome.get("rollback")) == ("cancelled", rollback)
    assert outcome["message"] == "Cancelled by ada. Mode Complete: 3 resources deleted."
    assert len(cleanup.called("delete_doomed")) == 2


def test_a_lost_lineage_lock_ends_it():
    outcome = simulation(DeletionAnswer(is_lock_broken=True)).run()

    assert outcome["isLockBroken"] is True
    assert outcome["failure"]["code"] == "LineageLockBroken"
    assert "3 resources that no template deploys deleted" in outcome["message"]


def test_when_its_time_is_over_it_says_what_is_left():
    ending = DONE.model_copy(update={"left": 1})
    cleanup = simulation(DeletionAnswer(left=1, settled=1, under_way=1), ending=ending, minutes=10)

    outcome = cleanup.run()

    assert outcome["failure"]["code"] == "CleanUpIncomplete"
    assert cleanup.called("end_clean_up")[0]["why"] == "The deployment's time was over."
    assert cleanup.now - START < timedelta(minutes=13)


def test_a_long_one_keeps_a_short_history_and_goes_on_where_it_was():
    working = DeletionAnswer(left=1, settled=1, under_way=1)
    cleanup = simulation(*[working] * (3 * PASSES_PER_HISTORY), DeletionAnswer(settled=1), minutes=24 * 60)

    cleanup.run()

    assert cleanup.executions == 4
    assert cleanup.longest_history < 9 * PASSES_PER_HISTORY


def test_storage_that_is_away_for_a_while_ends_nothing():
    cleanup = simulation(DeletionAnswer(failure=AWAY), DeletionAnswer(settled=3))

    assert "failure" not in cleanup.run()


def test_what_can_not_be_carried_through_is_told():
    ending = CleanUpEnding(message="Mode Complete: nothing deleted.", left=3)

    outcome = simulation(DeletionAnswer(failure=BROKEN), ending=ending).run()

    assert outcome["failure"]["code"] == "CleanUpIncomplete"
    assert BROKEN.message in outcome["failure"]["message"]
    assert outcome["rollback"] is False

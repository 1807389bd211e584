"""Why a run ends before all is done: cancelled, out of time, or without its lineage lock."""

from armature.messages import ControlAnswer
from armature.state import StopReason
from armature.stops import LOCK_BROKEN, lock_broken, stopped, stopped_by


def test_nothing_stops_a_run_of_which_nothing_is_asked():
    assert stopped_by(ControlAnswer()) is None


def test_a_cancelled_run_hands_on_who_asked_and_whether_to_roll_back():
    outcome = stopped_by(ControlAnswer(is_cancelled=True, cancelled_by="ada", rollback=False))

    assert outcome is not None
    assert (outcome.message, outcome.stop, outcome.rollback) == ("Cancelled by ada.", StopReason.CANCELLED, False)


def test_a_lost_lock_goes_before_a_cancellation():
    outcome = stopped_by(ControlAnswer(is_cancelled=True, is_lock_broken=True))

    assert outcome is not None
    assert outcome.is_lock_broken
    assert outcome.failure == LOCK_BROKEN


def test_what_was_done_until_then_is_told():
    done = "1 of 2 templates deployed"

    told = [stopped(reason, ControlAnswer(), done).message for reason in StopReason] + [lock_broken(done).message]

    assert all(done in message for message in told)

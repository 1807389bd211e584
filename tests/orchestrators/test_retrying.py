"""Waiting for a moment or a wake-up, and calling again what failed in passing."""

from datetime import timedelta

import azure.durable_functions as df
import pytest

from armature.control import CONTROL_EVENT
from armature.errors import FailureClass, Recovery, failure
from armature.messages import Answer, DeploymentStep
from armature.options import RetryPolicy
from armature.patience import JITTER, OUTWAIT_MINUTES
from orchestrators.retrying import retried, waited
from tests.orchestrators.simulation import START, Lasting, Simulation, orchestrator_of

POLICY = RetryPolicy(max_attempts=3, first_interval_seconds=4)
BUSY = failure(FailureClass.TRANSIENT, "ServerBusy", "Busy.")
AWAY = BUSY.model_copy(update={"recovery": Recovery.OUTWAIT})
STEP = DeploymentStep(deployment_id="d-1")

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def waiting(context):
    """Looks, which takes five seconds, then waits a minute, again and again; tells whether and when a wait was over."""
    found = []
    for _ in range(context.get_input()):
        yield context.call_activity("look", "")
        is_woken = yield from waited(context, context.current_utc_datetime + timedelta(seconds=60))
        found.append([is_woken, round((context.current_utc_datetime - START).total_seconds())])
    return found


@blueprint.orchestration_trigger(context_name="context")
def trying(context):
    """Calls an activity until waiting helps no more, within the seconds given."""
    within = context.get_input()
    deadline = context.current_utc_datetime + timedelta(seconds=within) if within else None
    answer = yield from retried(context, "work", STEP, Answer, POLICY, deadline)
    return answer.dump()


def waits(times: int, *raised: float):
    simulated = Simulation(
        orchestrator_of(blueprint, "waiting"),
        times,
        {"look": lambda _: Lasting(None, 5)},
        raised=tuple((seconds, CONTROL_EVENT) for seconds in raised),
    )
    return simulated.run()


def test_a_wait_ends_at_its_moment():
    assert waits(2) == [[False, 65], [False, 130]]


def test_an_event_cuts_the_wait_short_and_the_next_is_whole():
    assert waits(3, 80) == [[False, 65], [True, 80], [False, 145]]


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")  # the SDK's words for an early event
def test_an_event_that_came_before_anybody_waited_wakes_once():
    assert waits(3, 1) == [[True, 5], [False, 70], [False, 135]]


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")
def test_many_events_make_no_hot_loop():
    assert waits(3, 1, 10, 20, 30, 66, 67) == [[True, 5], [False, 70], [False, 135]]


def tried(answers, within: float = 0):
    given = iter(answers)
    simulated = Simulation(orchestrator_of(blueprint, "trying"), within, {"work": lambda _: next(given).dump()})
    return simulated, simulated.run()


def test_a_call_is_made_again_after_the_back_off():
    simulated, output = tried([Answer(failure=BUSY), Answer()])

    first, second = (call.at for call in simulated.calls)
    assert "failure" not in output
    assert 4 <= (second - first).total_seconds() <= 4 * (1 + JITTER) + 0.1


def test_a_call_is_given_up_after_the_attempts_of_the_policy():
    simulated, output = tried([Answer(failure=BUSY)] * 10)

    assert output["failure"]["code"] == "ServerBusy"
    assert len(simulated.calls) == POLICY.max_attempts


def test_what_cannot_be_reached_is_asked_for_longer_than_that_but_not_for_ever():
    simulated, output = tried([Answer(failure=AWAY)] * 1000)

    took = simulated.calls[-1].at - simulated.calls[0].at
    assert output["failure"]["code"] == "ServerBusy"
    assert len(simulated.calls) > POLICY.max_attempts
    assert timedelta(minutes=OUTWAIT_MINUTES) <= took <= timedelta(minutes=OUTWAIT_MINUTES + 1)


def test_no_call_is_made_after_the_deadline():
    simulated, output = tried([Answer(failure=AWAY)] * 1000, within=20)

    assert output["failure"]["code"] == "ServerBusy"
    assert simulated.calls[-1].at < START + timedelta(seconds=20)


def test_what_is_refused_is_not_asked_again():
    refused = failure(FailureClass.POLICY, "RequestDisallowedByPolicy", "No.")

    simulated, output = tried([Answer(failure=refused)] * 2)

    assert len(simulated.calls) == 1
    assert output["failure"]["code"] == "RequestDisallowedByPolicy"

"""What templates write is foreseen a few at a time, in short histories, and no template stops the others."""

from typing import Any

from armature.errors import FailureClass, failure
from armature.messages import ForeseeingInput, ForesightAnswer
from armature.options import Options
from armature.state import StopReason
from orchestrators.foreseeing import TEMPLATES_PER_HISTORY, blueprint
from tests.orchestrators.simulation import Lasting, Simulation, orchestrator_of

SHUT = failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "The app may not validate.")
BUSY = failure(FailureClass.TRANSIENT, "ConnectionError", "ARM can't be reached.")


def simulation(total: int, foresee_writes: Any = lambda _: ForesightAnswer().dump()) -> Simulation:
    work = ForeseeingInput(deployment_id="d-1", options=Options(max_concurrency=2), total=total)
    responds = {"foresee_writes": foresee_writes}
    return Simulation(orchestrator_of(blueprint, "foreseeing"), work.dump(), responds, "d-1:foreseeing")


def indexes(of: Simulation) -> list[int]:
    return [work["index"] for work in of.called("foresee_writes")]


def test_each_template_is_foreseen_once_a_few_at_a_time():
    foreseeing = simulation(5, lambda _: Lasting(ForesightAnswer().dump(), 2))

    assert foreseeing.run().get("failure") is None
    assert indexes(foreseeing) == [0, 1, 2, 3, 4]
    assert len({call.at for call in foreseeing.calls}) == 3


def test_a_template_that_can_not_be_looked_at_now_is_looked_at_again_and_stops_no_other():
    tries = [ForesightAnswer(failure=BUSY).dump(), ForesightAnswer(failure=SHUT).dump()]
    foreseeing = simulation(3, lambda _: tries.pop(0) if tries else ForesightAnswer().dump())

    assert foreseeing.run().get("failure") is None
    assert indexes(foreseeing) == [0, 1, 0, 2]


def test_a_history_takes_so_many_templates_and_no_more():
    one, many = simulation(TEMPLATES_PER_HISTORY), simulation(TEMPLATES_PER_HISTORY + 1)

    one.run()
    many.run()

    assert (one.executions, many.executions) == (1, 2)
    assert indexes(many) == list(range(TEMPLATES_PER_HISTORY + 1))
    assert many.longest_history <= one.longest_history


def test_once_the_deployment_is_cancelled_nothing_more_is_asked():
    foreseeing = simulation(6, lambda _: ForesightAnswer(is_cancelled=True).dump())

    assert foreseeing.run()["stop"] == StopReason.CANCELLED
    assert indexes(foreseeing) == [0, 1]

"""The checks without a host: which batches are made when, and how it ends."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from armature.errors import FailureClass, failure
from armature.messages import BatchAnswer, ChecksAnswer, Outcome, TallyAnswer, ValidationInput
from armature.options import Options, RetryPolicy
from armature.state import StopReason
from orchestrators.validation import CALLS_PER_HISTORY, LONGEST_WAIT, blueprint
from tests.orchestrators.simulation import START, Lasting, Simulation, orchestrator_of

OPTIONS = Options(
    max_concurrency=2, poll_interval_seconds=5, retry_policy=RetryPolicy(max_attempts=2, first_interval_seconds=5)
)
BAD = failure(FailureClass.UNKNOWN, "ValidationFailed", "1 check of 3 failed.")
LOST = failure(FailureClass.TRANSIENT, "ServerBusy", "Storage is busy.")


class World:
    """Batches of which some wait until a moment, and what the activities answer of them."""

    def __init__(self, batches: int = 3, warm_up: int = 60, **parts: Any) -> None:
        self.batches = batches
        self.warm_up = warm_up
        self.warm_after: dict[int, float] = {}
        self.failing: set[int] = set()
        self.lost: dict[int, int] = {}
        self.asked: dict[str, Any] = {}
        self.done: set[int] = set()
        self.work = ValidationInput(deployment_id="d-1", options=OPTIONS, **parts)
        self.simulation = Simulation(
            orchestrator_of(blueprint, "validation"),
            self.work.dump(),
            {"plan_checks": self.plan, "run_checks": self.run_checks, "tally_checks": self.tally},
        )

    def plan(self, _: Any) -> Any:
        answer = ChecksAnswer(checks=self.batches, batches=self.batches, longest_warm_up=self.warm_up)
        return answer.model_copy(update=self.asked).dump()

    def run_checks(self, work: Any) -> Any:
        batch = work["batch"]
        if self.lost.get(batch, 0):
            self.lost[batch] -= 1
            return BatchAnswer(failure=LOST).dump()
        if batch in self.failing:
            self.done.add(batch)
            return BatchAnswer(failed=1).dump()
        is_waiting = work["seconds"] < min(self.warm_after.get(batch, 0), self.warm_up) and not work["isLast"]
        if not is_waiting:
            self.done.add(batch)
            if self.warm_after.get(batch, 0) > work["seconds"]:
                self.failing.add(batch)
                return BatchAnswer(failed=1).dump()
        return Lasting(BatchAnswer(waiting=int(is_waiting)).dump(), 1)

    def tally(self, work: Any) -> Any:
        verdict = BAD if self.failing & self.done else None
        done = self.batches if work.get("whyOver") else len(self.done)
        message = f"{done} of {self.batches} checks passed"
        return TallyAnswer(total=self.batches, done=done, message=message, verdict=verdict, **self.asked).dump()

    def ends(self) -> Outcome:
        return Outcome.load(self.simulation.run())

    def made(self) -> list[int]:
        return [work["batch"] for work in self.simulation.called("run_checks")]


def test_all_batches_are_made_once_when_all_is_well() -> None:
    world = World()

    outcome = world.ends()

    assert outcome.is_good
    assert world.made() == [0, 1, 2]
    assert len(world.simulation.called("tally_checks")) == 1


def test_no_more_batches_run_at_once_than_the_concurrency() -> None:
    world = World(batches=5)

    world.ends()

    begun = [call.at for call in world.simulation.calls if call.name == "run_checks"]
    assert [begun.count(moment) for moment in sorted(set(begun))] == [2, 2, 1]


def test_only_what_waits_is_made_again_later_and_later() -> None:
    world = World(warm_up=600)
    world.warm_after = {1: 300}

    outcome = world.ends()

    assert outcome.is_good
    assert set(world.made()[3:]) == {1}
    looks = [call.at for call in world.simulation.calls if call.name == "run_checks" and call.payload["batch"] == 1]
    waits = [(after - before).total_seconds() for before, after in pairwise(looks)]
    assert waits == sorted(waits)
    assert waits[-1] <= LONGEST_WAIT + 2


def test_what_is_not_good_when_the_warm_up_is_over_fails() -> None:
    world = World(warm_up=60)
    world.warm_after = {1: 1000}

    outcome = world.ends()

    assert outcome.failure == BAD
    last = world.simulation.called("run_checks")[-1]
    assert (last["isLast"], last["seconds"] >= 60) == (True, True)
    assert world.simulation.now - START < timedelta(seconds=70)


def test_a_failure_is_not_waited_with() -> None:
    world = World(warm_up=3000)
    world.failing, world.warm_after = {0}, {1: 2000}

    outcome = world.ends()

    assert outcome.failure == BAD
    assert world.made() == [0, 1, 2]
    assert world.simulation.called("tally_checks")[-1]["whyOver"] == "another check has failed"


@pytest.mark.parametrize("asked", [{"is_cancelled": True, "cancelled_by": "ada", "rollback": False}])
def test_a_cancellation_is_heard_between_rounds(asked: dict[str, Any]) -> None:
    world = World(warm_up=3000)
    world.warm_after = {1: 2000}
    answers = world.tally

    def heard(work: Any) -> Any:
        if len(world.simulation.called("tally_checks")) == 3:
            world.asked = asked
        return answers(work)

    world.simulation.responds = {**world.simulation.responds, "tally_checks": heard}

    outcome = world.ends()

    assert (outcome.stop, outcome.rollback) == (StopReason.CANCELLED, False)
    assert [work["whyOver"] for work in world.simulation.called("tally_checks")] == [
        *("", "", ""),
        "the deployment was cancelled",
    ]


def test_a_lock_that_was_broken_ends_the_checks_before_the_first() -> None:
    world = World()
    world.asked = {"is_lock_broken": True}

    outcome = world.ends()

    assert outcome.is_lock_broken
    assert world.made() == []


def test_the_deployments_deadline_ends_the_waiting() -> None:
    world = World(warm_up=3000, deadline=START + timedelta(seconds=30))
    world.warm_after = {1: 2000}

    outcome = world.ends()

    assert outcome.stop is StopReason.TIMED_OUT
    assert world.simulation.called("tally_checks")[-1]["whyOver"] == "the deployment's time was over"
    assert world.simulation.now - START < timedelta(seconds=40)


def test_a_batch_that_the_host_lost_is_made_again() -> None:
    world = World()
    world.lost = {1: 2}

    outcome = world.ends()

    assert outcome.is_good
    assert world.made() == [0, 1, 2, 1, 1]


def test_a_batch_that_can_not_be_made_at_all_fails_the_deployment() -> None:
    world = World(warm_up=10)
    world.lost = {1: 1000}

    outcome = world.ends()

    assert outcome.failure == LOST
    assert outcome.message == "Not all checks could be made."


def test_a_long_warm_up_keeps_a_short_history() -> None:
    world = World(batches=20, warm_up=600)
    world.warm_after = dict.fromkeys(range(20), 500)

    outcome = world.ends()

    assert outcome.is_good
    assert world.simulation.executions > 1
    assert world.simulation.longest_history < 6 * CALLS_PER_HISTORY
    assert len(world.simulation.called("plan_checks")) == 1


def test_a_deployment_of_nothing_has_nothing_to_check() -> None:
    world = World(batches=0)

    assert world.ends().is_good
    assert world.simulation.called("tally_checks") == []


def test_checks_that_can_not_be_planned_fail_the_deployment() -> None:
    world = World()
    world.asked = {"failure": failure(FailureClass.TEMPLATE, "StateMissing", "gone")}

    outcome = world.ends()

    assert outcome.failure is not None
    assert outcome.failure.code == "StateMissing"

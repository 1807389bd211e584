"""A rollout that ARM schedules: one root, looks at it, another root for what failed; replayed at every step."""

from datetime import timedelta

import pytest

from armature.attempts import Report, Setback, Start
from armature.errors import FailureClass, Recovery, failure
from armature.messages import (
    Answer,
    PollAnswer,
    RootGraphAnswer,
    RootPollAnswer,
    RootRolloutInput,
    RootStartAnswer,
    TagsAnswer,
)
from armature.options import Options, RetryPolicy, Strategy
from armature.root_scheduling import RootRollout
from armature.scheduling import GraphTemplate
from armature.state import TemplateStatus
from orchestrators.rollout import BLIND_FOR, ROUNDS_PER_HISTORY
from orchestrators.root_rollout import blueprint
from tests.orchestrators.simulation import START, Simulation, orchestrator_of

POLICY = RetryPolicy(max_attempts=2, backoff_multiplier=2, first_interval_seconds=8)
BUSY = failure(FailureClass.TRANSIENT, "ServerBusy", "ARM is busy.")
CHAIN = (
    GraphTemplate(name="network", tier=0),
    GraphTemplate(name="beside", tier=0),
    GraphTemplate(name="web", depends_on=("network",), tier=1),
)


class Arm:
    """ARM as the activities would tell of it: each template takes so many looks once what it waits for is done, and
    fails so often first. When nothing of a root goes on any more it has ended."""

    def __init__(self, polls: dict[str, int] | None = None, fails: dict[str, list[Recovery]] | None = None) -> None:
        self.polls = polls or {}
        self.fails = fails or {}
        self.seen: dict[str, int] = {}
        self.done: set[str] = set()
        self.failed = False
        self.asked: tuple[float, dict] = (1e8, {})
        self.simulation: Simulation | None = None
        self.edges = {template.name: template.depends_on for template in CHAIN}

    @property
    def control(self) -> dict:
        seconds, fields = self.asked
        assert self.simulation is not None
        return fields if self.simulation.now >= START + timedelta(seconds=seconds) else {}

    def start_root(self, payload):
        self.seen, self.failed = {}, False
        return RootStartAnswer().dump()

    def poll_root(self, payload):
        if payload["isQuiet"]:
            return RootPollAnswer(**self.control).dump()
        starts = [Start.load(start) for start in payload["inFlight"]]
        reports = [self._report(start, is_stopping=payload["isStopping"]) for start in starts]
        unbegun = [report for report in reports if report.status is TemplateStatus.WAITING]
        goes_on = any(report.status is TemplateStatus.RUNNING for report in reports)
        if not goes_on and self.failed:
            reports = [
                report.model_copy(update={"status": TemplateStatus.SKIPPED}) if report in unbegun else report
                for report in reports
            ]
        is_under_way = goes_on or (bool(unbegun) and not self.failed)
        return RootPollAnswer(reports=tuple(reports), is_under_way=is_under_way, **self.control).dump()

    def _report(self, start: Start, *, is_stopping: bool) -> Report:
        is_begun = start.name in self.seen
        if not is_begun and (is_stopping or not self.done.issuperset(self.edges[start.name])):
            return Report.of(start, TemplateStatus.WAITING)
        self.seen[start.name] = self.seen.get(start.name, 0) + 1
        if self.seen[start.name] < self.polls.get(start.name, 1):
            return Report.of(start, TemplateStatus.RUNNING)
        if self.fails.get(start.name):
            self.failed = True
            setback = Setback(recovery=self.fails[start.name].pop(0))
            return Report.of(start, TemplateStatus.FAILED).model_copy(update={"setback": setback})
        self.done.add(start.name)
        return Report.of(start, TemplateStatus.SUCCEEDED)

    def cancel_templates(self, payload):
        reports = [
            Report.of(start, TemplateStatus.CANCELLED if start.name in self.seen else TemplateStatus.SKIPPED)
            for start in map(Start.load, payload["inFlight"])
        ]
        return PollAnswer(reports=tuple(reports), **self.control).dump()


def simulation(arm: Arm | None = None, work=None, *, graph=None, **responds) -> Simulation:
    arm = arm or Arm()
    parts = {"templates": CHAIN, "concurrency": 1, "retry_policy": POLICY}
    answer = RootGraphAnswer(rollout=RootRollout(**parts), **(graph or {}))
    well = {
        "load_root": lambda _: answer.model_copy(update=arm.control).dump(),
        "start_root": arm.start_root,
        "poll_root": arm.poll_root,
        "cancel_templates": arm.cancel_templates,
        "record_decisions": lambda _: Answer().dump(),
        "attach_packages": lambda _: Answer().dump(),
        "put_tags": lambda _: TagsAnswer().dump(),
    }
    options = Options(retry_policy=POLICY, strategy=Strategy.ROOT)
    job = RootRolloutInput(**{"deployment_id": "d-1", "options": options, **(work or {})})
    orchestrator = orchestrator_of(blueprint, "root_rollout")
    arm.simulation = Simulation(orchestrator, job.dump(), {**well, **responds})
    return arm.simulation


def names(payload) -> list[str]:
    return [start["name"] for start in payload["starts"]]


def decided(simulated: Simulation) -> dict[str, str]:
    return {d["name"]: d["status"] for made in simulated.called("record_decisions") for d in made["decisions"]}


def test_everything_is_in_one_root_whatever_the_concurrency():
    rollout = simulation()

    assert rollout.run()["message"] == "3 templates deployed."
    (started,) = rollout.called("start_root")
    assert (names(started), started["number"]) == (["network", "beside", "web"], 1)
    assert rollout.statuses[0]["inFlight"] == []


def test_only_what_azure_has_begun_is_shown_in_flight():
    rollout = simulation(Arm(polls={"network": 3, "beside": 2}))

    rollout.run()

    assert {"network", "beside"} in [set(status["inFlight"]) for status in rollout.statuses]
    assert not any("web" in status["inFlight"] and "network" in status["inFlight"] for status in rollout.statuses)


def test_what_failed_in_passing_is_in_another_root_with_what_waits_for_it_and_nothing_else():
    rollout = simulation(Arm(fails={"network": [Recovery.BACK_OFF]}))

    assert rollout.run()["message"] == "3 templates deployed."
    first, second = rollout.called("start_root")
    assert names(second) == ["network", "web"]
    assert (first["number"], second["number"]) == (1, 2)
    assert [(s["attempt"], s["number"]) for s in second["starts"]] == [(2, 2), (1, 1)]
    times = [call.at for call in rollout.calls if call.name == "start_root"]
    assert times[1] - times[0] >= timedelta(seconds=8)


def test_a_failure_for_good_lets_azure_begin_nothing_more_and_what_goes_on_ends():
    rollout = simulation(Arm(polls={"beside": 4}, fails={"network": [Recovery.FAIL]}))

    outcome = rollout.run()

    assert outcome["failure"]["code"] == "TemplatesFailed"
    assert "1 of 3 templates deployed, 1 not started" in outcome["message"]
    assert [look["isStopping"] for look in rollout.called("poll_root")][:2] == [False, True]
    assert decided(rollout) == {"network": "failed", "web": "skipped"}
    assert len(rollout.called("start_root")) == 1


def test_a_root_that_is_refused_fails_what_it_is_told_of_and_leaves_the_rest_unstarted():
    def refused(payload):
        starts = [Start.load(start) for start in payload["starts"]]
        reports = [Report.failed(starts[0], failure(FailureClass.POLICY, "RequestDisallowedByPolicy", "No."))]
        reports += [Report.of(start, TemplateStatus.SKIPPED) for start in starts[1:]]
        return RootStartAnswer(reports=tuple(reports), is_under_way=False).dump()

    rollout = simulation(start_root=refused)

    assert rollout.run()["message"] == "network failed; 0 of 3 templates deployed, 2 not started."
    assert rollout.called("poll_root") == []
    assert decided(rollout) == {"network": "failed", "beside": "skipped", "web": "skipped"}


def test_a_start_that_the_host_lost_is_made_again_under_the_same_number():
    arm, lost = Arm(), [True]

    def start_root(payload):
        if lost and lost.pop():
            raise RuntimeError("the worker died")
        return arm.start_root(payload)

    rollout = simulation(arm, start_root=start_root)

    assert rollout.run()["message"] == "3 templates deployed."
    assert [started["number"] for started in rollout.called("start_root")] == [1, 1]


def test_a_cancellation_ends_the_root_and_what_it_has_begun():
    arm = Arm(polls={"network": 100})
    arm.asked = (12, {"is_cancelled": True, "cancelled_by": "alice@example.com"})
    rollout = simulation(arm)

    outcome = rollout.run()

    assert outcome["stop"] == "cancelled"
    assert decided(rollout) == {"network": "cancelled", "web": "skipped"}
    assert len(rollout.called("start_root")) == 1


def test_a_deadline_stops_as_a_cancellation_does():
    arm = Arm(polls={"network": 10_000})
    rollout = simulation(arm, {"deadline": START + timedelta(minutes=1)})

    outcome = rollout.run()

    assert outcome["stop"] == "timedOut"
    assert rollout.called("cancel_templates") != []


def test_a_root_that_can_not_be_seen_any_more_is_given_up():
    arm = Arm(polls={"network": 10_000})
    rollout = simulation(arm, poll_root=lambda _: RootPollAnswer(failure=BUSY).dump())

    outcome = rollout.run()

    assert outcome["failure"]["code"] == "TemplatesFailed"
    assert rollout.now - START >= BLIND_FOR


def test_azure_is_left_in_peace_for_as_long_as_it_asks():
    arm, told = Arm(polls={"network": 4}), []

    def poll_root(payload):
        answer = RootPollAnswer.load(arm.poll_root(payload))
        told.append(payload["isQuiet"])
        pause = 12.0 if len(told) == 1 else None
        return answer.model_copy(update={"retry_after_seconds": pause}).dump()

    rollout = simulation(arm, poll_root=poll_root)

    assert rollout.run()["message"] == "3 templates deployed."
    assert told[:3] == [False, True, True]
    assert all(not look["inFlight"] for look in rollout.called("poll_root") if look["isQuiet"])


def test_tags_and_packages_come_when_a_template_has_succeeded():
    rollout = simulation(graph={"puts_tags": True, "with_packages": ("beside",)})

    rollout.run()

    assert sorted(work["template"] for work in rollout.called("put_tags")) == ["beside", "network", "web"]
    assert [work["template"] for work in rollout.called("attach_packages")] == ["beside"]


@pytest.mark.parametrize("polls", [ROUNDS_PER_HISTORY + 5])
def test_a_long_root_continues_as_new_and_goes_on_where_it_was(polls):
    rollout = simulation(Arm(polls={"network": polls, "web": 2}))

    assert rollout.run()["message"] == "3 templates deployed."
    assert rollout.executions == 2
    assert len(rollout.called("start_root")) == 1
    assert len(rollout.called("load_root")) == 1

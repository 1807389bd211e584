"""The rollout: start, watch, decide, continue as new; replayed from the start at every step."""

import json
from itertools import pairwise

import pytest

from armature.errors import FailureClass, failure
from armature.messages import Answer, GraphAnswer, PollAnswer, RolloutInput, StartAnswer, StartInput
from armature.options import Options, RetryPolicy
from armature.scheduling import MAX_UNSEEN, GraphTemplate, Report, Rollout, Setback
from armature.state import TemplateStatus
from orchestrators.rollout import MAX_BLIND_POLLS, ROUNDS_PER_HISTORY, STARTS_PER_HISTORY, blueprint
from tests.orchestrators.simulation import Simulation, orchestrator_of

POLICY = RetryPolicy(max_attempts=2, backoff_multiplier=2, first_interval_seconds=8)
BUSY = failure(FailureClass.TRANSIENT, "ServerBusy", "ARM is busy.")


class Arm:
    """ARM as the activities would tell of it: each template takes so many polls, and may fail so often first."""

    def __init__(self, polls: dict[str, int] | None = None, fails: dict[str, list[FailureClass]] | None = None) -> None:
        self.polls = polls or {}
        self.fails = fails or {}
        self.seen: dict[str, int] = {}

    def start_template(self, payload):
        start = StartInput.load(payload).start
        self.seen[start.name] = 0
        report = Report(name=start.name, attempt=start.attempt, status=TemplateStatus.RUNNING)
        return StartAnswer(report=report).dump()

    def poll_templates(self, payload):
        return PollAnswer(reports=tuple(self._report(s["name"], s["attempt"]) for s in payload["inFlight"])).dump()

    def _report(self, name: str, attempt: int) -> Report:
        self.seen[name] += 1
        if self.seen[name] < self.polls.get(name, 1):
            return Report(name=name, attempt=attempt, status=TemplateStatus.RUNNING)
        if self.fails.get(name):
            setback = Setback(failure_class=self.fails[name].pop(0))
            return Report(name=name, attempt=attempt, status=TemplateStatus.FAILED, setback=setback)
        return Report(name=name, attempt=attempt, status=TemplateStatus.SUCCEEDED)


def simulation(templates: list[GraphTemplate], arm: Arm | None = None, with_packages=(), **responds) -> Simulation:
    arm = arm or Arm()
    graph = GraphAnswer(
        rollout=Rollout(templates=tuple(templates), concurrency=5, retry_policy=POLICY), with_packages=with_packages
    )
    well = {
        "load_graph": lambda _: graph.dump(),
        "start_template": arm.start_template,
        "poll_templates": arm.poll_templates,
        "record_decisions": lambda _: Answer().dump(),
        "attach_packages": lambda _: Answer().dump(),
    }
    work = RolloutInput(deployment_id="d-1", options=Options(retry_policy=POLICY))
    return Simulation(orchestrator_of(blueprint, "rollout"), work.dump(), {**well, **responds})


CHAIN = [
    GraphTemplate(name="network", tier=0),
    GraphTemplate(name="web", depends_on=("network",), tier=1),
]


def test_templates_start_in_dependency_order_and_the_outcome_counts_them():
    rollout = simulation(CHAIN, Arm(polls={"network": 3}))

    output = rollout.run()

    assert output["message"] == "2 templates deployed."
    assert [work["start"]["name"] for work in rollout.called("start_template")] == ["network", "web"]


def test_one_poll_activity_a_tick_watches_all_that_is_in_flight():
    independent = [GraphTemplate(name=f"t{n}", tier=0) for n in range(4)]
    rollout = simulation(independent, Arm(polls={f"t{n}": 3 for n in range(4)}))

    rollout.run()

    assert [len(poll["inFlight"]) for poll in rollout.called("poll_templates")] == [4, 4, 4]


def test_a_start_that_fails_transiently_is_tried_again_as_the_next_attempt():
    arm = Arm()
    answers = [StartAnswer(failure=BUSY).dump()]
    rollout = simulation(CHAIN, arm, start_template=lambda p: answers.pop() if answers else arm.start_template(p))

    output = rollout.run()

    assert "failure" not in output
    starts = [(w["start"]["name"], w["start"]["attempt"]) for w in rollout.called("start_template")]
    assert starts == [("network", 1), ("network", 2), ("web", 1)]
    retried = rollout.called("record_decisions")[0]["decisions"]
    assert [(d["name"], d["status"]) for d in retried] == [("network", "retrying")]


def test_a_template_that_fails_transiently_in_arm_is_put_again_until_its_attempts_are_used_up():
    rollout = simulation(CHAIN, Arm(fails={"network": [FailureClass.TRANSIENT] * 5}))

    output = rollout.run()

    assert output["failure"]["code"] == "TemplatesFailed"
    assert len(rollout.called("start_template")) == POLICY.max_attempts
    assert output["message"] == "network failed; 0 of 2 templates deployed, 1 not started."


def test_when_one_fails_for_good_what_is_in_flight_is_watched_to_its_end():
    templates = [
        GraphTemplate(name="bad", tier=0),
        GraphTemplate(name="slow", tier=0),
        GraphTemplate(name="after", depends_on=("slow",), tier=1),
    ]
    rollout = simulation(templates, Arm(polls={"slow": 6}, fails={"bad": [FailureClass.POLICY]}))

    output = rollout.run()

    assert output["message"] == "bad failed; 1 of 3 templates deployed, 1 not started."
    assert "after" not in [work["start"]["name"] for work in rollout.called("start_template")]
    assert len(rollout.called("poll_templates")) == 6


def test_a_poll_that_fails_altogether_changes_nothing():
    arm = Arm()
    broken = [PollAnswer(failure=BUSY).dump()] * 3
    rollout = simulation(CHAIN, arm, poll_templates=lambda p: broken.pop() if broken else arm.poll_templates(p))

    assert rollout.run()["message"] == "2 templates deployed."


def test_a_rollout_that_can_see_nothing_any_more_gives_up_in_the_end():
    rollout = simulation(CHAIN, poll_templates=lambda _: PollAnswer(failure=BUSY).dump())

    output = rollout.run()

    assert output["failure"]["code"] == "TemplatesFailed"
    assert len(rollout.called("poll_templates")) == MAX_BLIND_POLLS


def test_packages_are_attached_when_their_template_has_succeeded_and_before_what_depends_on_it():
    rollout = simulation(CHAIN, with_packages=("network",))

    rollout.run()

    order = [call.name for call in rollout.calls if call.name in ("start_template", "attach_packages")]
    assert order == ["start_template", "attach_packages", "start_template"]


def test_a_package_that_cannot_be_attached_fails_its_template():
    broken = failure(FailureClass.TEMPLATE, "PackageNotAttached", "No identity.")
    rollout = simulation(CHAIN, with_packages=("network",), attach_packages=lambda _: Answer(failure=broken).dump())

    output = rollout.run()

    assert output["message"] == "network failed; 0 of 2 templates deployed, 1 not started."


def test_a_long_rollout_continues_as_new_and_goes_on_where_it_was():
    rollout = simulation(CHAIN, Arm(polls={"network": 2 * ROUNDS_PER_HISTORY + 3, "web": 5}))

    output = rollout.run()

    assert output["message"] == "2 templates deployed."
    assert rollout.executions == 3
    assert len(rollout.called("load_graph")) == 1
    assert len(rollout.called("start_template")) == 2


@pytest.mark.parametrize("size", [5, 60, 150])
def test_the_history_does_not_grow_with_the_number_of_templates(size):
    rollout = simulation([GraphTemplate(name=f"t{n}", tier=0) for n in range(size)])

    rollout.run()

    assert rollout.longest_history < 25 * ROUNDS_PER_HISTORY
    assert all(len(str(status)) < 8000 for status in rollout.statuses)


def lost_once(respond):
    """A host that loses the activity at its first call: the worker dies under it."""
    losses = [RuntimeError("The worker process exited.")]

    def respond_or_die(payload):
        if losses:
            raise losses.pop()
        return respond(payload)

    return respond_or_die


def test_a_start_that_the_host_lost_is_made_again_and_the_others_are_heard():
    arm = Arm()
    independent = [GraphTemplate(name=f"t{n}", tier=0) for n in range(3)]
    rollout = simulation(independent, arm, start_template=lost_once(arm.start_template))

    output = rollout.run()

    assert output["message"] == "3 templates deployed."
    starts = [(w["start"]["name"], w["start"]["attempt"]) for w in rollout.called("start_template")]
    assert starts == [("t0", 1), ("t1", 1), ("t2", 1), ("t0", 2)]
    reason = rollout.called("record_decisions")[1]["reasons"]["t0"]
    assert reason["code"] == "ActivityLost"
    assert "The worker process exited." in reason["message"]


def test_a_poll_that_the_host_lost_changes_nothing():
    arm = Arm()

    output = simulation(CHAIN, arm, poll_templates=lost_once(arm.poll_templates)).run()

    assert output["message"] == "2 templates deployed."


def test_a_start_that_broke_unforeseen_says_why_in_the_state():
    fault = failure(FailureClass.UNKNOWN, "UnforeseenFault", "KeyError: 'x'")
    rollout = simulation(CHAIN, start_template=lambda _: StartAnswer(failure=fault).dump())

    rollout.run()

    (made,) = rollout.called("record_decisions")
    assert made["reasons"]["network"]["message"] == "KeyError: 'x'"
    assert [(d["name"], d["status"]) for d in made["decisions"]] == [("network", "failed"), ("web", "skipped")]


def test_what_a_rollout_that_can_see_nothing_last_heard_is_the_reason():
    rollout = simulation(CHAIN, poll_templates=lambda _: PollAnswer(failure=BUSY).dump())

    rollout.run()

    reason = rollout.called("record_decisions")[-1]["reasons"]["network"]
    assert reason["code"] == "WatchLost"
    assert "ARM is busy." in reason["message"]


def test_arm_is_left_in_peace_for_as_long_as_it_asks():
    arm = Arm(polls={"network": 3})
    throttled = [30.0]

    def poll(payload):
        seen = arm.poll_templates(payload)
        return {**seen, "retryAfterSeconds": throttled.pop()} if throttled else seen

    rollout = simulation(CHAIN[:1], poll_templates=poll, start_template=arm.start_template)

    rollout.run()

    times = [call.at for call in rollout.calls if call.name == "poll_templates"]
    waits = [round((later - earlier).total_seconds()) for earlier, later in pairwise(times)]
    assert waits == [30, 5]


def test_a_deployment_that_arm_has_lost_is_put_again():
    arm = Arm()
    lost = [True] * MAX_UNSEEN

    def poll(payload):
        if not lost:
            return arm.poll_templates(payload)
        lost.pop()
        start = payload["inFlight"][0]
        report = Report(name=start["name"], attempt=start["attempt"], status=TemplateStatus.RUNNING, is_seen=False)
        return PollAnswer(reports=(report,)).dump()

    rollout = simulation(CHAIN[:1], poll_templates=poll, start_template=arm.start_template)

    assert rollout.run()["message"] == "1 templates deployed."
    assert [work["start"]["attempt"] for work in rollout.called("start_template")] == [1, 2]


def test_what_was_started_is_shown_in_one_go():
    rollout = simulation([GraphTemplate(name=f"t{n}", tier=0) for n in range(4)])

    rollout.run()

    (made,) = rollout.called("record_decisions")
    assert [(d["name"], d["status"], d["attempt"]) for d in made["decisions"]] == [
        (f"t{n}", "running", 1) for n in range(4)
    ]


def test_many_starts_at_once_make_no_long_history():
    templates = tuple(GraphTemplate(name=f"t{n}", tier=0) for n in range(400))
    graph = GraphAnswer(rollout=Rollout(templates=templates, concurrency=50, retry_policy=POLICY))
    rollout = simulation([], load_graph=lambda _: graph.dump())

    output = rollout.run()

    assert output["message"] == "400 templates deployed."
    assert rollout.longest_history < 8 * (STARTS_PER_HISTORY + 50)


def test_long_names_make_no_large_status():
    templates = tuple(GraphTemplate(name=f"{'ü' * 300}{n}", tier=0) for n in range(50))
    graph = GraphAnswer(rollout=Rollout(templates=templates, concurrency=50, retry_policy=POLICY))
    arm = Arm(polls={t.name: 3 for t in templates[25:]}, fails={t.name: [FailureClass.POLICY] for t in templates[:25]})
    rollout = simulation([], arm, load_graph=lambda _: graph.dump())

    output = rollout.run()

    assert any(status["failed"] and status["inFlight"] for status in rollout.statuses)
    assert all(len(json.dumps(status).encode()) < 8000 for status in rollout.statuses)
    assert len(output["message"]) < 1000

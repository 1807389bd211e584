"""The rollout: start, watch, decide, continue as new; replayed from the start at every step."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest

from armature.attempts import Report, Setback, Start
from armature.control import CONTROL_EVENT
from armature.errors import FailureClass, Recovery, failure
from armature.messages import (
    Answer,
    GraphAnswer,
    PackagesAnswer,
    PollAnswer,
    RolloutInput,
    StartAnswer,
    StartInput,
    TagsAnswer,
)
from armature.options import Options, RetryPolicy
from armature.patience import OUTWAIT_MINUTES
from armature.scheduling import CANCELLING_WITHIN, LOST_AFTER, GraphTemplate, Rollout
from armature.state import TemplateStatus
from orchestrators.rollout import BLIND_FOR, ROUNDS_PER_HISTORY, SOONER, STARTS_PER_HISTORY, blueprint
from tests.orchestrators.simulation import START, Simulation, orchestrator_of

POLICY = RetryPolicy(max_attempts=2, backoff_multiplier=2, first_interval_seconds=8)
BUSY = failure(FailureClass.TRANSIENT, "ServerBusy", "ARM is busy.")
ALICE = {"is_cancelled": True, "cancelled_by": "alice@example.com", "rollback": True}
AWAY = BUSY.model_copy(update={"recovery": Recovery.OUTWAIT})


class Arm:
    """ARM as the activities would tell of it: each template takes so many polls, and may fail so often first.

    What is asked of the deployment from a moment of the simulation on is in `asked`: (moment, fields of the answer).
    """

    def __init__(self, polls: dict[str, int] | None = None, fails: dict[str, list[Recovery]] | None = None) -> None:
        self.polls = polls or {}
        self.fails = fails or {}
        self.seen: dict[str, int] = {}
        self.cancels_after = 1
        self.asked: tuple[float, dict] = (1e8, {})
        self.simulation: Simulation | None = None

    @property
    def control(self) -> dict:
        seconds, fields = self.asked
        assert self.simulation is not None
        return fields if self.simulation.now >= START + timedelta(seconds=seconds) else {}

    def start_template(self, payload):
        start = StartInput.load(payload).start
        self.seen[start.name] = 0
        return StartAnswer(report=Report.of(start, TemplateStatus.RUNNING)).dump()

    def poll_templates(self, payload):
        reports = tuple(self._report(Start.load(start)) for start in payload["inFlight"])
        return PollAnswer(reports=reports, **self.control).dump()

    def cancel_templates(self, payload):
        self.cancels_after -= 1
        ended = TemplateStatus.FAILED if payload["isLastLook"] else TemplateStatus.CANCELLED
        status = ended if self.cancels_after <= 0 or payload["isLastLook"] else TemplateStatus.RUNNING
        reports = tuple(Report.of(Start.load(start), status) for start in payload["inFlight"])
        return PollAnswer(reports=reports, **self.control).dump()

    def _report(self, start: Start) -> Report:
        self.seen[start.name] += 1
        if self.seen[start.name] < self.polls.get(start.name, 1):
            return Report.of(start, TemplateStatus.RUNNING)
        if self.fails.get(start.name):
            setback = Setback(recovery=self.fails[start.name].pop(0))
            return Report.of(start, TemplateStatus.FAILED).model_copy(update={"setback": setback})
        return Report.of(start, TemplateStatus.SUCCEEDED)


def simulation(
    templates: list[GraphTemplate],
    arm: Arm | None = None,
    with_packages=(),
    raised=(),
    work=None,
    *,
    puts_tags=False,
    **responds,
) -> Simulation:
    arm = arm or Arm()
    graph = GraphAnswer(
        rollout=Rollout(templates=tuple(templates), concurrency=5, retry_policy=POLICY),
        with_packages=with_packages,
        puts_tags=puts_tags,
    )
    well = {
        "load_graph": lambda _: graph.model_copy(update=arm.control).dump(),
        "start_template": arm.start_template,
        "poll_templates": arm.poll_templates,
        "cancel_templates": arm.cancel_templates,
        "record_decisions": lambda _: Answer().dump(),
        "attach_packages": lambda _: Answer().dump(),
    }
    work = RolloutInput(**{"deployment_id": "d-1", "options": Options(retry_policy=POLICY), **(work or {})})
    orchestrator = orchestrator_of(blueprint, "rollout")
    arm.simulation = Simulation(orchestrator, work.dump(), {**well, **responds}, raised=tuple(raised))
    return arm.simulation


def slow_ticks() -> Options:
    return Options(retry_policy=POLICY, poll_interval_seconds=60)


def decided(simulated: Simulation) -> dict[str, str]:
    """The last that was shown of each template, but success, which the look shows itself."""
    return {d["name"]: d["status"] for made in simulated.called("record_decisions") for d in made["decisions"]}


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
    rollout = simulation(CHAIN, Arm(fails={"network": [Recovery.BACK_OFF] * 5}))

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
    rollout = simulation(templates, Arm(polls={"slow": 6}, fails={"bad": [Recovery.FAIL]}))

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
    rollout = simulation(
        CHAIN, poll_templates=lambda _: PollAnswer(failure=BUSY).dump(), work={"options": slow_ticks()}
    )

    output = rollout.run()

    polls = [call.at for call in rollout.calls if call.name == "poll_templates"]
    assert output["failure"]["code"] == "TemplatesFailed"
    assert BLIND_FOR <= polls[-1] - polls[0] <= BLIND_FOR + timedelta(minutes=1)


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


class Fetching:
    """A platform that fetches a package for so many looks, and asks to be left in peace in between."""

    def __init__(self, looks: int, seconds: float | None = None, **control) -> None:
        self.looks, self.seconds, self.control = looks, seconds, control

    def __call__(self, _):
        self.looks -= 1
        if self.looks < 0:
            return PackagesAnswer().dump()
        return PackagesAnswer(is_pending=True, retry_after_seconds=self.seconds, **self.control).dump()


@pytest.mark.parametrize(("asks", "pause"), [(None, 60), (90.0, 90), (5.0, 60), (9999.0, 300)])
def test_a_package_that_the_platform_fetches_is_waited_for_by_timer_before_anything_goes_on(asks, pause):
    fetching = Fetching(3, asks)
    rollout = simulation(CHAIN, with_packages=("network",), attach_packages=fetching, work={"options": slow_ticks()})

    assert rollout.run()["message"] == "2 templates deployed."
    order = [call.name for call in rollout.calls if call.name in ("start_template", "attach_packages")]
    assert order == ["start_template", *["attach_packages"] * 4, "start_template"]
    looks = [call.at for call in rollout.calls if call.name == "attach_packages"]
    assert timedelta(seconds=pause) <= looks[1] - looks[0] < timedelta(seconds=pause + 1)


@pytest.mark.parametrize(("control", "stop"), [(ALICE, "cancelled"), ({"is_lock_broken": True}, None)])
def test_who_stops_a_deployment_does_not_wait_for_the_platform(control, stop):
    rollout = simulation(CHAIN, with_packages=("network",), attach_packages=Fetching(1000, **control))

    output = rollout.run()

    assert len(rollout.called("attach_packages")) == 1
    assert [work["start"]["name"] for work in rollout.called("start_template")] == ["network"]
    assert (output.get("stop"), output.get("isLockBroken", False)) == (stop, stop is None)


def test_a_package_is_not_waited_for_beyond_the_deadline():
    deadline = START + timedelta(minutes=10)
    work = {"options": slow_ticks(), "deadline": deadline}
    rollout = simulation(CHAIN[:1], with_packages=("network",), attach_packages=Fetching(1000), work=work)

    output = rollout.run()

    looks = [call.at for call in rollout.calls if call.name == "attach_packages"]
    assert deadline <= looks[-1] <= deadline + timedelta(minutes=1)
    assert output["stop"] == "timedOut"


class Tagging:
    """Puts tags in two calls, or fails so often first."""

    def __init__(self, fails: int = 0, position: int | None = 7) -> None:
        self.fails = fails
        self.position = position

    def __call__(self, payload):
        if payload.get("givenUp"):
            return TagsAnswer().dump()
        if self.fails:
            self.fails -= 1
            return TagsAnswer(failure=BUSY).dump()
        position, self.position = self.position, None
        return TagsAnswer(position=position, retry_after_seconds=30 if position else None).dump()


def test_tags_are_put_when_their_template_has_succeeded_before_its_packages_and_what_depends_on_it():
    rollout = simulation(CHAIN, with_packages=("network",), puts_tags=True, put_tags=Tagging())

    assert rollout.run()["message"] == "2 templates deployed."
    order = [
        (call.name, call.payload.get("position", 0))
        for call in rollout.calls
        if call.name in ("start_template", "put_tags", "attach_packages")
    ]
    assert order == [
        ("start_template", 0),
        ("put_tags", 0),
        ("put_tags", 7),
        ("attach_packages", 0),
        ("start_template", 0),
        ("put_tags", 0),
    ]
    first, second = [call.at for call in rollout.calls if call.name == "put_tags"][:2]
    assert timedelta(seconds=30) <= second - first < timedelta(seconds=31)


def test_tags_that_can_not_be_put_are_tried_again_then_given_up_and_fail_nothing():
    rollout = simulation(CHAIN[:1], puts_tags=True, put_tags=Tagging(fails=POLICY.max_attempts))

    assert rollout.run()["message"] == "1 template deployed."
    asked = rollout.called("put_tags")
    assert len(asked) == POLICY.max_attempts + 1
    assert asked[-1]["givenUp"]["code"] == "ServerBusy"


def test_a_long_rollout_continues_as_new_and_goes_on_where_it_was():
    rollout = simulation(CHAIN, Arm(polls={"network": 2 * ROUNDS_PER_HISTORY + 3, "web": 5}))

    output = rollout.run()

    assert output["message"] == "2 templates deployed."
    assert rollout.executions == 3
    assert len(rollout.called("load_graph")) == 1
    assert len(rollout.called("start_template")) == 2


@pytest.mark.parametrize("size", [5, 150])
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
    rollout = simulation(
        CHAIN, poll_templates=lambda _: PollAnswer(failure=BUSY).dump(), work={"options": slow_ticks()}
    )

    rollout.run()

    reason = rollout.called("record_decisions")[-1]["reasons"]["network"]
    assert reason["code"] == "WatchLost"
    assert "ARM is busy." in reason["message"]


def throttled_once(arm: Arm, seconds: float):
    """Looks of which the first is told to leave ARM in peace."""
    throttled = [seconds]

    def poll(payload):
        seen = arm.poll_templates(payload)
        return {**seen, "retryAfterSeconds": throttled.pop()} if throttled else seen

    return poll


def test_arm_is_left_in_peace_for_as_long_as_it_asks():
    arm = Arm(polls={"network": 3})
    rollout = simulation(CHAIN[:1], arm, poll_templates=throttled_once(arm, 30.0))

    rollout.run()

    times = [call.at for call in rollout.calls if call.name == "poll_templates" and call.payload["inFlight"]]
    waits = [round((later - earlier).total_seconds()) for earlier, later in pairwise(times)]
    assert waits == [30, 5]


def test_a_cancellation_is_noticed_also_while_arm_is_left_in_peace():
    arm = Arm(polls={"network": 1000})
    arm.asked = (22, ALICE)
    rollout = simulation(CHAIN, arm, poll_templates=throttled_once(arm, 60.0))

    output = rollout.run()

    noticed = next(call.at for call in rollout.calls if call.name == "cancel_templates")
    assert output["stop"] == "cancelled"
    assert noticed <= START + timedelta(seconds=22 + 2 * 5 + 1)


def test_a_deployment_that_arm_has_lost_is_put_again():
    arm = Arm()

    def poll(payload):
        (start,) = map(Start.load, payload["inFlight"]) if payload["inFlight"] else (None,)
        if start is None or start.number > 1:
            return arm.poll_templates(payload)
        report = Report.of(start, TemplateStatus.RUNNING).model_copy(update={"is_lost": True})
        return PollAnswer(reports=(report,)).dump()

    rollout = simulation(CHAIN[:1], arm, poll_templates=poll)

    assert rollout.run()["message"] == "1 template deployed."
    first, second = (call for call in rollout.calls if call.name == "start_template")
    assert second.payload["start"]["attempt"] == 2
    assert second.at - first.at >= LOST_AFTER


def test_while_arm_is_away_for_minutes_nothing_fails():
    arm = Arm()
    back_at = START + timedelta(minutes=10)

    def poll(payload):
        if rollout.now >= back_at:
            return arm.poll_templates(payload)
        reports = (Report.of(Start.load(start), TemplateStatus.RUNNING) for start in payload["inFlight"])
        return PollAnswer(reports=tuple(r.model_copy(update={"is_seen": False}) for r in reports)).dump()

    def start(payload):
        away = Report.failed(Start.load(payload["start"]), AWAY)
        return arm.start_template(payload) if rollout.now >= back_at else StartAnswer(report=away).dump()

    rollout = simulation(CHAIN, arm, poll_templates=poll, start_template=start)

    output = rollout.run()

    assert output["message"] == "2 templates deployed."
    assert rollout.now - START < timedelta(minutes=OUTWAIT_MINUTES)


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
    arm = Arm(polls={t.name: 3 for t in templates[25:]}, fails={t.name: [Recovery.FAIL] for t in templates[:25]})
    rollout = simulation([], arm, load_graph=lambda _: graph.dump())

    output = rollout.run()

    assert any(status["failed"] and status["inFlight"] for status in rollout.statuses)
    assert all(len(json.dumps(status).encode()) < 8000 for status in rollout.statuses)
    assert len(output["message"]) < 1000


SLOW = [
    GraphTemplate(name="done", tier=0),
    GraphTemplate(name="slow", tier=0),
    GraphTemplate(name="after", depends_on=("slow",), tier=1),
]


def test_a_cancelled_rollout_starts_nothing_more_and_cancels_at_every_tick_until_all_has_ended():
    arm = Arm(polls={"slow": 1000})
    arm.asked, arm.cancels_after = (12, ALICE), 3
    rollout = simulation(SLOW, arm)

    output = rollout.run()

    assert output["message"] == (
        "Cancelled by alice@example.com: 1 of 3 templates deployed, 1 cancelled, 1 not started."
    )
    assert (output["stop"], output["rollback"], output.get("failure")) == ("cancelled", True, None)
    assert [[s["name"] for s in look["inFlight"]] for look in rollout.called("cancel_templates")] == [["slow"]] * 3
    assert decided(rollout) == {"done": "running", "slow": "cancelled", "after": "skipped"}


def test_a_cancellation_before_the_first_start_leaves_all_unstarted():
    arm = Arm()
    arm.asked = (0, ALICE)
    rollout = simulation(SLOW, arm)

    output = rollout.run()

    assert output["message"] == "Cancelled by alice@example.com: 0 of 3 templates deployed, 3 not started."
    assert rollout.called("start_template") == []
    assert decided(rollout) == dict.fromkeys(("done", "slow", "after"), "skipped")


def test_an_event_has_the_cancellation_noticed_at_once():
    arm = Arm(polls={"slow": 1000})
    arm.asked = (100, ALICE)
    rollout = simulation(SLOW, arm, raised=[(100, CONTROL_EVENT)], work={"options": slow_ticks()})

    rollout.run()

    assert rollout.now < START + timedelta(seconds=101 + 60)
    assert any(START + timedelta(seconds=100) <= call.at < START + timedelta(seconds=101) for call in rollout.calls)


def test_a_cancellation_is_noticed_within_a_tick_while_only_a_retry_is_waited_for():
    arm = Arm()
    arm.asked = (30, ALICE)
    patient = RetryPolicy(max_attempts=2, first_interval_seconds=300)
    templates = Rollout(templates=tuple(CHAIN), concurrency=5, retry_policy=patient)
    rollout = simulation(
        CHAIN,
        arm,
        load_graph=lambda _: GraphAnswer(rollout=templates).dump(),
        start_template=lambda payload: StartAnswer(report=Report.failed(Start.load(payload["start"]), BUSY)).dump(),
    )

    output = rollout.run()

    assert output["stop"] == "cancelled"
    assert rollout.now <= START + timedelta(seconds=30 + 2 * 5 + 1)


def test_what_failed_because_arm_could_not_be_asked_is_cancelled_too():
    arm = Arm()
    arm.asked = (3, ALICE)
    away = RetryPolicy(max_attempts=2, first_interval_seconds=300)
    templates = Rollout(templates=tuple(CHAIN), concurrency=5, retry_policy=away)
    rollout = simulation(
        CHAIN,
        arm,
        load_graph=lambda _: GraphAnswer(rollout=templates).dump(),
        start_template=lambda payload: StartAnswer(report=Report.failed(Start.load(payload["start"]), AWAY)).dump(),
    )

    rollout.run()

    assert [[s["name"] for s in look["inFlight"]] for look in rollout.called("cancel_templates")] == [["network"]]


def test_what_does_not_end_when_it_is_cancelled_is_given_up_with_a_last_look():
    arm = Arm(polls={"slow": 10_000})
    arm.asked, arm.cancels_after = (12, ALICE), 10_000
    rollout = simulation(SLOW, arm, work={"options": slow_ticks()})

    output = rollout.run()

    looks = rollout.called("cancel_templates")
    assert output["message"].endswith("1 of 3 templates deployed, 1 failed, 1 not started.")
    assert [look["isLastLook"] for look in looks].count(True) == 1
    assert looks[-1]["isLastLook"]
    assert timedelta(0) <= rollout.now - START - CANCELLING_WITHIN < timedelta(minutes=3)


def test_a_cancellation_that_cannot_be_carried_out_at_all_is_given_up_too():
    arm = Arm(polls={"slow": 10_000})
    arm.asked = (12, ALICE)
    rollout = simulation(
        SLOW, arm, cancel_templates=lambda _: PollAnswer(failure=AWAY).dump(), work={"options": slow_ticks()}
    )

    output = rollout.run()

    assert output["stop"] == "cancelled"
    assert rollout.called("record_decisions")[-1]["reasons"]["slow"]["code"] == "WatchLost"


def test_a_deadline_stops_as_a_cancellation_does_and_is_a_failure():
    arm = Arm(polls={"slow": 10_000})
    rollout = simulation(SLOW, arm, work={"deadline": START + timedelta(seconds=32)})

    output = rollout.run()

    assert output["message"] == (
        "The deployment's time was over: 1 of 3 templates deployed, 1 cancelled, 1 not started."
    )
    assert output["stop"] == "timedOut"
    assert START + timedelta(seconds=32) <= rollout.now < START + timedelta(seconds=33)


def test_a_failure_cancels_the_rest_when_that_is_asked_for():
    arm = Arm(polls={"slow": 1000}, fails={"done": [Recovery.FAIL]})
    rollout = simulation(SLOW, arm, work={"options": Options(retry_policy=POLICY, cancel_on_failure=True)})

    output = rollout.run()

    assert output["message"] == "done failed; 0 of 3 templates deployed, 1 cancelled, 1 not started."
    assert output.get("stop") is None
    assert output["failure"]["code"] == "TemplatesFailed"


def test_when_the_lineage_lock_is_broken_nothing_is_touched_any_more():
    arm = Arm(polls={"slow": 1000})
    arm.asked = (12, {"is_lock_broken": True})
    rollout = simulation(SLOW, arm, with_packages=("done",))

    output = rollout.run()

    assert output["isLockBroken"]
    assert output["failure"]["code"] == "LineageLockBroken"
    assert "1 of 3 templates deployed, 1 still running in Azure" in output["message"]
    assert rollout.called("cancel_templates") == []
    assert rollout.now < START + timedelta(seconds=20)


def test_a_rollback_is_not_cancelled():
    arm = Arm(polls={"slow": 10})
    arm.asked = (0, ALICE)
    rollout = simulation(SLOW, arm, work={"rollback": 1})

    output = rollout.run()

    assert output["message"] == "3 templates deployed."
    assert {call.payload["rollback"] for call in rollout.calls} == {1}


def test_a_cancellation_outlives_the_history_in_which_it_was_noticed():
    arm = Arm(polls={"slow": 10_000})
    arm.asked, arm.cancels_after = (12, ALICE), 2 * ROUNDS_PER_HISTORY
    rollout = simulation(SLOW, arm)

    output = rollout.run()

    assert output["message"].startswith("Cancelled by alice@example.com: 1 of 3 templates deployed, 1 cancelled")
    assert rollout.executions == 3


def test_deployments_of_others_are_looked_for_twice_a_minute():
    rollout = simulation(CHAIN[:1], Arm(polls={"network": 25}))

    rollout.run()

    looks = [call.at for call in rollout.calls if call.payload.get("looksForForeign")]
    assert len(looks) == 5
    assert {round((later - earlier).total_seconds()) for earlier, later in pairwise(looks)} == {30}


def test_the_look_after_one_that_saw_an_end_comes_sooner_for_what_began_together_ends_together():
    arm = Arm({"a": 3, "b": 4, "c": 6})
    looks: list[float] = []

    def looked(payload):
        looks.append((rollout.now - START).total_seconds())
        return arm.poll_templates(payload)

    templates = [GraphTemplate(name=name, tier=0) for name in ("a", "b", "c")]
    rollout = simulation(templates, arm, work={"options": slow_ticks()}, poll_templates=looked)
    rollout.run()

    waits = [round(after - before) for before, after in pairwise(looks)]
    assert waits == [60, 60, 60 * SOONER, 60 * SOONER, 60]

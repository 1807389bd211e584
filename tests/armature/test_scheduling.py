"""What a rollout starts next, and what a failure means for the rest."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.attempts import Report, Setback, Start
from armature.errors import Recovery
from armature.options import RetryPolicy, Scheduling
from armature.patience import JITTER, UNCOUNTED
from armature.scheduling import CANCELLING_WITHIN, LOST_AFTER, UNREACHABLE_AFTER, GraphTemplate, Rollout
from armature.state import TemplateStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rollout(edges: dict[str, list[str]], **limits) -> Rollout:
    """A rollout of the templates named in `edges`, each with what it depends on."""
    tiers: dict[str, int] = {}
    for name, dependencies in edges.items():
        tiers[name] = max((tiers[dependency] + 1 for dependency in dependencies), default=0)
    templates = tuple(GraphTemplate(name=n, depends_on=tuple(d), tier=tiers[n]) for n, d in edges.items())
    return Rollout(templates=templates, **{"concurrency": 5, **limits})


def names(starts) -> list[str]:
    return [start.name for start in starts]


def succeeded(start: Start) -> Report:
    return Report.of(start, TemplateStatus.SUCCEEDED)


def failed(start: Start, recovery: Recovery, retry_after: float | None = None, linked: int = 0) -> Report:
    setback = Setback(recovery=recovery, retry_after_seconds=retry_after)
    return Report.of(start, TemplateStatus.FAILED, linked).model_copy(update={"setback": setback})


def cancelled(start: Start) -> Report:
    return Report.of(start, TemplateStatus.CANCELLED)


def unseen(start: Start, *, is_lost: bool = False) -> Report:
    return Report.of(start, TemplateStatus.RUNNING).model_copy(update={"is_seen": False, "is_lost": is_lost})


def test_a_template_starts_when_all_it_depends_on_has_succeeded():
    plan = rollout({"a": [], "b": ["a"], "c": ["a", "b"]})

    first = plan.next_starts(NOW)
    after_a = plan.with_started(first).with_reports([succeeded(s) for s in first], NOW)
    second = after_a.next_starts(NOW)

    assert names(first) == ["a"]
    assert names(second) == ["b"]


def test_graph_scheduling_does_not_wait_for_the_rest_of_a_tier_and_tier_scheduling_does():
    edges = {"slow": [], "quick": [], "after-quick": ["quick"]}

    def started_after_quick(scheduling: Scheduling) -> list[str]:
        plan = rollout(edges, scheduling=scheduling)
        plan = plan.with_started(plan.next_starts(NOW))
        quick = next(start for start in plan.in_flight if start.name == "quick")
        return names(plan.with_reports([succeeded(quick)], NOW).next_starts(NOW))

    assert started_after_quick(Scheduling.GRAPH) == ["after-quick"]
    assert started_after_quick(Scheduling.TIER) == []


def test_no_more_than_the_concurrency_are_in_flight():
    plan = rollout({str(number): [] for number in range(10)}, concurrency=3)

    first = plan.next_starts(NOW)
    plan = plan.with_started(first)

    assert len(first) == 3
    assert plan.next_starts(NOW) == ()


def test_what_holds_up_the_longest_chain_starts_first():
    plan = rollout({"leaf": [], "root": [], "middle": ["root"], "end": ["middle"]}, concurrency=1)

    assert names(plan.next_starts(NOW)) == ["root"]


def test_a_transient_failure_is_tried_again_after_the_back_off():
    plan = rollout({"a": []}, retry_policy=RetryPolicy(max_attempts=3, backoff_multiplier=2, first_interval_seconds=4))
    (start,) = plan.next_starts(NOW)
    plan = plan.with_started([start]).with_reports([failed(start, Recovery.BACK_OFF)], NOW)

    (again,) = plan.next_starts(NOW + timedelta(seconds=4 * (1 + JITTER)))
    assert plan.next_starts(NOW + timedelta(seconds=3.9)) == ()
    assert (again.attempt, again.number) == (2, 2)
    assert NOW + timedelta(seconds=4) <= plan.next_wake(NOW, 5) <= NOW + timedelta(seconds=4 * (1 + JITTER))


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_a_transient_failure_is_tried_max_attempts_times_in_all(attempts):
    plan = rollout({"a": []}, retry_policy=RetryPolicy(max_attempts=attempts, first_interval_seconds=1))
    now, tried = NOW, 0

    while not plan.is_settled:
        starts = plan.next_starts(now)
        tried += len(starts)
        plan = plan.with_started(starts).with_reports([failed(s, Recovery.BACK_OFF) for s in starts], now)
        now = plan.next_wake(now, 5)

    assert tried == attempts
    assert plan.failed == ("a",)


def test_after_a_final_failure_nothing_starts_and_what_is_in_flight_ends():
    plan = rollout({"bad": [], "good": [], "after-good": ["good"], "after-bad": ["bad"]})
    plan = plan.with_started(plan.next_starts(NOW))
    bad, good = (next(s for s in plan.in_flight if s.name == name) for name in ("bad", "good"))

    plan = plan.with_reports([failed(bad, Recovery.FAIL)], NOW)
    assert plan.next_starts(NOW) == ()
    assert not plan.is_settled
    plan = plan.with_reports([succeeded(good)], NOW)

    assert plan.is_settled
    assert plan.failed == ("bad",)
    assert plan.succeeded == ("good",)
    assert set(plan.skipped) == {"after-good", "after-bad"}


def test_a_template_that_waits_for_a_retry_fails_when_another_fails_for_good():
    plan = rollout({"flaky": [], "bad": []})
    plan = plan.with_started(plan.next_starts(NOW))
    flaky, bad = (next(s for s in plan.in_flight if s.name == name) for name in ("flaky", "bad"))

    plan = plan.with_reports([failed(flaky, Recovery.BACK_OFF)], NOW)
    plan = plan.with_reports([failed(bad, Recovery.FAIL)], NOW)

    assert plan.is_settled
    assert set(plan.failed) == {"flaky", "bad"}


def test_a_missing_dependency_is_tried_again_once_something_else_has_finished():
    plan = rollout({"needs": [], "makes": []})
    plan = plan.with_started(plan.next_starts(NOW))
    needs, makes = (next(s for s in plan.in_flight if s.name == name) for name in ("needs", "makes"))

    plan = plan.with_reports([failed(needs, Recovery.AFTER_PROGRESS)], NOW)
    assert plan.next_starts(NOW) == ()
    plan = plan.with_reports([succeeded(makes)], NOW)

    (again,) = plan.next_starts(NOW)
    assert (again.name, again.attempt, again.number) == ("needs", 1, 2)


def test_a_missing_dependency_fails_when_nothing_else_is_left():
    plan = rollout({"needs": []})
    (start,) = plan.next_starts(NOW)

    plan = plan.with_started([start]).with_reports([failed(start, Recovery.AFTER_PROGRESS)], NOW)

    assert plan.is_settled
    assert plan.failed == ("needs",)


def test_linked_deployments_that_succeeded_count_as_something_that_finished():
    plan = rollout({"root": []})
    (start,) = plan.next_starts(NOW)

    plan = plan.with_started([start]).with_reports([failed(start, Recovery.AFTER_PROGRESS, linked=2)], NOW)
    (again,) = plan.next_starts(NOW)
    plan = plan.with_started([again]).with_reports([failed(again, Recovery.AFTER_PROGRESS, linked=2)], NOW)

    assert again.number == 2
    assert plan.failed == ("root",)


def test_a_report_of_an_attempt_that_is_over_changes_nothing():
    plan = rollout({"a": []}, retry_policy=RetryPolicy(first_interval_seconds=1))
    (first,) = plan.next_starts(NOW)
    plan = plan.with_started([first]).with_reports([failed(first, Recovery.BACK_OFF)], NOW)
    (second,) = plan.next_starts(NOW + timedelta(seconds=3))
    plan = plan.with_started([second])

    assert plan.with_reports([failed(first, Recovery.FAIL)], NOW) == plan


def test_decisions_tell_what_no_activity_has_seen():
    before = rollout({"bad": [], "after": ["bad"]})
    (start,) = before.next_starts(NOW)

    after = before.with_started([start]).with_reports([failed(start, Recovery.FAIL)], NOW)

    assert {d.name: d.status for d in after.decisions_since(before)} == {
        "bad": TemplateStatus.FAILED,
        "after": TemplateStatus.SKIPPED,
    }


@st.composite
def graphs(draw) -> dict[str, list[str]]:
    """Random acyclic graphs of up to 12 templates."""
    size = draw(st.integers(1, 12))
    return {
        f"t{n}": [f"t{d}" for d in draw(st.sets(st.integers(0, n - 1), max_size=3))] if n else [] for n in range(size)
    }


def test_a_missing_dependency_is_no_progress_when_fewer_linked_deployments_succeed_in_between():
    plan = rollout({"a": []})
    for number, linked in enumerate((3, 2, 3), start=1):
        plan = plan.with_started(plan.next_starts(NOW))
        start = Start(name="a", attempt=1, number=number)
        plan = plan.with_reports([failed(start, Recovery.AFTER_PROGRESS, linked=linked)], NOW)
        if plan.is_settled:
            break

    assert plan.failed == ("a",)
    assert plan.track("a").number == 2


def test_an_attempt_that_arm_does_not_know_counts_as_failed_after_minutes():
    plan = rollout({"a": []}, retry_policy=RetryPolicy(first_interval_seconds=1))
    plan = plan.with_started(plan.next_starts(NOW))
    (start,) = plan.in_flight

    plan = plan.with_reports([unseen(start, is_lost=True)], NOW)
    still = plan.with_reports([unseen(start, is_lost=True)], NOW + LOST_AFTER - timedelta(seconds=1))
    given_up = plan.with_reports([unseen(start, is_lost=True)], NOW + LOST_AFTER)

    assert still.in_flight == (start,)
    assert given_up.track("a").status is TemplateStatus.RETRYING
    assert given_up.next_starts(NOW + LOST_AFTER + timedelta(seconds=2))[0].attempt == 2


def test_a_look_that_succeeds_begins_the_count_anew():
    plan = rollout({"a": []})
    plan = plan.with_started(plan.next_starts(NOW))
    (start,) = plan.in_flight

    plan = plan.with_reports([unseen(start, is_lost=True)], NOW)
    plan = plan.with_reports([Report.of(start, TemplateStatus.RUNNING)], NOW + timedelta(minutes=4))
    plan = plan.with_reports([unseen(start, is_lost=True)], NOW + LOST_AFTER)

    assert plan.in_flight == (start,)


def test_arm_may_be_away_for_minutes_before_a_template_is_started_anew_and_that_is_no_attempt():
    plan = rollout({"a": []}, retry_policy=RetryPolicy(max_attempts=1, first_interval_seconds=1))
    plan = plan.with_started(plan.next_starts(NOW))
    (start,) = plan.in_flight

    plan = plan.with_reports([unseen(start)], NOW)
    still = plan.with_reports([unseen(start)], NOW + UNREACHABLE_AFTER - timedelta(seconds=1))
    anew = plan.with_reports([unseen(start)], NOW + UNREACHABLE_AFTER)

    (again,) = anew.next_starts(NOW + UNREACHABLE_AFTER + timedelta(seconds=2))
    assert still.in_flight == (start,)
    assert (again.attempt, again.number) == (1, 2)


@pytest.mark.parametrize("recovery", sorted(UNCOUNTED))
def test_what_is_only_waited_for_is_no_attempt_is_shown_and_ends(recovery):
    plan = rollout({"a": []}, retry_policy=RetryPolicy(max_attempts=1, first_interval_seconds=1))
    now, shown = NOW, []

    while not plan.is_settled:
        starts = plan.next_starts(now)
        before = plan
        plan = plan.with_started(starts).with_reports([failed(s, recovery) for s in starts], now)
        shown += plan.decisions_since(before)
        now = plan.next_wake(now, 60)

    assert plan.failed == ("a",)
    assert {decision.attempt for decision in shown} == {1}
    assert all(decision.waiting_for and decision.next_attempt_at for decision in shown[:-1])
    assert timedelta(minutes=10) <= now - NOW <= timedelta(minutes=32)


def test_the_next_start_is_told_what_came_of_the_one_before():
    plan = rollout({"a": []})
    (start,) = plan.next_starts(NOW)
    setback = Setback(recovery=Recovery.REGISTER_PROVIDER, subject="Microsoft.Web")
    report = Report.of(start, TemplateStatus.FAILED).model_copy(update={"setback": setback})

    plan = plan.with_started([start]).with_reports([report], NOW)

    (again,) = plan.next_starts(NOW + timedelta(minutes=1))
    (decision,) = plan.decisions_since(rollout({"a": []}))
    assert again.setback == setback
    assert decision.waiting_for == "the registration of the resource provider Microsoft.Web"


def test_a_fresh_sas_is_tried_at_once():
    plan = rollout({"a": []})
    (start,) = plan.next_starts(NOW)

    plan = plan.with_started([start]).with_reports([failed(start, Recovery.FRESH_SAS)], NOW)

    assert plan.next_starts(NOW)[0].attempt == 2


def test_what_was_treated_as_done_comes_as_a_success_so_a_setback_that_says_so_fails():
    plan = rollout({"a": []})
    (start,) = plan.next_starts(NOW)

    plan = plan.with_started([start]).with_reports([failed(start, Recovery.TREAT_AS_DONE)], NOW)

    assert plan.failed == ("a",)


def test_a_stop_starts_nothing_more_and_settles_once_what_is_in_flight_has_ended():
    plan = rollout({"done": [], "running": [], "retrying": [], "after": ["running"]})
    plan = plan.with_started(plan.next_starts(NOW))
    done, running, retrying = plan.in_flight
    plan = plan.with_reports([succeeded(done), failed(retrying, Recovery.BACK_OFF)], NOW)

    stopped = plan.with_stop(NOW)
    ended = stopped.with_reports([cancelled(start) for start in stopped.in_flight], NOW)

    assert stopped.in_flight == (running, retrying)
    assert stopped.skipped == ("after",)
    assert stopped.next_starts(NOW + timedelta(hours=1)) == ()
    assert not stopped.is_settled
    assert ended.is_settled
    assert (ended.succeeded, ended.cancelled) == (("done",), ("running", "retrying"))


def test_a_failure_cancels_what_is_in_flight_only_when_that_is_asked_for():
    def after_failure(**limits) -> Rollout:
        plan = rollout({"bad": [], "good": []}, **limits)
        plan = plan.with_started(plan.next_starts(NOW))
        return plan.with_reports([failed(plan.in_flight[0], Recovery.FAIL)], NOW)

    assert not after_failure().is_cancelling
    assert after_failure(cancel_on_failure=True).is_cancelling
    assert names(after_failure(cancel_on_failure=True).in_flight) == ["good"]


def test_what_is_cancelled_is_not_waited_for_for_ever():
    plan = rollout({"a": []})
    plan = plan.with_started(plan.next_starts(NOW)).with_stop(NOW)

    assert not plan.is_given_up(NOW + CANCELLING_WITHIN - timedelta(seconds=1))
    assert plan.is_given_up(NOW + CANCELLING_WITHIN)


def test_nothing_starts_after_the_deadline_and_no_wait_goes_past_it():
    deadline = NOW + timedelta(seconds=10)
    plan = rollout({"a": []}, deadline=deadline, retry_policy=RetryPolicy(first_interval_seconds=300))
    (start,) = plan.next_starts(NOW)

    plan = plan.with_started([start]).with_reports([failed(start, Recovery.BACK_OFF)], NOW)

    assert plan.track("a").not_before == deadline
    assert plan.next_wake(NOW, 60) == deadline
    assert plan.is_overdue(deadline)
    assert plan.next_starts(deadline) == ()


@settings(max_examples=200, deadline=None)
@given(
    edges=graphs(),
    concurrency=st.integers(1, 6),
    scheduling=st.sampled_from(Scheduling),
    random=st.randoms(use_true_random=False),
    troubles=st.sets(st.sampled_from(Recovery)),
    within=st.none() | st.integers(1, 5000),
    stops=st.booleans(),
    cancels=st.booleans(),
)
def test_whatever_happens_every_rollout_ends_and_keeps_its_rules(
    edges, concurrency, scheduling, random, troubles, within, stops, cancels
):
    policy = RetryPolicy(max_attempts=2, first_interval_seconds=1)
    deadline = NOW + timedelta(seconds=within) if within else None
    limits = {"deadline": deadline, "cancel_on_failure": cancels, "retry_policy": policy}
    plan = rollout(edges, concurrency=concurrency, scheduling=scheduling, **limits)
    trouble, now, is_stopped = sorted(troubles), NOW, False

    def seen(start: Start) -> Report:
        chance = random.random()
        if plan.is_cancelling:
            return cancelled(start) if chance < 0.5 else random.choice([succeeded, unseen])(start)
        if trouble and chance < 0.4:
            return failed(start, random.choice(trouble), random.choice([None, 2.0, 9000.0]), random.randrange(4))
        return unseen(start, is_lost=chance < 0.55) if chance < 0.6 else succeeded(start)

    for _ in range(5000):
        starts = plan.next_starts(now)
        assert not (starts and is_stopped)
        for start in starts:
            assert all(dependency in plan.succeeded for dependency in edges[start.name])
            assert start.attempt <= policy.max_attempts
            assert deadline is None or now < deadline
        plan = plan.with_started(starts)
        assert is_stopped or len(plan.in_flight) <= concurrency
        plan = plan.with_reports([seen(s) for s in plan.in_flight if random.random() < 0.6], now)
        waits = [t.not_before for t in plan.tracks.values() if t.status is TemplateStatus.RETRYING and t.not_before]
        assert deadline is None or all(moment <= max(deadline, now) for moment in waits)
        if plan.is_overdue(now) or (stops and random.random() < 0.02):
            plan = plan.with_stop(now)
        is_stopped = is_stopped or plan.is_stopping
        if plan.is_settled:
            break
        assert Rollout.load(plan.dump()) == plan
        now = max(plan.next_wake(now, 5), now + timedelta(milliseconds=1))

    assert plan.is_settled
    assert all(plan.track(name).status.is_final for name in edges)
    if not trouble and not is_stopped:
        assert set(plan.succeeded) == set(edges)

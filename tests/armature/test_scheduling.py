"""What a rollout starts next, and what a failure means for the rest."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from armature.errors import FailureClass
from armature.options import RetryPolicy, Scheduling
from armature.scheduling import MAX_UNSEEN, GraphTemplate, Report, Rollout, Setback, Start, retry_wait
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
    return Report(name=start.name, attempt=start.attempt, status=TemplateStatus.SUCCEEDED)


def failed(start: Start, kind: FailureClass, retry_after: float | None = None, linked: int = 0) -> Report:
    setback = Setback(failure_class=kind, retry_after_seconds=retry_after)
    return Report(
        name=start.name,
        attempt=start.attempt,
        status=TemplateStatus.FAILED,
        setback=setback,
        linked_succeeded=linked,
    )


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
    plan = plan.with_started([start]).with_reports([failed(start, FailureClass.TRANSIENT)], NOW)

    assert plan.next_starts(NOW + timedelta(seconds=3)) == ()
    assert plan.next_starts(NOW + timedelta(seconds=4)) == (Start(name="a", attempt=2),)
    assert plan.next_wake(NOW, 5) == NOW + timedelta(seconds=4)


def test_retry_after_is_honoured_when_it_is_longer_than_the_back_off():
    policy = RetryPolicy(max_attempts=3, backoff_multiplier=2, first_interval_seconds=4)

    assert retry_wait(policy, 1) == 4
    assert retry_wait(policy, 3) == 16
    assert retry_wait(policy, 1, 30) == 30
    assert retry_wait(policy, 1, 1) == 4
    assert retry_wait(policy, 1, 100_000) == 300


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_a_transient_failure_is_tried_max_attempts_times_in_all(attempts):
    plan = rollout({"a": []}, retry_policy=RetryPolicy(max_attempts=attempts, first_interval_seconds=1))
    now, tried = NOW, 0

    while not plan.is_settled:
        starts = plan.next_starts(now)
        tried += len(starts)
        plan = plan.with_started(starts).with_reports([failed(s, FailureClass.TRANSIENT) for s in starts], now)
        now = plan.next_wake(now, 5)

    assert tried == attempts
    assert plan.failed == ("a",)


def test_after_a_final_failure_nothing_starts_and_what_is_in_flight_ends():
    plan = rollout({"bad": [], "good": [], "after-good": ["good"], "after-bad": ["bad"]})
    plan = plan.with_started(plan.next_starts(NOW))
    bad, good = (next(s for s in plan.in_flight if s.name == name) for name in ("bad", "good"))

    plan = plan.with_reports([failed(bad, FailureClass.POLICY)], NOW)
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

    plan = plan.with_reports([failed(flaky, FailureClass.TRANSIENT)], NOW)
    plan = plan.with_reports([failed(bad, FailureClass.QUOTA)], NOW)

    assert plan.is_settled
    assert set(plan.failed) == {"flaky", "bad"}


def test_a_missing_dependency_is_tried_again_once_something_else_has_finished():
    plan = rollout({"needs": [], "makes": []})
    plan = plan.with_started(plan.next_starts(NOW))
    needs, makes = (next(s for s in plan.in_flight if s.name == name) for name in ("needs", "makes"))

    plan = plan.with_reports([failed(needs, FailureClass.MISSING_DEPENDENCY)], NOW)
    assert plan.next_starts(NOW) == ()
    plan = plan.with_reports([succeeded(makes)], NOW)

    assert plan.next_starts(NOW) == (Start(name="needs", attempt=2),)


def test_a_missing_dependency_fails_when_nothing_else_is_left():
    plan = rollout({"needs": []})
    (start,) = plan.next_starts(NOW)

    plan = plan.with_started([start]).with_reports([failed(start, FailureClass.MISSING_DEPENDENCY)], NOW)

    assert plan.is_settled
    assert plan.failed == ("needs",)


def test_linked_deployments_that_succeeded_count_as_something_that_finished():
    plan = rollout({"root": []})
    (start,) = plan.next_starts(NOW)

    plan = plan.with_started([start]).with_reports([failed(start, FailureClass.MISSING_DEPENDENCY, linked=2)], NOW)
    (again,) = plan.next_starts(NOW)
    plan = plan.with_started([again]).with_reports([failed(again, FailureClass.MISSING_DEPENDENCY, linked=2)], NOW)

    assert again.attempt == 2
    assert plan.failed == ("root",)


def test_a_report_of_an_attempt_that_is_over_changes_nothing():
    plan = rollout({"a": []}, retry_policy=RetryPolicy(first_interval_seconds=1))
    (first,) = plan.next_starts(NOW)
    plan = plan.with_started([first]).with_reports([failed(first, FailureClass.TRANSIENT)], NOW)
    (second,) = plan.next_starts(NOW + timedelta(seconds=2))
    plan = plan.with_started([second])

    assert plan.with_reports([failed(first, FailureClass.POLICY)], NOW) == plan


def test_decisions_tell_what_no_activity_has_seen():
    before = rollout({"bad": [], "after": ["bad"]})
    (start,) = before.next_starts(NOW)

    after = before.with_started([start]).with_reports([failed(start, FailureClass.TEMPLATE)], NOW)

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


@settings(max_examples=150, deadline=None)
@given(
    graphs(),
    st.integers(1, 6),
    st.sampled_from(Scheduling),
    st.randoms(use_true_random=False),
    st.sampled_from([None, FailureClass.TRANSIENT, FailureClass.MISSING_DEPENDENCY, FailureClass.POLICY]),
)
def test_whatever_happens_every_rollout_settles_and_keeps_its_rules(edges, concurrency, scheduling, random, trouble):
    plan = rollout(
        edges,
        concurrency=concurrency,
        scheduling=scheduling,
        retry_policy=RetryPolicy(max_attempts=2, first_interval_seconds=1),
    )
    now = NOW

    for _ in range(500):
        starts = plan.next_starts(now)
        for start in starts:
            assert all(dependency in plan.succeeded for dependency in edges[start.name])
        plan = plan.with_started(starts)
        assert len(plan.in_flight) <= concurrency
        ended = [s for s in plan.in_flight if random.random() < 0.6]
        reports = [failed(s, trouble) if trouble and random.random() < 0.3 else succeeded(s) for s in ended]
        plan = plan.with_reports(reports, now)
        if plan.is_settled:
            break
        now = plan.next_wake(now, 5)

    assert plan.is_settled
    if trouble is None:
        assert set(plan.succeeded) == set(edges)
    assert Rollout.load(plan.dump()) == plan


def test_a_missing_dependency_is_no_progress_when_fewer_linked_deployments_succeed_in_between():
    plan = rollout({"a": []})
    for attempt, linked in enumerate((3, 2, 3), start=1):
        plan = plan.with_started(plan.next_starts(NOW))
        start = Start(name="a", attempt=attempt)
        plan = plan.with_reports([failed(start, FailureClass.MISSING_DEPENDENCY, linked=linked)], NOW)
        if plan.is_settled:
            break

    assert plan.failed == ("a",)
    assert plan.track("a").attempt == 2


def test_an_attempt_that_arm_does_not_show_for_long_counts_as_failed_in_passing():
    plan = rollout({"a": []})
    plan = plan.with_started(plan.next_starts(NOW))
    (start,) = plan.in_flight
    unseen = Report(name="a", attempt=1, status=TemplateStatus.RUNNING, is_seen=False)

    for _ in range(MAX_UNSEEN - 1):
        plan = plan.with_reports([unseen], NOW)
    still = plan.with_reports([unseen.model_copy(update={"is_seen": True})], NOW).with_reports([unseen], NOW)
    given_up = plan.with_reports([unseen], NOW)

    assert still.in_flight == (start,)
    assert given_up.track("a").status is TemplateStatus.RETRYING
    assert given_up.next_starts(NOW + timedelta(seconds=5)) == (Start(name="a", attempt=2),)

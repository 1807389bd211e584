"""What one root holds, when another one is put, and that every rollout ends."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from armature.attempts import Report, Setback, Start
from armature.errors import Recovery
from armature.options import RetryPolicy, Scheduling
from armature.root_scheduling import RootRollout
from armature.scheduling import GraphTemplate, Track
from armature.state import TemplateStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = RetryPolicy(max_attempts=3, backoff_multiplier=2, first_interval_seconds=10)
LATER = NOW + timedelta(seconds=60)
EDGES = {"a": (), "b": (), "c": ("a",), "d": ("c",)}
SUCCEEDED, RUNNING = TemplateStatus.SUCCEEDED, TemplateStatus.RUNNING
SKIPPED, WAITING, FAILED = TemplateStatus.SKIPPED, TemplateStatus.WAITING, TemplateStatus.FAILED


def rollout(edges: dict[str, tuple[str, ...]] = EDGES, **parts: object) -> RootRollout:
    tiers: dict[str, int] = {}
    for name, before in edges.items():
        tiers[name] = max((tiers[b] + 1 for b in before), default=0)
    templates = tuple(GraphTemplate(name=n, depends_on=before, tier=tiers[n]) for n, before in edges.items())
    return RootRollout(templates=templates, concurrency=1, retry_policy=POLICY, **parts)  # type: ignore[arg-type]


def begun(edges: dict[str, tuple[str, ...]] = EDGES, **parts: object) -> RootRollout:
    found = rollout(edges, **parts)
    return found.with_started(found.next_starts(NOW))


def seen(found: RootRollout, now: datetime = NOW, *, has_ended: bool = False, **statuses: object) -> RootRollout:
    """The rollout after a look: a status for each template, or what is to be done about its failure."""
    reports = []
    for name, told in statuses.items():
        start = next(start for start in found.in_flight if start.name == name)
        if isinstance(told, TemplateStatus):
            reports.append(Report.of(start, told))
        else:
            setback = Setback(recovery=Recovery(str(told)))
            reports.append(Report.of(start, FAILED).model_copy(update={"setback": setback}))
    found = found.with_reports(reports, now)
    return found.with_root_ended(now) if has_ended else found


def names(starts: tuple[Start, ...]) -> list[str]:
    return [start.name for start in starts]


def test_all_that_is_left_is_in_one_root_whatever_the_concurrency() -> None:
    found = rollout(tracks={"a": Track(status=SUCCEEDED, attempt=1, number=2)})

    starts = found.next_starts(NOW)

    assert names(starts) == ["b", "c", "d"]
    assert [(start.attempt, start.number) for start in starts] == [(1, 1)] * 3
    started = found.with_started(starts)
    assert started.number == 1
    assert started.next_starts(LATER) == ()


def test_another_root_is_put_once_azure_has_ended_the_last_one_and_the_wait_is_over() -> None:
    failed = seen(begun(), a=SUCCEEDED, b=SUCCEEDED, c="backOff", d=SKIPPED)

    still_running = failed.next_starts(LATER)
    ended = failed.with_root_ended(NOW)

    assert (still_running, ended.next_starts(NOW)) == ((), ())
    again = ended.next_starts(LATER)
    assert [(start.name, start.attempt, start.number) for start in again] == [("c", 2, 2), ("d", 1, 1)]
    assert ended.with_started(again).number == 2
    assert not ended.is_settled


def test_what_was_never_begun_has_not_been_started() -> None:
    failed = seen(begun(), a="fail", b=SUCCEEDED, c=SKIPPED, d=SKIPPED, has_ended=True)

    assert failed.is_settled
    assert (failed.failed, failed.skipped) == (("a",), ("c", "d"))
    decisions = {decision.name: decision for decision in failed.decisions_since(begun())}
    assert (decisions["c"].number, decisions["c"].attempt) == (0, 0)


def test_after_a_failure_for_good_what_is_begun_ends_and_nothing_more_is_put() -> None:
    failed = seen(begun(), a="fail", b=RUNNING, c=WAITING, d=WAITING)

    assert failed.is_stopping
    assert not failed.is_settled
    assert names(failed.in_flight) == ["b", "c", "d"]
    ended = seen(failed, b=SUCCEEDED, c=SKIPPED, d=SKIPPED, has_ended=True)
    assert ended.is_settled
    assert ended.succeeded == ("b",)


def test_what_misses_something_waits_for_progress_and_is_left_out_until_then_with_all_that_waits_for_it() -> None:
    missing = seen(begun(), a="afterProgress", b=SUCCEEDED, c=SKIPPED, d=SKIPPED, has_ended=True)
    assert names(missing.next_starts(NOW)) == ["a", "c", "d"]

    alone = seen(begun({"a": (), "c": ("a",)}), a="afterProgress", c=SKIPPED, has_ended=True)
    assert alone.is_settled
    assert (alone.failed, alone.skipped) == (("a",), ("c",))


def test_tier_scheduling_leaves_out_what_comes_after_what_is_left_out() -> None:
    edges = {"a": (), "b": (), "late": ("b",)}
    found = begun(edges, scheduling=Scheduling.TIER)

    missing = seen(found, a="afterProgress", b=SKIPPED, late=SKIPPED, has_ended=True)

    assert names(missing.next_starts(NOW)) == ["b"]


def test_only_what_azure_has_begun_is_told_as_such() -> None:
    found = seen(begun(), a=RUNNING, b=WAITING, c=WAITING, d=WAITING)

    assert found.begun == ("a",)
    assert names(found.in_flight) == list(EDGES)


def test_a_root_that_is_under_way_is_looked_at_though_nothing_of_it_is_in_flight() -> None:
    found = seen(begun({"a": ()}), a="backOff")

    assert found.is_under_way
    assert found.next_wake(NOW, 5) == NOW + timedelta(seconds=5)
    ended = found.with_root_ended(NOW)
    assert ended.next_wake(NOW, 60) == ended.track("a").not_before


def test_a_rollout_goes_on_where_it_was_when_it_is_written_down() -> None:
    found = seen(begun(), a=SUCCEEDED, b=RUNNING, c=WAITING, d=WAITING)

    assert RootRollout.load(found.dump()) == found


@given(st.data())
def test_whatever_happens_every_rollout_ends_within_its_attempts(data: st.DataObject) -> None:
    """ARM may begin what it likes, in order; fail it in any way; and end the root once nothing goes on."""
    count = data.draw(st.integers(1, 6))
    edges: dict[str, tuple[str, ...]] = {}
    for number in range(count):
        before = data.draw(st.lists(st.sampled_from(list(edges)), unique=True)) if edges else []
        edges[f"t{number}"] = tuple(before)
    found, now, roots = rollout(edges), NOW, 0
    for _ in range(100):
        if found.is_settled:
            break
        starts = found.next_starts(now)
        if not starts:
            now = max(found.next_wake(now, 5), now + timedelta(milliseconds=1))
            continue
        roots += 1
        found = found.with_started(starts)
        ended: dict[str, object] = {}
        for start in starts:
            is_reached = all(found.track(b).status is SUCCEEDED or ended.get(b) is SUCCEEDED for b in edges[start.name])
            told = data.draw(st.sampled_from([SUCCEEDED, "backOff", "freshSas", "afterProgress", "fail", SUCCEEDED]))
            ended[start.name] = told if is_reached else SKIPPED
        found = seen(found, now, has_ended=True, **ended)

    assert found.is_settled
    assert roots <= POLICY.max_attempts * count * 2
    for name in edges:
        assert found.track(name).attempt <= POLICY.max_attempts
        if found.track(name).status is SUCCEEDED:
            assert all(found.track(before).status is SUCCEEDED for before in edges[name])

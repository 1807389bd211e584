"""A goal can be missed: each way in which a measurement speaks against it is seen."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench.faults import table
from bench.faults.boundaries import AFTER, BEFORE, RESULT, Boundary, beyond_count, boundaries_of, counters, gaps, rounds
from bench.faults.courses import COURSES
from bench.faults.goal import Goal, Run, Verdict, counted, share
from bench.faults.goal_1 import storm
from bench.faults.goal_3 import Findings
from bench.faults.goal_4 import cases
from bench.faults.goal_6 import REFUSALS, faults_of_telling
from bench.faults.goal_7 import stops
from bench.faults.goals import GOALS
from bench.faults.ground import status_of
from bench.faults.inventory import Inventory, Snapshot, overlapping
from bench.faults.rolling_back import failing, still_running
from emulator.faults.model import read_rule


def verdict(*, is_met: bool) -> Verdict:
    return Verdict("done", "half | of it", "all", is_met, () if is_met else ("one: failed",))


def goal(number: int = 1) -> Goal:
    return Goal(number, "a title", lambda run: verdict(is_met=True))


def held(**properties: Any) -> Inventory:
    document = {"id": "/subscriptions/1/x", "etag": "1", "tags": {"a": "b"}, "properties": {"days": 30, **properties}}
    return Inventory((), ({"created": "2025-01-01T00:00:00Z", "document": document},), ())


def test_there_are_nine_goals_in_order() -> None:
    assert list(GOALS) == list(range(1, 10))
    assert len({each.title for each in GOALS.values()}) == 9


def test_one_missed_goal_misses_all_and_nothing_measured_meets_none() -> None:
    assert table.are_met([(goal(), verdict(is_met=True))])
    assert not table.are_met([(goal(1), verdict(is_met=True)), (goal(2), verdict(is_met=False))])
    assert not table.are_met([])


def test_the_line_and_the_table_tell_a_miss_with_what_speaks_against_it() -> None:
    measured, shown = [(goal(), verdict(is_met=False))], io.StringIO()

    table.show(measured, Console(file=shown, width=120))
    line = json.loads(table.line(measured, seed=7))

    assert "missed" in shown.getvalue()
    assert "one: failed" in shown.getvalue()
    assert (line["isMet"], line["seed"], line["goals"][0]["misses"]) == (False, 7, ["one: failed"])


def test_the_page_keeps_what_is_around_the_table(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")

    table.write([(goal(), verdict(is_met=True))], page)

    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert r"half \| of it" in text


def test_a_page_without_a_place_for_the_table_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing")

    with pytest.raises(ValueError, match="no place for the table"):
        table.write([(goal(), verdict(is_met=True))], page)


def test_a_share_of_nothing_is_nothing() -> None:
    assert share(0, 0) == 0
    assert share(99, 100) == 0.99
    assert counted(["a", "b", "b"]) == "2 b, 1 a"


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (Inventory((), (), ()), "lost: /subscriptions/1/x"),
        (held(days=60), "changed: /subscriptions/1/x: properties.days was 30, is 60"),
    ],
)
def test_a_snapshot_that_differs_is_told(later: Inventory, told: str) -> None:
    differences = held().snapshot().differences(later.snapshot())

    assert [each.startswith(told) for each in differences] == [True]


def test_what_was_made_again_under_its_old_id_is_not_the_same() -> None:
    again = Inventory((), ({**held().resources[0], "created": "2025-01-02T00:00:00Z"},), ())

    assert "made" in held().snapshot().differences(again.snapshot())[0]


def test_what_every_write_changes_is_no_difference() -> None:
    after = held(modifiedDate="2025-02-02")
    after.resources[0]["document"]["etag"] = "2"

    assert held(modifiedDate="2025-01-01").snapshot().differences(after.snapshot()) == []


def test_something_added_is_told() -> None:
    assert Snapshot({}).differences(held().snapshot()) == ["added: /subscriptions/1/x"]


def test_runs_and_operations_of_cancelled_runs_are_under_way() -> None:
    run = {"id": "/a", "provisioningState": "Running", "underWay": []}
    cancelled = {"id": "/b", "provisioningState": "Canceled", "underWay": ["/resource"]}
    ended = {"id": "/c", "provisioningState": "Succeeded", "underWay": []}

    assert Inventory((), (), (run, cancelled, ended)).under_way() == ["/a", "/resource"]


def test_a_deployment_that_begins_while_another_runs_is_found_out() -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    seconds = [start + timedelta(seconds=number) for number in range(6)]

    assert overlapping([("b", (seconds[2], seconds[3])), ("a", (seconds[0], seconds[1]))]) == []
    assert overlapping([("a", (seconds[0], seconds[3])), ("b", (seconds[2], seconds[5]))]) == ["b began while a ran"]


def test_a_template_that_is_shown_running_after_the_end_is_found_out() -> None:
    state = {"finishedAt": "2025", "templates": [{"name": "web", "status": "running"}]}

    assert still_running("d", state, []) == ["d: has ended, and its state shows as unfinished: web"]
    assert still_running("d", state | {"templates": []}, ["/a"]) == ["d: still under way in ARM: /a"]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({}, "unknown"),
        ({"status": "deploying"}, "still deploying"),
        ({"status": "failed", "finishedAt": "2025", "rollback": {"status": "partial"}}, "failed (partial)"),
        ({"status": "rolledBack", "finishedAt": "2025", "rollback": {"status": "completed"}}, "rolledBack"),
    ],
)
def test_a_status_tells_what_is_not_over_and_what_is_partial(state: dict[str, Any], status: str) -> None:
    assert status_of(state) == status


def test_a_checkpoint_that_no_kill_met_is_a_gap() -> None:
    met = [Boundary(BEFORE, ":rollout", number) for number in (1, 2, 4)] + [Boundary(AFTER, "", 1)]

    assert list(map(str, gaps(met))) == ["killedBeforeCheckpoint :rollout #3"]


def test_a_course_is_killed_behind_the_activities_that_none_before_it_has_and_in_instances_of_its_own() -> None:
    known, new = Boundary(RESULT, ":rollout", 1, "poll_root"), Boundary(RESULT, "", 1, "read_bundle")
    inside, outside = Boundary(BEFORE, ":rollout", 1), Boundary(AFTER, ":upload", 1)

    assert COURSES[1].own([known, new, inside, outside], {"poll_root"}) == [new, inside]
    assert COURSES[0].own([known, inside, outside], set()) == [known, inside, outside]


def test_what_was_not_met_is_tried_again_and_what_comes_after_the_last_is_looked_for() -> None:
    first, last = Boundary(BEFORE, "", 1), Boundary(BEFORE, "", 2)
    findings = Findings(COURSES[0], beyond={last})

    findings.met((first, last), [])
    assert findings.next_round() == (first,)
    findings.met((first, last), [first, last])
    assert findings.next_round() == (last.next,)
    findings.met((last.next,), [])
    assert findings.next_round() == ()


def test_every_counted_checkpoint_and_activity_is_a_boundary(tmp_path: Path) -> None:
    step = {"rule": "count-steps", "happened": False}
    lines = [{**step, "key": "CommitEpisode rollout d-1:rollout", "attempt": attempt} for attempt in (1, 2)]
    occasion = {"operation": "RunActivity", "name": "take_turn", "instance": "d-1"}
    lines.append({"rule": "note-activities", "happened": True, "key": "…", "attempt": 1, "occasion": occasion})
    (tmp_path / "fault-journal.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    found = boundaries_of(tmp_path, "d-1")

    assert {boundary.nth for boundary in found if boundary.instance == ":rollout"} == {1, 2, 3}
    assert {(boundary.instance, boundary.nth) for boundary in beyond_count(found)} == {(":rollout", 3)}
    assert [boundary.name for boundary in found if boundary.instance == ""] == ["take_turn"]
    assert {read_rule(boundary.rule("d-2")).fault for boundary in found} == {BEFORE, AFTER, "activityResultLost"}


def test_a_round_kills_within_each_orchestration_once() -> None:
    found = [Boundary(BEFORE, instance, nth) for instance in ("", ":rollout") for nth in (1, 2)]

    together = rounds([*found, Boundary(AFTER, "", 1)])

    assert [len(each) for each in together] == [2, 2, 1]
    assert sorted(map(str, sum(together, ()))) == sorted(map(str, [*found, Boundary(AFTER, "", 1)]))


def test_rules_of_the_goals_are_such_that_the_emulator_takes() -> None:
    rules = [
        *storm(0.2),
        *counters("d-1"),
        failing("p", "mid"),
        *(rule for refusal in REFUSALS for rule in refusal.rules()),
    ]

    assert len([read_rule({"id": f"rule-{number}", **rule}) for number, rule in enumerate(rules)]) == len(rules)


def test_of_the_storm_each_request_fails_with_the_probability_that_is_wanted() -> None:
    passing = 1.0
    for rule in storm(0.2):
        passing *= 1 - rule["probability"] if rule["service"] == "arm" else 1

    assert 1 - passing == pytest.approx(0.2)


def test_cases_of_exactness_are_apart_and_cover_every_tier_with_and_without_predecessor() -> None:
    every = cases()

    assert len({case.project for case in every}) == len(every)
    assert {(case.tier, case.has_predecessor) for case in every} == {
        (tier, is_after) for tier in ("low", "mid", "top") for is_after in (True, False)
    }


def test_moments_are_seeded() -> None:
    assert stops(Run(seed=1), 5) == stops(Run(seed=1), 5)
    assert stops(Run(seed=1), 5) != stops(Run(seed=2), 5)
    assert len(stops(Run(), 5)) == 40


def telling(**changes: Any) -> dict[str, Any]:
    quota = REFUSALS[0]
    cause = {"code": quota.code, "message": f"... {quota.words[0]} ...", "place": "mid.json#/resources/0"}
    failure = {
        "failureClass": quota.failure_class,
        "causes": [cause | changes.pop("cause", {})],
        "suggestion": f"Ask for more of {quota.suggestion[0]}.",
    }
    return {"status": "rolledBack", "finishedAt": "2025", "failures": [failure | changes]}


def test_a_failure_that_is_told_well_is_right() -> None:
    assert faults_of_telling(REFUSALS[0], telling()) == []


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"failures": []}, "no failure is told"),
        (telling(failureClass="unknown"), "the class is unknown, not quota"),
        (telling(suggestion=""), "the next step does not tell"),
        (telling(suggestion="Try again."), "the next step does not tell"),
        (telling(cause={"code": "Other"}), "the leaf QuotaExceeded is not told"),
        (telling(cause={"message": "no"}), "the leaf's message lacks"),
        (telling(cause={"place": None}), "the place is None"),
    ],
)
def test_a_failure_that_is_told_badly_is_found_out(state: dict[str, Any], told: str) -> None:
    found = faults_of_telling(REFUSALS[0], state)

    assert any(each.startswith(told) for each in found)

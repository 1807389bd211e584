"""When faults happen: by match, attempt, probability and number, the same for the same seed in any order."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.faults.folder import RULES, FaultFolder
from emulator.faults.journal import JOURNAL, Entry, Journal
from emulator.faults.model import FaultFile, FaultFileError, read_faults, read_rule
from emulator.faults.plan import FaultPlan, Occasion, roll


def loaded(folder: Path, *rules: dict[str, Any], seed: int = 1) -> FaultPlan:
    complete = [{"id": f"r{index}", "service": "arm", "fault": "slow", **rule} for index, rule in enumerate(rules)]
    FaultFolder(folder).load(read_faults({"seed": seed, "rules": complete}))
    return FaultPlan(folder, "arm")


def put(name: str, **attributes: str) -> Occasion:
    return Occasion(f"put {name}", "PutDeployment", {"name": name, **attributes})


def happened(plan: FaultPlan, *occasions: Occasion) -> list[bool]:
    return [bool(plan.decide(occasion)) for occasion in occasions]


def test_without_a_file_nothing_happens_and_nothing_is_written(tmp_path: Path) -> None:
    plan = FaultPlan(tmp_path, "arm")

    assert plan.decide(put("a")) == ()
    assert list(tmp_path.iterdir()) == []


def test_a_rule_happens_where_everything_that_it_names_matches(tmp_path: Path) -> None:
    match = {"operation": "Put*", "name": ["web-*", "api"], "resourceGroup": "RG-?"}
    plan = loaded(tmp_path, {"match": match})

    found = happened(
        plan,
        put("web-1", resourceGroup="rg-1"),
        put("API", resourceGroup="rg-2"),
        put("data", resourceGroup="rg-1"),
        put("web-1", resourceGroup="rg-12"),
        put("web-1"),
        Occasion("k", "GetDeployment", {"name": "api", "resourceGroup": "rg-1"}),
    )

    assert found == [True, True, False, False, False, False]


def test_the_rules_of_other_services_are_not_looked_at(tmp_path: Path) -> None:
    plan = loaded(tmp_path, {"service": "identity"})

    assert plan.decide(Occasion("token", "GetToken")) == ()


def test_attempts_are_counted_for_each_key(tmp_path: Path) -> None:
    plan = loaded(tmp_path, {"attempts": [2]})

    found = happened(plan, put("a"), put("b"), put("a"), put("a"), put("b"))

    assert found == [False, False, True, False, True]


def test_times_bounds_the_faults_of_all_keys(tmp_path: Path) -> None:
    plan = loaded(tmp_path, {"times": 2})

    assert happened(plan, put("a"), put("b"), put("c"), put("a")) == [True, True, False, False]


def test_counts_outlive_the_process_and_are_shared_between_processes(tmp_path: Path) -> None:
    first = loaded(tmp_path, {"attempts": [1, 3]})
    assert happened(first, put("a")) == [True]

    second = FaultPlan(tmp_path, "arm")

    assert happened(second, put("a")) == [False]
    assert happened(first, put("a"), put("a")) == [True, False]


def test_counts_begin_again_when_rules_are_loaded_but_not_when_one_is_added(tmp_path: Path) -> None:
    plan = loaded(tmp_path, {"times": 1})
    assert happened(plan, put("a")) == [True]

    FaultFolder(tmp_path).add(read_rule({"id": "x", "service": "arm", "fault": "throttled", "match": {"name": "b"}}))
    assert [happened(plan, put("a")), happened(plan, put("b"))] == [[False], [True]]
    loaded(tmp_path, {"times": 1})

    assert happened(plan, put("a")) == [True]


def test_a_change_is_seen_at_the_next_occasion(tmp_path: Path) -> None:
    folder, plan = FaultFolder(tmp_path), FaultPlan(tmp_path, "arm")
    assert happened(plan, put("a")) == [False]

    loaded(tmp_path, {})
    assert happened(plan, put("a")) == [True]
    folder.clear()

    assert happened(plan, put("a")) == [False]
    assert folder.read() == FaultFile()
    assert len(folder.happened()) == 1


def test_a_rule_is_taken_out_by_its_id(tmp_path: Path) -> None:
    plan = loaded(tmp_path, {"match": {"name": "a"}}, {"match": {"name": "b"}})

    assert FaultFolder(tmp_path).remove("r0")

    assert happened(plan, put("a"), put("b")) == [False, True]
    assert not FaultFolder(tmp_path).remove("r0")


def test_an_id_that_is_there_can_not_be_added(tmp_path: Path) -> None:
    loaded(tmp_path, {})

    with pytest.raises(FaultFileError, match="'r0' is the id of a rule that is there"):
        FaultFolder(tmp_path).add(read_rule({"id": "r0", "service": "arm", "fault": "slow"}))


def test_nonsense_in_the_file_changes_nothing_and_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plan = loaded(tmp_path, {})
    plan.decide(put("a"))

    (tmp_path / RULES).write_text('{"rules": [{"id": "x"}]}')

    assert happened(plan, put("a")) == [True]
    assert "rules[0].service" in caplog.text


def test_what_happened_is_written_down(tmp_path: Path) -> None:
    plan = loaded(tmp_path, {"attempts": [2]})

    happened(plan, put("a", resourceGroup="rg"), put("a", resourceGroup="rg"))

    (entry,) = FaultFolder(tmp_path).happened()
    assert entry["occasion"] == {"operation": "PutDeployment", "name": "a", "resourceGroup": "rg"}
    assert [entry[name] for name in ("service", "rule", "fault", "key", "attempt")] == [
        "arm",
        "r0",
        "slow",
        "put a",
        2,
    ]
    assert entry["time"].startswith("20")


def test_several_rules_can_happen_at_one_occasion_in_the_order_of_the_file(tmp_path: Path) -> None:
    plan = loaded(tmp_path, {}, {"fault": "throttled"}, {"fault": "answerLost"})

    assert [fault.name for fault in plan.decide(put("a"))] == ["slow", "throttled", "answerLost"]


def test_what_storage_appends_meanwhile_does_no_harm(tmp_path: Path) -> None:
    entry = Entry("run", "arm", "r", "slow", "k", 1, True, {})
    journal = Journal(tmp_path)
    journal.begin("run")

    with journal.settle():
        with (tmp_path / JOURNAL).open("a") as other:
            other.write(replace(entry, service="storage", rule="s").dumps() + "\n")
        journal.write(entry)
    with journal.settle():
        journal.write(replace(entry, attempt=2))

    assert (journal.attempts("r", "k"), journal.times("r")) == (2, 2)
    assert [one["rule"] for one in FaultFolder(tmp_path).happened()] == ["s", "r", "r"]


def decisions(folder: Path, seed: int, keys: list[str]) -> dict[tuple[str, int], bool]:
    """What is decided for these keys, one after the other, by key and attempt."""
    folder.mkdir()
    plan = loaded(folder, {"probability": 0.4}, seed=seed)
    found: dict[tuple[str, int], bool] = {}
    for key in keys:
        attempt = sum(other == key for other, _ in found) + 1
        found[key, attempt] = bool(plan.decide(put(key)))
    return found


def test_the_same_seed_gives_the_same_faults_in_any_order(tmp_path: Path) -> None:
    keys = [f"k{number}" for number in range(40)] * 3

    first = decisions(tmp_path / "first", 5, keys)
    again = decisions(tmp_path / "again", 5, keys)
    reordered = decisions(tmp_path / "reordered", 5, sorted(keys, reverse=True))
    other = decisions(tmp_path / "other", 6, keys)

    assert first == again == reordered
    assert other != first
    assert 30 <= sum(first.values()) <= 66  # 48 expected of 120


def test_threads_get_the_same_faults_too(tmp_path: Path) -> None:
    keys = [f"k{number}" for number in range(60)]
    plan = loaded(tmp_path, {"probability": 0.5}, seed=9)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda key: bool(plan.decide(put(key))), keys))

    assert found == [roll(9, "r0", f"put {key}", 1) < 0.5 for key in keys]


@given(st.integers(0, 2**31), st.text(max_size=20), st.text(max_size=40), st.integers(1, 1000))
def test_a_roll_is_below_one_and_always_the_same(seed: int, rule: str, key: str, attempt: int) -> None:
    assert 0 <= roll(seed, rule, key, attempt) < 1
    assert roll(seed, rule, key, attempt) == roll(seed, rule, key, attempt)


def test_the_file_is_written_as_a_whole(tmp_path: Path) -> None:
    loaded(tmp_path, {})

    assert json.loads((tmp_path / RULES).read_text())["rules"][0]["id"] == "r0"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".faults-")] == []

"""`python -m emulator faults`, as somebody types it."""

import json
from functools import partial
from pathlib import Path

import jsonschema
import pytest

from emulator.faults.catalogue import FAULTS
from emulator.faults.folder import FaultFolder
from emulator.faults.plan import FaultPlan, Occasion
from tests.emulator.commands.running import Run


@pytest.fixture
def run(run: Run, tmp_path: Path) -> Run:
    """Runs `faults` with arguments, in a state folder of the test's own."""
    return partial(run, "faults", "--state", str(tmp_path))


def test_a_rule_is_added_listed_and_removed(run: Run) -> None:
    code, name, _ = run(
        *("add", "arm", "throttled", "--match", "operation=PutDeployment", "--match", "name=web-*,api"),
        *("--attempts", "1,2", "--probability", "0.5", "--times", "3", "--set", "retryAfterSeconds=4"),
    )
    second = run("add", "arm", "throttled", "--attempts", "2-")[1]
    listed = json.loads(run("list")[1])
    removed = run("remove", "throttled-1")

    assert (code, name.strip(), second.strip(), removed[0]) == (0, "throttled-1", "throttled-2", 0)
    first = listed["rules"][0]
    assert first["match"] == {"operation": "PutDeployment", "name": ["web-*", "api"]}
    assert (first["attempts"], first["probability"], first["times"]) == ([1, 2], 0.5, 3)
    assert first["parameters"] == {"retryAfterSeconds": 4}
    assert [rule["id"] for rule in json.loads(run("list")[1])["rules"]] == ["throttled-2"]
    assert run("remove", "throttled-1")[0] == 1


def test_a_mistake_is_told_and_nothing_is_added(run: Run) -> None:
    code, _, wrong = run("add", "arm", "slow", "--match", "container=x")

    assert code == 1
    assert "match.container: Occasions of arm have no 'container'." in wrong
    assert json.loads(run("list")[1])["rules"] == []


def test_a_fault_of_another_service_is_told_with_those_there_are(run: Run) -> None:
    code, _, told = run("add", "identity", "stuck")

    assert code == 1
    assert "identity has no fault 'stuck': it has down, slow" in told


def test_a_file_is_loaded_and_cleared(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"seed": 5, "rules": [kind.example_rule() for kind in FAULTS.values()]}))

    assert run("load", str(file))[0] == 0
    assert len(json.loads(run("list")[1])["rules"]) == len(FAULTS)
    assert run("clear")[0] == 0
    assert json.loads(run("list")[1]) == {"seed": 1, "rules": []}


@pytest.mark.parametrize(
    ("content", "told"), [("{", "It is not JSON"), ('{"rules": 1}', "rules: "), (None, "No such file")]
)
def test_a_wrong_file_is_told(run: Run, tmp_path: Path, content: str | None, told: str) -> None:
    file = tmp_path / "mine.json"
    if content is not None:
        file.write_text(content)

    code, _, wrong = run("load", str(file))

    assert code == 1
    assert told in wrong


def test_what_happened_is_printed(run: Run, tmp_path: Path) -> None:
    run("add", "identity", "slow", "--id", "s")
    FaultPlan(tmp_path, "identity").decide(Occasion("GetToken x", "GetToken", {"name": "x"}))

    (line,) = run("happened")[1].splitlines()

    assert json.loads(line)["rule"] == "s"
    assert FaultFolder(tmp_path).happened() == [json.loads(line)]


def test_the_schema_and_the_table_tell_every_fault(run: Run) -> None:
    schema, table = json.loads(run("schema")[1]), run("table")[1]

    jsonschema.Draft202012Validator.check_schema(schema)
    assert all(f"| {kind.service} | `{kind.name}` |" in table for kind in FAULTS.values())

"""What a file of faults may say, and how a wrong one is refused."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.faults.catalogue import FAULTS
from emulator.faults.catalogue.kind import FaultKind
from emulator.faults.model import FaultFile, FaultFileError, glob, read_faults
from emulator.faults.schema import fault_file_schema


def rule(**changes: Any) -> dict[str, Any]:
    return {"id": "r", "service": "arm", "fault": "throttled", **changes}


def problems(*rules: dict[str, Any], **rest: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(FaultFileError) as refused:
        read_faults({"rules": list(rules), **rest})
    return [(problem.where, problem.what, problem.next_step) for problem in refused.value.problems]


@pytest.mark.parametrize("kind", FAULTS.values(), ids=lambda kind: f"{kind.service}-{kind.name}")
def test_the_example_of_each_fault_is_a_rule_that_the_schema_takes_too(kind: FaultKind) -> None:
    document = {"seed": 7, "rules": [kind.example_rule()]}

    file = read_faults(document)

    assert file.rules[0].kind is kind
    jsonschema.validate(document, fault_file_schema())


def test_a_written_file_names_operations_and_parameters_and_reads_as_the_same_rules() -> None:
    file = read_faults({"seed": 7, "rules": [rule(match={"name": "a*"})]})

    document = file.document()

    assert document["rules"][0]["parameters"] == {"retryAfterSeconds": 1}
    assert "PutDeployment" in document["rules"][0]["match"]["operation"]
    assert read_faults(document).document() == document
    jsonschema.validate(document, fault_file_schema())


def test_an_empty_file_has_no_rules() -> None:
    assert read_faults({}) == FaultFile(seed=1, rules=())


@pytest.mark.parametrize(
    ("changes", "where", "what", "step"),
    [
        ({"fault": "throtled"}, "rules[0].fault", "arm has no fault 'throtled'", "Did you mean 'throttled'?"),
        ({"service": "amr"}, "rules[0].service", "Input should be 'arm', 'storage'", "faults schema"),
        ({"match": {"container": "x"}}, "rules[0].match.container", "arm have no 'container'", "Rules of arm match on"),
        ({"match": {"nome": "x"}}, "rules[0].match.nome", "Extra inputs", "correct its name"),
        ({"match": {"operation": "PutDeploymnt"}}, "rules[0].match.operation", "There is no operation", "happens at"),
        ({"match": {"operation": "CreateResource"}}, "rules[0].match.operation", "does not happen at", "happens at"),
        ({"parameters": {"seconds": 1}}, "rules[0].parameters.seconds", "Extra inputs", "takes code, message, retry"),
        ({"parameters": {"retryAfterSeconds": -1}}, "rules[0].parameters.retryAfterSeconds", "greater than", "takes"),
        ({"attempts": "3-1"}, "rules[0].attempts", "ends before it begins", "first-last"),
        ({"attempts": []}, "rules[0].attempts", "empty", "Leave it out"),
        ({"attempts": [0]}, "rules[0].attempts[0]", "greater than or equal to 1", "schema"),
        ({"probability": 0}, "rules[0].probability", "greater than 0", "schema"),
        ({"times": 0}, "rules[0].times", "greater than or equal to 1", "schema"),
        ({"id": "no spaces"}, "rules[0].id", "match pattern", "schema"),
        ({"when": "now"}, "rules[0].when", "Extra inputs", "Take it out"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_do(
    changes: dict[str, Any], where: str, what: str, step: str
) -> None:
    found = problems(rule(**changes))

    assert any(place == where and what in text and step in next_step for place, text, next_step in found), found


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    found = problems(rule(fault="nothing"), rule(parameters={"a": 1, "b": 2}), sed=1)

    assert [place for place, _, _ in found] == [
        "rules[0].fault",
        "rules[1].parameters.a",
        "rules[1].parameters.b",
        "sed",
    ]


def test_two_rules_of_one_id_are_refused() -> None:
    assert problems(rule(), rule())[0][0] == "rules[1].id"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"fault": "nothing"}, True),
        ({"parameters": {"delaySeconds": 1}}, True),
        ({"match": {"container": "x"}}, True),
        ({"parameters": {"retryAfterSeconds": 3}}, False),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(change: dict[str, Any], wrong: bool) -> None:
    validator = jsonschema.Draft202012Validator(fault_file_schema())

    assert validator.is_valid({"rules": [rule(**change)]}) is not wrong


@pytest.mark.parametrize(
    ("attempts", "included"),
    [(None, [1, 2, 3, 4]), ([2, 4], [2, 4]), ("2-3", [2, 3]), ("3-", [3, 4])],
)
def test_attempts_are_a_list_a_range_or_all(attempts: Any, included: list[int]) -> None:
    one = read_faults({"rules": [rule(attempts=attempts)]}).rules[0]

    assert [number for number in range(1, 5) if one.includes(number)] == included


@given(st.text(max_size=20))
def test_a_pattern_without_wildcards_matches_itself_only(text: str) -> None:
    literal = text.replace("*", "").replace("?", "")

    assert glob(literal).fullmatch(literal)
    assert not glob(literal).fullmatch(literal + "x")
    assert glob("*").fullmatch(text)

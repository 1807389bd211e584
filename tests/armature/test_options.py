import ast
import re
from pathlib import Path
from typing import Any

import pydantic
import pytest
from typer.testing import CliRunner

from armature.cli.commands import app
from armature.options import Options
from armature.options_page import options_page
from armature.request import DeploymentRequest
from armature.shape import words_of
from tests.builders import SUBSCRIPTION

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `([\w.]+)` \| (?:`(--[\w-]+)`)? ?\| .* \| \[(\w+)\]\(\.\./([\w/.]+)\) \|$", re.MULTILINE)


def faults(options: dict[str, Any]) -> list[str]:
    request = {"bundle": {"id": "bundle-1"}, "target": {"subscription": SUBSCRIPTION}, "options": options}
    try:
        DeploymentRequest.model_validate(request)
    except pydantic.ValidationError as error:
        return [f"/{'/'.join(map(str, fault['loc']))} {words_of(fault)}" for fault in error.errors()]
    return []


def tags(count: int) -> dict[str, str]:
    return {f"tag-{number}": "x" for number in range(count)}


LIMITS: list[tuple[str, list[Any], list[tuple[Any, str]]]] = [
    (
        "mode",
        ["Incremental", "Complete", "Validate", "WhatIf"],
        [(each, "must be 'Incremental', 'Complete', 'Validate' or 'WhatIf'") for each in ("complete", "", None, 1)],
    ),
    ("dryRun", [True, False], [("maybe", "must be true or false"), (None, "must be true or false")]),
    ("force", [True, False], [("maybe", "must be true or false"), (2, "must be true or false")]),
    ("parallel", [True, False], [("maybe", "must be true or false"), ([], "must be true or false")]),
    ("rollbackOnFailure", [True, False], [("maybe", "must be true or false")]),
    ("cancelOnFailure", [True, False], [("maybe", "must be true or false")]),
    (
        "maxConcurrency",
        [1, 50],
        [(0, "must be at least 1"), (51, "must be at most 50"), (1.5, "must be a whole number"), ("x", "must be")],
    ),
    ("scheduling", ["graph", "tier"], [("Tier", "must be 'graph' or 'tier'"), ("", "must be 'graph' or 'tier'")]),
    ("assemblyOrder", ["inferred", "listed"], [("any", "must be 'inferred' or 'listed'")]),
    ("strategy", ["graph", "root"], [("tree", "must be 'graph' or 'root'"), (None, "must be 'graph' or 'root'")]),
    ("delivery", ["automatic", "sas", "inline"], [("link", "must be 'automatic', 'sas' or 'inline'")]),
    (
        "pollIntervalSeconds",
        [0.1, 300],
        [(0.09, "must be at least 0.1"), (300.1, "must be at most 300"), ("x", "must be a number")],
    ),
    ("timeout", [0.001, 10080], [(0, "must be greater than 0"), (10080.1, "must be at most 10080")]),
    ("retryPolicy", [{}, {"maxAttempts": 1}], [(3, "must be an object"), ([], "must be an object")]),
    (
        "retryPolicy/maxAttempts",
        [1, 10],
        [(0, "must be at least 1"), (11, "must be at most 10"), (2.5, "must be a whole number")],
    ),
    ("retryPolicy/backoffMultiplier", [1, 10], [(0.99, "must be at least 1"), (10.1, "must be at most 10")]),
    ("retryPolicy/firstIntervalSeconds", [0.01, 300], [(0, "must be greater than 0"), (301, "must be at most 300")]),
    (
        "tags",
        [
            {},
            tags(45),
            {"n" * 128: "v" * 256},
            {"empty": ""},
            {"Größe (m²)": "a<b>&c"},
        ],
        [
            (tags(46), "must have at most 45 entries"),
            ({"n" * 129: "v"}, "the tag name 'nnn"),
            ({"n": "v" * 257}, "the value of the tag 'n' must have at most 256 printable characters"),
            ({"n": "a\nb"}, "the value of the tag 'n' must have at most 256 printable characters"),
            ({"": "v"}, "the tag name '' must have 1 to 128 characters and none of"),
            ({" ": "v"}, "the tag name ' ' must have 1 to 128 characters and none of"),
            *(({f"a{sign}b": "v"}, f"the tag name 'a{sign}b' must have") for sign in "<>%&?/"),
            ({"Microsoft-x": "v"}, "the tag name 'Microsoft-x' begins with a word that is reserved"),
            ({"azure": "v"}, "the tag name 'azure' begins with a word that is reserved"),
            ({"windowsy": "v"}, "the tag name 'windowsy' begins with a word that is reserved"),
            ({"armature-attempt": "9"}, "the tag name 'armature-attempt' begins with a word that is reserved"),
            ({"hidden-link:x": "v"}, "the tag name 'hidden-link:x' begins with a word that is reserved"),
            ({"Cost": "1", "cost": "2"}, "letter case does not tell two tags apart"),
            ([], "must be an object"),
        ],
    ),
    (
        "deploymentNamePrefix",
        ["a", "Release_1-", "x" * 16, None],
        [
            *((each, "must be 1 to 16 letters, digits, - and _") for each in ("", "-a", "a b", "a.b", "é", "a\n")),
            ("x" * 17, "must be 1 to 16 letters, digits, - and _, a letter or digit first"),
            (7, "must be a string"),
        ],
    ),
]
"""By option: what is just allowed, and what is just not, with the words that say so."""


def asked(option: str, value: Any) -> dict[str, Any]:
    outer, _, inner = option.partition("/")
    return {outer: {inner: value} if inner else value}


@pytest.mark.parametrize(("option", "allowed", "refused"), LIMITS, ids=[option for option, *_ in LIMITS])
def test_every_limit_holds_on_both_sides(option: str, allowed: list[Any], refused: list[tuple[Any, str]]) -> None:
    for value in allowed:
        assert faults(asked(option, value)) == [], value

    for value, words in refused:
        [fault] = faults(asked(option, value))
        assert fault.startswith(f"/options/{option} {words}"), value


def test_every_option_has_its_limits_told_above() -> None:
    assert {option.partition("/")[0] for option, *_ in LIMITS} == {f.alias for f in Options.model_fields.values()}


@pytest.mark.parametrize(
    ("options", "is_preview"),
    [
        ({}, False),
        ({"mode": "Complete"}, False),
        ({"mode": "WhatIf"}, True),
        ({"mode": "Validate"}, True),
        ({"dryRun": True}, True),
        ({"mode": "Complete", "dryRun": True}, True),
    ],
)
def test_what_changes_nothing_is_a_preview(options: dict[str, Any], is_preview: bool) -> None:
    assert Options.load(options).is_preview is is_preview


def test_the_page_of_options_is_what_the_code_says() -> None:
    page = (ROOT / "docs/options.md").read_text(encoding="utf-8")

    assert page == options_page(), "run: python -m armature.options_page > docs/options.md"


def test_every_option_is_on_the_page_with_a_flag_that_exists_and_a_test_that_shows_it() -> None:
    rows = ROW.findall(options_page())

    assert {name for name, *_ in rows if "." not in name} == {f.alias for f in Options.model_fields.values()}
    told = CliRunner().invoke(app, ["deploy", "--help"], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"}).output
    assert [flag for _, flag, _, _ in rows if flag and flag not in told] == []
    for _, _, test, file in rows:
        functions = [each for each in ast.parse((ROOT / file).read_text()).body if isinstance(each, ast.FunctionDef)]
        assert test in {each.name for each in functions}

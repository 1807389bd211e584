"""Our evaluation of expressions against Microsoft's own engine: values and refusals.

`tools/arm-oracle` answers the expressions that have a value, many in one call. It needs about 2 s for each one that is
refused, so refusals are asked of the same engine, in the compiler beside it, over JSON-RPC in one process; values are
asked of both, and must be the same.
"""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from armature.templates.errors import TemplateError
from armature.templates.evaluation import StaticScope, evaluate, evaluate_value
from armature.templates.expressions import FunctionCall, is_expression, parse_expression, walk
from armature.templates.functions import FUNCTIONS
from armature.templates.values import are_equal
from tests.conformance.expression_engine import GROUP, SCHEMA, Answer, ExpressionEngine, ours
from tests.conformance.generated_expressions import generated_expressions
from tests.figures import Figures

TABLE = Path(__file__).with_name("expressions.txt")
EXPRESSIONS_A_CALL = 250

NO_JSON = "a date of JavaScript's is no JSON; the engine's reader makes a text of it"
SHORT_SCHEME = "the engine takes schemes of one letter for drives, and knows that mailto has no authority"
NO_PLACES = "exponents in a pattern without places for digits, or with a per cent sign"
COMPUTED = "a whole number that is computed passes for a subscription; a literal does not"
EXPLAINED = {
    "[json('new Date(1)')]": NO_JSON,
    "[json('[new Date(1)]')]": NO_JSON,
    "[buildUri(createObject('scheme','mailto','host','a.com','path','x'))]": SHORT_SCHEME,
    "[buildUri(createObject('scheme','x','host','a.com','path','x'))]": SHORT_SCHEME,
    "[buildUri(createObject('scheme','x:','host','a.com'))]": SHORT_SCHEME,
    "[parseUri('\\\\\\\\host\\x')]": "a Windows share after four backslashes",
    "[parseCidr('10.0.0.0/::')]": "an IPv6 mask for an IPv4 range",
    "[format('{0:E+0}',12345)]": NO_PLACES,
    "[format('{0:0.0%E+0}',12)]": NO_PLACES,
    "[subscription(add(0,1))]": COMPUTED,
    "[subscription(int('1'))]": COMPUTED,
    "[float(9223372036854775807)]": "the engine writes this float with one digit less",
    "[toLogicalZones()]": "the engine leaves calls of zone functions to ARM, however many arguments they have",
    "[resourceGroup().foo]": "of an object known in part, what is unknown can't be told from what is not there",
}

NEEDS_A_TEMPLATE = {"parameters", "variables", "copyIndex", "references", "resourceInfo"}
LEFT_ALONE_BY_THE_ENGINE = {
    "utcNow",
    "newGuid",
}  # allowed in default values only, where the engine leaves them as calls


def expressions() -> list[str]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


GENERATED = {1: 700, 12: 700}
"""How many expressions are made of which seed; any other can be tried by adding it here."""


def explanation(expression: str, engine: Answer, own: Answer) -> str | None:
    """Why an expression that was made up differs, if that is known: by the form of both answers, not its text alone."""
    if engine.kind == "refusal" and own.kind == "unresolved":
        return "what has to wait for a resource hides what would be refused in a later argument"
    if own.kind == "refusal" and "'subscription' expects its parameter to be of type 'String'" in own.content:
        return COMPUTED
    if engine.kind == own.kind == "value" and "9223372036854775807" in expression and "float(" in expression.lower():
        return "the engine writes the float of this number with one digit less"
    if engine.kind == own.kind == "value" and re.search(r"\{0:E[+-]?0+\}", expression):
        return NO_PLACES
    return None


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("seed", "count"), GENERATED.items())
def test_generated_expressions_come_to_what_they_come_to_in_the_engine(
    shared: Path, tmp_path: Path, figures: Figures, seed: int, count: int
) -> None:
    engine = ExpressionEngine(shared / "tools" / "bicep", tmp_path)
    made = generated_expressions(seed, count)

    found = {expression: ours(expression) for expression in made}
    answers = engine.answers(made, expected=found)
    engine.close()

    differing = [one for one in made if not answers[one].agrees_with(found[one])]
    refused = [one for one in made if answers[one].kind == "refusal" and found[one].kind == "refusal"]
    other_words = [one for one in refused if answers[one].content != found[one].content]
    figures(
        f"generated expressions, seed {seed}: {count - len(differing)} of {count} agree with the engine "
        f"({len(refused)} refusals, {len(refused) - len(other_words)} of them in its words)"
    )
    reasons = {one: explanation(one, answers[one], found[one]) for one in differing}
    for one, reason in reasons.items():
        figures(f"  differs: {one[:160]}: {reason or 'unexplained'}")
    for one in other_words:
        figures(f"  refused in other words: {one[:160]}: {answers[one].content[:80]} / {found[one].content[:80]}")
    assert [one for one, reason in reasons.items() if reason is None] == []
    assert len(differing) <= count * 0.005
    assert len(other_words) <= len(refused) * 0.01


@pytest.fixture(scope="module")
def engine_answers(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Answer]]:
    engine = ExpressionEngine(shared / "tools" / "bicep", tmp_path_factory.mktemp("engine"))
    asked = expressions()
    yield engine.answers(asked, expected={expression: ours(expression) for expression in asked})
    engine.close()


@pytest.mark.timeout(600)
def test_every_expression_has_the_engines_value_or_is_refused_as_the_engine_refuses_it(
    engine_answers: dict[str, Answer], figures: Figures
) -> None:
    ours_by_expression = {expression: ours(expression) for expression in engine_answers}

    differing = {
        expression: (answer, ours_by_expression[expression])
        for expression, answer in engine_answers.items()
        if not answer.agrees_with(ours_by_expression[expression])
    }

    kinds = Counter(answer.kind for answer in engine_answers.values())
    refused = [expression for expression, answer in engine_answers.items() if answer.kind == "refusal"]
    in_the_same_words = sum(ours_by_expression[each].content == engine_answers[each].content for each in refused)
    agreeing = len(engine_answers) - len(differing)
    figures(
        f"expressions: {agreeing} of {len(engine_answers)} agree with the engine ({kinds['value']} have values, "
        f"{kinds['refusal']} are refused, {kinds['unresolved']} need a running resource); {len(differing)} differ, "
        f"{len(EXPLAINED)} are explained; {in_the_same_words} of {len(refused)} refusals have the engine's words",
    )
    assert {each: pair for each, pair in differing.items() if each not in EXPLAINED} == {}
    assert set(EXPLAINED) <= set(differing), "a difference that is explained is none any more"
    assert len(engine_answers) >= 300


@pytest.mark.timeout(600)
def test_the_oracle_says_the_same_as_the_engine_asked_directly(
    shared: Path, engine_answers: dict[str, Answer], figures: Figures
) -> None:
    valued = [expression for expression, answer in engine_answers.items() if answer.kind != "refusal"][::3]
    refused = [expression for expression, answer in engine_answers.items() if answer.kind == "refusal"][::160]
    calls = [valued[at : at + EXPRESSIONS_A_CALL] for at in range(0, len(valued), EXPRESSIONS_A_CALL)]
    calls += [[expression] for expression in refused]

    answers = [answer for call in calls for answer in ask_oracle(shared, call)]

    figures(f"expressions: {len(answers)} asked of arm-oracle in {len(calls)} calls, the rest of its engine only")
    assert [answer["expression"] for answer in answers] == [*valued, *refused]
    for answer in answers:
        expected = engine_answers[answer["expression"]]
        if expected.kind == "value":
            assert are_equal(answer["value"], expected.content), answer
        elif expected.kind == "refusal":
            assert answer["error"].startswith(expected.content)  # the tool may add what caused it
        else:
            assert "unresolved" in answer


def ask_oracle(shared: Path, asked: list[str]) -> list[dict[str, Any]]:
    command = [str(shared / "tools" / "arm-oracle"), "eval", *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_function_that_is_evaluated_is_compared_several_times() -> None:
    calls: Counter[str] = Counter()

    for expression in expressions():
        if is_expression(expression):
            try:
                tree = parse_expression(expression)
            except TemplateError:
                continue
            calls.update({node.name.lower() for node in walk(tree) if isinstance(node, FunctionCall)})

    evaluated = {function.name for function in FUNCTIONS.values()}
    compared_here = evaluated - NEEDS_A_TEMPLATE - LEFT_ALONE_BY_THE_ENGINE
    assert {name: calls[name.lower()] for name in compared_here if calls[name.lower()] < 3} == {}


def test_parameters_variables_and_loops_have_the_engines_values(shared: Path, tmp_path: Path) -> None:
    variables = {
        "plain": "x",
        "UPPER": "[toUpper(variables('plain'))]",
        "object": {"list": [1, "[parameters('count')]"], "[concat('made', 'Name')]": "[[literal]"},
    }
    outputs = {
        "default": "[parameters('withDefault')]",
        "otherCase": "[PARAMETERS('WITHDEFAULT')]",
        "given": "[add(parameters('count'), 1)]",
        "nested": "[parameters('object').a[1].b]",
        "variable": "[variables('upper')]",
        "object": "[variables('object')]",
        "element": "[variables('OBJECT').LIST[1]]",
        "madeName": "[variables('object').madename]",
        "id": "[resourceId('Microsoft.Web/sites', variables('plain'))]",
    }
    given = {"count": 3, "object": {"a": [0, {"B": "deep"}]}}
    loop = "[format('{0}-{1}-{2}', copyIndex(), copyIndex(10), copyIndex('sites', 5))]"
    resource = {"type": "Microsoft.Web/sites", "apiVersion": "2023-01-01", "copy": {"name": "sites", "count": 2}}
    template = {
        "$schema": SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {
            "withDefault": {"type": "string", "defaultValue": "[concat('a', parameters('count'))]"},
            "count": {"type": "int"},
            "object": {"type": "object"},
        },
        "variables": variables,
        "resources": [{**resource, "name": "[concat('site', copyIndex())]", "properties": {"it": loop}}],
        "outputs": {name: {"type": "object", "value": {"it": value}} for name, value in outputs.items()},
    }
    (tmp_path / "main.json").write_text(json.dumps(template))
    (tmp_path / "values.json").write_text(json.dumps({name: {"value": value} for name, value in given.items()}))
    scope = StaticScope({**given, "withDefault": "a3"}, variables, prefix=GROUP)

    command = [str(shared / "tools" / "arm-oracle"), "template", str(tmp_path / "main.json")]
    done = subprocess.run(
        [*command, "--parameters", str(tmp_path / "values.json")], capture_output=True, text=True, check=True
    )
    snapshot = json.loads(done.stdout)

    assert {name: value["it"] for name, value in snapshot["outputs"].items()} == {
        name: evaluate_value(value, scope) for name, value in outputs.items()
    }
    assert [found["properties"]["it"] for found in snapshot["predictedResources"]] == [
        evaluate(loop, scope.at("sites", index)) for index in range(2)
    ]

"""Our evaluation of expressions against Microsoft's own engine: values and refusals.

`tools/arm-oracle` answers the expressions that have a value, many in one call. It needs about 2 s for each one that is
refused, so refusals are asked of the same engine, in the compiler beside it, over JSON-RPC in one process; values are
asked of both, and must be the same.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from armature.templates.errors import ExpressionError, TemplateError, UnresolvedError
from armature.templates.evaluation import StaticScope, evaluate, evaluate_value
from armature.templates.expressions import FunctionCall, is_expression, parse_expression, walk
from armature.templates.functions import FUNCTIONS
from armature.templates.scope import PartialObject
from armature.templates.values import are_equal
from tests.figures import Figures

TABLE = Path(__file__).with_name("expressions.txt")
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-000000000002"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-oracle"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
EXPRESSIONS_A_CALL = 250

NOT_JSON = "we refuse what is no JSON and no JSON with comments or trailing commas; the engine's reader takes much more"
NOT_FINITE = "JSON has no infinity and no NaN; the engine writes a string instead"
NOT_ISO = "we take ISO 8601 only, as the documentation has it; .NET guesses at other forms"
EXPLAINED = {
    "[json('[1,2')]": NOT_JSON,
    "[json('{\"a\":1')]": NOT_JSON,
    "[json('[1,,2]')]": NOT_JSON,
    "[json('undefined')]": NOT_JSON,
    "[json('new Date(1)')]": NOT_JSON,
    "[json('0x10')]": NOT_JSON,
    "[json('010')]": NOT_JSON,
    "[json('.5')]": NOT_JSON,
    "[json('1.')]": NOT_JSON,
    "[json('NaN')]": NOT_FINITE,
    "[json('Infinity')]": NOT_FINITE,
    "[json('[1e400]')]": NOT_FINITE,
    "[float('NaN')]": NOT_FINITE,
    "[float('1e400')]": NOT_FINITE,
    "[dateTimeAdd('04/07/2020','P1D')]": NOT_ISO,
    "[dateTimeAdd('7 April 2020','P1D')]": NOT_ISO,
    "[dateTimeAdd('2020-04-07T14:53:14.1234567Z','PT0S','o')]": "Python's times end at the microsecond",
    "[uri('mailto:x@a.com', 'c')]": "URIs without a hierarchy are joined by RFC 3986, not by .NET's special rule",
    "[createArray(take('😀',1))]": "half of a character is refused in a string, not deep inside arrays and objects",
    "[resourceId('Microsoft.Web/sites','')]": "before an empty name the engine drops the type; neither is an id",
    "[resourceGroup().foo]": "of an object known in part, what is unknown can't be told from what is not there",
}

NEEDS_A_TEMPLATE = {"parameters", "variables", "copyIndex"}
LEFT_ALONE_BY_THE_ENGINE = {
    "utcNow",
    "newGuid",
}  # allowed in default values only, where the engine leaves them as calls


@dataclass(frozen=True)
class Answer:
    """What came of an expression: a value, a refusal in words, or neither because it needs a running resource."""

    kind: str
    content: Any = None

    def agrees_with(self, other: "Answer") -> bool:
        return self.kind == other.kind and (self.kind != "value" or are_equal(self.content, other.content))


class Engine:
    """Microsoft's engine, asked over JSON-RPC."""

    def __init__(self, bicep: Path, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._process = subprocess.Popen(
            [bicep, "jsonrpc", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        )

    def answer(self, expression: str) -> Answer:
        output = {"value": {"type": "object", "value": {"it": expression}}}
        template = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [], "outputs": output}
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        (folder / "main.json").write_text(json.dumps(template))
        (folder / "main.bicepparam").write_text("using './main.json'\n")
        metadata = {"tenantId": TENANT, "subscriptionId": SUBSCRIPTION, "resourceGroup": "rg-oracle"}
        metadata |= {"location": "eastus2", "deploymentName": "main"}
        reply = self._call("bicep/getSnapshot", {"path": str(folder / "main.bicepparam"), "metadata": metadata})
        if "error" in reply:
            return Answer("refusal", reply["error"]["message"])
        found = json.loads(reply["result"]["snapshot"])["outputs"]["value"]
        return Answer("unresolved") if isinstance(found, str) else Answer("value", found["it"])

    def _call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        request = {"jsonrpc": "2.0", "id": self._count, "method": method, "params": [parameters]}
        body = json.dumps(request).encode()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        reply: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return reply

    def close(self) -> None:
        self._process.communicate(timeout=30)


class OracleScope(StaticScope):
    """The surroundings that the oracle has by default, as far as it tells them."""

    def resource_group(self) -> dict[str, Any]:
        known = {"id": GROUP, "name": "rg-oracle", "type": "Microsoft.Resources/resourceGroups", "location": "eastus2"}
        return PartialObject("resourceGroup()", known)

    def subscription(self) -> dict[str, Any]:
        known = {"id": f"/subscriptions/{SUBSCRIPTION}", "subscriptionId": SUBSCRIPTION, "tenantId": TENANT}
        return PartialObject("subscription()", known)

    def tenant(self) -> dict[str, Any]:
        return PartialObject("tenant()", {"id": f"/tenants/{TENANT}", "tenantId": TENANT})

    def management_group(self) -> dict[str, Any]:
        raise ExpressionError("InvalidTemplate", "The deployment metadata 'managementGroup' is not valid.")

    def deployment(self) -> dict[str, Any]:
        return {"name": "main", "properties": {"template": {"contentVersion": "1.0.0.0"}}}

    def user_function(self, namespace: str, name: str, arguments: list[Any]) -> Any:
        see = "Please see https://aka.ms/arm-functions for usage details."
        raise ExpressionError("InvalidTemplate", f"The template function '{namespace}.{name}' is not valid. {see}")

    def parameter(self, name: str) -> Any:
        see = "Please see https://aka.ms/arm-syntax-parameters for usage details."
        raise ExpressionError("InvalidTemplate", f"The template parameter '{name}' is not found. {see}")


def ours(expression: str) -> Answer:
    try:
        return Answer("value", evaluate_value(expression, OracleScope(prefix=GROUP)))
    except UnresolvedError:
        return Answer("unresolved")
    except TemplateError as error:
        return Answer("refusal", str(error))


def expressions() -> list[str]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


@pytest.fixture(scope="module")
def engine_answers(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Answer]]:
    engine = Engine(shared / "tools" / "bicep", tmp_path_factory.mktemp("engine"))
    yield {expression: engine.answer(expression) for expression in expressions()}
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
    valued = [expression for expression, answer in engine_answers.items() if answer.kind != "refusal"]
    refused = [expression for expression, answer in engine_answers.items() if answer.kind == "refusal"][::80]
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

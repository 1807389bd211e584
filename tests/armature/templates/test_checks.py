"""Everything that is wrong with a template, at once and with its place."""

import json
from typing import Any

import pytest

from armature.problems import ProblemCode, Severity
from armature.templates import limits
from armature.templates.checks import check_template
from tests.armature.templates.building import (
    FILE,
    SCHEMAS,
    deployment,
    found,
    inline,
    problems_of,
    resource,
    template_value,
)


def test_a_sound_template_has_no_problems() -> None:
    problems = problems_of(
        parameters={"name": {"type": "string", "defaultValue": "[concat('a', uniqueString(resourceGroup().id))]"}},
        variables={
            "copy": [{"name": "many", "count": 2, "input": "[copyIndex('many')]"}],
            "x": "[variables('many')[0]]",
        },
        resources=[resource(name="[PARAMETERS('NAME')]", tags={"[variables('X')]": "[my.tag('a')]"})],
        functions=[
            {
                "namespace": "my",
                "members": {
                    "tag": {
                        "parameters": [{"name": "text", "type": "string"}],
                        "output": {"type": "string", "value": "[toLower(parameters('text'))]"},
                    }
                },
            }
        ],
        outputs={"id": {"type": "string", "value": "[reference(parameters('name')).id]"}},
    )

    assert problems == []


def test_every_problem_is_told_in_document_order() -> None:
    problems = problems_of(
        parameters={"a": {"type": "text"}, "b": {"type": "int", "defaultValue": "1"}},
        variables={"v": "[concat('x' 'y')]"},
        resources=[
            resource(name="[parameters('nope')]", properties={"p": "[nope()]", "q": "[variables('nope')]"}),
            resource(properties={"r": "[toLower('a', 'b')]"}),
        ],
        outputs={"o": {"type": "string"}},
    )

    assert found(problems) == [
        (ProblemCode.PARAMETER_UNDEFINED, "/resources/0/name"),
        (ProblemCode.FUNCTION_UNKNOWN, "/resources/0/properties/p"),
        (ProblemCode.VARIABLE_UNDEFINED, "/resources/0/properties/q"),
        (ProblemCode.FUNCTION_ARGUMENTS, "/resources/1/properties/r"),
        (ProblemCode.TEMPLATE_SHAPE, "/parameters/a/type"),
        (ProblemCode.PARAMETER_TYPE, "/parameters/b/defaultValue"),
        (ProblemCode.EXPRESSION_SYNTAX, "/variables/v"),
        (ProblemCode.TEMPLATE_SHAPE, "/outputs/o"),
    ]
    assert [(problem.line, problem.column) for problem in problems] == sorted(
        (problem.line or 0, problem.column or 0) for problem in problems
    )
    assert all(problem.is_error and problem.file == FILE and problem.next_step for problem in problems)


def test_an_invalid_expression_is_told_with_the_column_inside_the_file() -> None:
    text = f'''{{"$schema": "{SCHEMAS}/deploymentTemplate.json#", "resources": [],
 "variables": {{"a": "\\t", "b":
   "[concat(\\t[f()])]"}}}}'''

    _, problems = check_template(text.encode(), file=FILE)

    (problem,) = problems
    assert problem.code is ProblemCode.EXPRESSION_SYNTAX
    assert (problem.pointer, problem.line, problem.column) == ("/variables/b", 3, 15)
    assert "[concat(\t[f()])]" in problem.message
    assert "remove the brackets around the inner call" in problem.next_step


def test_an_invalid_property_name_is_told_where_the_name_stands() -> None:
    (problem,) = problems_of(resources=[resource(tags={"[nope()]": "x"})])

    assert problem.code is ProblemCode.FUNCTION_UNKNOWN
    assert problem.pointer == "/resources/0/tags/[nope()]"
    assert problem.column == 11


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("toLowr", "Did you mean `toLower`?"),
        ("uniqueStrings", "Did you mean `uniqueString`?"),
        ("qqqqqq", "See https://"),
    ],
)
def test_an_unknown_function_is_told_with_the_one_that_is_like_it(name: str, advice: str) -> None:
    (problem,) = problems_of(variables={"v": f"[{name}('a')]"})

    assert problem.code is ProblemCode.FUNCTION_UNKNOWN
    assert advice in problem.next_step


def test_an_undefined_parameter_is_told_with_the_one_that_is_like_it() -> None:
    (problem,) = problems_of(parameters={"location": {"type": "string"}}, variables={"v": "[parameters('locaton')]"})

    assert problem.code is ProblemCode.PARAMETER_UNDEFINED
    assert problem.next_step == "Did you mean `location`?"


def test_names_that_are_computed_are_not_looked_up() -> None:
    assert problems_of(variables={"v": "[parameters(concat('a', 'b'))]"}) == []


@pytest.mark.parametrize(
    ("sections", "is_allowed"),
    [
        ({"parameters": {"p": {"type": "string", "defaultValue": "[utcNow('u')]"}}}, True),
        ({"parameters": {"p": {"type": "string", "defaultValue": "[newGuid()]"}}}, True),
        ({"parameters": {"p": {"type": "string", "defaultValue": "[reference('x').y]"}}}, False),
        ({"variables": {"v": "[utcNow()]"}}, False),
        ({"variables": {"v": "[listKeys('x', '2020-01-01')]"}}, False),
        ({"variables": {"v": "[reference('x')]"}}, False),
        ({"resources": [resource(properties={"k": "[listKeys('x', '2020-01-01')]"})]}, True),
        ({"outputs": {"o": {"type": "string", "value": "[reference('x').y]"}}}, True),
        ({"outputs": {"o": {"type": "string", "value": "[newGuid()]"}}}, False),
    ],
)
def test_functions_are_allowed_where_arm_allows_them(sections: dict[str, Any], is_allowed: bool) -> None:
    problems = problems_of(**sections)

    assert [problem.code for problem in problems] == ([] if is_allowed else [ProblemCode.FUNCTION_UNKNOWN])


def test_a_function_of_the_template_is_checked_like_any_other() -> None:
    member = {
        "parameters": [{"name": "a", "type": "string"}],
        "output": {"type": "string", "value": "[parameters('b')]"},
    }
    problems = problems_of(
        functions=[{"namespace": "my", "members": {"f": member}}],
        variables={"known": "[MY.F('x')]", "arguments": "[my.f()]", "unknown": "[my.g()]"},
    )

    assert sorted(found(problems)) == [
        (ProblemCode.FUNCTION_ARGUMENTS, "/variables/arguments"),
        (ProblemCode.FUNCTION_UNKNOWN, "/variables/unknown"),
        (ProblemCode.PARAMETER_UNDEFINED, "/functions/0/members/f/output/value"),
    ]


def test_what_arm_does_not_evaluate_is_not_checked() -> None:
    broken = "[nope("
    problems = problems_of(
        metadata={"description": f"{broken}]"},
        parameters={
            "p": {"type": "string", "metadata": {"description": f"{broken}]"}, "allowedValues": [f"{broken}]"]}
        },
        resources=[resource(comments=f"{broken}]", metadata={"description": f"{broken}]"})],
        outputs={"o": {"type": "string", "value": "x", "metadata": {"description": f"{broken}]"}}},
    )

    assert problems == []


def test_an_inner_template_is_checked_against_its_own_definitions() -> None:
    own = {"parameters": {"mine": {"type": "string"}}, "variables": {"v": "[parameters('mine')]"}}
    inside = template_value(**own, outputs={"o": {"type": "string", "value": "[parameters('outer')]"}})

    problems = problems_of(
        parameters={"outer": {"type": "string"}},
        resources=[inline(inside, "inner", parameters={"mine": {"value": "[parameters('outer')]"}})],
    )

    assert found(problems) == [(ProblemCode.PARAMETER_UNDEFINED, "/resources/0/properties/template/outputs/o/value")]


def test_an_outer_template_is_checked_against_the_definitions_around_it() -> None:
    inside = template_value(
        parameters={"mine": {"type": "string"}},
        resources=[resource(properties={"a": "[parameters('outer')]", "b": "[parameters('mine')]"})],
    )

    problems = problems_of(parameters={"outer": {"type": "string"}}, resources=[inline(inside)])

    assert found(problems) == [
        (ProblemCode.PARAMETER_UNDEFINED, "/resources/0/properties/template/resources/0/properties/b")
    ]


def test_a_nested_template_that_is_none_is_told_among_the_others() -> None:
    problems = problems_of(
        resources=[deployment(properties={"template": {"resources": []}}), resource(name="[nope()]")]
    )

    assert found(problems) == [
        (ProblemCode.TEMPLATE_SHAPE, "/resources/0/properties/template"),
        (ProblemCode.FUNCTION_UNKNOWN, "/resources/1/name"),
    ]


def test_lambdas_and_symbolic_names_are_no_problem() -> None:
    problems = problems_of(
        languageVersion="2.0",
        definitions={"names": {"type": "array", "items": {"type": "string"}}},
        parameters={"names": {"$ref": "#/definitions/names"}, "maybe": {"type": "string", "nullable": True}},
        resources={
            "sites": resource(copy={"name": "sites", "count": "[length(parameters('names'))]"}),
            "vault": {"existing": True, "type": "Microsoft.KeyVault/vaults", "apiVersion": "2023-01-01", "name": "kv"},
            "graph": {"import": "graph", "type": "Microsoft.Graph/groups@v1.0", "properties": {}},
        },
        outputs={
            "all": {
                "type": "array",
                "value": "[map(references('sites'), lambda('s', lambdaVariables('s').name))]",
            },
            "loop": {"type": "array", "copy": {"count": 2, "input": "[copyIndex()]"}},
            "info": {"type": "string", "value": "[resourceInfo('vault').id]"},
        },
    )

    assert problems == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"apiVersion": "2023-01-01", "name": "a"}, "/resources/0"),
        ({"type": "A.B/c", "name": "a"}, "/resources/0"),
        ({"type": "A.B/c", "apiVersion": "2023-01-01"}, "/resources/0"),
    ],
)
def test_a_resource_without_what_it_needs_is_told(body: dict[str, Any], pointer: str) -> None:
    assert found(problems_of(resources=[body])) == [(ProblemCode.TEMPLATE_SHAPE, pointer)]


@pytest.mark.parametrize("section", ["parameters", "variables", "outputs"])
def test_a_section_that_is_no_object_is_told(section: str) -> None:
    assert found(problems_of(**{section: ["x"]})) == [(ProblemCode.TEMPLATE_SHAPE, f"/{section}")]


@pytest.mark.parametrize(("length", "codes"), [(64, []), (65, [ProblemCode.TEMPLATE_SHAPE])])
def test_the_name_of_a_deployment_has_at_most_64_characters(length: int, codes: list[ProblemCode]) -> None:
    assert [problem.code for problem in problems_of(resources=[deployment(name="d" * length)])] == codes


def of_size(size: int) -> bytes:
    """A template of exactly that many bytes."""
    empty = json.dumps(template_value(metadata={"filler": ""})).encode()
    return json.dumps(template_value(metadata={"filler": "x" * (size - len(empty))})).encode()


@pytest.mark.parametrize(
    ("size", "codes"),
    [(4 * 1024**2, []), (4 * 1024**2 + 1, [ProblemCode.TEMPLATE_TOO_LARGE])],
    ids=["4 MB", "4 MB + 1"],
)
def test_a_template_has_at_most_4_megabytes(size: int, codes: list[ProblemCode]) -> None:
    data = of_size(size)
    assert len(data) == size

    template, problems = check_template(data, file=FILE)

    assert [problem.code for problem in problems] == codes
    assert template is not None


def test_the_largest_resources_of_an_oversize_template_are_named() -> None:
    big = [resource(name=f"r{index}", properties={"x": "x" * 1024**2 * index}) for index in range(4)]

    _, problems = check_template(json.dumps(template_value(resources=big)).encode(), file=FILE)

    (problem,) = problems
    assert problem.code is ProblemCode.TEMPLATE_TOO_LARGE
    assert problem.message.index("`r3`") < problem.message.index("`r2`") < problem.message.index("`r1`")


def test_a_file_of_an_absurd_size_is_refused_unread() -> None:
    template, problems = check_template(b"[" * (8 * limits.MAX_TEMPLATE_BYTES + 1), file=FILE)

    assert template is None
    assert [problem.code for problem in problems] == [ProblemCode.TEMPLATE_TOO_LARGE]


def many(section: str, count: int) -> dict[str, Any]:
    values: dict[str, Any] = {"parameters": {"type": "string"}, "variables": 1, "outputs": {"type": "int", "value": 1}}
    if section == "resources":
        return {"resources": [resource(name=f"r{index}") for index in range(count)]}
    return {section: {f"n{index}": values[section] for index in range(count)}}


@pytest.mark.parametrize(
    ("section", "most", "code"),
    [
        ("parameters", 256, ProblemCode.TOO_MANY_PARAMETERS),
        ("variables", 512, ProblemCode.TOO_MANY_VARIABLES),
        ("outputs", 64, ProblemCode.TOO_MANY_OUTPUTS),
        ("resources", 800, ProblemCode.TOO_MANY_RESOURCES),
    ],
)
def test_each_section_has_its_limit(section: str, most: int, code: ProblemCode) -> None:
    assert problems_of(**many(section, most)) == []
    assert found(problems_of(**many(section, most + 1))) == [(code, f"/{section}")]


@pytest.mark.parametrize(("count", "codes"), [(800, []), (801, [ProblemCode.TOO_MANY_RESOURCES])])
def test_copies_count_as_resources(count: int, codes: list[ProblemCode]) -> None:
    loop = resource(name="[concat('r', copyIndex())]", copy={"name": "loop", "count": count - 1})

    assert [problem.code for problem in problems_of(resources=[resource(), loop])] == codes


def test_a_copy_count_out_of_range_is_told_where_it_stands() -> None:
    loop = resource(copy={"name": "loop", "count": -1})

    assert found(problems_of(resources=[loop])) == [(ProblemCode.TOO_MANY_RESOURCES, "/resources/0/copy/count")]


@pytest.mark.parametrize(("length", "codes"), [(24_576, []), (24_577, [ProblemCode.EXPRESSION_TOO_LONG])])
def test_an_expression_has_at_most_24576_characters(length: int, codes: list[ProblemCode]) -> None:
    expression = f"[concat('{'a' * (length - 12)}')]"
    assert len(expression) == length

    assert [problem.code for problem in problems_of(variables={"v": expression})] == codes


def test_what_is_no_json_is_told_with_its_place() -> None:
    template, problems = check_template(b'{\n  "a": }', file=FILE)

    (problem,) = problems
    assert template is None
    assert (problem.code, problem.line, problem.column) == (ProblemCode.TEMPLATE_SYNTAX, 2, 8)


def test_what_is_no_template_is_told_with_its_place() -> None:
    template, problems = check_template(b'{\n  "$schema": "https://example.org/x.json"}', file=FILE)

    (problem,) = problems
    assert template is None
    assert (problem.code, problem.pointer, problem.line, problem.column) == (
        ProblemCode.TEMPLATE_SHAPE,
        "/$schema",
        2,
        14,
    )


def test_a_secret_in_plain_text_is_warned_of_and_not_repeated() -> None:
    secret = "Sup3rS3cret!"
    problems = problems_of(
        parameters={"adminPassword": {"type": "string", "defaultValue": secret}},
        resources=[
            resource(properties={"administratorLoginPassword": secret}),
            resource(properties={"appSettings": [{"name": "DB_PASSWORD", "value": secret}]}),
            resource(properties={"x": f"Server=a;Password={secret};"}),
            resource(properties={"y": f"[concat('AccountKey={secret}', parameters('adminPassword'))]"}),
        ],
    )

    assert sorted(problem.pointer for problem in problems) == [
        "/parameters/adminPassword/defaultValue",
        "/resources/0/properties/administratorLoginPassword",
        "/resources/1/properties/appSettings/0/value",
        "/resources/2/properties/x",
        "/resources/3/properties/y",
    ]
    assert {(problem.code, problem.severity) for problem in problems} == {
        (ProblemCode.PLAIN_TEXT_SECRET, Severity.WARNING)
    }
    assert not any(secret in str(problem) for problem in problems)


def test_a_secret_inside_a_broken_expression_is_not_repeated() -> None:
    (problem,) = problems_of(variables={"v": "[concat('AccountKey=abcdef0123456789' 'x')]"})

    assert problem.code is ProblemCode.EXPRESSION_SYNTAX
    assert "abcdef0123456789" not in str(problem)
    assert "AccountKey=****************" in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "/subscriptions/[subscription().subscriptionId]/resourceGroups/x",
        "/subscriptions/{subscriptionId}/x",
        "${cosmosEndpoint}",
        "[concat('a', 'b')] ",
        "[concat('a'",
    ],
)
def test_literal_text_that_looks_like_an_expression_is_warned_of(text: str) -> None:
    (problem,) = problems_of(resources=[resource(properties={"a": text})])

    assert (problem.code, problem.severity) == (ProblemCode.LITERAL_LOOKS_LIKE_EXPRESSION, Severity.WARNING)
    assert (problem.pointer, problem.is_error) == ("/resources/0/properties/a", False)


def test_both_forms_of_the_artifacts_location_in_one_template_are_told() -> None:
    problems = problems_of(
        parameters={"_artifactsLocation": {"type": "string"}},
        variables={
            "a": "[uri(parameters('_artifactsLocation'), 'a.json')]",
            "b": "[concat(parameters('_artifactsLocation'), '/b.json')]",
        },
    )

    assert found(problems) == [(ProblemCode.ARTIFACTS_LOCATION_MIXED, "/variables/b")]


def test_problems_without_end_are_found_in_time() -> None:
    values = {f"k{index}": f"[nope({index}, parameters('x'))]" for index in range(5_000)}

    assert len(problems_of(resources=[resource(properties=values)])) == 10_000


def test_very_many_different_mistakes_are_found_in_time() -> None:
    parameters = {f"some_name_{index}": {"type": "string", "defaultValue": ""} for index in range(250)}
    values = {f"k{index}": f"[parameters('some_nmae_{index}')]" for index in range(5_000)}

    problems = problems_of(parameters=parameters, resources=[resource(properties=values)])

    assert len(problems) == 5_000
    assert {problem.next_step.split()[0] for problem in problems} == {"Did", "Define"}


def test_an_expression_that_ends_too_early_is_told_with_what_to_close() -> None:
    [problem] = problems_of(resources=[resource(properties={"a": "[concat('a', ]"})])

    assert problem.next_step.startswith("The expression ends too early")


TYPES: dict[str, Any] = {"pair": {"type": "object", "properties": {"size": {"type": "int", "allowedValues": [1, 2]}}}}


def test_a_default_value_is_checked_against_all_of_its_definition() -> None:
    [problem] = problems_of(
        languageVersion="2.0",
        resources={},
        definitions=TYPES,
        parameters={"p": {"$ref": "#/definitions/pair", "defaultValue": {"size": 987}}},
    )

    assert problem.code is ProblemCode.PARAMETER_VALUE
    assert problem.pointer == "/parameters/p/defaultValue"
    assert problem.message == (
        "The default value of the parameter `p` does not fit its type at `p.size`: It is none of the allowed values."
    )


def test_a_secure_default_value_that_does_not_fit_is_not_described() -> None:
    definition = {"type": "secureObject", "properties": {"hidden-name": {"type": "int"}}}

    [problem] = problems_of(
        languageVersion="2.0", resources={}, parameters={"p": definition | {"defaultValue": {"hidden-name": "hush"}}}
    )

    assert problem.message == "The default value of the parameter `p` does not fit its type."


@pytest.mark.parametrize(
    ("sections", "pointer", "reason"),
    [
        ({"definitions": {"t": {"type": "int", "minLength": 1}}}, "/definitions/t", "can specify a minLength"),
        ({"definitions": {"t/u": {"$ref": "#/definitions/x"}}}, "/definitions/t~1u", "'#/definitions/x' not found"),
        ({"parameters": {"p": {"type": "string", "minValue": 1}}}, "/parameters/p", "Only 'Int' type parameters"),
        ({"outputs": {"o": {"type": "array", "items": {"type": "x"}, "value": []}}}, "/outputs/o/items/type", "'x'"),
        ({"languageVersion": "2.0", "asserts": {"a": True}}, "/asserts", "does not support feature 'Asserts'"),
    ],
)
def test_a_definition_that_is_wrong_is_told_where_it_stands(
    sections: dict[str, Any], pointer: str, reason: str
) -> None:
    [problem] = problems_of(**sections)

    assert problem.code is ProblemCode.TEMPLATE_SHAPE
    assert problem.pointer == pointer
    assert reason in problem.message


@pytest.mark.parametrize("call", ["utcNow()", "reference('x')", "listKeys('x', '1')", "variables('v')"])
def test_what_a_function_of_the_template_may_not_call_is_told(call: str) -> None:
    member = {"parameters": [], "output": {"type": "object", "value": f"[{call}]"}}

    [problem] = problems_of(variables={"v": 1}, functions=[{"namespace": "n", "members": {"f": member}}])

    assert problem.pointer == "/functions/0/members/f/output/value"


def test_assertions_are_checked_like_other_expressions() -> None:
    [problem] = problems_of(languageVersion="2.1-experimental", resources={}, asserts={"a": "[equals(nothing(), 1)]"})

    assert problem.code is ProblemCode.FUNCTION_UNKNOWN
    assert problem.pointer == "/asserts/a"

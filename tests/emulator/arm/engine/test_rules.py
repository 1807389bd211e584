"""What is refused of a template before it is evaluated, and the limits, of which both sides are tried."""

from typing import Any

import pytest

from emulator.arm.engine.outputs import evaluate_outputs
from emulator.arm.identifiers import ResourceId
from tests.emulator.arm.engine.preparing import GROUP, MANAGEMENT_GROUP, SUBSCRIPTION, TENANT, prepare, refused
from tests.emulator.arm.running import nested, resource, template

FUNCTION: dict[str, Any] = {"output": {"type": "string", "value": "[utcNow()]"}}
MANY: dict[str, Any] = {
    "parameters": {"type": "int", "defaultValue": 1},
    "variables": 1,
    "outputs": {"type": "int", "value": 1},
}


@pytest.mark.parametrize(("section", "most"), [("parameters", 256), ("variables", 512), ("outputs", 64)])
async def test_a_section_has_a_limit(section: str, most: int) -> None:
    def with_entries(count: int) -> dict[str, Any]:
        return template() | {section: {f"e{number}": MANY[section] for number in range(count)}}

    await prepare(with_entries(most))
    refusal = await refused(with_entries(most + 1))

    assert f"limit exceeded. Limit: '{most}' and actual: '{most + 1}'." in refusal.message


async def test_a_template_has_at_most_800_resources_loops_counted() -> None:
    loop = resource("[concat('a', copyIndex())]", copy={"name": "l", "count": 799})

    await prepare(template(loop, resource("b")))
    refusal = await refused(template(loop, resource("b"), resource("c")))

    assert "The number of template resources limit exceeded. Limit: '800' and actual: '801'." in refusal.message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (template(resource("a", existing=True)), "in order to use feature 'ExistingResources'"),
        (template() | {"resources": {"a": resource("a")}}, "in order to use feature 'SymbolicNames'"),
        (template(definitions={"t": {"type": "int"}}), "in order to use feature 'AggregateTypeValidation'"),
        (template(resource("a"), languageVersion="2.0"), "You must use symbolic resource names"),
        (template(languageVersion="7"), "The template language version '7' is not recognized."),
        (template(parameters={"p": {"type": "thing"}}), "Requested value 'thing' was not found."),
        (template(functions=[{"namespace": "n", "members": {"f": FUNCTION}}]), "in a function definition: 'utcNow'"),
        (template(outputs={"o": {"type": "int"}}), "The 'value' property must be specified"),
        (template(resource("a/b")), "contains '2' name segment(s) separated by '/', but '1' segment(s) were expected"),
        (template(resource("a"), resource("A")), "is defined multiple times in a template"),
        (template(resource("a", dependsOn=["b"])), "The resource 'b' is not defined in the template"),
        (template(nested("n", {})), "The supplied nested deployment template could not be parsed as an ARM template"),
        (template(nested("n", template(), location="westus")), "The 'location' property is not allowed for"),
    ],
)
async def test_a_rule_is_kept_and_refused_in_the_engine_s_words(content: dict[str, Any], reason: str) -> None:
    assert reason in (await refused(content)).message


async def test_a_refusal_tells_the_line_and_column_of_the_request() -> None:
    refusal = await refused(template(resource("a"), resource("b", properties={"x": "[add(1, 'x')]"})))

    [info] = refusal.additional_info
    assert info["info"]["path"] == "properties.template.resources[1]"
    assert info["info"]["linePosition"] > 100
    assert f"at line '1' and column '{info['info']['linePosition']}'" in refusal.message


@pytest.mark.parametrize("scope", [GROUP, SUBSCRIPTION, MANAGEMENT_GROUP, TENANT])
async def test_a_template_goes_to_any_scope_and_from_there_to_others(scope: ResourceId) -> None:
    elsewhere = nested("n", template(resource("b")), scope="inner", location="westus") | {"scope": "/"}

    prepared = await prepare(template(resource("a"), elsewhere), scope)

    ids = [str(instance.id) for instance in prepared.resources()]
    assert ids == [
        f"{str(scope).rstrip('/')}/providers/Microsoft.Contoso/things/a",
        "/providers/Microsoft.Contoso/things/b",
    ]


CHILD = {"type": "parts", "apiVersion": "2024-01-01", "name": "k"}
WRONG = "[add(1, 'x')]"
IDENTITY = {
    "namespace": "n",
    "members": {
        "f": {"parameters": [{"name": "x", "type": "int"}], "output": {"type": "string", "value": "[parameters('x')]"}}
    },
}
LOOP_IN_LOOP = [{"name": "a", "count": 1, "input": {"copy": [{"name": "b", "count": 1, "input": 1}]}}]


@pytest.mark.parametrize(
    "part", [{"name": WRONG}, {"name": "a/b"}, {"dependsOn": [WRONG]}, {"scope": WRONG}, {"properties": {"x": WRONG}}]
)
async def test_nobody_looks_at_what_is_not_deployed_unless_a_child_of_it_is(part: dict[str, Any]) -> None:
    left_out = resource("a") | {"condition": False} | part

    await prepare(template(left_out))
    await prepare(template(left_out | {"resources": [CHILD | {"condition": False}]}))
    await refused(template(left_out | {"resources": [CHILD]}))


async def test_what_is_not_deployed_may_be_depended_on() -> None:
    await prepare(template(resource("a/b", condition=False), resource("c", dependsOn=["a/b"])))


async def test_a_loop_without_an_iteration_may_be_of_any_mode() -> None:
    def looped(count: int) -> dict[str, Any]:
        return template(resource("a", copy={"name": "l", "count": count, "mode": "sideways"}))

    await prepare(looped(0))
    assert "invalid copy mode 'sideways'" in (await refused(looped(1))).message
    assert "invalid copy count of: '-1'" in (await refused(looped(-1))).message


async def test_loops_inside_of_loops_are_refused_when_they_run() -> None:
    never = [LOOP_IN_LOOP[0] | {"count": 0}]

    await prepare(template(resource("a", properties={"copy": never})))
    refusal = await refused(template(resource("a", properties={"copy": LOOP_IN_LOOP})))

    assert "has nested copy arrays" in refusal.message


async def test_outputs_defaults_and_functions_hold_no_loops() -> None:
    loops = {"copy": [{"name": "x", "count": 2, "input": 1}]}
    content = template(
        parameters={"p": {"type": "object", "defaultValue": loops}},
        functions=[{"namespace": "n", "members": {"f": {"output": {"type": "object", "value": loops}}}}],
        outputs={
            "own": {"type": "object", "value": loops},
            "loop": {"type": "array", "copy": {"count": 1, "input": loops}},
            "default": {"type": "object", "value": "[parameters('p')]"},
            "function": {"type": "object", "value": "[n.f()]"},
        },
    )

    prepared = await prepare(content)
    outputs = evaluate_outputs(content, prepared.scope)

    assert {name: output["value"] for name, output in outputs.items()} == {
        "own": loops,
        "loop": [loops],
        "default": loops,
        "function": loops,
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            template(outputs={"o": {"type": "int", "value": "[COPYINDEX()]"}}),
            "The template function 'COPYINDEX' is not",
        ),
        (template(variables={"v": "[copyIndex()]"}), "The template function 'copyIndex' is not expected at this"),
        (
            template(variables={"v": "[n.f(1)]"}, functions=[IDENTITY]),
            "The provided value for the output of the user-defined function 'n.f' is not valid",
        ),
        (
            template(resource("a", properties={"v": "[n.f('s')]"}), functions=[IDENTITY]),
            "The provided value for the 'x' parameter of the user-defined function 'n.f' is not valid",
        ),
    ],
)
async def test_some_refusals_are_told_without_the_place_where_they_came_up(
    content: dict[str, Any], reason: str
) -> None:
    message = (await refused(content)).message

    assert message.startswith(f"Deployment template validation failed: '{reason}")


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        (
            {"definitions": {"t": {"type": "int", "minLength": 1}}},
            "provided properties for the type definition 't'",
        ),
        (
            {"parameters": {"p": {"type": "string", "minValue": 1}}},
            "provided properties for the template parameter",
        ),
        (
            {"outputs": {"o": {"$ref": "#/definitions/x", "value": 1}}},
            "properties.template.outputs.o.$ref'. '#/def",
        ),
        ({"definitions": {"t": {"type": "array", "items": 5}}}, "Error converting a value of the template"),
        ({"asserts": {"a": True}}, "Template language version '2.0' does not support feature 'Asserts'"),
    ],
)
async def test_definitions_are_checked_although_nothing_uses_them(sections: dict[str, Any], reason: str) -> None:
    content = template(languageVersion="2.0") | {"resources": {}} | sections

    assert reason in (await refused(content)).message

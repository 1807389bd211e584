"""Values of every type: what goes in as a parameter comes out as an output, and what does not fit is refused."""

import json
from typing import Any

import pytest

from armature.templates.types import TypeDefinitions
from emulator.arm.engine.parameters import check_value
from emulator.arm.engine.source import Source
from emulator.arm.errors import ArmError
from tests.emulator.arm.running import Arm, template

VALUES: dict[str, Any] = {
    "string": "é",
    "int": -(2**63),
    "bool": False,
    "object": {"a": {"b": None}},
    "array": [1, "2", [3], {"c": None}],
    "securestring": "hidden one",
    "secureObject": {"key": "hidden two"},
}


async def test_values_of_every_type_come_back_and_secure_ones_do_not(arm: Arm) -> None:
    content = template(
        parameters={kind: {"type": kind} for kind in VALUES},
        outputs={kind: {"type": kind, "value": f"[parameters('{kind}')]"} for kind in VALUES},
    )

    deployment = await arm.deploy(content, parameters=VALUES)

    shown = {kind: value for kind, value in VALUES.items() if not kind.startswith("secure")}
    for told in (deployment["properties"]["parameters"], deployment["properties"]["outputs"]):
        assert set(told) == set(VALUES)
        assert {kind: entry["value"] for kind, entry in told.items() if "value" in entry} == shown
    assert "hidden" not in json.dumps(deployment)


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("string", 1, "Expected a value of type 'String, Uri', but received a value of type 'Integer'."),
        ("string", None, "Expected a value of type 'String, Uri', but received a value of type 'Null'."),
        ("int", "1", "Expected a value of type 'Integer', but received a value of type 'String'."),
        ("int", True, "Expected a value of type 'Integer', but received a value of type 'Boolean'."),
        ("int", 1.0, "Expected a value of type 'Integer', but received a value of type 'Float'."),
        ("int", 2**63, "Value should be less than or equal to '9223372036854775807'."),
        ("int", -(2**63) - 1, "Value should be greater than or equal to '-9223372036854775808'."),
        ("bool", 0, "Expected a value of type 'Boolean', but received a value of type 'Integer'."),
        ("object", [], "Expected a value of type 'Object', but received a value of type 'Array'."),
        ("array", {}, "Expected a value of type 'Array', but received a value of type 'Object'."),
    ],
)
def test_a_value_of_another_type_is_refused_in_the_words_of_arm(kind: str, value: Any, reason: str) -> None:
    content = template(parameters={"p": {"type": kind}})

    with pytest.raises(ArmError) as refused:
        check_value(
            "p", content["parameters"]["p"], value, Source.of(content), TypeDefinitions(content), what="parameter"
        )

    assert f"The provided value for the template parameter 'p' is not valid. {reason}" in refused.value.message


async def test_a_secure_type_that_a_definition_names_is_not_shown_either(arm: Arm) -> None:
    declared = {"p": {"$ref": "#/definitions/secret"}}
    outputs = {"o": {"$ref": "#/definitions/secret", "value": "[parameters('p')]"}}
    content = template(parameters=declared, outputs=outputs, definitions={"secret": {"type": "securestring"}})
    content |= {"languageVersion": "2.0", "resources": {}}

    deployment = await arm.deploy(content, parameters={"p": "hush"})

    assert deployment["properties"]["parameters"] == {"p": {"type": "SecureString"}}
    assert deployment["properties"]["outputs"] == {"o": {"type": "SecureString"}}

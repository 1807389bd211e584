"""The hash of a template: what it depends on and what not."""

from typing import Any

import pytest

from emulator.arm.engine.template_hash import template_hash
from tests.emulator.arm.running import resource, template

EXAMPLE: dict[str, Any] = {  # of the REST reference, "Deployments - Calculate Template Hash"
    "$schema": "http://schemas.management.azure.com/deploymentTemplate?api-version=2014-04-01-preview",
    "contentVersion": "1.0.0.0",
    "parameters": {"string": {"type": "string"}},
    "variables": {
        "string": "string",
        "int": 42,
        "bool": True,
        "array": [1, 2, 3, 4],
        "object": {"object": {"vmSize": "Large", "location": "West US"}},
    },
    "resources": [],
    "outputs": {"string": {"type": "string", "value": "myvalue"}},
}


def test_the_example_of_the_reference_has_its_hash() -> None:
    assert template_hash(EXAMPLE) == "695440707931307747"


def test_the_order_of_the_parts_is_of_no_importance() -> None:
    content = template(resource("a", tags={"b": "c"}), parameters={"p": {"type": "int", "defaultValue": 1}})

    backwards = dict(reversed(content.items())) | {
        "resources": [dict(reversed(body.items())) for body in content["resources"]],
        "parameters": {"p": {"defaultValue": 1, "type": "int"}},
    }

    assert template_hash(backwards) == template_hash(content)


@pytest.mark.parametrize("changed", [{"contentVersion": "1.0.0.1"}, {"resources": [resource("b")]}, {"outputs": {}}])
def test_another_template_has_another_hash(changed: dict[str, Any]) -> None:
    content = template(resource("a"))

    assert template_hash(content | changed) != template_hash(content)


def test_a_letter_whose_capital_is_two_letters_stays() -> None:
    assert template_hash(template(variables={"v": "Straße"})) != template_hash(template(variables={"v": "STRASSE"}))
    assert template_hash(template(variables={"v": "ö"})) == template_hash(template(variables={"v": "Ö"}))

"""Nested deployments that Azure can't look into are found wherever they stand."""

from typing import Any

import pytest

from armature.templates.hidden_deployments import hidden_deployments


def deployment(name: str, *resources: dict[str, Any], parameters: Any = None, **parts: Any) -> dict[str, Any]:
    properties = {"template": {"resources": list(resources)}, "parameters": parameters or {}}
    return {"type": "Microsoft.Resources/Deployments", "name": name, "properties": properties, **parts}


STATE = "[reference('first').outputs.key.value]"


@pytest.mark.parametrize(
    "hidden",
    [
        deployment("d", parameters={"key": {"value": STATE}}),
        deployment("d", parameters={"keys": {"value": [{"a": "[concat('x', listKeys('id', '2021-04-01').value)]"}]}}),
        deployment("d", resourceGroup=STATE),
        deployment("d", scope=STATE),
        deployment("d", condition="[equals(reference('first').outputs.is.value, true())]"),
        deployment("d", copy={"name": "all", "count": "[length(references('group'))]"}),
    ],
)
def test_one_that_needs_the_state_of_a_resource_is_hidden(hidden: dict[str, Any]) -> None:
    assert hidden_deployments({"resources": [hidden]}) == ("d",)
    assert hidden_deployments({"resources": {"symbol": hidden}}) == ("d",)
    assert hidden_deployments({"resources": [deployment("outer", hidden), hidden]}) == ("d",)


@pytest.mark.parametrize(
    "open_",
    [
        deployment(
            "d", parameters={"key": {"value": "[parameters('reference')]"}, "text": {"value": "reference('x')"}}
        ),
        deployment("d", {"type": "A.B/c", "name": "x", "properties": {"key": STATE}}),
        deployment("d", parameters={"key": {"value": "[reference("}}),
        deployment("d", parameters={"key": {"value": "[my.reference('x')]"}}),
        {"type": "A.B/c", "name": STATE, "properties": {"parameters": STATE}},
        {"type": "Microsoft.Resources/deployments", "name": "d"},
    ],
)
def test_all_else_is_not(open_: dict[str, Any]) -> None:
    assert hidden_deployments({"resources": [open_]}) == ()
    assert hidden_deployments({}) == ()

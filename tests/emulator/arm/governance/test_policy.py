"""Policies that deny."""

from typing import Any

import pytest

from tests.emulator.arm.governance.asking import SUBSCRIPTION_PATH, THING, deny, put, refusal
from tests.emulator.arm.running import GROUP_PATH, Arm, resource, template

ALLOWED = {"field": "location", "notIn": "[parameters('places')]"}
POLICIES = f"{SUBSCRIPTION_PATH}/providers/Microsoft.Authorization/policyDefinitions"


async def test_what_a_policy_denies_is_told_with_its_reason(arm: Arm) -> None:
    assignment = await deny(arm, ALLOWED, places=["westeurope"])

    status, error = await refusal(arm, "PUT", THING, {"location": "eastus2"})

    assert (status, error["code"], error["target"]) == (403, "RequestDisallowedByPolicy", "a")
    assert error["message"].startswith(
        "Resource 'a' was disallowed by policy. Policy identifiers: '[{\"policyAssignment\""
    )
    [violation] = error["additionalInfo"]
    assert violation["type"] == "PolicyViolation"
    assert violation["info"]["policyAssignmentId"] == assignment
    [expression] = violation["info"]["evaluationDetails"]["evaluatedExpressions"]
    assert (expression["expressionValue"], expression["targetValue"], expression["operator"]) == (
        "eastus2", ["westeurope"], "NotIn",
    )  # fmt: skip
    await put(arm, THING, {"location": "westeurope"})


@pytest.mark.parametrize(
    "rule",
    [
        {"field": "type", "equals": "microsoft.contoso/THINGS"},
        {"field": "name", "like": "a*"},
        {"field": "tags['owner']", "exists": "false"},
        {"field": "tags.env", "in": ["prod", "test"]},
        {"not": {"field": "name", "equals": "b"}},
        {"anyOf": [{"field": "name", "equals": "b"}, {"field": "location", "equals": "EastUS2"}]},
        {"allOf": [{"field": "name", "equals": "a"}, {"field": "kind", "exists": False}]},
        {"field": "Microsoft.Contoso/things/network.isOpen", "equals": "true"},
        {"field": "Microsoft.Contoso/things/rules[*].port", "greaterOrEquals": 22},
        {"field": "Microsoft.Contoso/things/sku.name", "match": "F#"},
        {"value": "[field('name')]", "equals": "a"},
    ],
)
async def test_a_condition_that_holds_denies(arm: Arm, rule: dict[str, Any]) -> None:
    await deny(arm, rule)
    body = {
        "location": "eastus2",
        "tags": {"Env": "prod"},
        "sku": {"name": "F1"},
        "properties": {"network": {"isOpen": True}, "rules": [{"port": 22}, {"port": 80}]},
    }

    assert (await refusal(arm, "PUT", THING, body))[1]["code"] == "RequestDisallowedByPolicy"


@pytest.mark.parametrize(
    "rule",
    [
        {"field": "type", "equals": "Microsoft.Web/sites"},
        {"field": "name", "like": "b*"},
        {"field": "tags['env']", "exists": "true"},
        {"allOf": [{"field": "name", "equals": "a"}, {"field": "kind", "equals": "x"}]},
        {"field": "Microsoft.Web/sites/httpsOnly", "equals": "false"},
    ],
)
async def test_a_condition_that_does_not_hold_denies_nothing(arm: Arm, rule: dict[str, Any]) -> None:
    await deny(arm, rule)

    assert await put(arm, THING, {"location": "eastus2"})


async def test_an_excluded_scope_and_one_that_is_not_enforced_are_left_alone(arm: Arm) -> None:
    assignment = await deny(arm, {"field": "name", "equals": "a"}, SUBSCRIPTION_PATH)
    _, kept = await arm.request("GET", assignment)

    await put(arm, assignment, {"properties": kept["properties"] | {"notScopes": [GROUP_PATH]}})
    await put(arm, THING)
    await put(arm, assignment, {"properties": kept["properties"] | {"enforcementMode": "DoNotEnforce"}})
    await put(arm, THING)
    await put(arm, assignment, {"properties": kept["properties"]})

    assert (await refusal(arm, "PUT", THING, {}))[1]["code"] == "RequestDisallowedByPolicy"


async def test_a_deployment_is_refused_before_it_starts(arm: Arm) -> None:
    await deny(arm, ALLOWED, places=["westeurope"])
    content = {"properties": {"mode": "Incremental", "template": template(resource("a"), resource("b"))}}

    status, error = await refusal(arm, "PUT", f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/d", content)

    assert (status, error["code"]) == (400, "InvalidTemplateDeployment")
    assert error["message"].startswith("The template deployment failed because of policy violation.")
    assert [detail["code"] for detail in error["details"]] == ["RequestDisallowedByPolicy"] * 2


async def test_a_built_in_policy_can_be_assigned(arm: Arm) -> None:
    policy = "/providers/Microsoft.Authorization/policyDefinitions/871b6d14-10aa-478d-b590-94f262ecfa99"
    properties = {"policyDefinitionId": policy, "parameters": {"tagName": {"value": "owner"}}}
    await put(arm, f"{GROUP_PATH}/providers/Microsoft.Authorization/policyAssignments/p", {"properties": properties})

    refused = await refusal(arm, "PUT", THING, {"location": "eastus2"})

    assert refused[1]["code"] == "RequestDisallowedByPolicy"
    assert await put(arm, THING, {"location": "eastus2", "tags": {"Owner": "me"}})


@pytest.mark.parametrize(
    "rule",
    [
        {"field": "name"},
        {"equals": "a"},
        {"field": "name", "equals": "[concat('a')]"},
        {"field": "name", "equals": "[parameters('gone')]"},
        {"count": {"field": "x[*]"}, "greater": 1},
    ],
)
async def test_a_rule_that_cannot_be_read_is_refused(arm: Arm, rule: dict[str, Any]) -> None:
    body = {"properties": {"policyRule": {"if": rule, "then": {"effect": "deny"}}}}

    status, error = await refusal(arm, "PUT", f"{POLICIES}/bad", body)

    assert (status, error["code"]) == (400, "InvalidPolicyRule")


async def test_what_does_not_exist_cannot_be_assigned(arm: Arm) -> None:
    path = f"{GROUP_PATH}/providers/Microsoft.Authorization/policyAssignments/p"

    status, error = await refusal(arm, "PUT", path, {"properties": {"policyDefinitionId": f"{POLICIES}/gone"}})

    assert (status, error["code"]) == (404, "PolicyDefinitionNotFound")

"""Templates asked about before what they build on is there; outputs that are foreseen; what a refusal means."""

import json
from typing import Any

import pytest

from armature.errors import Cause, FailureClass, failure
from armature.plan import DeploymentScopeTarget
from armature.preview import TemplateVerdict
from armature.preview.foresight import UNFORESEEN, foreseen
from armature.preview.verdicts import misses_own_group, verdict_of
from armature.preview.wrapping import GroupOnPaper, OpenParameter, wrapped
from armature.templates.template import Template

GROUP = DeploymentScopeTarget(subscription="s", resource_group="rg-shop")
SUBSCRIPTION = DeploymentScopeTarget(subscription="s")
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"


def template(**parts: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": [], **parts}


def test_a_group_on_paper_is_made_by_the_template_around_and_waited_for() -> None:
    around = wrapped(
        template(),
        {"n": {"value": "[x]"}},
        GROUP,
        None,
        "web.d-1",
        group=GroupOnPaper(name="rg-shop", location="eastus2"),
    )
    group, nested = around.template["resources"]

    assert (around.scope, around.location) == (SUBSCRIPTION, "eastus2")
    assert "subscriptionDeploymentTemplate" in around.template["$schema"]
    assert (group["type"], group["name"], group["location"]) == (
        "Microsoft.Resources/resourceGroups",
        "rg-shop",
        "eastus2",
    )
    assert nested["resourceGroup"] == "rg-shop"
    assert nested["dependsOn"] == ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'rg-shop')]"]
    assert nested["properties"]["parameters"] == {"n": {"value": "[[x]"}}
    assert "location" not in nested
    assert Template.read(json.dumps(around.template), file="around").inline_templates[0].is_inner


@pytest.mark.parametrize(
    ("scope", "location", "schema"),
    [
        (GROUP, None, "deploymentTemplate.json"),
        (SUBSCRIPTION, "eastus2", "subscriptionDeploymentTemplate.json"),
        (DeploymentScopeTarget(management_group="mg"), "eastus2", "managementGroupDeploymentTemplate.json"),
        (DeploymentScopeTarget(), "eastus2", "tenantDeploymentTemplate.json"),
    ],
)
def test_an_open_parameter_is_a_reference_to_the_deployment_that_is_to_give_it(
    scope: DeploymentScopeTarget, location: str | None, schema: str
) -> None:
    parameter = OpenParameter(name="subnetId", deployment_id="/x/it's", output="id")

    around = wrapped(template(), {}, scope, location, "web.d-1", open_parameters=[parameter])
    [nested] = around.template["resources"]

    assert around.template["$schema"].partition("#")[0].endswith(f"/{schema}")
    assert (around.scope, around.location, nested.get("location")) == (scope, location, location)
    assert nested["properties"]["parameters"]["subnetId"]["value"] == (
        "[reference('/x/it''s', '2022-09-01').outputs['id'].value]"
    )


SOURCE = Template.read(
    json.dumps(
        template(
            parameters={
                "name": {"type": "string"},
                "suffix": {"type": "string", "defaultValue": "-x"},
                "when": {"type": "string", "defaultValue": "[utcNow()]"},
            },
            variables={"full": "[concat(parameters('name'), parameters('suffix'))]"},
            outputs={
                "id": {"type": "string", "value": "[resourceId('Microsoft.Web/sites', variables('full'))]"},
                "known": {"type": "int", "value": 3},
                "address": {"type": "string", "value": "[reference(variables('full')).address]"},
                "when": {"type": "string", "value": "[parameters('when')]"},
                "maybe": {"type": "string", "condition": "[equals(1, 1)]", "value": "a"},
                "secret": {"type": "securestring", "value": "a"},
            },
        )
    ),
    file="source.json",
)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("ID", "/subscriptions/s/resourceGroups/rg-shop/providers/Microsoft.Web/sites/app-x"),
        ("known", 3),
        ("address", UNFORESEEN),
        ("when", UNFORESEEN),
        ("maybe", UNFORESEEN),
        ("secret", UNFORESEEN),
        ("other", UNFORESEEN),
    ],
)
def test_only_what_the_template_alone_says_is_foreseen(output: str, expected: Any) -> None:
    found = foreseen(SOURCE, output, {"name": "app"}, [], GROUP.resource_id)

    assert found is expected if expected is UNFORESEEN else found == expected


@pytest.mark.parametrize(("values", "unknown"), [({}, []), ({}, ["name"]), ({"name": "app"}, ["Suffix"])])
def test_what_is_given_a_value_that_nobody_knows_yet_is_not_foreseen(
    values: dict[str, Any], unknown: list[str]
) -> None:
    assert foreseen(SOURCE, "id", values, unknown, GROUP.resource_id) is UNFORESEEN


REFUSED, UNKNOWN = TemplateVerdict.REFUSED, TemplateVerdict.UNKNOWN


@pytest.mark.parametrize(
    ("failure_class", "code", "is_open", "has_others", "verdict"),
    [
        (FailureClass.TEMPLATE, "InvalidTemplate", False, False, REFUSED),
        (FailureClass.TEMPLATE, "InvalidTemplate", True, True, UNKNOWN),
        (FailureClass.POLICY, "RequestDisallowedByPolicy", True, True, REFUSED),
        (FailureClass.QUOTA, "QuotaExceeded", False, True, REFUSED),
        (FailureClass.MISSING_DEPENDENCY, "ResourceNotFound", False, False, REFUSED),
        (FailureClass.MISSING_DEPENDENCY, "ResourceNotFound", False, True, UNKNOWN),
        (FailureClass.NOT_REGISTERED, "MissingSubscriptionRegistration", False, False, UNKNOWN),
        (FailureClass.TEMPLATE, "TemplateNotInlined", False, False, UNKNOWN),
        (FailureClass.TEMPLATE, "RequestContentTooLarge", False, False, UNKNOWN),
        (FailureClass.UNKNOWN, "WhatIfTimedOut", False, False, UNKNOWN),
    ],
)
def test_only_what_a_deployment_would_meet_too_is_a_refusal(
    failure_class: FailureClass, code: str, is_open: bool, has_others: bool, verdict: TemplateVerdict
) -> None:
    assert verdict_of(failure(failure_class, code, "No."), is_open=is_open, has_others=has_others) is verdict


def test_who_may_not_ask_may_still_be_allowed_to_deploy() -> None:
    asking = "may not perform action 'Microsoft.Resources/deployments/whatIf/action' over scope '/x'"
    writing = "may not perform action 'Microsoft.Web/sites/write' over scope '/x'"

    found = [
        verdict_of(failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", words), is_open=False, has_others=False)
        for words in (asking, writing)
    ]

    assert found == [UNKNOWN, REFUSED]


def test_only_the_templates_own_group_is_made_on_paper() -> None:
    cause = Cause(code="ResourceGroupNotFound", message="Resource group 'RG-shop' could not be found.")
    missing = failure(FailureClass.MISSING_DEPENDENCY, "ResourceGroupNotFound", cause.message)
    other = failure(
        FailureClass.MISSING_DEPENDENCY, "ResourceGroupNotFound", "Resource group 'rg-x' could not be found."
    )

    assert misses_own_group(missing, GROUP)
    assert not misses_own_group(other, GROUP)
    assert not misses_own_group(missing, SUBSCRIPTION)

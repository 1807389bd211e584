"""The root template: the plan's edges, places, names and values, as ARM must read them."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armature.options import Scheduling
from armature.plan import DeploymentScopeTarget, Lineage, OutputReference, Plan, PlannedTemplate, deployment_name
from armature.root_template import (
    Child,
    is_read_otherwise,
    order_within,
    root_name,
    root_of,
    root_scope,
    size_of,
)
from armature.templates.evaluation import StaticScope, evaluate_value

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
OTHER = "00000000-0000-0000-0000-000000000002"
GROUP = DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group="rg")
SECOND = DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group="rg-2")
WIDE = DeploymentScopeTarget(subscription=SUBSCRIPTION)
FAR = DeploymentScopeTarget(subscription=OTHER, resource_group="rg")
FAR_WIDE = DeploymentScopeTarget(subscription=OTHER)
CORP = DeploymentScopeTarget(management_group="corp")
UNIT = DeploymentScopeTarget(management_group="unit")
TENANT = DeploymentScopeTarget()


def planned(name: str, tier: int = 0, scope: DeploymentScopeTarget = GROUP, **parts: Any) -> PlannedTemplate:
    return PlannedTemplate(
        name=name,
        path=f"{name}.json",
        tier=tier,
        scope=scope,
        location=None if scope.resource_group else "eastus2",
        deployment_name=deployment_name(name, "d-1"),
        **parts,
    )


def plan(*templates: PlannedTemplate) -> Plan:
    return Plan(
        deployment_id="d-1",
        lineage=Lineage(project="p", environment="e", key="0123456789abcdef"),
        subscription=SUBSCRIPTION,
        location="eastus2",
        templates=templates,
    )


def linked(template: PlannedTemplate, **parts: Any) -> Child:
    return Child(template=template, link=f"https://artifacts.invalid/{template.path}", **parts)


@st.composite
def graphs(draw: st.DrawFn) -> Plan:
    """Plans in tier order whose templates depend on some of those before them."""
    count = draw(st.integers(1, 12))
    edges: dict[str, tuple[str, ...]] = {}
    tiers: dict[str, int] = {}
    for number in range(count):
        before = draw(st.lists(st.sampled_from(list(edges)), unique=True, max_size=4)) if edges else []
        edges[f"t{number}"] = tuple(before)
        tiers[f"t{number}"] = max((tiers[name] + 1 for name in before), default=0)
    templates = sorted(edges, key=lambda name: tiers[name])
    return plan(*(planned(name, tiers[name], depends_on=edges[name]) for name in templates))


def edges_of(template: dict[str, Any]) -> dict[str, set[str]]:
    """What each deployment resource of a root waits for, by template."""
    short = re.compile(r"([^/]+)\.d-1$")

    def name(text: str) -> str:
        found = short.search(text)
        assert found
        return found.group(1)

    return {name(each["name"]): {name(id_) for id_ in each.get("dependsOn", [])} for each in template["resources"]}


@given(graphs())
def test_the_edges_of_the_root_are_those_of_the_plan(found: Plan) -> None:
    order = order_within(found, [template.name for template in found.templates])

    root = root_of(root_scope(found), [linked(t, depends_on=order[t.name]) for t in found.templates])

    assert edges_of(root.template) == {template.name: set(template.depends_on) for template in found.templates}
    assert json.loads(json.dumps(root.template)) == root.template


@given(graphs(), st.data())
def test_what_is_not_in_the_root_is_waited_for_by_nothing(found: Plan, data: st.DataObject) -> None:
    names = [template.name for template in found.templates]
    included = data.draw(st.sets(st.sampled_from(names), min_size=1))

    order = order_within(found, included)

    assert order.keys() == included
    assert all(included.issuperset(before) for before in order.values())


@given(graphs())
def test_tiers_wait_for_all_of_the_tier_before_and_one_by_one_for_the_last(found: Plan) -> None:
    names = [template.name for template in found.templates]
    tier_of = {template.name: template.tier for template in found.templates}

    by_tier = order_within(found, names, Scheduling.TIER)
    one_by_one = order_within(found, names, is_parallel=False)

    assert all({tier_of[b] for b in before} == {tier_of[n] - 1} for n, before in by_tier.items() if tier_of[n])
    assert all(not before for n, before in by_tier.items() if not tier_of[n])
    assert list(one_by_one.values()) == [(), *((name,) for name in names[:-1])]


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ([GROUP, GROUP], GROUP),
        ([GROUP, DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group="RG")], GROUP),
        ([GROUP, SECOND], WIDE),
        ([WIDE], WIDE),
        ([FAR_WIDE, FAR], FAR_WIDE),
        ([GROUP, FAR], WIDE),
        ([GROUP, CORP, UNIT], CORP),
        ([GROUP, CORP, TENANT], TENANT),
    ],
)
def test_the_root_is_deployed_to_the_narrowest_scope_that_reaches_all(
    scopes: list[DeploymentScopeTarget], expected: DeploymentScopeTarget
) -> None:
    found = plan(*(planned(f"t{number}", scope=scope) for number, scope in enumerate(scopes)))

    assert root_scope(found).resource_id.lower() == expected.resource_id.lower()


@pytest.mark.parametrize(
    ("root", "scope", "expected"),
    [
        (GROUP, GROUP, {}),
        (WIDE, WIDE, {"location": "eastus2"}),
        (WIDE, GROUP, {"resourceGroup": "rg"}),
        (WIDE, FAR, {"subscriptionId": OTHER, "resourceGroup": "rg"}),
        (WIDE, FAR_WIDE, {"subscriptionId": OTHER, "location": "eastus2"}),
        (CORP, GROUP, {"subscriptionId": SUBSCRIPTION, "resourceGroup": "rg"}),
        (CORP, CORP, {"location": "eastus2"}),
        (CORP, UNIT, {"scope": "Microsoft.Management/managementGroups/unit", "location": "eastus2"}),
        (TENANT, CORP, {"scope": "Microsoft.Management/managementGroups/corp", "location": "eastus2"}),
        (TENANT, TENANT, {"location": "eastus2"}),
        (CORP, TENANT, {"scope": "/", "location": "eastus2"}),
    ],
)
def test_a_linked_deployment_says_where_it_goes(
    root: DeploymentScopeTarget, scope: DeploymentScopeTarget, expected: dict[str, str]
) -> None:
    (resource,) = root_of(root, [linked(planned("a", scope=scope))]).template["resources"]

    told = {key: resource[key] for key in ("subscriptionId", "resourceGroup", "scope", "location") if key in resource}
    assert told == expected


def test_an_output_of_another_is_a_reference_to_its_deployment_in_its_scope() -> None:
    first, second = planned("a", scope=SECOND), planned("b", 1, depends_on=("a",))
    outputs = {"x": OutputReference(template="a", output="id"), "y": OutputReference(template="a", output="it's")}

    root = root_of(WIDE, [linked(first), linked(second, depends_on=("a",), outputs=outputs)])

    id_ = SECOND.deployment_id("a.d-1")
    resource = root.template["resources"][1]
    assert resource["dependsOn"] == [id_]
    assert resource["properties"]["parameters"] == {
        "x": {"value": f"[reference('{id_}', '2022-09-01').outputs.id.value]"},
        "y": {"value": f"[reference('{id_}', '2022-09-01').outputs['it''s'].value]"},
    }


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=8) | st.just("[a]"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.just("[k]"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(plain | st.floats(allow_nan=False, allow_infinity=False))
def test_any_value_arrives_as_it_was(value: Any) -> None:
    root = root_of(GROUP, [linked(planned("a"), arguments={"p": {"value": value}})])

    given_ = root.template["resources"][0]["properties"]["parameters"]["p"]["value"]
    parameters = {name: each["value"] for name, each in root.parameters.items()}
    assert evaluate_value(given_, StaticScope(parameters, {})) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("[text]", False),
        ({"a": ["[b]"]}, False),
        ({"Copy": []}, True),
        ({"a": {"copy": 1}}, True),
        ([{"[key]": 1}], True),
        (1.5, True),
        ([1, {"a": 2.0}], True),
    ],
)
def test_what_a_template_would_read_otherwise_is_given_as_a_parameter(value: Any, expected: bool) -> None:
    assert is_read_otherwise(value) is expected


def test_secrets_stand_in_secure_parameters_only_each_once() -> None:
    secret = {"value": "https://packages.invalid/a.zip?sig=secret"}
    one = linked(planned("a"), arguments={"p": secret, "q": {"value": 1}}, secrets=frozenset("p"))
    two = linked(planned("b"), arguments={"r": secret}, secrets=frozenset("r"))

    root = root_of(GROUP, [one, two], "sig=sas")

    text = json.dumps(root.template)
    assert "sig=" not in text
    assert sorted(kind["type"] for kind in root.template["parameters"].values()) == ["securestring", "securestring"]
    assert root.parameters["sas"] == {"value": "sig=sas"}
    links = [each["properties"]["templateLink"] for each in root.template["resources"]]
    assert {link["queryString"] for link in links} == {"[parameters('sas')]"}
    assert "sig=" not in repr(root)


def test_a_reference_to_a_key_vault_is_handed_on_and_so_is_the_sas_of_the_location() -> None:
    reference = {"keyVault": {"id": "/subscriptions/x"}, "secretName": "s"}
    arguments = {"secret": {"reference": reference}, "_artifactsLocationSasToken": {"value": "?sig=sas"}}
    child = linked(planned("a"), arguments=arguments, sas_arguments=frozenset(["_artifactsLocationSasToken"]))

    (resource,) = root_of(GROUP, [child], "sig=sas").template["resources"]

    assert resource["properties"]["parameters"] == {
        "secret": {"reference": reference},
        "_artifactsLocationSasToken": {"value": "[concat('?', parameters('sas'))]"},
    }


def test_a_template_in_the_body_keeps_a_scope_of_its_own_and_needs_no_sas() -> None:
    content = {"resources": [], "outputs": {"x": {"type": "string", "value": "[parameters('p')]"}}}

    root = root_of(GROUP, [Child(template=planned("a"), content=content, tags={"owner": "[me]"})], "sig=sas")

    (resource,) = root.template["resources"]
    assert resource["properties"]["template"] == content
    assert resource["properties"]["expressionEvaluationOptions"] == {"scope": "inner"}
    assert resource["tags"] == {"owner": "[[me]"}
    assert root.parameters == {}
    assert size_of(root) == len(json.dumps({"template": root.template, "parameters": {}}, separators=(",", ":")))


@pytest.mark.parametrize(
    ("deployment_id", "prefix", "expected"),
    [("d-1", None, "d-1"), ("d-1", "v_2", "v_2-d-1"), ("i" * 48, "p" * 16, "p" * 15 + "-" + "i" * 48)],
)
def test_the_root_has_a_name_that_no_template_can_have(deployment_id: str, prefix: str | None, expected: str) -> None:
    assert root_name(deployment_id, prefix) == expected
    assert "." not in expected
    assert len(expected) <= 64

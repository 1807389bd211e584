import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from armature.options import NAME_PREFIX
from armature.plan import (
    Artifact,
    ArtifactKind,
    DeploymentScopeTarget,
    Lineage,
    ParameterBinding,
    Plan,
    PlannedTemplate,
    ResourceGroupToEnsure,
    deployment_name,
    lineage_of,
)
from armature.request import Target
from armature.templates.limits import MAX_DEPLOYMENT_NAME_CHARACTERS as LONGEST

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
OTHER = "00000000-0000-0000-0000-000000000009"
parts_of_ids = st.text("abcxyz019", min_size=3, max_size=15)
deployment_ids = st.lists(parts_of_ids, min_size=1, max_size=3).map("-".join)
prefixes = st.none() | st.from_regex(NAME_PREFIX.pattern, fullmatch=True)


def plan() -> Plan:
    web = PlannedTemplate(
        name="web",
        path="templates/web.json",
        tier=0,
        scope=DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group="rg"),
        deployment_name="web.d1",
        parameters={"tags": ParameterBinding(kind="value", value={"a": None}), "none": ParameterBinding(kind="value")},
    )
    api = Artifact(index=0, kind=ArtifactKind.PACKAGE, path="packages/api.zip", name="api", size=3, sha256="ab" * 32)
    page = Artifact(index=1, kind=ArtifactKind.TEMPLATE, path="templates/web.json", name="templates/web.json", size=9)
    return Plan(
        deployment_id="d1",
        lineage=Lineage(project="shop", environment="prod", key="0" * 16),
        subscription=SUBSCRIPTION,
        location="eastus2",
        templates=(web,),
        artifacts=(api, page),
    )


def test_a_plan_survives_being_written_down() -> None:
    assert Plan.load(plan().dump()) == plan()


def test_templates_and_packages_are_found_by_name() -> None:
    assert plan().template("web").path == "templates/web.json"
    assert plan().package("api").blob_name == f"{'ab' * 32}/api.zip"
    assert plan().artifacts[1].blob_name == "templates/web.json"
    with pytest.raises(KeyError):
        plan().template("api")
    with pytest.raises(KeyError):
        plan().package("templates/web.json")


@pytest.mark.parametrize(
    ("scope", "resource_id", "words"),
    [
        (
            {"subscription": SUBSCRIPTION, "resource_group": "rg"},
            f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg",
            "rg",
        ),
        ({"subscription": SUBSCRIPTION}, f"/subscriptions/{SUBSCRIPTION}", f"subscription {SUBSCRIPTION}"),
        (
            {"management_group": "corp"},
            "/providers/Microsoft.Management/managementGroups/corp",
            "management group corp",
        ),
        ({}, "", "the tenant"),
    ],
)
def test_a_scope_is_spelled_as_arm_does(scope: dict[str, str], resource_id: str, words: str) -> None:
    target = DeploymentScopeTarget(**scope)

    assert target.resource_id == resource_id
    assert target.deployment_id("x") == f"{resource_id}/providers/Microsoft.Resources/deployments/x"
    assert target.words == words


@pytest.mark.parametrize(
    "scope", [{"management_group": "corp", "subscription": SUBSCRIPTION}, {"resource_group": "rg"}], ids=str
)
def test_what_lies_in_two_places_or_in_half_of_one_is_no_scope(scope: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        DeploymentScopeTarget(**scope)


def test_arm_is_asked_in_the_scopes_own_subscription_and_else_in_the_plans() -> None:
    elsewhere = ResourceGroupToEnsure(name="rg", location="eastus2", subscription="other")

    assert plan().asked_in(DeploymentScopeTarget(subscription="other")) == "other"
    assert plan().asked_in(DeploymentScopeTarget(management_group="corp")) == SUBSCRIPTION
    assert plan().asked_in(DeploymentScopeTarget()) == SUBSCRIPTION
    assert plan().group_id(elsewhere) == "/subscriptions/other/resourceGroups/rg"
    assert (
        plan()
        .group_id(elsewhere.model_copy(update={"subscription": None}))
        .startswith(f"/subscriptions/{SUBSCRIPTION}/")
    )


@given(st.text(min_size=1, max_size=100), deployment_ids, prefixes)
def test_a_deployment_name_is_one_that_arm_takes(template: str, deployment_id: str, prefix: str | None) -> None:
    name = deployment_name(template, deployment_id, prefix)

    assert re.fullmatch(r"[-\w.()]{1,64}", name, re.ASCII)
    assert not name.endswith(".")
    assert name == deployment_name(template, deployment_id, prefix)


@given(st.tuples(st.text(min_size=1), deployment_ids), st.tuples(st.text(min_size=1), deployment_ids), prefixes)
def test_different_templates_and_deployments_have_different_names(
    one: tuple[str, str], two: tuple[str, str], prefix: str | None
) -> None:
    same = (one[0].casefold(), one[1]) == (two[0].casefold(), two[1])

    assert same or deployment_name(*one, prefix).lower() != deployment_name(*two, prefix).lower()


def test_a_name_begins_with_the_prefix_as_far_as_there_is_room() -> None:
    assert deployment_name("web", "shop-1", "release_7") == "release_7-web.shop-1"
    fits = "t" * (LONGEST - len("release_7-.shop-1"))
    assert deployment_name(fits, "shop-1", "release_7") == f"release_7-{fits}.shop-1"
    assert deployment_name(f"{fits}t", "shop-1", "release_7").startswith("release_7-ttt")
    assert len(deployment_name("web", "i" * 48, "p" * 16)) == LONGEST


def test_a_name_is_kept_as_long_as_it_fits() -> None:
    fits = "t" * (LONGEST - len(".shop-1"))

    assert deployment_name(fits, "shop-1") == f"{fits}.shop-1"
    assert len(deployment_name(fits, "shop-1")) == LONGEST
    longer = deployment_name(f"{fits}t", "shop-1")
    assert len(longer) <= LONGEST
    assert longer.endswith(".shop-1")
    assert longer != deployment_name(f"{fits}s", "shop-1")


def test_a_lineage_is_the_same_for_the_same_target_in_any_spelling() -> None:
    target = Target(subscription=SUBSCRIPTION)

    def key(*groups: str, cloud: str = "AzureCloud", environment: str = "prod") -> str:
        scopes = [DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group=group) for group in groups]
        return lineage_of("shop", environment, cloud, target, scopes).key

    assert key("rg-a", "rg-b") == key("RG-B", "rg-A")
    different = {
        key("rg-a"),
        key("rg-b"),
        key(),
        key("rg-a", cloud="AzureUSGovernment"),
        key("rg-a", environment="dev"),
    }
    assert len(different) == 5
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in different)


def test_each_scope_makes_a_lineage_of_its_own() -> None:
    target = Target(subscription=SUBSCRIPTION)
    scopes = [
        DeploymentScopeTarget(subscription=SUBSCRIPTION),
        DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group="corp"),
        DeploymentScopeTarget(subscription=OTHER),
        DeploymentScopeTarget(subscription=OTHER, resource_group="corp"),
        DeploymentScopeTarget(management_group="corp"),
        DeploymentScopeTarget(),
    ]

    keys = [lineage_of("shop", "prod", "AzureCloud", target, [scope]).key for scope in scopes]

    assert len(set(keys)) == len(scopes)
    assert lineage_of("shop", "prod", "AzureCloud", target, []).key == keys[0]


def test_the_lineage_of_resource_groups_has_the_key_that_earlier_versions_gave_it() -> None:
    target = Target(subscription=SUBSCRIPTION)
    scopes = [DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group=group) for group in ("rg-b", "rg-A")]

    told = "\n".join(("shop", "prod", "azurecloud", SUBSCRIPTION, "rg-a", "rg-b"))

    assert lineage_of("shop", "prod", "AzureCloud", target, scopes).key == sha256(told.encode()).hexdigest()[:16]

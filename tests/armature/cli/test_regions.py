"""`armature deploy --all-regions`: one region after the other."""

import json
from pathlib import Path
from typing import Any

import pytest

from armature.cli.exits import ExitCode
from tests.armature.cli.commands import MANIFEST, TEMPLATE, armature, deploy, write_bundle
from tests.armature.cli.fake_api import FakeApi
from tests.armature.cli.states import SUBSCRIPTION, a_completed_state, a_failed_state


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle for two regions."""
    return write_bundle(tmp_path / "shop", in_regions(westeurope={}, eastus2={}), {"plan.json": TEMPLATE})


def in_regions(**regions: Any) -> dict[str, Any]:
    return {**{key: value for key, value in MANIFEST.items() if key != "location"}, "regions": regions}


def started(api: FakeApi) -> list[tuple[str, str]]:
    """The region and the id of each deployment that was started."""
    sent = [request.json for request in api.of("POST", "/deployments")]
    return [(body["target"]["location"], body["deploymentId"]) for body in sent]


def test_each_region_is_deployed_to_with_one_bundle_and_ids_that_name_it(api: FakeApi, bundle: Path) -> None:
    api.states = [a_completed_state()]

    result = deploy(api, bundle, "--all-regions", "--deployment-id", "shop-7")

    assert result.exit_code == ExitCode.COMPLETED
    assert started(api) == [("westeurope", "shop-7-westeurope"), ("eastus2", "shop-7-eastus2")]
    assert len(api.of("POST", "/bundles")) == 1
    assert "Region westeurope, 1 of 2." in result.stderr
    rows = [line.split() for line in result.stdout.splitlines()[-2:]]
    assert rows == [["westeurope", "shop-7-westeurope", "completed"], ["eastus2", "shop-7-eastus2", "completed"]]


def test_none_is_begun_after_one_that_did_not_complete(api: FakeApi, bundle: Path) -> None:
    api.states = [a_failed_state()]

    result = deploy(api, bundle, "--all-regions", "--deployment-id", "shop-7")

    assert result.exit_code == ExitCode.FAILED
    assert [region for region, _ in started(api)] == ["westeurope"]
    assert [line.rstrip().split(maxsplit=2) for line in result.stdout.splitlines()[-2:]] == [
        ["westeurope", "shop-7-westeurope", "failed"],
        ["eastus2", "shop-7-eastus2", "not started"],
    ]


def test_with_json_the_states_by_region_are_alone_on_standard_output(api: FakeApi, bundle: Path) -> None:
    api.states = [a_completed_state()]

    result = deploy(api, bundle, "--all-regions", "--json")

    document = json.loads(result.stdout)
    assert list(document["regions"]) == ["westeurope", "eastus2"]
    assert {state["status"] for state in document["regions"].values()} == {"completed"}


def test_an_id_that_is_made_up_leaves_room_for_the_region(api: FakeApi, tmp_path: Path) -> None:
    content = in_regions(australiasoutheast={}, eastus2={})
    bundle = write_bundle(tmp_path / "a-bundle-of-a-very-long-name", content, {"plan.json": TEMPLATE})
    api.states = [a_completed_state()]

    deploy(api, bundle, "--all-regions")

    ids = [deployment_id for _, deployment_id in started(api)]
    assert [name.endswith(suffix) for name, suffix in zip(ids, ("-australiasoutheast", "-eastus2"), strict=True)]
    assert all(len(deployment_id) <= 48 for deployment_id in ids)
    assert {name.removesuffix("-australiasoutheast").removesuffix("-eastus2") for name in ids} == {ids[1][:-8]}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--location", "eastus2"], "--all-regions and --location exclude each other."),
        (["--no-wait"], "--all-regions and --no-wait exclude each other."),
        (["--deployment-id", "x" * 38], "at most 37 characters"),
    ],
)
def test_what_can_not_be_meant_is_a_usage_error(api: FakeApi, bundle: Path, words: list[str], told: str) -> None:
    result = deploy(api, bundle, "--all-regions", *words)

    assert result.exit_code == ExitCode.USAGE
    assert told in result.stderr
    assert api.received == []


def test_a_bundle_in_storage_and_one_without_regions_are_usage_errors(api: FakeApi, tmp_path: Path) -> None:
    plain = write_bundle(tmp_path / "plain", MANIFEST, {"plan.json": TEMPLATE})

    results = [
        deploy(api, where, "--all-regions") for where in (plain, "https://account.blob.core.windows.net/b/shop.zip")
    ]

    assert [result.exit_code for result in results] == [ExitCode.USAGE] * 2
    assert "names no regions" in results[0].stderr
    assert "not known here" in results[1].stderr
    assert api.received == []


def test_what_is_wrong_in_any_region_is_told_before_anything_is_sent(api: FakeApi, tmp_path: Path) -> None:
    bad = {"parameters": {"plan": {"no": {"value": 1}}}}
    bundle = write_bundle(tmp_path / "bad", in_regions(westeurope={}, eastus2=bad), {"plan.json": TEMPLATE})
    unreadable = tmp_path / "unreadable"
    unreadable.mkdir()
    (unreadable / "manifest.json").write_text("{")

    results = [deploy(api, where, "--all-regions") for where in (bundle, unreadable)]

    assert [result.exit_code for result in results] == [ExitCode.REFUSED] * 2
    assert "/regions/eastus2/parameters/plan/no" in results[0].stderr
    assert api.received == []


def test_a_management_group_is_part_of_the_target(api: FakeApi, tmp_path: Path) -> None:
    schema = "https://schema.management.azure.com/schemas/2019-08-01/managementGroupDeploymentTemplate.json#"
    content = {**MANIFEST, "templates": [{"name": "rules", "path": "rules.json"}]}
    bundle = write_bundle(tmp_path / "rules", content, {"rules.json": {**TEMPLATE, "$schema": schema}})
    api.states = [a_completed_state()]

    valid = armature(
        "bundle",
        "validate",
        bundle,
        "--subscription",
        SUBSCRIPTION,
        "--location",
        "eastus2",
        "--management-group",
        "corp",
    )
    deployed = deploy(api, bundle, "--management-group", "corp")

    assert valid.exit_code == deployed.exit_code == ExitCode.COMPLETED
    assert "management group corp" in valid.stdout
    assert api.of("POST", "/deployments")[0].json["target"]["managementGroup"] == "corp"


def test_a_bundle_is_valid_in_the_region_that_is_named_and_else_in_all(bundle: Path, tmp_path: Path) -> None:
    bad = {"parameters": {"plan": {"no": {"value": 1}}}}
    half = write_bundle(tmp_path / "half", in_regions(westeurope={}, eastus2=bad), {"plan.json": TEMPLATE})
    target = ("--subscription", SUBSCRIPTION)

    good = armature("bundle", "validate", bundle, *target)
    whole = armature("bundle", "validate", half, *target)
    west = armature("bundle", "validate", half, *target, "--location", "westeurope")

    assert [result.exit_code for result in (good, whole, west)] == [
        ExitCode.COMPLETED,
        ExitCode.REFUSED,
        ExitCode.COMPLETED,
    ]
    assert "/regions/eastus2/parameters/plan/no" in whole.stdout
    assert "rg-shop" in west.stdout

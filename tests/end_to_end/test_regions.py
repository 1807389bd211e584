"""A bundle for two regions: deployed side by side into one resource group, and rolled back each by itself."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.stack import Stack
from tests.clouds import CLOUD, LOCATION, OTHER_LOCATION
from tests.end_to_end import hindrances
from tests.end_to_end.bundles import template, workspace
from tests.end_to_end.client import zipped
from tests.end_to_end.hindrances import hindered
from tests.end_to_end.rollback_world import QUICKLY, World, broken, told
from tests.end_to_end.snapshots import differences

PROJECT = "regional"


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """The stack, where whatever is called broken-… can't be made."""
    with hindered(stack, hindrances.broken("broken-*")):
        yield World(stack)


def bundle(version: str, *, fails: bool = False) -> bytes:
    """A workspace for each region that has its name, and tells the version."""
    made = {**workspace(f"[concat('log-{PROJECT}-', parameters('region'))]"), "tags": {"version": version}}
    made["location"] = "[parameters('region')]"
    web = template([made, *([broken(PROJECT)] if fails else [])], parameters={"region": {"type": "string"}})
    described = {
        "version": "1",
        "project": PROJECT,
        "environment": "test",
        "cloud": CLOUD.name,
        "templates": [{"name": "web", "path": "web.json"}],
        "regions": {
            region: {"resourceGroup": f"rg-{PROJECT}", "parameters": {"web": {"region": {"value": region}}}}
            for region in (LOCATION, OTHER_LOCATION)
        },
    }
    return zipped({"manifest.json": described, "web.json": web})


def start(world: World, content: bytes, region: str, name: str) -> str:
    return world.caller.start(content, target={"location": region}, deploymentId=name, options=QUICKLY)


def of_region(world: World, region: str) -> dict[str, dict[str, Any]]:
    """What ARM holds for one of the regions."""
    return world.snapshot(f"log-{PROJECT}-{region}")


def versions(world: World) -> dict[str, str]:
    """The version that each region has."""
    found = {region: list(of_region(world, region).values()) for region in (LOCATION, OTHER_LOCATION)}
    return {region: resources[0]["tags"]["version"] for region, resources in found.items()}


def test_two_regions_are_deployed_side_by_side_and_rolled_back_each_by_itself(world: World) -> None:
    regions = {"a": LOCATION, "b": OTHER_LOCATION}

    started = {name: start(world, bundle("v1"), region, f"regional-{name}1") for name, region in regions.items()}
    first = {name: world.caller.ended(deployment) for name, deployment in started.items()}
    assert {state["status"] for state in first.values()} == {"completed"}, [told(state) for state in first.values()]
    here, there = of_region(world, LOCATION), of_region(world, OTHER_LOCATION)
    better = world.caller.ended(start(world, bundle("v2"), LOCATION, "regional-a2"))
    worse = world.caller.ended(start(world, bundle("v3", fails=True), OTHER_LOCATION, "regional-b2"))
    in_between = versions(world)
    back = world.roll_back("regional-a2")

    assert better["status"] == "completed", told(better)
    assert [state["lineage"]["region"] for state in first.values()] == [LOCATION, OTHER_LOCATION]
    assert len({state["lineage"]["key"] for state in first.values()}) == 2
    assert not any("holder" in state["lineage"] for state in first.values())
    assert (worse["status"], worse["rollback"]["previousDeploymentId"]) == ("rolledBack", "regional-b1"), told(worse)
    assert in_between == {LOCATION: "v2", OTHER_LOCATION: "v1"}
    assert (back["status"], back["rollback"]["previousDeploymentId"]) == ("rolledBack", "regional-a1"), told(back)
    assert versions(world) == {LOCATION: "v1", OTHER_LOCATION: "v1"}
    assert differences(here, of_region(world, LOCATION)) == []
    assert differences(there, of_region(world, OTHER_LOCATION)) == []

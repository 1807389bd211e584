"""Tags of the options are on everything that is deployed, and a rollback puts back those that were there."""

import pytest

from emulator.stack import Stack
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import zipped
from tests.end_to_end.rollback_world import QUICKLY, World, group_id, network
from tests.end_to_end.snapshots import arm_call, differences

FIRST = {"owner": "first", "cost": "7"}
SECOND = {"Owner": "second", "ticket": "42"}


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    return World(stack)


def deploy(world: World, project: str, number: int, tags: dict[str, str], *, is_broken: bool = False):
    """A network, then a workspace, which may be one that Azure refuses."""
    log = {**workspace(f"log-{project}"), "tags": {"own": str(number), "Cost": "template"}}
    if is_broken:
        log["properties"] = {"retentionInDays": -1}
    files = {
        "network.json": template([network("vnet", "web", tags={"own": str(number)})]),
        "log.json": template([log]),
    }
    items = [{"name": "network", "path": "network.json"}, {"name": "log", "path": "log.json", "dependsOn": ["network"]}]
    bundle = zipped({"manifest.json": manifest(project, items), **files})
    options = {**QUICKLY, "tags": tags, "force": True, "deploymentNamePrefix": f"v{number}"}
    return world.caller.ended(world.caller.start(bundle, deploymentId=f"{project}-{number}", options=options))


def test_everything_that_takes_tags_bears_those_of_the_options_and_a_rollback_puts_the_earlier_ones_back(world):
    project = "tags"

    state = deploy(world, project, 1, FIRST)

    before = world.snapshot(f"rg-{project}/")
    group = arm_call(world.stack, "GET", group_id(project))
    record = arm_call(
        world.stack, "GET", f"{group_id(project)}/providers/Microsoft.Resources/deployments/v1-log.{project}-1"
    )
    tags = {id_.rsplit("/", 1)[-1]: found.get("tags") for id_, found in before.items()}
    assert (state["status"], state.get("warnings", [])) == ("completed", [])
    assert tags["vnet"] == {"own": "1", **FIRST}
    assert tags[f"log-{project}"] == {"own": "1", "Cost": "7", "owner": "first"}
    assert tags["web"] is None
    assert FIRST.items() <= group["tags"].items()
    assert record["tags"] == {
        **FIRST,
        "armature-deployment-id": f"{project}-1",
        "armature-attempt": "1",
    }

    failed = deploy(world, project, 2, SECOND, is_broken=True)

    assert failed["status"] == "rolledBack", failed
    assert failed["rollback"]["templates"][0]["deploymentName"] == f"v2-network.{project}-2.r1"
    assert differences(before, world.snapshot(f"rg-{project}/")) == []
    assert arm_call(world.stack, "GET", group_id(project))["tags"] == group["tags"]

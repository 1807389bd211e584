"""A bundle for two subscriptions: groups of one name in each, and what a template creates in the other."""

from collections.abc import Iterator
from typing import Any

import pytest

from emulator.stack import Stack, StackOptions
from tests.clouds import CLOUD, LOCATION
from tests.end_to_end import hindrances
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, zipped
from tests.end_to_end.hindrances import hindered
from tests.end_to_end.rollback_world import QUICKLY, SUBSCRIPTION_SCHEMA, World, broken, told
from tests.running import ROOT

OTHER = "00000000-0000-0000-0000-000000000009"
PROJECT = "twofold"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A stack with two subscriptions, where whatever is called broken-… can't be made."""
    options = StackOptions(
        state=tmp_path_factory.mktemp("subscriptions"),
        app_root=ROOT,
        cloud=CLOUD.name,
        scale=0.01,
        subscriptions=(SUBSCRIPTION, OTHER),
        extra_settings={"ARMATURE_POLL_INTERVAL_SECONDS": "0.2"},
    )
    with Stack(options) as stack, hindered(stack, hindrances.broken("broken-*")):
        yield World(stack)


def bundle(*, fails: bool) -> bytes:
    """`here` and `there` go to one group name in each subscription; `base` makes a group in the other, for `last`."""
    group = f"rg-{PROJECT}"
    made = {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2022-09-01", "location": LOCATION}
    which = {"id": {"type": "string", "value": "[subscription().subscriptionId]"}}
    base = template([{**made, "name": f"{group}-made"}], **{"$schema": SUBSCRIPTION_SCHEMA})
    last = template([workspace(f"log-{PROJECT}-last"), *([broken(PROJECT)] if fails else [])])
    there = template(
        [{**workspace(f"log-{PROJECT}"), "tags": {"from": "[parameters('from')]"}}],
        which,
        parameters={"from": {"type": "string"}},
    )
    elsewhere: dict[str, Any] = {"subscription": OTHER}
    items = [
        {"name": "last", "scope": {"resourceGroup": f"{group}-made", **elsewhere}},
        {
            "name": "there",
            "scope": {"resourceGroup": group, **elsewhere},
            "parameters": {"from": {"output": "here.id"}},
        },
        {"name": "here", "scope": {"resourceGroup": group}},
        {"name": "base", "scope": elsewhere, "dependsOn": ["there"]},
    ]
    files = {"last": last, "there": there, "here": template([workspace(f"log-{PROJECT}")], which), "base": base}
    described = manifest(PROJECT, [{"path": f"{item['name']}.json", **item} for item in items])
    return zipped({"manifest.json": described, **{f"{name}.json": content for name, content in files.items()}})


def test_what_goes_to_two_subscriptions_is_undone_and_done_in_both(world: World) -> None:
    failed = world.caller.ended(world.caller.start(bundle(fails=True), deploymentId="twofold-1", options=QUICKLY))
    left = world.snapshot(PROJECT)
    state = world.caller.ended(world.caller.start(bundle(fails=False), deploymentId="twofold-2", options=QUICKLY))

    assert failed["status"] == "rolledBack", told(failed)
    assert left == {}
    assert len(failed["rollback"]["deleted"]) == 6
    assert state["status"] == "completed", told(state)
    logs = {
        id_.split("/")[2]: document
        for id_, document in world.snapshot(PROJECT).items()
        if id_.endswith(f"/workspaces/log-{PROJECT}")
    }
    assert set(logs) == {SUBSCRIPTION, OTHER}
    assert logs[OTHER]["tags"] == {"from": SUBSCRIPTION}
    assert [each["scope"] for each in state["templates"] if each["name"] == "base"] == [f"/subscriptions/{OTHER}"]

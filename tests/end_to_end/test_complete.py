"""Mode Complete end to end: exactly what was approved goes, from two groups, children first; the rest is kept."""

from typing import Any

from emulator.stack import Stack
from tests.clouds import LOCATION
from tests.end_to_end.bundles import manifest, template, workspace
from tests.end_to_end.client import SUBSCRIPTION, Caller, zipped
from tests.end_to_end.rollback_world import QUICKLY, World, network
from tests.end_to_end.snapshots import arm_call, arm_snapshot
from tests.waiting import wait_until

WEB, DATA = "complete", "complete-data"
DELETED, LEFT_OVER = "ResourceDeleted", "ResourceLeftOver"


def identity(name: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
        "apiVersion": "2023-01-31",
        "name": name,
        "location": LOCATION,
    }


def server(name: str) -> dict[str, Any]:
    properties = {"administratorLogin": "ada", "administratorLoginPassword": "Not-a-secret-1"}
    return {
        "type": "Microsoft.Sql/servers",
        "apiVersion": "2021-11-01",
        "name": name,
        "location": LOCATION,
        "properties": properties,
    }


def card(name: str, subnet_id: str) -> dict[str, Any]:
    configuration = {"name": "one", "properties": {"subnet": {"id": subnet_id}}}
    return {
        "type": "Microsoft.Network/networkInterfaces",
        "apiVersion": "2023-09-01",
        "name": name,
        "location": LOCATION,
        "properties": {"ipConfigurations": [configuration]},
    }


def group(project: str) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{project}"


def bundle(templates: dict[str, tuple[str, list[dict[str, Any]]]], project: str = WEB) -> bytes:
    """For each template the project whose group it goes to, and its resources."""
    files = {f"{name}.json": template(resources) for name, (_, resources) in templates.items()}
    items = [
        {"name": name, "path": f"{name}.json", "scope": {"resourceGroup": f"rg-{where}"}}
        for name, (where, _) in templates.items()
    ]
    return zipped({"manifest.json": manifest(project, items), **files})


def listed(caller: Caller, deployment_id: str) -> dict[str, Any]:
    answer = caller.get(f"deployments/{deployment_id}/cleanup")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def asked(caller: Caller, deployment_id: str, number: int) -> dict[str, Any]:
    """The nth approval of a deployment, once it waits for it."""

    def is_waiting() -> bool:
        state = caller.state(deployment_id)
        assert state["status"] not in ("completed", "failed", "cancelled", "rolledBack"), state
        return state["status"] == "awaitingApproval" and state["approval"]["number"] == number

    wait_until(is_waiting)
    return caller.state(deployment_id)


def approve(caller: Caller, state: dict[str, Any]) -> None:
    path = f"{caller.api}/deployments/{state['deploymentId']}/approve"
    answer = caller.session.post(path, json={"approvalId": state["approval"]["approvalId"]}, timeout=30)
    assert answer.status_code == 202, answer.text


def test_exactly_what_was_approved_goes_and_a_rollback_puts_the_templates_back(stack: Stack) -> None:
    world = World(stack)
    caller = world.caller
    force = {"options": {**QUICKLY, "force": True}}
    first = bundle({"web": (WEB, [workspace("log-web")]), "old": (DATA, [identity("id-old"), workspace("log-old")])})
    caller.ended(caller.start(first, deploymentId=f"{WEB}-1", **force))
    other = bundle({"shared": (DATA, [identity("id-shared")])}, project="complete-other")
    caller.ended(caller.start(other, deploymentId="complete-other-1", **force))
    sql = world.put(server("sql-stray"), WEB)
    database = {**server("orders"), "type": "Microsoft.Sql/servers/databases", "properties": {}}
    arm_call(stack, "PUT", f"{sql}/databases/orders", version="2021-11-01", body={"location": LOCATION, **database})
    vnet = world.put(network("vnet-stray", "web"), WEB)
    nic = world.put(card("nic-stray", f"{vnet}/subnets/web"), WEB)
    locked = world.put(identity("id-locked"), DATA)
    lock = f"{locked}/providers/Microsoft.Authorization/locks/keep"
    arm_call(stack, "PUT", lock, version="2016-09-01", body={"properties": {"level": "CanNotDelete"}})
    tagged = world.put(identity("id-tagged"), DATA)
    old = f"{group(DATA)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-old"
    log_old = f"{group(DATA)}/providers/Microsoft.OperationalInsights/workspaces/log-old"
    strangers = {sql, f"{sql}/databases/orders", vnet, nic, tagged, old, log_old}

    second = bundle({"web": (WEB, [workspace("log-web"), server("sql-slow")]), "new": (DATA, [identity("id-new")])})
    name = caller.start(second, deploymentId=f"{WEB}-2", options={**QUICKLY, "mode": "Complete", "force": False})
    waiting = asked(caller, name, 1)
    found = listed(caller, name)
    before = arm_snapshot(stack, f"rg-{WEB}")
    arm_call(stack, "PATCH", tagged, version="2023-01-31", body={"tags": {"needed": "yes"}})
    late = world.put(identity("id-late"), DATA)
    approve(caller, waiting)
    again = asked(caller, name, 2)
    found_again = listed(caller, name)
    approve(caller, again)
    wait_until(lambda: caller.state(name)["status"] == "deploying")
    later = world.put(identity("id-later"), DATA)
    last = asked(caller, name, 3)
    untouched = arm_snapshot(stack, f"rg-{WEB}")
    approve(caller, last)
    state = caller.ended(name)

    told = {each["id"]: each for each in found["value"]}
    assert set(told) == strangers | {locked}
    assert told[locked]["lockedBy"] == lock
    assert {id_ for id_, each in told.items() if each["holdsData"]} == {sql, f"{sql}/databases/orders", log_old}
    assert {id_ for id_, each in told.items() if each["comesBack"]} == {old}
    assert told[log_old]["why"].startswith(f"A rollback deploys it again as in {WEB}-1, without its data.")
    assert [(each["id"].rpartition("/")[2], each["reason"]) for each in found["kept"]] == [
        ("id-shared", "otherLineage")
    ]
    assert (waiting["cleanUp"]["toDelete"], waiting["cleanUp"]["locked"]) == (7, 1)
    assert waiting["approval"]["listId"] == found["listId"]
    assert {each["id"] for each in found_again["value"]} == strangers | {locked, late}
    assert found_again["listId"] not in (None, found["listId"])
    assert not found_again["isAfterRollout"]
    assert "Mode Complete would delete 1 resource," in last["approval"]["message"]
    assert last["cleanUp"]["isAfterRollout"]
    assert before.keys() - untouched.keys() == set()
    assert state["status"] == "completed", state
    assert state["message"].endswith("Mode Complete: 9 resources deleted, 1 kept by locks.")
    assert [warning["code"] for warning in state["warnings"]] == ["LockedResourcesKept"]
    ended = listed(caller, name)
    assert {each["status"] for each in ended["value"]} == {"deleted", "locked"}
    order = [e["message"].split()[0] for e in caller.events(name) if e["code"] == DELETED]
    assert sorted(order) == sorted([*strangers, late, later])
    assert order.index(f"{sql}/databases/orders") < order.index(sql)
    assert order.index(nic) < order.index(vnet)
    after = arm_snapshot(stack, f"rg-{WEB}")
    names = {id_.rpartition("/")[2] for id_ in after}
    assert {"log-web", "id-new", "id-locked", "id-shared"} <= names
    assert not names & {id_.lower().rpartition("/")[2] for id_ in (*strangers, late, later)}

    back = world.roll_back(name)

    assert back["status"] == "rolledBack", back
    assert "What this deployment deployed is undone" in back["message"]
    assert "What mode Complete had deleted is not restored" in back["message"]
    assert f"Deployed again, without the data that it held: {log_old}." in back["message"]
    names = {id_.rpartition("/")[2] for id_ in arm_snapshot(stack, f"rg-{WEB}")}
    assert {"log-web", "id-old", "log-old", "id-locked", "id-shared"} <= names
    assert "id-new" not in names

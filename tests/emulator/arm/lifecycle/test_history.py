"""The history: entries are removed by request and by themselves, and a scope holds only so many."""

import pytest
from azure.core.exceptions import ResourceNotFoundError

from emulator.arm.errors import ArmError
from emulator.arm.identifiers import DEPLOYMENT_TYPE, ResourceId
from emulator.arm.lifecycle import limits
from emulator.arm.models import Deployment, Resource
from emulator.arm.state import CloudState
from tests.emulator.arm.running import GROUP_PATH, Arm, resource, template

DEPLOYMENTS = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments"
GROUP = ResourceId("s", "rg")


async def test_an_entry_is_removed_and_the_resources_stay(arm: Arm) -> None:
    await arm.deploy(template(resource("a")))

    poller = await arm.deployments.begin_delete("rg", "main")
    await poller.wait()

    with pytest.raises(ResourceNotFoundError):
        await arm.deployments.get("rg", "main")
    assert (await arm.request("GET", f"{GROUP_PATH}/providers/Microsoft.Contoso/things/a"))[0] == 200


async def test_the_answer_says_where_to_ask_and_the_name_is_held_meanwhile(slow_arm: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "template": template()}}
    await slow_arm.request("PUT", f"{DEPLOYMENTS}/main", body)
    await slow_arm.ended(f"{DEPLOYMENTS}/main")

    async with slow_arm.http.delete(f"{slow_arm.url}{DEPLOYMENTS}/main?api-version=2021-04-01") as response:
        status, location = response.status, response.headers["Location"]
    async with slow_arm.http.get(location) as response:
        asked, again = response.status, response.headers["Location"]
    _, shown = await slow_arm.request("GET", f"{DEPLOYMENTS}/main")
    refused, refusal = await slow_arm.request("PUT", f"{DEPLOYMENTS}/main", body)

    assert (status, asked, again) == (202, 202, location)
    assert shown["properties"]["provisioningState"] == "Deleting"
    assert (refused, refusal["error"]["code"]) == (409, "DeploymentBeingDeleted")


async def test_what_runs_is_not_removed_and_what_is_not_there_is_no_error(slow_arm: Arm) -> None:
    await slow_arm.request(
        "PUT", f"{DEPLOYMENTS}/main", {"properties": {"mode": "Incremental", "template": template(resource("a"))}}
    )

    running, refusal = await slow_arm.request("DELETE", f"{DEPLOYMENTS}/main")
    absent, _ = await slow_arm.request("DELETE", f"{DEPLOYMENTS}/other")

    assert (running, refusal["error"]["code"]) == (409, "DeploymentActive")
    assert absent == 204


def filled(count: int, scope: ResourceId = GROUP, **rest: object) -> CloudState:
    state = CloudState("t", ("s",))
    for number in range(count):
        name = scope.resource(DEPLOYMENT_TYPE, f"d{number}")
        state.put_deployment(Deployment(name, "Incremental", "c", provisioning_state="Succeeded", **rest))
    return state


def lock(scope: ResourceId, level: str) -> Resource:
    document = {"properties": {"level": level}}
    return Resource(scope.resource("Microsoft.Authorization/locks", "l"), "2020-05-01", document)


def names(state: CloudState, scope: ResourceId = GROUP) -> list[str]:
    return [deployment.id.last_name for deployment in state.deployments(scope)]


def test_the_oldest_entries_go_when_the_limit_is_near() -> None:
    state = filled(limits.DELETION_BEGINS_ABOVE)
    limits.make_room(state, GROUP)
    assert state.deployment_count(GROUP) == limits.DELETION_BEGINS_ABOVE

    state.put_deployment(Deployment(GROUP.resource(DEPLOYMENT_TYPE, "new"), "Incremental", "c"))
    limits.make_room(state, GROUP)

    left = names(state)
    assert (len(left), left[0], left[-1]) == (limits.DELETION_ENDS_AT, "new", "d101")


def test_what_runs_is_never_removed() -> None:
    state = filled(limits.DELETION_BEGINS_ABOVE + 1)
    oldest = state.find_deployment(GROUP.resource(DEPLOYMENT_TYPE, "d0"))
    assert oldest is not None
    oldest.provisioning_state = "Running"

    limits.make_room(state, GROUP)

    assert "d0" in names(state)
    assert len(names(state)) == limits.DELETION_ENDS_AT


@pytest.mark.parametrize("locked", [GROUP, ResourceId("s")])
def test_a_lock_keeps_the_entries_until_the_history_is_full(locked: ResourceId) -> None:
    state = filled(limits.MAX_DEPLOYMENTS)
    state.put_resource(lock(locked, "CanNotDelete"))

    limits.make_room(state, GROUP)

    assert state.deployment_count(GROUP) == limits.MAX_DEPLOYMENTS
    limits.check_quota(state, GROUP.resource(DEPLOYMENT_TYPE, "D5"))
    with pytest.raises(ArmError, match="would exceed the quota of '800'") as refusal:
        limits.check_quota(state, GROUP.resource(DEPLOYMENT_TYPE, "new"))
    assert (refusal.value.status, refusal.value.code) == (409, "DeploymentQuotaExceeded")


@pytest.mark.parametrize("scope", [ResourceId(), ResourceId(management_group="m")])
def test_other_scopes_are_not_tidied_up(scope: ResourceId) -> None:
    state = filled(limits.DELETION_BEGINS_ABOVE + 1, scope)

    limits.make_room(state, scope)

    assert state.deployment_count(scope) == limits.DELETION_BEGINS_ABOVE + 1

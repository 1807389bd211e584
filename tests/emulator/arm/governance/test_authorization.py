"""What a principal may do, and how it is told what it may not."""

import pytest

from tests.emulator.arm.governance.asking import STRANGER, SUBSCRIPTION_PATH, THING, as_stranger, assign, put, refusal
from tests.emulator.arm.running import GROUP_PATH, Arm, resource, template

NETWORK = f"{GROUP_PATH}/providers/Microsoft.Network/virtualNetworks/net"
TENANT_ROOT = "/providers/Microsoft.Management/managementGroups/00000000-0000-0000-0000-000000000002"


@pytest.mark.parametrize(
    ("method", "path", "action", "scope"),
    [
        ("GET", THING, "Microsoft.Contoso/things/read", THING),
        ("PUT", THING, "Microsoft.Contoso/things/write", THING),
        ("DELETE", THING, "Microsoft.Contoso/things/delete", THING),
        ("POST", f"{THING}/listKeys", "Microsoft.Contoso/things/listKeys/action", THING),
        ("GET", GROUP_PATH, "Microsoft.Resources/subscriptions/resourceGroups/read", GROUP_PATH),
        ("DELETE", GROUP_PATH, "Microsoft.Resources/subscriptions/resourceGroups/delete", GROUP_PATH),
        (
            "PUT",
            f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/d",
            "Microsoft.Resources/deployments/write",
            f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/d",
        ),
        (
            "POST",
            f"{SUBSCRIPTION_PATH}/providers/Microsoft.Web/register",
            "Microsoft.Web/register/action",
            SUBSCRIPTION_PATH,
        ),
    ],
)
async def test_who_has_no_right_is_told_which(arm: Arm, method: str, path: str, action: str, scope: str) -> None:
    status, error = await refusal(arm, method, path, {}, **as_stranger(arm))

    assert (status, error["code"]) == (403, "AuthorizationFailed")
    assert error["message"] == (
        f"The client 'app-of-stranger' with object id '{STRANGER}' does not have authorization to perform action "
        f"'{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your "
        "credentials."
    )


@pytest.mark.parametrize("scope", [THING, GROUP_PATH, SUBSCRIPTION_PATH, TENANT_ROOT, "/"])
async def test_a_role_holds_for_all_below_its_scope(arm: Arm, scope: str) -> None:
    await put(arm, THING)
    await assign(arm, "Reader", scope)

    read, _ = await arm.request("GET", THING, **as_stranger(arm))
    written, _ = await refusal(arm, "PUT", THING, {}, **as_stranger(arm))

    assert (read, written) == (200, 403)


async def test_a_role_that_is_taken_away_holds_no_more(arm: Arm) -> None:
    await put(arm, THING)
    assignment = await assign(arm, "Reader", GROUP_PATH)

    removed, was = await arm.request("DELETE", assignment)
    status, _ = await refusal(arm, "GET", THING, **as_stranger(arm))

    assert (removed, was["properties"]["principalId"], status) == (200, STRANGER, 403)


async def test_what_is_referred_to_needs_a_right_as_well(arm: Arm) -> None:
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    subnets = [{"name": "web", "properties": {"addressPrefix": "10.0.0.0/24"}}]
    await put(arm, NETWORK, {"location": "eastus2", "properties": space | {"subnets": subnets}})
    await put(arm, THING)
    await assign(arm, "Contributor", THING)

    body = {"properties": {"network": {"subnetId": f"{NETWORK}/subnets/web"}}}
    status, error = await refusal(arm, "PUT", THING, body, **as_stranger(arm))

    assert (status, error["code"]) == (403, "LinkedAuthorizationFailed")
    assert "action(s) 'Microsoft.Network/virtualNetworks/subnets/join/action'" in error["message"]
    assert f"on the linked scope(s) '{NETWORK}/subnets/web' (respectively)" in error["message"]


async def test_a_template_with_what_the_caller_may_not_write_is_refused_before_it_starts(arm: Arm) -> None:
    await assign(arm, "Website Contributor", GROUP_PATH)
    content = {"properties": {"mode": "Incremental", "template": template(resource("a"))}}
    path = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/d"

    status, error = await refusal(arm, "PUT", path, content, **as_stranger(arm))

    assert (status, error["code"]) == (403, "InvalidTemplateDeployment")
    assert [detail["code"] for detail in error["details"]] == ["AuthorizationFailed"]
    assert "Authorization failed for template resource 'a' of type 'Microsoft.Contoso/things'" in error["message"]


async def test_a_role_that_nobody_defined_is_not_assigned(arm: Arm) -> None:
    role = f"{SUBSCRIPTION_PATH}/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-0000-0000-00000000dead"
    path = f"{GROUP_PATH}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111"

    status, error = await refusal(arm, "PUT", path, {"properties": {"roleDefinitionId": role, "principalId": STRANGER}})

    assert (status, error["code"]) == (404, "RoleDefinitionDoesNotExist")


async def test_what_is_assigned_at_and_above_a_scope_is_listed(arm: Arm) -> None:
    await assign(arm, "Reader", SUBSCRIPTION_PATH)
    assignments = f"{GROUP_PATH}/providers/Microsoft.Authorization/roleAssignments"

    _, everybody = await arm.request("GET", assignments)
    _, own = await arm.request("GET", assignments, params={"$filter": f"principalId eq '{STRANGER}'"})
    _, mine = await arm.request("GET", assignments, params={"$filter": f"atScope() and assignedTo('{STRANGER}')"})

    assert {entry["properties"]["principalId"] for entry in everybody["value"]} == {"someone", STRANGER}
    assert [entry["properties"]["principalId"] for entry in own["value"]] == [STRANGER]
    assert [entry["properties"]["scope"] for entry in mine["value"]] == [SUBSCRIPTION_PATH]


async def test_roles_are_found_by_their_name(arm: Arm) -> None:
    roles = f"{GROUP_PATH}/providers/Microsoft.Authorization/roleDefinitions"

    _, found = await arm.request("GET", roles, params={"$filter": "roleName eq 'Reader'"})
    _, one = await arm.request("GET", f"{roles}/acdd72a7-3385-48ef-bd42-f606fba81ae7")

    assert [entry["name"] for entry in found["value"]] == ["acdd72a7-3385-48ef-bd42-f606fba81ae7"]
    assert one["properties"]["permissions"][0]["actions"] == ["*/read"]


async def test_everybody_may_ask_for_its_own_permissions(arm: Arm) -> None:
    path = f"{GROUP_PATH}/providers/Microsoft.Authorization/permissions"

    _, none = await arm.request("GET", path, **as_stranger(arm))
    _, owner = await arm.request("GET", path)

    assert none["value"] == []
    assert owner["value"][0]["actions"] == ["*"]

"""Resources by id, their lists and their actions, and what single types do."""

import base64
import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION, Arm, resource, storage, template

PROVIDERS = f"{GROUP_PATH}/providers"
THING = f"{PROVIDERS}/Microsoft.Contoso/things/a"
SITE = f"{PROVIDERS}/Microsoft.Web/sites/web"
ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/stcontoso"


async def put(arm: Arm, path: str, **body: Any) -> dict[str, Any]:
    """The resource that a PUT makes."""
    status, answer = await arm.request("PUT", path, {"location": "eastus2"} | body)
    assert status in (200, 201), answer
    made: dict[str, Any] = answer
    return made


async def error_code(arm: Arm, method: str, path: str, body: Any = None) -> str:
    """The code of a request that is refused."""
    _, answer = await arm.request(method, path, body)
    return str(answer["error"]["code"])


async def test_a_resource_is_made_read_changed_and_removed_through_the_sdk(arm: Arm) -> None:
    resources, version = arm.groups.resources, "2024-01-01"

    made = await (
        await resources.begin_create_or_update_by_id(
            THING, {"location": "eastus2", "tags": {"a": "1"}, "properties": {"size": 1}}, api_version=version
        )
    ).result()
    changed = await (await resources.begin_update_by_id(THING, {"tags": {"a": "2"}}, api_version=version)).result()
    read = await resources.get_by_id(THING, api_version=version)
    await (await resources.begin_delete_by_id(THING, api_version=version)).result()

    assert made.properties == {"size": 1, "provisioningState": "Succeeded"}
    assert (changed.tags, changed.properties["size"]) == ({"a": "2"}, 1)
    assert (read.id, read.name, read.type) == (THING, "a", "Microsoft.Contoso/things")
    assert not await resources.check_existence_by_id(THING, api_version=version)
    assert (await arm.request("DELETE", THING))[0] == 204


async def test_lists_hold_top_level_resources_that_the_filter_lets_through(arm: Arm) -> None:
    await put(arm, THING, tags={"team": "web"})
    await put(arm, f"{THING}/parts/b")
    await put(arm, ACCOUNT)
    await arm.deploy(template())
    resources = arm.groups.resources

    everything = [r.name async for r in resources.list()]
    accounts = [r.name async for r in resources.list(filter="resourceType eq 'microsoft.storage/storageaccounts'")]
    tagged = [
        r.name async for r in resources.list_by_resource_group("rg", filter="tagName eq 'team' and tagValue eq 'web'")
    ]
    expanded = [r async for r in resources.list_by_resource_group("rg", expand="createdTime,provisioningState")]

    assert everything == ["a", "stcontoso"]
    assert (accounts, tagged) == (["stcontoso"], ["a"])
    assert expanded[0].provisioning_state == "Succeeded"
    assert expanded[0].created_time is not None


@pytest.mark.parametrize("query", [{"$filter": "size eq 3"}, {"$expand": "everything"}, {"$top": "none"}])
async def test_a_list_that_cannot_be_told_is_refused(arm: Arm, query: dict[str, str]) -> None:
    status, answer = await arm.request("GET", f"{GROUP_PATH}/resources", params=query)

    assert status == 400
    assert answer["error"]["code"].startswith("Invalid")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{THING}/parts/b", "ParentResourceNotFound"),
        (f"{THING}/providers/Microsoft.Authorization/locks/l", "ResourceNotFound"),
        (THING.replace("/rg/", "/absent/"), "ResourceGroupNotFound"),
        (THING.replace(SUBSCRIPTION, SUBSCRIPTION.replace("1", "2")), "SubscriptionNotFound"),
        ("/providers/Microsoft.Resources/deployments/main", "NotImplemented"),
        ("/nowhere", "NotFound"),
    ],
)
async def test_a_resource_without_a_place_is_refused(arm: Arm, path: str, code: str) -> None:
    assert await error_code(arm, "PUT", path, {}) == code


async def test_what_is_not_there_is_not_found(arm: Arm) -> None:
    with pytest.raises(ResourceNotFoundError) as missing:
        await arm.groups.resources.get_by_id(THING, api_version="2024-01-01")

    assert missing.value.error is not None
    assert missing.value.error.code == "ResourceNotFound"
    assert "under resource group 'rg' was not found" in missing.value.error.message


async def test_a_resource_in_the_making_refuses_another_write(slow_arm: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "template": template(resource("a"))}}
    await slow_arm.request("PUT", f"{PROVIDERS}/Microsoft.Resources/deployments/main", body)

    _, making = await slow_arm.request("GET", THING)

    assert making["properties"] == {"provisioningState": "Creating"}
    assert await error_code(slow_arm, "PUT", THING, {}) == "AnotherOperationInProgress"


async def test_an_identity_of_the_system_gets_a_principal_and_keeps_it(arm: Arm) -> None:
    first = await put(arm, THING, identity={"type": "SystemAssigned"})
    second = await put(arm, THING, identity={"type": "SystemAssigned"})

    assert first["identity"]["principalId"]
    assert first["identity"] == second["identity"]


# Storage


async def test_a_storage_account_is_known_to_the_storage_emulator_with_the_key_it_lists(arm: Arm) -> None:
    await arm.deploy(template(storage()))

    _, keys = await arm.request("POST", f"{ACCOUNT}/listKeys")

    accounts = json.loads((arm.folder / "accounts.json").read_text())
    first, second = (key["value"] for key in keys["keys"])
    assert accounts == {"stcontoso": first, "stcontoso/2": second}
    assert len(base64.b64decode(accounts["stcontoso"])) == 64


async def test_accounts_of_others_in_the_file_are_left_alone(arm: Arm) -> None:
    (arm.folder / "accounts.json").write_text('{"devstoreaccount1": "a2V5"}')

    await put(arm, ACCOUNT)
    await arm.request("DELETE", ACCOUNT)

    assert json.loads((arm.folder / "accounts.json").read_text()) == {"devstoreaccount1": "a2V5"}


@pytest.mark.parametrize("name", ["St", "Upper", "with-dash", "a" * 25])
async def test_a_storage_account_s_name_follows_the_rules(arm: Arm, name: str) -> None:
    assert await error_code(arm, "PUT", ACCOUNT.replace("stcontoso", name), {}) == "AccountNameInvalid"


async def test_a_storage_account_s_name_is_taken_everywhere(arm: Arm) -> None:
    await arm.groups.resource_groups.create_or_update("other", {"location": "westus"})
    await put(arm, ACCOUNT)

    assert (
        await error_code(arm, "PUT", ACCOUNT.replace("/rg/", "/other/"), {}) == "StorageAccountInAnotherResourceGroup"
    )


async def test_containers_and_policies_of_an_account_are_children(arm: Arm) -> None:
    await put(arm, ACCOUNT)

    container = await put(arm, f"{ACCOUNT}/blobServices/default/containers/artifacts")
    policy = await put(arm, f"{ACCOUNT}/managementPolicies/default", properties={"policy": {"rules": []}})
    _, service = await arm.request("GET", f"{ACCOUNT}/blobServices/default")

    assert container["type"] == "Microsoft.Storage/storageAccounts/blobServices/containers"
    assert policy["properties"]["policy"] == {"rules": []}
    assert service["name"] == "default"


# Web


async def test_a_site_runs_under_its_host_name_and_hides_its_settings(arm: Arm) -> None:
    settings = [{"name": "KEY", "value": "secret-value"}]

    site = await put(arm, SITE, properties={"siteConfig": {"appSettings": settings, "linuxFxVersion": "PYTHON|3.11"}})
    _, listed = await arm.request("POST", f"{SITE}/config/appsettings/list")

    assert (site["properties"]["defaultHostName"], site["properties"]["state"]) == ("web.azurewebsites.net", "Running")
    assert site["properties"]["siteConfig"] == {"appSettings": None, "linuxFxVersion": "PYTHON|3.11"}
    assert listed["properties"] == {"KEY": "secret-value"}


async def test_application_settings_are_replaced_whole_and_told_only_by_their_list(arm: Arm) -> None:
    await put(arm, SITE, properties={"siteConfig": {"appSettings": [{"name": "OLD", "value": "1"}]}})
    path = f"{SITE}/config/appsettings"

    written = await put(arm, path, properties={"WEBSITE_RUN_FROM_PACKAGE": "https://secret-uri"})
    _, listed = await arm.request("POST", f"{path}/list")
    _, read = await arm.request("GET", path)
    await put(arm, SITE, tags={"a": "1"})
    _, after = await arm.request("POST", f"{path}/list")

    assert listed["properties"] == after["properties"] == {"WEBSITE_RUN_FROM_PACKAGE": "https://secret-uri"}
    assert "secret-uri" not in str(written) + str(read)


async def test_application_settings_are_strings(arm: Arm) -> None:
    await put(arm, SITE)

    assert await error_code(arm, "PUT", f"{SITE}/config/appsettings", {"properties": {"A": {"b": 1}}}) == "BadRequest"


# Networks


async def test_inline_subnets_are_children_and_children_are_inline(arm: Arm) -> None:
    network = f"{PROVIDERS}/Microsoft.Network/virtualNetworks/net"
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}

    await put(
        arm, network, properties=space | {"subnets": [{"name": "a", "properties": {"addressPrefix": "10.0.0.0/24"}}]}
    )
    await put(arm, f"{network}/subnets/b", properties={"addressPrefix": "10.0.1.0/24"})
    _, inline = await arm.request("GET", f"{network}/subnets/a")
    again = await put(arm, network, properties=space)
    replaced = await put(arm, network, properties=space | {"subnets": []})

    assert inline["properties"]["addressPrefix"] == "10.0.0.0/24"
    assert [subnet["name"] for subnet in again["properties"]["subnets"]] == ["a", "b"]
    assert replaced["properties"]["subnets"] == []


async def test_a_subnet_needs_a_prefix(arm: Arm) -> None:
    network = f"{PROVIDERS}/Microsoft.Network/virtualNetworks/net"
    await put(arm, network)

    assert await error_code(arm, "PUT", f"{network}/subnets/a", {}) == "NoAddressPrefixOrPoolProvided"


@pytest.mark.parametrize(("method", "has_address"), [("Static", True), ("Dynamic", False)])
async def test_a_static_public_address_exists_at_once(arm: Arm, method: str, has_address: bool) -> None:
    path = f"{PROVIDERS}/Microsoft.Network/publicIPAddresses/ip"
    settings = {"publicIPAllocationMethod": method, "dnsSettings": {"domainNameLabel": "Shop"}}

    address = await put(arm, path, properties=settings)

    assert ("ipAddress" in address["properties"]) is has_address
    assert address["properties"]["dnsSettings"]["fqdn"] == "shop.eastus2.cloudapp.azure.com"


# Identities and roles


async def test_an_identity_of_the_user_has_a_principal_and_a_client(arm: Arm) -> None:
    path = f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/id"

    first = await put(arm, path)
    second = await put(arm, path)

    assert {"principalId", "clientId", "tenantId"} <= first["properties"].keys()
    assert first["properties"]["principalId"] == second["properties"]["principalId"]


async def test_a_role_is_assigned_once_at_a_resource(arm: Arm) -> None:
    await put(arm, ACCOUNT)
    assignments = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments"
    role = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/b7e6dc6d"
    body = {"properties": {"roleDefinitionId": role, "principalId": "someone"}}

    made = await put(arm, f"{assignments}/11111111-1111-1111-1111-111111111111", **body)

    assert made["properties"]["scope"] == ACCOUNT
    again = f"{assignments}/22222222-2222-2222-2222-222222222222"
    assert await error_code(arm, "PUT", again, body) == "RoleAssignmentExists"
    assert await error_code(arm, "PUT", f"{assignments}/no-guid", body) == "InvalidRoleAssignmentId"


# Key vault


async def test_a_secret_reaches_a_parameter_and_no_answer(arm: Arm) -> None:
    vault = f"{PROVIDERS}/Microsoft.KeyVault/vaults/kv"
    await put(arm, vault)
    secret = await put(arm, f"{vault}/secrets/admin", properties={"value": "hunter2"})
    reference = {"reference": {"keyVault": {"id": vault}, "secretName": "admin"}}
    content = template(
        resource("a", properties={"length": "[length(parameters('p'))]"}), parameters={"p": {"type": "securestring"}}
    )

    poller = await arm.deployments.begin_create_or_update(
        "rg", "main", {"properties": {"mode": "Incremental", "template": content, "parameters": {"p": reference}}}
    )
    deployment = await poller.result()

    _, thing = await arm.request("GET", THING)
    assert thing["properties"]["length"] == 7
    assert "hunter2" not in str(secret) + str(deployment.as_dict())


@pytest.mark.parametrize(
    ("vault", "code"),
    [("kv", "KeyVaultParameterReferenceSecretRetrieveFailed"), ("gone", "KeyVaultParameterReferenceNotFound")],
)
async def test_a_secret_that_cannot_be_had_refuses_the_deployment(arm: Arm, vault: str, code: str) -> None:
    await put(arm, f"{PROVIDERS}/Microsoft.KeyVault/vaults/kv")
    reference = {"keyVault": {"id": f"{PROVIDERS}/Microsoft.KeyVault/vaults/{vault}"}, "secretName": "absent"}
    content = template(parameters={"p": {"type": "securestring"}})

    with pytest.raises(HttpResponseError) as refusal:
        await arm.deployments.begin_create_or_update(
            "rg",
            "main",
            {"properties": {"mode": "Incremental", "template": content, "parameters": {"p": {"reference": reference}}}},
        )

    assert refusal.value.error is not None
    assert refusal.value.error.code == code


@pytest.mark.parametrize(
    ("kind", "action", "names"),
    [
        ("Microsoft.DocumentDB/databaseAccounts", "listKeys", {"primaryMasterKey"}),
        ("Microsoft.Search/searchServices", "listAdminKeys", {"primaryKey", "secondaryKey"}),
        ("Microsoft.CognitiveServices/accounts", "listKeys", {"key1", "key2"}),
        ("Microsoft.OperationalInsights/workspaces", "sharedKeys", {"primarySharedKey"}),
    ],
)
async def test_keys_are_told_by_their_action_and_stay(arm: Arm, kind: str, action: str, names: set[str]) -> None:
    await put(arm, f"{PROVIDERS}/{kind}/x")

    _, first = await arm.request("POST", f"{PROVIDERS}/{kind}/x/{action}")
    _, second = await arm.request("POST", f"{PROVIDERS}/{kind}/x/{action}")

    assert names <= first.keys()
    assert first == second
    assert await error_code(arm, "POST", f"{PROVIDERS}/{kind}/x/listNothing") == "InvalidResourceOperation"


async def test_a_database_server_shows_no_password(arm: Arm) -> None:
    path = f"{PROVIDERS}/Microsoft.Sql/servers/db"

    server = await put(arm, path, properties={"administratorLogin": "sa", "administratorLoginPassword": "hunter2"})

    assert server["properties"]["fullyQualifiedDomainName"] == "db.database.windows.net"
    assert "hunter2" not in str(server)

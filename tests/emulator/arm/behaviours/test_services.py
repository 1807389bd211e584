"""Facts and keys of the many types of which templates read little."""

from typing import Any

import pytest

from tests.emulator.arm.behaviours.asking import PROVIDERS, get, post, put, refusal
from tests.emulator.arm.running import SUBSCRIPTION, Arm

WORKSPACE = f"{PROVIDERS}/Microsoft.OperationalInsights/workspaces/logs"
THING = f"{PROVIDERS}/Microsoft.Contoso/things/a"


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Microsoft.Search/searchServices", "endpoint", "https://contoso-x.search.windows.net"),
        ("Microsoft.ServiceBus/namespaces", "serviceBusEndpoint", "https://contoso-x.servicebus.windows.net:443/"),
        ("Microsoft.AppConfiguration/configurationStores", "endpoint", "https://contoso-x.azconfig.io"),
        ("Microsoft.Cache/redis", "hostName", "contoso-x.redis.cache.windows.net"),
        ("Microsoft.SignalRService/signalR", "hostName", "contoso-x.service.signalr.net"),
        ("Microsoft.ApiManagement/service", "gatewayUrl", "https://contoso-x.azure-api.net"),
    ],
)
async def test_a_service_tells_its_address(arm: Arm, kind: str, path: str, value: str) -> None:
    made = await put(arm, f"{PROVIDERS}/{kind}/contoso-x", properties={})

    assert made["properties"][path] == value


@pytest.mark.parametrize(
    ("kind", "action", "names"),
    [
        ("Microsoft.DocumentDB/databaseAccounts", "listKeys", {"primaryMasterKey"}),
        ("Microsoft.Search/searchServices", "listAdminKeys", {"primaryKey", "secondaryKey"}),
        ("Microsoft.CognitiveServices/accounts", "listKeys", {"key1", "key2"}),
        ("Microsoft.OperationalInsights/workspaces", "sharedKeys", {"primarySharedKey"}),
        ("Microsoft.Cache/redis", "listKeys", {"primaryKey", "secondaryKey"}),
        ("Microsoft.AppConfiguration/configurationStores", "listKeys", {"value"}),
        ("Microsoft.SignalRService/signalR", "listKeys", {"primaryConnectionString"}),
    ],
)
async def test_keys_are_told_by_their_action_and_stay(arm: Arm, kind: str, action: str, names: set[str]) -> None:
    await put(arm, f"{PROVIDERS}/{kind}/contoso-x")

    first = await post(arm, f"{PROVIDERS}/{kind}/contoso-x/{action}")
    second = await post(arm, f"{PROVIDERS}/{kind}/contoso-x/{action}")

    assert names <= first.keys()
    assert first == second
    unknown = f"{PROVIDERS}/{kind}/contoso-x/listNothing"
    assert (await refusal(arm, "POST", unknown, {}))[1] == "InvalidResourceOperation"


async def test_a_rule_of_a_queue_names_it_in_its_connection_string(arm: Arm) -> None:
    namespace = f"{PROVIDERS}/Microsoft.ServiceBus/namespaces/contoso-x"
    await put(arm, namespace)
    await put(arm, f"{namespace}/queues/jobs")
    await put(arm, f"{namespace}/queues/jobs/AuthorizationRules/send", properties={"rights": ["Send"]})

    root = await post(arm, f"{namespace}/AuthorizationRules/RootManageSharedAccessKey/listKeys")
    rule = await post(arm, f"{namespace}/queues/jobs/AuthorizationRules/send/listKeys")

    assert root["primaryConnectionString"].startswith(
        "Endpoint=sb://contoso-x.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey="
    )
    assert rule["primaryConnectionString"].endswith(f"{rule['primaryKey']};EntityPath=jobs")


async def test_application_insights_tells_how_to_connect(arm: Arm) -> None:
    await put(arm, WORKSPACE)
    path = f"{PROVIDERS}/Microsoft.Insights/components/app"

    first = await put(arm, path, properties={"WorkspaceResourceId": WORKSPACE})
    second = await put(arm, path, properties={"WorkspaceResourceId": WORKSPACE})

    properties = first["properties"]
    assert f"InstrumentationKey={properties['InstrumentationKey']};" in properties["ConnectionString"]
    assert properties["ConnectionString"].endswith(f"ApplicationId={properties['AppId']}")
    assert properties["IngestionMode"] == "LogAnalytics"
    assert second["properties"]["ConnectionString"] == properties["ConnectionString"]


async def test_diagnostics_go_somewhere_that_exists(arm: Arm) -> None:
    await put(arm, THING)
    path = f"{THING}/providers/Microsoft.Insights/diagnosticSettings/all"

    nowhere = await refusal(arm, "PUT", path, {"properties": {"logs": []}})
    missing = await refusal(arm, "PUT", path, {"properties": {"workspaceId": WORKSPACE}})
    await put(arm, WORKSPACE)
    made = await put(arm, path, properties={"workspaceId": WORKSPACE})

    assert (nowhere[1], missing[1]) == ("BadRequest", "ResourceNotFound")
    assert made["properties"]["workspaceId"] == WORKSPACE


async def test_a_registry_tells_its_administrator_only_when_there_is_one(arm: Arm) -> None:
    path = f"{PROVIDERS}/Microsoft.ContainerRegistry/registries/contosox"
    closed = await put(arm, path, sku={"name": "Basic"})
    refused = await refusal(arm, "POST", f"{path}/listCredentials", {})
    await put(arm, path, sku={"name": "Basic"}, properties={"adminUserEnabled": True})

    credentials = await post(arm, f"{path}/listCredentials")

    assert closed["properties"]["loginServer"] == "contosox.azurecr.io"
    assert refused == (400, "UnauthorizedForCredentialOperations")
    assert credentials["username"] == "contosox"


async def test_a_container_app_has_a_name_below_its_environment_s(arm: Arm) -> None:
    environment = await put(arm, f"{PROVIDERS}/Microsoft.App/managedEnvironments/env")
    configuration = {"ingress": {"external": True, "targetPort": 80}, "secrets": [{"name": "s", "value": "hunter2"}]}
    path = f"{PROVIDERS}/Microsoft.App/containerApps/web"

    app = await put(arm, path, properties={"environmentId": environment["id"], "configuration": configuration})

    domain = environment["properties"]["defaultDomain"]
    assert app["properties"]["configuration"]["ingress"]["fqdn"] == f"web.{domain}"
    assert "hunter2" not in str(app)
    assert (await post(arm, f"{path}/listSecrets"))["value"][0]["value"] == "hunter2"


async def test_an_identity_of_the_user_is_the_same_wherever_it_is_assigned(arm: Arm) -> None:
    path = f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/id-x"
    assigned = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {path: {}}}}
    before = await refusal(arm, "PUT", THING, assigned)
    identity = await put(arm, path)

    thing = await put(arm, THING, **assigned)

    principal = identity["properties"]["principalId"]
    assert before == (400, "FailedIdentityOperation")
    assert thing["identity"]["userAssignedIdentities"][path]["principalId"] == principal
    assert (await put(arm, path))["properties"]["principalId"] == principal


async def test_a_role_is_assigned_once_at_a_resource(arm: Arm) -> None:
    await put(arm, THING)
    assignments = f"{THING}/providers/Microsoft.Authorization/roleAssignments"
    roles = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    role = f"{roles}/b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
    first = f"{assignments}/11111111-1111-1111-1111-111111111111"
    body: dict[str, Any] = {
        "properties": {"roleDefinitionId": role, "principalId": "99999999-0000-0000-0000-000000000002"}
    }

    made = await put(arm, first, **body)

    assert (made["properties"]["scope"], made["properties"]["principalType"]) == (THING, "ServicePrincipal")
    again = f"{assignments}/22222222-2222-2222-2222-222222222222"
    other = {"properties": {"roleDefinitionId": role, "principalId": "99999999-0000-0000-0000-000000000003"}}
    assert await refusal(arm, "PUT", again, body) == (409, "RoleAssignmentExists")
    assert await refusal(arm, "PUT", first, other) == (409, "RoleAssignmentUpdateNotPermitted")
    assert (await refusal(arm, "PUT", f"{assignments}/no-guid", body))[1] == "InvalidRoleAssignmentId"


@pytest.mark.parametrize("name", ["contoso.", "con<toso", "a%26b"])
async def test_names_that_arm_takes_nowhere(arm: Arm, name: str) -> None:
    assert (await refusal(arm, "PUT", THING.replace("/a", f"/{name}"), {}))[1] == "InvalidResourceName"


@pytest.mark.parametrize("name", ["mymicrosoft", "windows-x", "xboxes", "office365"])
async def test_names_that_are_reserved(arm: Arm, name: str) -> None:
    path = f"{PROVIDERS}/Microsoft.Cache/redis/{name}"

    assert await refusal(arm, "PUT", path, {}) == (400, "ReservedResourceName")


@pytest.mark.parametrize(
    ("kind", "taken", "free", "wrong", "answer"),
    [
        ("Microsoft.Storage/storageAccounts", "sttaken", "stfree", "St", "nameAvailable"),
        ("Microsoft.Web/sites", "taken", "free", "not_this", "nameAvailable"),
        ("Microsoft.KeyVault/vaults", "kv-taken", "kv-free", "1", "nameAvailable"),
        ("Microsoft.Sql/servers", "db-taken", "db-free", "DB", "available"),
    ],
)
async def test_a_name_is_free_taken_or_wrong(
    arm: Arm, kind: str, taken: str, free: str, wrong: str, answer: str
) -> None:
    login = {"administratorLogin": "chief", "administratorLoginPassword": "Correct-Horse-1"}
    await put(arm, f"{PROVIDERS}/{kind}/{taken}", properties=login if kind.startswith("Microsoft.Sql") else {})
    path = f"/subscriptions/{SUBSCRIPTION}/providers/{kind.split('/')[0]}/checkNameAvailability"

    answers = [await post(arm, path, name=name, type=kind) for name in (taken, free, wrong)]

    assert [found[answer] for found in answers] == [False, True, False]
    assert answers[0]["reason"] == "AlreadyExists"


async def test_a_provider_without_shared_names_checks_none(arm: Arm) -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Contoso/checkNameAvailability"

    assert await refusal(arm, "POST", path, {"name": "x"}) == (404, "NotFound")


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        (
            "Microsoft.Compute/virtualMachineScaleSets",
            {"virtualMachineProfile": {"osProfile": {"adminPassword": "S3"}}},
        ),
        ("Microsoft.DBforPostgreSQL/flexibleServers", {"administratorLoginPassword": "S3"}),
        ("Microsoft.ContainerInstance/containerGroups", {"containers": [{"environment": [{"secureValue": "S3"}]}]}),
    ],
)
async def test_what_providers_never_tell_is_not_told(arm: Arm, kind: str, properties: dict[str, Any]) -> None:
    made = await put(arm, f"{PROVIDERS}/{kind}/x", properties={"told": ["S1", {"S2": 2}]} | properties)

    shown = str([made, await get(arm, f"{PROVIDERS}/{kind}/x")])
    assert "S3" not in shown
    assert made["properties"]["told"] == ["S1", {"S2": 2}]


async def test_a_machine_names_interfaces_that_exist_and_hides_its_password(arm: Arm) -> None:
    path = f"{PROVIDERS}/Microsoft.Compute/virtualMachines/vm"
    interface = f"{PROVIDERS}/Microsoft.Network/networkInterfaces/nic"
    network = {"networkProfile": {"networkInterfaces": [{"id": interface}]}}
    profile = {"osProfile": {"computerName": "vm", "adminUsername": "a", "adminPassword": "hunter2"}}

    assert await refusal(arm, "PUT", path, {"properties": network}) == (400, "InvalidResourceReference")
    made = await put(arm, path, properties=profile)
    assert made["properties"]["vmId"]
    assert "hunter2" not in str(await get(arm, path))

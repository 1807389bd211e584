"""ARM in each of the clouds: whose tokens it takes, what it tells of itself, where it has regions."""

from collections.abc import AsyncIterator

import pytest

from emulator.arm.settings import DEFAULT_TENANT
from emulator.certificates import Certificates
from emulator.clouds import CHINA, CLOUDS, GOVERNMENT, PUBLIC, Cloud
from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION, Arm, resource, running_arm, template, token


@pytest.fixture(params=CLOUDS.values(), ids=CLOUDS)
def cloud(request: pytest.FixtureRequest) -> Cloud:
    chosen: Cloud = request.param
    return chosen


@pytest.fixture
async def national_arm(
    cloud: Cloud, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Arm]:
    """An ARM of the cloud with the resource group `rg` in its first region."""
    async with running_arm(certificates, tmp_path_factory.mktemp("arm"), cloud=cloud) as running:
        await running.groups.resource_groups.create_or_update("rg", {"location": cloud.default_location})
        yield running


async def test_tokens_for_its_own_audiences_are_taken_and_those_for_others_are_not(
    cloud: Cloud, national_arm: Arm
) -> None:
    answers = {}
    for issued_for in (PUBLIC, GOVERNMENT, CHINA):
        for audience in issued_for.audiences:
            headers = {"Authorization": f"Bearer {token(national_arm.certificates, aud=audience)}"}
            answers[audience] = await national_arm.request("GET", GROUP_PATH, headers=headers)

    taken = {audience for audience, (status, _) in answers.items() if status == 200}
    assert taken == set(cloud.audiences)
    assert {
        (status, answer["error"]["code"]) for audience, (status, answer) in answers.items() if audience not in taken
    } == {(401, "InvalidAuthenticationTokenAudience")}


async def test_a_refusal_names_the_audiences_of_the_cloud_and_where_to_sign_in(
    certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with running_arm(certificates, tmp_path_factory.mktemp("arm"), cloud=GOVERNMENT) as arm:
        foreign = token(certificates, aud="https://management.azure.com/")
        url, query = f"{arm.url}{GROUP_PATH}", {"api-version": "2022-09-01"}
        async with arm.http.get(url, params=query, headers={"Authorization": f"Bearer {foreign}"}) as response:
            answer, challenge = await response.json(), response.headers["WWW-Authenticate"]

    assert answer["error"]["message"] == (
        "The access token has been obtained for wrong audience or resource 'https://management.azure.com/'. It should "
        "exactly match with one of the allowed audiences 'https://management.core.usgovcloudapi.net/',"
        "'https://management.core.usgovcloudapi.net','https://management.usgovcloudapi.net/',"
        "'https://management.usgovcloudapi.net'."
    )
    assert 'authorization_uri="https://login.microsoftonline.us/' in challenge


async def test_the_metadata_and_the_environment_of_a_template_tell_the_cloud(cloud: Cloud, national_arm: Arm) -> None:
    _, told = await national_arm.request("GET", "/metadata/endpoints", headers={"Authorization": ""})
    _, every = await national_arm.request("GET", "/metadata/endpoints", params={"api-version": "2020-06-01"})
    outputs = {"it": {"type": "object", "value": "[environment()]"}}
    deployed = await national_arm.deploy(template(outputs=outputs))

    environment = deployed["properties"]["outputs"]["it"]["value"]
    assert (told["name"], told["resourceManager"]) == (cloud.name, national_arm.url)
    assert told["suffixes"]["storage"] == environment["suffixes"]["storage"] == f"core.{cloud.domain}"
    assert (environment["name"], environment["portal"]) == (cloud.name, cloud.portal)
    assert environment["resourceManager"] == f"{cloud.resource_manager}/"
    own = [entry for entry in every if entry["name"] == cloud.name]
    assert own == [told]
    assert {entry["name"] for entry in every} == set(CLOUDS)


async def test_the_regions_are_those_of_the_cloud(cloud: Cloud, national_arm: Arm) -> None:
    _, listed = await national_arm.request("GET", f"/subscriptions/{SUBSCRIPTION}/locations")
    elsewhere = (PUBLIC if cloud != PUBLIC else GOVERNMENT).default_location
    _, refused = await national_arm.request(
        "PUT", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other", {"location": elsewhere}
    )
    made = resource("id-elsewhere", "Microsoft.ManagedIdentity/userAssignedIdentities", location=elsewhere)
    body = {"properties": {"mode": "Incremental", "template": template(made)}}
    path = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"
    _, invalid = await national_arm.request("PUT", path, body)

    names = {region["name"] for region in listed["value"]}
    assert cloud.default_location in names
    assert elsewhere not in names
    assert refused["error"]["code"] == "LocationNotAvailableForResourceGroup"
    assert invalid["error"]["code"] == "LocationNotAvailableForResourceType"


async def test_services_have_addresses_of_the_cloud(
    certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = {
        "Microsoft.KeyVault/vaults": {"tenantId": DEFAULT_TENANT, "sku": {"family": "A", "name": "standard"}},
        "Microsoft.Sql/servers": {"administratorLogin": "boss", "administratorLoginPassword": "Long-enough-1"},
        "Microsoft.ServiceBus/namespaces": {},
        "Microsoft.Cache/redis": {"sku": {"name": "Basic", "family": "C", "capacity": 0}},
        "Microsoft.DocumentDB/databaseAccounts": {"databaseAccountOfferType": "Standard"},
        "Microsoft.ContainerRegistry/registries": {},
        "Microsoft.Search/searchServices": {},
    }
    where = {"location": GOVERNMENT.default_location}
    resources = [resource("stnational7", kind, properties=given, **where) for kind, given in made.items()]

    async with running_arm(certificates, tmp_path_factory.mktemp("arm"), cloud=GOVERNMENT) as arm:
        await arm.groups.resource_groups.create_or_update("rg", where)
        deployed = await arm.deploy(template(*resources))
        shown = {
            kind: (await arm.request("GET", f"{GROUP_PATH}/providers/{kind}/stnational7"))[1]["properties"]
            for kind in made
        }

    assert deployed["properties"]["provisioningState"] == "Succeeded", deployed
    assert shown["Microsoft.KeyVault/vaults"]["vaultUri"] == "https://stnational7.vault.usgovcloudapi.net/"
    sql, registry = shown["Microsoft.Sql/servers"], shown["Microsoft.ContainerRegistry/registries"]
    assert sql["fullyQualifiedDomainName"] == "stnational7.database.usgovcloudapi.net"
    assert registry["loginServer"] == "stnational7.azurecr.us"
    assert shown["Microsoft.Cache/redis"]["hostName"] == "stnational7.redis.cache.usgovcloudapi.net"
    bus, cosmos = shown["Microsoft.ServiceBus/namespaces"], shown["Microsoft.DocumentDB/databaseAccounts"]
    assert bus["serviceBusEndpoint"] == "https://stnational7.servicebus.usgovcloudapi.net:443/"
    assert cosmos["documentEndpoint"] == "https://stnational7.documents.azure.us:443/"
    assert shown["Microsoft.Search/searchServices"]["endpoint"] == "https://stnational7.search.azure.us"

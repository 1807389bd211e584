"""Quotas and capacity, as they were set for a subscription."""

from typing import Any

import pytest

from emulator.arm.governance.quotas import Need, needs_of
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from tests.emulator.arm.governance.asking import put, refusal
from tests.emulator.arm.running import GROUP_PATH, SUBSCRIPTION, Arm, resource, storage, template

RECORDS = "/emulator/records"
DEPLOYMENT = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/d"
PROVIDERS = f"{GROUP_PATH}/providers"


def deploying(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"mode": "Incremental", "template": template(*resources)}}


def machine(name: str, size: str) -> dict[str, Any]:
    return resource(name, "Microsoft.Compute/virtualMachines", properties={"hardwareProfile": {"vmSize": size}})


async def test_more_cores_of_a_family_than_there_are_refuse_the_deployment(arm: Arm) -> None:
    await put(arm, f"{RECORDS}/quota/{SUBSCRIPTION}/eastus2/standardDSv3Family", {"limit": 6})
    machines = [machine("one", "Standard_D4s_v3"), machine("two", "Standard_D4s_v3")]

    status, error = await refusal(arm, "PUT", DEPLOYMENT, deploying(*machines))

    assert (status, error["code"]) == (400, "InvalidTemplateDeployment")
    assert "is not valid according to the validation procedure" in error["message"]
    quota = next(detail for detail in error["details"] if detail["code"] == "QuotaExceeded")
    assert quota["message"].startswith(
        "Operation could not be completed as it results in exceeding approved standardDSv3Family Cores quota. "
        "Additional details - Deployment Model: Resource Manager, Location: eastus2, Current Limit: 6, Current "
        "Usage: 4, Additional Required: 4, (Minimum) New Limit Required: 8."
    )


async def test_what_is_there_already_is_counted_once(arm: Arm) -> None:
    await put(arm, f"{RECORDS}/quota/{SUBSCRIPTION}/eastus2/StorageAccounts", {"limit": 2})

    first = await arm.deploy(template(storage("stone"), storage("sttwo")), name="first")
    again = await arm.deploy(template(storage("stone"), storage("sttwo")), name="again")

    assert [made["properties"]["provisioningState"] for made in (first, again)] == ["Succeeded"] * 2


async def test_one_storage_account_too_many_is_refused(arm: Arm) -> None:
    await put(arm, f"{RECORDS}/quota/{SUBSCRIPTION}/eastus2/StorageAccounts", {"limit": 1})
    body = {key: value for key, value in storage().items() if key in ("location", "sku", "kind")}
    first, second = (f"{PROVIDERS}/Microsoft.Storage/storageAccounts/st{number}" for number in ("one", "two"))
    await put(arm, first, body)

    status, error = await refusal(arm, "PUT", second, body)

    assert (status, error["code"]) == (409, "MaxStorageAccountsCountPerSubscriptionExceeded")
    assert error["message"] == (
        f"Subscription '{SUBSCRIPTION}' already contains 1 storage accounts in location 'eastus2' and the maximum "
        "allowed is 1."
    )
    await put(arm, first, body)
    await put(arm, second, body | {"location": "westus"})


async def test_one_public_address_too_many_is_refused(arm: Arm) -> None:
    await put(arm, f"{RECORDS}/quota/{SUBSCRIPTION}/eastus2/PublicIPAddresses", {"limit": 0})

    status, error = await refusal(
        arm, "PUT", f"{PROVIDERS}/Microsoft.Network/publicIPAddresses/ip", {"location": "eastus2"}
    )

    assert (status, error["code"]) == (400, "PublicIPCountLimitReached")


async def test_a_size_that_a_region_has_none_of_is_refused(arm: Arm) -> None:
    await put(arm, f"{RECORDS}/skuUnavailable/eastus2/Standard_D4s_v3")

    _, error = await refusal(arm, "PUT", DEPLOYMENT, deploying(machine("one", "Standard_D4s_v3")))

    assert "SkuNotAvailable" in [detail["code"] for detail in error["details"]]


async def test_records_of_other_kinds_are_refused(arm: Arm) -> None:
    assert (await refusal(arm, "PUT", f"{RECORDS}/softDeleted/x", {}))[0] == 404
    assert (await refusal(arm, "PUT", f"{RECORDS}/quota/x", {"limit": "many"}))[0] == 400


async def test_a_machine_that_is_put_by_itself_is_told_in_the_providers_words(arm: Arm) -> None:
    await put(arm, f"{RECORDS}/quota/{SUBSCRIPTION}/eastus2/standardBSFamily", {"limit": 1})
    body = {key: value for key, value in machine("m", "Standard_B2ms").items() if key in ("location", "properties")}

    status, error = await refusal(arm, "PUT", f"{PROVIDERS}/Microsoft.Compute/virtualMachines/m", body)

    assert (status, error["code"]) == (409, "OperationNotAllowed")
    assert "exceeding approved standardBSFamily Cores quota" in error["message"]


@pytest.mark.parametrize(
    ("size", "cores", "family"),
    [
        ("Standard_D2s_v5", 2, "standardDSv5Family"),
        ("Standard_E8-2s_v5", 8, "standardESv5Family"),
        ("Standard_F4", 4, "standardFFamily"),
        ("Standard_B1ms", 1, "standardBSFamily"),
        ("Standard_B4s_v2", 4, "standardBSv2Family"),
    ],
)
def test_a_size_tells_its_cores_and_their_family(size: str, cores: int, family: str) -> None:
    properties = {"hardwareProfile": {"vmSize": size}}
    vm = Resource(ResourceId.parse(f"{PROVIDERS}/Microsoft.Compute/virtualMachines/m"), "", {"properties": properties})

    assert needs_of(vm) == [Need("cores", cores), Need(family, cores)]

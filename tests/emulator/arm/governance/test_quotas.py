"""Quotas and capacity, as they were set for a subscription."""

from typing import Any

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

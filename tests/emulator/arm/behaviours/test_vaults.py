"""Key vaults: names, what can't be undone, policies, and secrets that no answer tells."""

from typing import Any

import pytest

from tests.emulator.arm.behaviours.asking import PROVIDERS, get, put, refusal
from tests.emulator.arm.running import Arm, resource, template

VAULT = f"{PROVIDERS}/Microsoft.KeyVault/vaults/kv-contoso"


@pytest.mark.parametrize("name", ["kv", "1vault", "kv--x", "kv-", "v" * 25])
async def test_a_vault_s_name_follows_the_rules(arm: Arm, name: str) -> None:
    assert await refusal(arm, "PUT", VAULT.replace("kv-contoso", name), {}) == (400, "VaultNameNotValid")


async def test_a_vault_s_name_is_taken_everywhere(arm: Arm) -> None:
    await arm.groups.resource_groups.create_or_update("other", {"location": "westus"})
    await put(arm, VAULT)

    assert await refusal(arm, "PUT", VAULT.replace("/rg/", "/other/"), {}) == (409, "VaultAlreadyExists")


@pytest.mark.parametrize(
    "change",
    [{"enablePurgeProtection": False}, {"enableSoftDelete": False}, {"softDeleteRetentionInDays": 8}],
)
async def test_protection_is_not_undone(arm: Arm, change: dict[str, Any]) -> None:
    vault = await put(arm, VAULT, properties={"enablePurgeProtection": True, "softDeleteRetentionInDays": 7})

    assert vault["properties"]["vaultUri"] == "https://kv-contoso.vault.azure.net/"
    assert await refusal(arm, "PUT", VAULT, {"properties": change}) == (400, "BadRequest")


async def test_a_deleted_vault_keeps_its_name_until_it_is_recovered(arm: Arm) -> None:
    await put(arm, VAULT, properties={"enabledForTemplateDeployment": True})
    await arm.request("DELETE", VAULT)

    taken = await refusal(arm, "PUT", VAULT, {})
    recovered = await put(arm, VAULT, properties={"createMode": "recover"})

    assert taken[0] == 409
    assert recovered["properties"]["enabledForTemplateDeployment"] is True
    assert "createMode" not in recovered["properties"]


async def test_policies_are_added_replaced_and_removed(arm: Arm) -> None:
    await put(arm, VAULT)

    def policy(*secrets: str) -> dict[str, Any]:
        return {"accessPolicies": [{"tenantId": "t", "objectId": "o", "permissions": {"secrets": list(secrets)}}]}

    async def permissions() -> list[list[str]]:
        vault = await get(arm, VAULT)
        return [entry["permissions"]["secrets"] for entry in vault["properties"]["accessPolicies"]]

    await put(arm, f"{VAULT}/accessPolicies/add", properties=policy("get"))
    await put(arm, f"{VAULT}/accessPolicies/add", properties=policy("list"))
    added = await permissions()
    await put(arm, f"{VAULT}/accessPolicies/replace", properties=policy("set"))
    replaced = await permissions()
    await put(arm, f"{VAULT}/accessPolicies/remove", properties=policy())

    assert (added, replaced, await permissions()) == ([["get", "list"]], [["set"]], [])


async def test_every_write_of_a_secret_is_a_version_and_its_value_is_not_told(arm: Arm) -> None:
    await put(arm, VAULT)

    first = await put(arm, f"{VAULT}/secrets/admin", properties={"value": "hunter2"})
    second = await put(arm, f"{VAULT}/secrets/admin", properties={"value": "hunter3"})

    assert first["properties"]["secretUri"] == "https://kv-contoso.vault.azure.net/secrets/admin"
    assert first["properties"]["secretUriWithVersion"] != second["properties"]["secretUriWithVersion"]
    assert "hunter" not in str(first) + str(second) + str(await get(arm, f"{VAULT}/secrets/admin"))


async def test_a_key_tells_where_it_is(arm: Arm) -> None:
    await put(arm, VAULT)

    key = await put(arm, f"{VAULT}/keys/disk", properties={"kty": "RSA"})

    assert key["properties"]["keyUri"] == "https://kv-contoso.vault.azure.net/keys/disk"
    assert key["properties"]["keySize"] == 2048
    assert (await refusal(arm, "PUT", f"{VAULT}/keys/other", {"properties": {"kty": "XYZ"}}))[0] == 400


def with_reference(name: str, **more: Any) -> dict[str, Any]:
    """A deployment with the secret as a parameter."""
    content = template(
        resource("a", properties={"length": "[length(parameters('p'))]"}), parameters={"p": {"type": "securestring"}}
    )
    reference = {"reference": {"keyVault": {"id": VAULT}, "secretName": name} | more}
    return {"properties": {"mode": "Incremental", "template": content, "parameters": {"p": reference}}}


async def test_a_secret_reaches_a_parameter_and_no_answer(arm: Arm) -> None:
    await put(arm, VAULT, properties={"enabledForTemplateDeployment": True})
    await put(arm, f"{VAULT}/secrets/admin", properties={"value": "hunter2"})

    poller = await arm.deployments.begin_create_or_update("rg", "main", with_reference("admin"))
    deployment = await poller.result()

    thing = await get(arm, f"{PROVIDERS}/Microsoft.Contoso/things/a")
    assert thing["properties"]["length"] == 7
    assert "hunter2" not in str(deployment.as_dict())


async def test_a_parameter_may_name_the_version_of_its_secret(arm: Arm) -> None:
    await put(arm, VAULT, properties={"enabledForTemplateDeployment": True})
    first = await put(arm, f"{VAULT}/secrets/admin", properties={"value": "one"})
    await put(arm, f"{VAULT}/secrets/admin", properties={"value": "three"})
    version = first["properties"]["secretUriWithVersion"].rsplit("/", 1)[-1]

    poller = await arm.deployments.begin_create_or_update("rg", "main", with_reference("admin", secretVersion=version))
    await poller.result()

    assert (await get(arm, f"{PROVIDERS}/Microsoft.Contoso/things/a"))["properties"]["length"] == 3


@pytest.mark.parametrize(
    ("is_enabled", "name", "code"),
    [
        (None, "admin", "KeyVaultParameterReferenceNotFound"),
        (False, "admin", "KeyVaultParameterReferenceSecretRetrieveFailed"),
        (True, "absent", "KeyVaultParameterReferenceSecretRetrieveFailed"),
    ],
)
async def test_a_secret_that_cannot_be_had_refuses_the_deployment(
    arm: Arm, is_enabled: bool | None, name: str, code: str
) -> None:
    if is_enabled is not None:
        await put(arm, VAULT, properties={"enabledForTemplateDeployment": is_enabled})
        await put(arm, f"{VAULT}/secrets/admin", properties={"value": "hunter2"})
    path = f"{PROVIDERS}/Microsoft.Resources/deployments/main"

    status, answer = await arm.request("PUT", path, with_reference(name))

    assert (status, answer["error"]["code"]) == (400, code)

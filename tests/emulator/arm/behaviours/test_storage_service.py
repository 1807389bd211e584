"""Containers that ARM makes exist at the storage emulator, and go with their account."""

import pytest
from azure.core.exceptions import ClientAuthenticationError, ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient

from tests.emulator.arm.behaviours.asking import PROVIDERS, eventually, post, put
from tests.emulator.arm.running import Arm, storage, template

ACCOUNTS = f"{PROVIDERS}/Microsoft.Storage/storageAccounts"


async def service(arm: Arm, name: str, key_number: int = 0) -> BlobServiceClient:
    """The account's blob service, with one of its keys."""
    account = await put(arm, f"{ACCOUNTS}/{name}")
    keys = await post(arm, f"{ACCOUNTS}/{name}/listKeys")
    return BlobServiceClient(
        account["properties"]["primaryEndpoints"]["blob"],
        credential={"account_name": name, "account_key": keys["keys"][key_number]["value"]},
        connection_verify=str(arm.certificates.trust_bundle),
        retry_total=0,
    )


@pytest.mark.parametrize("key_number", [0, 1])
async def test_a_container_of_a_template_is_there_for_either_key(storing_arm: Arm, key_number: int) -> None:
    name = f"stcontainers{key_number}"
    container = {
        "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
        "apiVersion": "2023-05-01",
        "name": f"{name}/default/artifacts",
        "dependsOn": [name],
    }

    deployment = await storing_arm.deploy(template(storage(name), container))

    assert deployment["properties"]["provisioningState"] == "Succeeded"
    async with await service(storing_arm, name, key_number) as blobs:
        assert [found.name async for found in blobs.list_containers()] == ["artifacts"]


async def test_a_container_that_is_deleted_is_gone_and_can_be_made_again(storing_arm: Arm) -> None:
    path = f"{ACCOUNTS}/stdeleting/blobServices/default/containers/artifacts"
    async with await service(storing_arm, "stdeleting") as blobs:
        await put(storing_arm, path)
        await blobs.get_container_client("artifacts").upload_blob("a", b"content")

        await storing_arm.request("DELETE", path)
        await put(storing_arm, path)

        assert [found.name async for found in blobs.get_container_client("artifacts").list_blobs()] == []


async def test_an_account_that_is_deleted_opens_to_nobody_and_a_new_one_is_empty(storing_arm: Arm) -> None:
    path = f"{ACCOUNTS}/stemptied/blobServices/default/containers/artifacts"

    async def is_closed(blobs: BlobServiceClient) -> bool:
        try:
            await blobs.get_container_client("artifacts").get_container_properties()
        except (ClientAuthenticationError, ResourceNotFoundError):
            return True
        return False

    async with await service(storing_arm, "stemptied") as blobs:
        await put(storing_arm, path)
        await storing_arm.request("DELETE", f"{ACCOUNTS}/stemptied")
        await eventually(lambda: is_closed(blobs))
    async with await service(storing_arm, "stemptied") as blobs:
        assert [found.name async for found in blobs.list_containers()] == []

"""ARM beside a real Azurite: accounts that it provisions exist there, and their SAS is really checked."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import ContainerSasPermissions, generate_container_sas
from azure.storage.blob.aio import BlobServiceClient

from tests.emulator.arm.running import GROUP_PATH, Arm, linked, storage, template

ACCOUNT = f"{GROUP_PATH}/providers/Microsoft.Storage/storageAccounts"


async def uploaded(arm: Arm, name: str, files: dict[str, object]) -> tuple[str, str]:
    """A container's address and read-only SAS, in an account that a template just made, with the files in it."""
    deployment = await arm.deploy(
        template(
            storage(name), outputs={"blob": {"type": "string", "value": f"[reference('{name}').primaryEndpoints.blob]"}}
        ),
        name=f"make-{name}",
    )
    endpoint = deployment["properties"]["outputs"]["blob"]["value"]
    _, keys = await arm.request("POST", f"{ACCOUNT}/{name}/listKeys")
    key = keys["keys"][0]["value"]
    credential = {"account_name": name, "account_key": key}
    trust = str(arm.certificates.trust_bundle)
    async with BlobServiceClient(endpoint, credential=credential, connection_verify=trust, retry_total=0) as service:
        container = await service.create_container("templates")
        for path, content in files.items():
            await container.upload_blob(path, json.dumps(content).encode())
    permission, expiry = ContainerSasPermissions(read=True), datetime.now(UTC) + timedelta(minutes=5)
    sas = generate_container_sas(name, "templates", key, permission=permission, expiry=expiry)
    return f"{endpoint}templates", sas


async def test_templates_in_a_new_account_are_deployed_with_its_sas(storing_arm: Arm) -> None:
    up = {"o": {"type": "string", "value": "[reference('child').outputs.o.value]"}}
    files = {
        "main.json": template(linked("child", {"relativePath": "nested/child.json"}), outputs=up),
        "nested/child.json": template(outputs={"o": {"type": "string", "value": "from storage"}}),
    }

    address, sas = await uploaded(storing_arm, "stlinked", files)
    deployment = await storing_arm.deploy(templateLink={"uri": f"{address}/main.json", "queryString": sas})

    assert deployment["properties"]["outputs"]["o"]["value"] == "from storage"


@pytest.mark.parametrize("broken", ["", "sv=2021-06-08&sig=bm90aGluZw%3D%3D&sr=c&sp=r&se=2099-01-01"])
async def test_a_sas_that_storage_refuses_is_an_invalid_content_link(storing_arm: Arm, broken: str) -> None:
    account = "stbroken1" if broken else "stbroken2"
    address, _ = await uploaded(storing_arm, account, {"main.json": template()})

    status, answer = await storing_arm.request(
        "PUT",
        f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main",
        {"properties": {"mode": "Incremental", "templateLink": {"uri": f"{address}/main.json", "queryString": broken}}},
    )

    assert (status, answer["error"]["code"]) == (400, "InvalidContentLink")

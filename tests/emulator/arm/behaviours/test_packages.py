"""Sites run from packages that they really fetch from storage, with a signature or as their identity."""

import io
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.blob import BlobSasPermissions, generate_blob_sas
from azure.storage.blob.aio import BlobServiceClient

from emulator.arm.behaviours.web import download
from tests.emulator.arm.behaviours.asking import PROVIDERS, eventually, get, post, put, refusal
from tests.emulator.arm.running import SUBSCRIPTION, Arm

ACCOUNT_NAME = "stpackages"
ACCOUNT = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/{ACCOUNT_NAME}"
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/packages"
SITE = f"{PROVIDERS}/Microsoft.Web/sites/runner"
STATUS = f"{SITE}/hostruntime/admin/host/status"
ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
READER, QUEUE_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "19e7f393-937e-4f77-808e-94535e297925"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
APP = "import azure.functions as f\napp = f.FunctionApp()\n\n@app.route('hi')\ndef {name}(req): ...\n"


def zipped(name: str = "greet") -> bytes:
    """A package with one function."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("function_app.py", APP.replace("{name}", name))
        archive.writestr("host.json", "{}")
    return buffer.getvalue()


async def uploaded(arm: Arm, content: bytes, name: str = "app.zip") -> tuple[str, str]:
    """The plain URL of a package in a private container, and its signature."""
    account = await put(arm, ACCOUNT)
    await put(arm, CONTAINER)
    keys = await post(arm, f"{ACCOUNT}/listKeys")
    key = keys["keys"][0]["value"]
    endpoint = account["properties"]["primaryEndpoints"]["blob"]
    credential = {"account_name": ACCOUNT_NAME, "account_key": key}
    trust = str(arm.certificates.trust_bundle)
    async with BlobServiceClient(endpoint, credential=credential, connection_verify=trust, retry_total=0) as service:
        await service.get_blob_client("packages", name).upload_blob(content, overwrite=True)
    permission, expiry = BlobSasPermissions(read=True), datetime.now(UTC) + timedelta(minutes=5)
    sas = generate_blob_sas(ACCOUNT_NAME, "packages", name, account_key=key, permission=permission, expiry=expiry)
    return f"{endpoint}packages/{name}", sas


async def make_site(arm: Arm, url: str, **body: Any) -> dict[str, Any]:
    """A function app that runs from a URL as its own identity."""
    settings = [{"name": "WEBSITE_RUN_FROM_PACKAGE", "value": url}]
    identity = {"type": "SystemAssigned"}
    shown = {"kind": "functionapp,linux", "identity": identity, "properties": {"siteConfig": {"appSettings": settings}}}
    return await put(arm, SITE, **(shown | body))


async def assign(arm: Arm, principal: str, *, scope: str = ACCOUNT, role: str = READER) -> None:
    """Give a principal a role at a scope."""
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    await put(arm, path, properties={"roleDefinitionId": f"{ROLES}/{role}", "principalId": principal})


async def is_running(arm: Arm) -> bool:
    status, _ = await arm.request("GET", STATUS)
    return status == 200


async def failure(arm: Arm) -> str:
    """Why the host doesn't run, once the package was tried."""
    found: list[str] = []

    async def is_told() -> bool:
        status, answer = await arm.request("GET", STATUS)
        assert status == 503
        found[:] = [detail["message"] for detail in answer["error"].get("details", [])]
        return bool(found)

    await eventually(is_told)
    return found[0]


async def test_a_signed_package_is_fetched_and_its_functions_are_told(storing_arm: Arm) -> None:
    url, sas = await uploaded(storing_arm, zipped())

    site = await make_site(storing_arm, f"{url}?{sas}", identity={"type": "None"})
    await eventually(lambda: is_running(storing_arm))

    function = await get(storing_arm, f"{SITE}/functions/greet")
    assert function["properties"]["invoke_url_template"] == "https://runner.azurewebsites.net/api/hi"
    assert (await get(storing_arm, STATUS))["state"] == "Running"
    assert (await post(storing_arm, f"{SITE}/syncfunctiontriggers"))["status"] == "success"
    assert "sig=" not in str(site) + str(function)


@pytest.mark.parametrize(
    "scope", [CONTAINER, ACCOUNT, ACCOUNT.split("/providers/")[0], f"/subscriptions/{SUBSCRIPTION}"]
)
async def test_an_identity_reads_with_a_role_at_the_container_or_above(storing_arm: Arm, scope: str) -> None:
    url, _ = await uploaded(storing_arm, zipped())
    site = await make_site(storing_arm, url)

    await assign(storing_arm, site["identity"]["principalId"], scope=scope)

    await eventually(lambda: is_running(storing_arm))


async def test_without_a_role_the_site_runs_and_its_host_does_not(storing_arm: Arm) -> None:
    url, _ = await uploaded(storing_arm, zipped())
    site = await make_site(storing_arm, url)
    await assign(storing_arm, site["identity"]["principalId"], role=QUEUE_READER)
    await assign(storing_arm, str(uuid.uuid4()))

    reason = await failure(storing_arm)

    assert reason.startswith(f"{url} answered 403")
    assert (await get(storing_arm, SITE))["properties"]["state"] == "Running"
    assert await refusal(storing_arm, "POST", f"{SITE}/syncfunctiontriggers", {}) == (400, "BadRequest")
    assert await refusal(storing_arm, "POST", f"{SITE}/host/default/listkeys", {}) == (400, "BadRequest")


async def test_the_identity_that_the_setting_names_reads(storing_arm: Arm) -> None:
    url, _ = await uploaded(storing_arm, zipped())
    identity_id = f"{PROVIDERS}/Microsoft.ManagedIdentity/userAssignedIdentities/reader"
    identity = await put(storing_arm, identity_id)
    await assign(storing_arm, identity["properties"]["principalId"])
    settings = {
        "WEBSITE_RUN_FROM_PACKAGE": url,
        "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID": identity_id,
    }

    both = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {identity_id: {}}}
    await put(storing_arm, SITE, kind="functionapp", identity=both)
    await put(storing_arm, f"{SITE}/config/appsettings", properties=settings)

    await eventually(lambda: is_running(storing_arm))


@pytest.mark.parametrize(
    ("content", "change", "reason"),
    [
        (b"<html></html>", "", "not a zip file"),
        (zipped(), "-absent", "answered 404"),
    ],
)
async def test_what_is_no_package_leaves_the_host_down(
    storing_arm: Arm, content: bytes, change: str, reason: str
) -> None:
    url, _ = await uploaded(storing_arm, content)
    site = await make_site(storing_arm, f"{url}{change}")
    await assign(storing_arm, site["identity"]["principalId"])

    await eventually(lambda: _fails_with(storing_arm, reason))


async def _fails_with(arm: Arm, reason: str) -> bool:
    return reason in await failure(arm)


async def test_a_new_setting_is_a_new_package(storing_arm: Arm) -> None:
    first, _ = await uploaded(storing_arm, zipped("first"), "first.zip")
    second, _ = await uploaded(storing_arm, zipped("second"), "second.zip")
    site = await make_site(storing_arm, first)
    await assign(storing_arm, site["identity"]["principalId"])
    await eventually(lambda: is_running(storing_arm))

    await put(storing_arm, f"{SITE}/config/appsettings", properties={"WEBSITE_RUN_FROM_PACKAGE": second})
    await eventually(lambda: is_running(storing_arm))

    assert (await storing_arm.request("GET", f"{SITE}/functions/first"))[0] == 404
    assert (await get(storing_arm, f"{SITE}/functions/second"))["name"] == "second"


async def test_a_package_is_deployed_from_a_url(storing_arm: Arm) -> None:
    url, sas = await uploaded(storing_arm, zipped("deployed"))
    await put(storing_arm, SITE, kind="functionapp")
    path = f"{SITE}/extensions/onedeploy"

    done = await put(storing_arm, path, properties={"packageUri": f"{url}?{sas}"})
    refused = await refusal(storing_arm, "PUT", path, {"properties": {"packageUri": url}})

    assert done["properties"]["complete"] is True
    assert "sig=" not in str(done)
    assert (await get(storing_arm, f"{SITE}/functions/deployed"))["name"] == "deployed"
    assert refused == (409, "ResourceDeploymentFailure")


async def test_flex_consumption_keeps_what_is_deployed_in_its_container(storing_arm: Arm) -> None:
    url, sas = await uploaded(storing_arm, zipped("flexible"))
    endpoint = url.rsplit("/", 1)[0]
    storage = {"type": "blobContainer", "value": endpoint, "authentication": {"type": "SystemAssignedIdentity"}}
    site = await put(
        storing_arm,
        SITE,
        kind="functionapp,linux",
        identity={"type": "SystemAssigned"},
        properties={"functionAppConfig": {"deployment": {"storage": storage}}},
    )
    principal, path = site["identity"]["principalId"], f"{SITE}/extensions/onedeploy"
    deployment = {"properties": {"packageUri": f"{url}?{sas}"}}

    without_role = await refusal(storing_arm, "PUT", path, deployment)
    await assign(storing_arm, principal, role=CONTRIBUTOR)
    await put(storing_arm, path, **deployment)
    await eventually(lambda: is_running(storing_arm))

    assert without_role == (409, "ResourceDeploymentFailure")
    assert (await get(storing_arm, f"{SITE}/functions/flexible"))["name"] == "flexible"


@pytest.mark.parametrize("url", ["https://u:secret@127.0.0.1:1/a.zip?sig=secret", "https://u:secret@[/a.zip#secret"])
async def test_why_a_package_is_not_there_is_told_without_secrets(storing_arm: Arm, url: str) -> None:
    await make_site(storing_arm, url)

    reason = await failure(storing_arm)

    assert "secret" not in reason
    assert "a.zip can't be read" in reason


async def test_what_is_too_large_is_not_fetched_to_its_end(storing_arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_PACKAGE", 10)
    url, sas = await uploaded(storing_arm, zipped())

    await make_site(storing_arm, f"{url}?{sas}")

    assert await failure(storing_arm) == f"{url} is larger than 10 bytes"


@pytest.mark.parametrize(("taken", "may_read"), [([], True), ([f"{BLOBS}/read"], False)])
async def test_an_identity_reads_with_a_custom_role_that_lets_it(
    storing_arm: Arm, taken: list[str], may_read: bool
) -> None:
    url, _ = await uploaded(storing_arm, zipped())
    site = await make_site(storing_arm, url)
    role = str(uuid.uuid4())
    permissions = [{"actions": [], "dataActions": [f"{BLOBS}/*"], "notDataActions": taken}]
    shape = {
        "roleName": "Fetcher",
        "permissions": permissions,
        "assignableScopes": [PROVIDERS.removesuffix("/providers")],
    }
    await put(storing_arm, f"{PROVIDERS}/Microsoft.Authorization/roleDefinitions/{role}", properties=shape)

    await assign(storing_arm, site["identity"]["principalId"], role=role)

    if may_read:
        await eventually(lambda: is_running(storing_arm))
    else:
        assert "answered 403" in await failure(storing_arm)

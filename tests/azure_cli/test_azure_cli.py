"""What people do with the Azure CLI, against the emulator."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from emulator.running import RunningEmulator
from tests.azure_cli.conftest import AzureCli

pytestmark = pytest.mark.azure_cli

GROUP_SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
SUBSCRIPTION_SCHEMA = "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"


def storage_template(**properties: Any) -> dict[str, Any]:
    account = {
        "type": "Microsoft.Storage/storageAccounts",
        "apiVersion": "2023-01-01",
        "name": "[parameters('account')]",
        "location": "[resourceGroup().location]",
        "sku": {"name": "Standard_LRS"},
        "kind": "StorageV2",
        "properties": properties,
    }
    return {
        "$schema": GROUP_SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {"account": {"type": "string"}},
        "resources": [account],
        "outputs": {
            "blob": {"type": "string", "value": "[reference(parameters('account')).primaryEndpoints.blob]"},
        },
    }


def group_template(name: str) -> dict[str, Any]:
    group = {
        "type": "Microsoft.Resources/resourceGroups",
        "apiVersion": "2022-09-01",
        "name": name,
        "location": "westeurope",
        "tags": {"made": "by a template"},
    }
    return {"$schema": SUBSCRIPTION_SCHEMA, "contentVersion": "1.0.0.0", "resources": [group], "outputs": {}}


@pytest.fixture
def suffix() -> str:
    return uuid.uuid4().hex[:8]


@pytest.fixture
def group(az: AzureCli, suffix: str) -> str:
    name = f"rg-cli-{suffix}"
    az.run("group", "create", "--name", name, "--location", "westeurope", "--tags", "kind=test")
    return name


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return written(tmp_path / "storage.json", storage_template())


def written(file: Path, template: dict[str, Any]) -> Path:
    file.write_text(json.dumps(template))
    return file


def changes(answer: dict[str, Any]) -> dict[str, str]:
    return {change["resourceId"].rsplit("/", 1)[-1]: change["changeType"] for change in answer["changes"]}


def test_the_login_finds_the_subscription(az: AzureCli, emulator: RunningEmulator) -> None:
    account = az.run("account", "show")

    assert (account["id"], account["tenantId"]) == (emulator.subscriptions[0], emulator.tenant)


def test_resource_groups_are_made_found_changed_and_deleted(az: AzureCli, group: str) -> None:
    assert group in [one["name"] for one in az.run("group", "list", "--tag", "kind=test")]
    assert az.run("group", "show", "--name", group)["properties"]["provisioningState"] == "Succeeded"
    assert az.run("group", "update", "--name", group, "--tags", "kind=other")["tags"] == {"kind": "other"}

    az.run("group", "delete", "--name", group, "--yes")

    assert az.run("group", "exists", "--name", group) is False


def test_a_group_deployment_is_validated_previewed_created_and_shown(
    az: AzureCli, group: str, template: Path, suffix: str
) -> None:
    given = ("--resource-group", group, "--template-file", str(template), "--parameters", f"account=azcli{suffix}")

    validated = az.run("deployment", "group", "validate", *given)
    preview = az.run("deployment", "group", "what-if", *given, "--no-pretty-print")
    created = az.run("deployment", "group", "create", "--name", "storage", *given)
    again = az.run("deployment", "group", "what-if", *given, "--no-pretty-print")

    assert validated["properties"]["provisioningState"] == "Succeeded"
    assert changes(preview) == {f"azcli{suffix}": "Create"}
    assert created["properties"]["provisioningState"] == "Succeeded"
    assert created["properties"]["outputs"]["blob"]["value"].endswith(f"/azcli{suffix}/")
    assert changes(again) == {f"azcli{suffix}": "NoChange"}
    shown = az.run("deployment", "group", "show", "--resource-group", group, "--name", "storage")
    assert shown["properties"]["correlationId"] == created["properties"]["correlationId"]
    listed = az.run("deployment", "group", "list", "--resource-group", group)
    assert [one["name"] for one in listed] == ["storage"]
    exported = az.run("deployment", "group", "export", "--resource-group", group, "--name", "storage")
    assert exported["resources"][0]["name"] == "[parameters('account')]"


def test_what_if_tells_what_a_property_would_become(az: AzureCli, group: str, tmp_path: Path, suffix: str) -> None:
    def given(file: Path) -> tuple[str, ...]:
        return ("--resource-group", group, "--template-file", str(file), "--parameters", f"account=azcli{suffix}")

    before = written(tmp_path / "before.json", storage_template(minimumTlsVersion="TLS1_0"))
    after = written(tmp_path / "after.json", storage_template(minimumTlsVersion="TLS1_2"))
    az.run("deployment", "group", "create", *given(before))

    preview = az.run("deployment", "group", "what-if", *given(after), "--no-pretty-print")

    [change] = preview["changes"]
    assert change["changeType"] == "Modify"
    assert [(one["path"], one["before"], one["after"]) for one in change["delta"]] == [
        ("properties.minimumTlsVersion", "TLS1_0", "TLS1_2")
    ]


def test_the_operations_tell_of_every_resource(az: AzureCli, group: str, template: Path, suffix: str) -> None:
    az.run(
        *("deployment", "group", "create", "--name", "storage", "--resource-group", group),
        *("--template-file", str(template), "--parameters", f"account=azcli{suffix}"),
    )

    operations = az.run("deployment", "operation", "group", "list", "--resource-group", group, "--name", "storage")

    kinds = {one["properties"]["provisioningOperation"]: one["properties"] for one in operations}
    assert set(kinds) == {"Create", "EvaluateDeploymentOutput"}
    assert kinds["Create"]["targetResource"]["resourceName"] == f"azcli{suffix}"
    assert kinds["Create"]["statusCode"] in ("OK", "Created")


def test_a_running_deployment_is_cancelled(az: AzureCli, group: str, template: Path, suffix: str) -> None:
    slow = json.loads(template.read_text())
    slow["resources"] += [
        {
            "type": "Microsoft.ApiManagement/service",
            "apiVersion": "2023-05-01-preview",
            "name": f"apim-{suffix}",
            "location": "westeurope",
            "sku": {"name": "Developer", "capacity": 1},
            "properties": {"publisherEmail": "a@example.com", "publisherName": "a"},
        },
        {
            "type": "Microsoft.Network/publicIPAddresses",
            "apiVersion": "2023-09-01",
            "name": f"late-{suffix}",
            "location": "westeurope",
            "dependsOn": [f"apim-{suffix}"],
        },
    ]
    written(template, slow)
    named = ("--resource-group", group, "--name", "slow")
    az.begin(
        *("deployment", "group", "create", *named, "--template-file", str(template)),
        *("--parameters", f"account=azcli{suffix}"),
    )

    az.run("deployment", "group", "cancel", *named)

    assert az.run("deployment", "group", "show", *named)["properties"]["provisioningState"] == "Canceled"
    late = az.refusal(
        *("resource", "show", "--resource-group", group, "--name", f"late-{suffix}"),
        *("--resource-type", "Microsoft.Network/publicIPAddresses"),
    )
    assert "ResourceNotFound" in late
    assert "DeploymentCannotBeCancelled" in az.refusal("deployment", "group", "cancel", *named)


def test_a_failed_deployment_says_why(az: AzureCli, group: str, template: Path) -> None:
    refusal = az.refusal(
        *("deployment", "group", "create", "--resource-group", group, "--template-file", str(template)),
        *("--parameters", "account=Not_A_Name"),
    )

    assert "AccountNameInvalid" in refusal
    assert "use numbers and lower-case letters only" in refusal


def test_a_subscription_deployment_is_validated_previewed_created_and_shown(
    az: AzureCli, tmp_path: Path, suffix: str
) -> None:
    name = f"rg-sub-{suffix}"
    file = written(tmp_path / "main.json", group_template(name))
    given = ("--location", "westeurope", "--template-file", str(file))

    validated = az.run("deployment", "sub", "validate", *given)
    preview = az.run("deployment", "sub", "what-if", *given, "--no-pretty-print")
    az.run("deployment", "sub", "create", "--name", f"groups-{suffix}", *given)

    assert validated["properties"]["provisioningState"] == "Succeeded"
    assert changes(preview) == {name: "Create"}
    shown = az.run("deployment", "sub", "show", "--name", f"groups-{suffix}")
    assert shown["properties"]["outputResources"][0]["id"].endswith(f"/resourceGroups/{name}")
    assert az.run("group", "show", "--name", name)["tags"] == {"made": "by a template"}
    operations = az.run("deployment", "operation", "sub", "list", "--name", f"groups-{suffix}")
    assert operations[0]["properties"]["targetResource"]["resourceName"] == name


def test_history_entries_are_deleted(az: AzureCli, tmp_path: Path, suffix: str) -> None:
    file = written(tmp_path / "main.json", group_template(f"rg-sub-{suffix}"))
    name = f"gone-{suffix}"
    az.run("deployment", "sub", "create", "--name", name, "--location", "westeurope", "--template-file", str(file))

    az.run("deployment", "sub", "delete", "--name", name)

    assert "DeploymentNotFound" in az.refusal("deployment", "sub", "show", "--name", name)
    assert az.run("group", "exists", "--name", f"rg-sub-{suffix}") is True


def test_resources_are_created_listed_tagged_locked_and_deleted(az: AzureCli, group: str, suffix: str) -> None:
    kind = "Microsoft.Network/publicIPAddresses"
    named = ("--resource-group", group, "--name", f"ip-{suffix}", "--resource-type", kind)
    az.run("resource", "create", *named, "--location", "westeurope", "--properties", "{}")

    assert [one["name"] for one in az.run("resource", "list", "--resource-group", group)] == [f"ip-{suffix}"]
    assert az.run("resource", "tag", *named, "--tags", "owner=me")["tags"] == {"owner": "me"}
    lock = ("lock", "create", "--name", "keep", "--lock-type", "CanNotDelete", "--resource-group", group)
    az.run(*lock)
    assert "ScopeLocked" in az.refusal("group", "delete", "--name", group, "--yes")
    az.run("lock", "delete", "--name", "keep", "--resource-group", group)

    az.run("resource", "delete", *named)

    assert "ResourceNotFound" in az.refusal("resource", "show", *named)


def test_blobs_of_a_deployed_account_are_uploaded_listed_and_read(
    az: AzureCli, emulator: RunningEmulator, group: str, suffix: str, tmp_path: Path
) -> None:
    account = f"azblob{suffix}"
    az.run("storage", "account", "create", "--resource-group", group, "--name", account, "--sku", "Standard_LRS")
    where = ("--auth-mode", "login", "--blob-endpoint", f"{emulator.blob}/{account}")
    sent, received = tmp_path / "sent.txt", tmp_path / "received.txt"
    sent.write_text("a package")

    az.run("storage", "container", "create", "--name", "packages", *where)
    az.run("storage", "blob", "upload", "--container-name", "packages", "--file", str(sent), "--name", "p.txt", *where)
    az.run("storage", "blob", "download", "-c", "packages", "--name", "p.txt", "--file", str(received), *where)

    assert received.read_text() == "a package"
    listed = az.run("storage", "blob", "list", "--container-name", "packages", *where)
    assert [blob["name"] for blob in listed] == ["p.txt"]
    keys = az.run("storage", "account", "keys", "list", "--resource-group", group, "--account-name", account)
    assert [key["keyName"] for key in keys] == ["key1", "key2"]


def test_providers_are_registered(az: AzureCli) -> None:
    az.run("provider", "register", "--namespace", "Microsoft.Cdn", "--wait")

    assert az.run("provider", "show", "--namespace", "Microsoft.Cdn")["registrationState"] == "Registered"


def test_roles_are_assigned(az: AzureCli, emulator: RunningEmulator, group: str) -> None:
    principal = str(uuid.uuid4())
    scope = f"/subscriptions/{emulator.subscriptions[0]}/resourceGroups/{group}"

    az.run(
        *("role", "assignment", "create", "--assignee-object-id", principal, "--scope", scope, "--role", "Reader"),
        *("--assignee-principal-type", "ServicePrincipal"),
    )

    listed = az.run("role", "assignment", "list", "--scope", scope, "--fill-principal-name", "false")
    assert principal in [one["principalId"] for one in listed]

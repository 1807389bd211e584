"""The compiled template of the artifact storage account says what the design asks of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from armature.azure.provisioning import ARTIFACTS_TAG, ARTIFACTS_TAG_VALUE, STORAGE_API_VERSION, TEMPLATE_FILE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(TEMPLATE_FILE.read_text())
    return document


def resource(template: dict[str, Any], resource_type: str) -> dict[str, Any]:
    found = [
        item for item in template["resources"] if item["type"] == f"Microsoft.Storage/storageAccounts{resource_type}"
    ]
    assert len(found) == 1
    assert found[0]["apiVersion"] == STORAGE_API_VERSION
    return dict(found[0])


def test_the_account_takes_no_weak_tls_no_anonymous_and_no_keys(template: dict[str, Any]) -> None:
    account = resource(template, "")

    assert account["kind"] == "StorageV2"
    assert account["tags"] == {ARTIFACTS_TAG: ARTIFACTS_TAG_VALUE}
    assert account["properties"]["minimumTlsVersion"] == "TLS1_2"
    assert account["properties"]["supportsHttpsTrafficOnly"] is True
    assert account["properties"]["allowBlobPublicAccess"] is False
    assert account["properties"]["allowSharedKeyAccess"] is False
    assert account["properties"]["allowCrossTenantReplication"] is False


def test_packages_have_a_private_container(template: dict[str, Any]) -> None:
    container = resource(template, "/blobServices/containers")

    assert "packages" in container["name"]
    assert container["properties"]["publicAccess"] == "None"


def test_no_rule_of_storage_deletes_what_a_rollback_needs(template: dict[str, Any]) -> None:
    """What may go is decided by retention, which knows what is needed: age alone does not tell."""
    assert [item["type"] for item in template["resources"] if "managementPolicies" in item["type"]] == []


def test_it_tells_where_the_blobs_are_and_nothing_secret(template: dict[str, Any]) -> None:
    assert list(template["outputs"]) == ["blobEndpoint"]
    assert template["outputs"]["blobEndpoint"]["type"] == "string"


def test_it_is_deployed_with_the_app() -> None:
    ignored = (ROOT / ".funcignore").read_text().splitlines()

    assert TEMPLATE_FILE == ROOT / "infra" / "artifact-storage.json"
    assert not {line.strip("/") for line in ignored} & {"infra", "*.json", "infra/*.json"}

"""The compiled template of the app itself says what the design asks of it; tests/conformance compiles it anew."""

import json
import re
from typing import Any

import pytest

from armature.azure.provisioning import ARTIFACTS_TAG, ARTIFACTS_TAG_VALUE
from armature.settings import Settings
from tests.infra.templates import compiled, of_type, resources_of


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return compiled("azuredeploy.json")


def app(template: dict[str, Any]) -> dict[str, Any]:
    """The deployment of the plan and the function app."""
    properties: dict[str, Any] = template["resources"]["app"]["properties"]
    return properties


def test_no_account_takes_keys_weak_tls_plain_http_or_anonymous_readers(template: dict[str, Any]) -> None:
    accounts = of_type(template, "Microsoft.Storage/storageAccounts")

    assert len(accounts) == 2
    for account in accounts:
        assert account["properties"]["allowSharedKeyAccess"] is False
        assert account["properties"]["defaultToOAuthAuthentication"] is True
        assert account["properties"]["minimumTlsVersion"] == "TLS1_2"
        assert account["properties"]["supportsHttpsTrafficOnly"] is True
        assert account["properties"]["allowBlobPublicAccess"] is False
        assert account["properties"]["allowCrossTenantReplication"] is False


def test_no_container_is_public(template: dict[str, Any]) -> None:
    containers = of_type(template, "Microsoft.Storage/storageAccounts/blobServices/containers")

    assert [container["properties"]["publicAccess"] for container in containers] == ["None", "None"]


def test_one_account_is_the_artifact_storage_that_the_app_finds(template: dict[str, Any]) -> None:
    tags = [account.get("tags") for account in of_type(template, "Microsoft.Storage/storageAccounts")]

    assert {ARTIFACTS_TAG: ARTIFACTS_TAG_VALUE} in tags


def test_no_key_connection_string_or_other_secret_is_read_or_told(template: dict[str, Any]) -> None:
    text = json.dumps(template)

    assert re.findall(r"\blist[A-Z]\w*\(", text) == []
    assert not re.search("AccountKey|SharedAccessKey|WEBSITE_CONTENT", text)
    assert template["parameters"]["packageUri"] == {
        "type": "securestring",
        "defaultValue": "",
        "metadata": template["parameters"]["packageUri"]["metadata"],
    }
    assert set(template["outputs"]) == {
        "appName", "apiUrl", "identityPrincipalId", "hostingPlan", "storageAccountName", "artifactStorageAccountName",
    }  # fmt: skip


def test_monitoring_takes_entra_tokens_only_and_keeps_its_data_in_a_workspace(template: dict[str, Any]) -> None:
    [workspace] = of_type(template, "Microsoft.OperationalInsights/workspaces")
    [component] = of_type(template, "Microsoft.Insights/components")

    assert workspace["properties"]["features"] == {"disableLocalAuth": True}
    assert component["properties"]["DisableLocalAuth"] is True
    assert "Microsoft.OperationalInsights/workspaces" in component["properties"]["WorkspaceResourceId"]


def test_the_app_acts_as_one_identity_over_https_and_nobody_publishes_with_a_password(template: dict[str, Any]) -> None:
    [site] = of_type(template, "Microsoft.Web/sites")
    policies = of_type(template, "Microsoft.Web/sites/basicPublishingCredentialsPolicies")

    assert site["identity"]["type"] == "UserAssigned"
    assert "httpsOnly', true()" in site["properties"]
    assert "'minTlsVersion', '1.2'" in site["properties"]
    assert [policy["properties"] for policy in policies] == [{"allow": False}] * 2


def test_flex_consumption_runs_python_from_a_package_that_its_identity_reads(template: dict[str, Any]) -> None:
    variables = app(template)["template"]["variables"]
    config = variables["flexProperties"]["functionAppConfig"]

    assert variables["pythonVersion"] == "3.11"
    assert config["runtime"] == {"name": "python", "version": "[variables('pythonVersion')]"}
    assert config["deployment"]["storage"]["type"] == "blobContainer"
    assert config["deployment"]["storage"]["authentication"] == {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": "[parameters('identityId')]",
    }


def test_the_settings_are_the_app_s_and_leave_none_out_that_it_needs(template: dict[str, Any]) -> None:
    settings = app(template)["parameters"]["settings"]["value"]
    given = set(re.findall(r"'((?:ARMATURE|AZURE)_[A-Z_]+)'", settings))
    fields = Settings.model_fields.values()

    assert given <= {str(field.validation_alias) for field in fields}
    assert {str(field.validation_alias) for field in fields if field.is_required()} <= given
    assert {"AZURE_CLOUD", "AZURE_CLIENT_ID", "ARMATURE_DEFAULT_LOCATION"} <= given


def test_the_host_reaches_its_storage_by_addresses_that_are_right_in_every_cloud(template: dict[str, Any]) -> None:
    settings = app(template)["parameters"]["settings"]["value"]

    assert set(re.findall(r"'AzureWebJobsStorage__(\w+)'", settings)) == {
        "blobServiceUri", "queueServiceUri", "tableServiceUri", "credential", "clientId",
    }  # fmt: skip
    assert "AzureWebJobsStorage'" not in settings


def test_roles_are_given_on_single_resources_under_names_that_stay(template: dict[str, Any]) -> None:
    assignments = of_type(template, "Microsoft.Authorization/roleAssignments")

    assert len(assignments) == 4  # one of them for each of the three roles on the app's own storage
    for assignment in assignments:
        assert "resourceId(" in assignment["scope"]
        assert assignment["name"].startswith("[guid(resourceId(")
        assert assignment["properties"]["principalType"] == "ServicePrincipal"


def test_nothing_differs_between_two_deployments_of_the_same_parameters(template: dict[str, Any]) -> None:
    text = json.dumps(list(resources_of(template)))

    assert not re.search(r"\b(utcNow|newGuid|deployment)\(", text)

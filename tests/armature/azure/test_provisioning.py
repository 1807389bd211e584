"""The artifact storage account on the emulated ARM: provisioned, found again, used at once."""

import io
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.credentials import TokenCredential

from armature.azure.arm import ArmGateway
from armature.azure.arm.roles import role_assignment_id
from armature.azure.artifacts import PACKAGES_CONTAINER, ArtifactStorage
from armature.azure.identity import principal_id
from armature.azure.models import ArmDeployment, ArmResource, DeploymentBody
from armature.azure.provisioning import (
    PROVISIONING_NAME,
    STORAGE_API_VERSION,
    STORAGE_BLOB_DATA_CONTRIBUTOR,
    ArtifactAccount,
    account_name,
    find_account,
    resource_group_name,
    start_provisioning,
)
from armature.clouds import Cloud
from armature.errors import FailureClass, FailureError, failure
from armature.plan import DeploymentScopeTarget
from emulator.foundation import PRINCIPAL
from tests.waiting import wait_until

LOCATIONS = itertools.cycle(["westus", "westus2", "westus3", "northeurope", "westeurope", "uksouth", "eastus"])


@pytest.fixture
def location() -> str:
    """A place where no other test has provisioned."""
    return next(LOCATIONS)


@pytest.fixture
def provisioned(arm: ArmGateway, cloud: Cloud, credential: TokenCredential, location: str) -> ArtifactStorage:
    storage = ArtifactStorage(cloud, credential)
    storage.start_provisioning(arm, location)
    wait_until(lambda: (account := storage.find(arm, location)) is not None and account.is_ready)
    return storage


def test_the_account_is_provisioned_as_safe_as_it_must_be_and_found(
    arm: ArmGateway, provisioned: ArtifactStorage, location: str
) -> None:
    account = provisioned.find(arm, location)

    assert account is not None
    assert account.name == account_name(arm.subscription, location)
    resource = arm.get_resource(account.resource_id, STORAGE_API_VERSION)
    assert resource is not None
    assert resource.tags == {"armature-artifacts": "v1"}
    expected = {
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": False,
        "supportsHttpsTrafficOnly": True,
    }
    assert {key: resource.properties.get(key) for key in expected} == expected


def test_the_account_that_was_provisioned_takes_files_at_once(
    arm: ArmGateway, provisioned: ArtifactStorage, location: str
) -> None:
    account = provisioned.find(arm, location)
    assert account is not None

    result = provisioned.upload(account, PACKAGES_CONTAINER, "x/a.zip", io.BytesIO(b"zip"), 3)

    assert result.bytes_written == 3


def test_provisioning_twice_makes_one_account(arm: ArmGateway, provisioned: ArtifactStorage, location: str) -> None:
    before = find_account(arm, location)

    provisioned.start_provisioning(arm, location)
    provisioned.start_provisioning(arm, location)
    wait_until(lambda: (account := find_account(arm, location)) is not None and account.is_ready)

    assert find_account(arm, location) == before
    tagged = arm.find_resources("armature-artifacts", "v1", "Microsoft.Storage/storageAccounts")
    assert sum(resource.location == location for resource in tagged) == 1


def put_resource(arm: ArmGateway, resource_id: str, api_version: str, body: dict[str, Any]) -> None:
    """Write a resource as somebody else would, and wait until its provider has made it."""
    arm._resources.resources.begin_create_or_update_by_id(
        resource_id.lstrip("/"), body, api_version=api_version, polling_interval=0.1
    ).result()


def _others(arm: ArmGateway, location: str) -> str:
    """The id of an account that is tagged as ours and lies elsewhere, under another name."""
    arm.ensure_resource_group("rg-platform", "westus", {})
    account_id = f"/subscriptions/{arm.subscription}/resourceGroups/rg-platform/providers"
    account_id += f"/Microsoft.Storage/storageAccounts/ops{location}"
    body = {
        "location": location,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "tags": {"armature-artifacts": "v1"},
        "properties": {},
    }
    put_resource(arm, account_id, STORAGE_API_VERSION, body)
    return account_id


def test_an_account_of_another_name_is_found_by_its_tag(arm: ArmGateway, location: str) -> None:
    _others(arm, location)

    wait_until(lambda: (account := find_account(arm, location)) is not None and account.is_ready)

    account = find_account(arm, location)
    assert account is not None
    assert account.name == f"ops{location}"


def test_the_app_gives_itself_its_role_on_an_account_that_somebody_else_has_made_once(
    arm: ArmGateway, cloud: Cloud, credential: TokenCredential, location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = ArtifactAccount(name="x", resource_id=_others(arm, location), blob_endpoint="", is_ready=True)
    storage, given = ArtifactStorage(cloud, credential), []
    ensure = arm.ensure_role_assignment

    def counted(*parts: str) -> None:
        given.append(parts)
        ensure(*parts)

    monkeypatch.setattr(arm, "ensure_role_assignment", counted)

    told = [storage.grant_access(arm, account) for _ in range(2)]
    again = ArtifactStorage(cloud, credential).grant_access(arm, account)

    assert (told, again) == ([None, None], None)
    assert len(given) == 2
    role = role_assignment_id(account.resource_id, PRINCIPAL, STORAGE_BLOB_DATA_CONTRIBUTOR)
    assigned = arm.get_resource(role, "2022-04-01")
    assert assigned is not None
    assert assigned.properties["principalId"] == PRINCIPAL


def test_an_app_that_may_give_no_roles_tells_the_command(
    cloud: Cloud, credential: TokenCredential, caplog: pytest.LogCaptureFixture
) -> None:
    place: Any = Place(None)
    account = ArtifactAccount(name="x", resource_id="/subscriptions/s/x", blob_endpoint="", is_ready=True)

    command = ArtifactStorage(cloud, credential).grant_access(place, account)

    assert command is not None
    assert f"--assignee-object-id {PRINCIPAL} " in command
    assert command.endswith('--role "Storage Blob Data Contributor" --scope /subscriptions/s/x')
    assert "Could not give the app" in caplog.text


def test_where_nothing_was_provisioned_nothing_is_found(arm: ArmGateway) -> None:
    assert find_account(arm, "japaneast") is None


def test_the_apps_identity_is_who_its_token_says(credential: TokenCredential, cloud: Cloud) -> None:
    assert principal_id(credential, cloud) == PRINCIPAL


def test_names_depend_on_the_place_and_keep_to_the_rules() -> None:
    names = {account_name(s, place) for s in ("s1", "s2") for place in ("eastus2", "westus")}

    assert len(names) == 4
    assert all(3 <= len(name) <= 24 and name.isalnum() and name == name.lower() for name in names)
    assert account_name("S1", "EastUS2") == account_name("s1", "eastus2")


class Place:
    """Stands in for ARM where it refuses: the provisioning is as a test says."""

    subscription = "s"

    def __init__(self, deployment: ArmDeployment | None, account_state: str = "Succeeded") -> None:
        self.deployment = deployment
        self.account_state = account_state
        self.puts: list[DeploymentBody] = []
        self.refusal: FailureError | None = None

    def find_resources(self, *_: str) -> tuple[ArmResource, ...]:
        return ()

    def get_resource(self, resource_id: str, _: str) -> ArmResource:
        properties = {"provisioningState": self.account_state, "primaryEndpoints": {"blob": "https://a.example/"}}
        tags = {"armature-artifacts": "v1"}
        return ArmResource(id=resource_id, type="t", name="a", location="x", tags=tags, properties=properties)

    def get_deployment(self, *_: object) -> ArmDeployment | None:
        return self.deployment

    def deployment_failure(self, *_: object) -> Any:
        return failure(FailureClass.POLICY, "RequestDisallowedByPolicy", "No storage here.")

    def ensure_resource_group(self, *_: object) -> None:
        pass

    def ensure_role_assignment(self, *_: object) -> None:
        raise FailureError(failure(FailureClass.AUTHORIZATION, "AuthorizationFailed", "No right to give roles."))

    def put_deployment(self, _scope: object, _name: str, body: DeploymentBody) -> None:
        if self.refusal:
            raise self.refusal
        self.puts.append(body)


def provisioning(state: str, *, age: timedelta = timedelta()) -> ArmDeployment:
    timestamp = datetime.now(UTC) - age
    return ArmDeployment(id="/d", name=PROVISIONING_NAME, provisioning_state=state, timestamp=timestamp)


def test_while_arm_works_on_it_nothing_is_put_and_the_account_is_not_ready() -> None:
    place: Any = Place(provisioning("Running"))

    start_provisioning(place, "eastus2", "p")

    account = find_account(place, "eastus2")
    assert account is not None
    assert not account.is_ready
    assert place.puts == []


def test_a_provisioning_that_failed_just_now_is_reported_and_not_tried_for_ever() -> None:
    place: Any = Place(provisioning("Failed"))

    assert find_account(place, "eastus2") is None
    with pytest.raises(FailureError) as caught:
        start_provisioning(place, "eastus2", "p")

    assert caught.value.failure.code == "RequestDisallowedByPolicy"
    assert place.puts == []


def test_a_provisioning_that_failed_long_ago_is_tried_again() -> None:
    place: Any = Place(provisioning("Failed", age=timedelta(hours=1)))

    start_provisioning(place, "eastus2", "p")

    assert len(place.puts) == 1
    assert place.puts[0].parameters["accountName"] == {"value": account_name("s", "eastus2")}


def test_an_identity_that_may_not_give_roles_provisions_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    place: Any = Place(None)

    start_provisioning(place, "eastus2", "p")

    assert len(place.puts) == 1
    assert "Storage Blob Data Contributor" in caplog.text


def test_another_run_that_was_faster_is_no_failure() -> None:
    place: Any = Place(None)
    place.refusal = FailureError(failure(FailureClass.RESOURCE_CONFLICT, "DeploymentActive", "It is running."))

    start_provisioning(place, "eastus2", "p")

    place.refusal = FailureError(failure(FailureClass.POLICY, "RequestDisallowedByPolicy", "No."))
    with pytest.raises(FailureError):
        start_provisioning(place, "eastus2", "p")


def test_a_deployment_on_arm_runs_tells_its_operations_and_is_there_again(
    arm: ArmGateway, fresh_name: Callable[[], str], location: str
) -> None:
    group = fresh_name()
    made = arm.ensure_resource_group(group, location, {"a": "b"})
    again = arm.ensure_resource_group(group, "eastus2", {})
    scope = DeploymentScopeTarget(subscription=arm.subscription, resource_group=group)
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {"secret": {"type": "securestring", "defaultValue": "[newGuid()]"}},
        "resources": [
            {
                "type": "Microsoft.Network/virtualNetworks",
                "apiVersion": "2023-09-01",
                "name": "v",
                "location": "[resourceGroup().location]",
                "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
            }
        ],
        "outputs": {
            "id": {"type": "string", "value": "[resourceId('Microsoft.Network/virtualNetworks', 'v')]"},
            "secret": {"type": "securestring", "value": "[parameters('secret')]"},
        },
    }
    body = DeploymentBody(template=template, tags={"armature-attempt": "1"})

    arm.put_deployment(scope, "net", body)
    wait_until(lambda: (found := arm.get_deployment(scope, "net")) is not None and found.is_final)
    first = arm.get_deployment(scope, "net")
    arm.put_deployment(scope, "net", body)
    wait_until(lambda: (found := arm.get_deployment(scope, "net")) is not None and found.is_final)
    second = arm.get_deployment(scope, "net")

    assert made == again
    assert first is not None
    assert second is not None
    vnet = f"{scope.resource_id}/providers/Microsoft.Network/virtualNetworks/v"
    assert first.is_succeeded
    assert first.outputs == second.outputs == {"id": vnet}
    assert first.output_resources == (vnet,)
    assert first.tags == {"armature-attempt": "1"}
    operations = arm.list_operations(scope, "net")
    assert vnet in {operation.target_id for operation in operations if operation.kind == "Create"}
    assert arm.get_deployment(scope, "other") is None
    assert resource_group_name(location) == f"rg-armature-{location}"


def test_a_template_that_arm_refuses_fails_with_arms_words(
    arm: ArmGateway, fresh_name: Callable[[], str], location: str
) -> None:
    group = fresh_name()
    arm.ensure_resource_group(group, location, {})
    scope = DeploymentScopeTarget(subscription=arm.subscription, resource_group=group)
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [],
        "outputs": {"x": {"type": "string", "value": "[parameters('nothing')]"}},
    }

    with pytest.raises(FailureError) as caught:
        arm.put_deployment(scope, "bad", DeploymentBody(template=template))

    assert caught.value.failure.failure_class is FailureClass.TEMPLATE
    assert caught.value.failure.correlation_id
    assert not caught.value.failure.is_retried


def test_a_group_and_a_subscription_that_arm_does_not_know(
    arm: ArmGateway, arm_url: str, cloud: Cloud, credential: TokenCredential
) -> None:
    arm.check_access()
    assert arm.get_resource_group("rg-nobody-made") is None

    unknown = "00000000-0000-0000-0000-00000000dead"
    stranger = ArmGateway(cloud.model_copy(update={"resource_manager": arm_url}), credential, unknown)
    with pytest.raises(FailureError) as caught:
        stranger.check_access()

    assert caught.value.failure.code == "SubscriptionNotFound"


def test_settings_of_a_function_app_are_merged(arm: ArmGateway, fresh_name: Callable[[], str], location: str) -> None:
    group = fresh_name()
    arm.ensure_resource_group(group, location, {})
    scope = f"/subscriptions/{arm.subscription}/resourceGroups/{group}/providers/Microsoft.Web"
    plan_id, site_id = f"{scope}/serverfarms/plan", f"{scope}/sites/{group}"
    put_resource(arm, plan_id, "2022-09-01", {"location": location, "sku": {"name": "Y1"}, "properties": {}})
    wait_until(lambda: _is_there(arm, plan_id))
    site = {
        "location": location,
        "kind": "functionapp",
        "identity": {"type": "SystemAssigned"},
        "properties": {"serverFarmId": plan_id, "siteConfig": {"appSettings": [{"name": "KEPT", "value": "yes"}]}},
    }
    put_resource(arm, site_id, "2022-09-01", site)
    wait_until(lambda: _is_there(arm, site_id))

    first = arm.set_app_settings(site_id, {"WEBSITE_RUN_FROM_PACKAGE": "https://x"})
    second = arm.set_app_settings(site_id, {"WEBSITE_RUN_FROM_PACKAGE": "https://x"})

    assert (first, second) == (True, False)
    assert arm.app_settings(site_id) == {"KEPT": "yes", "WEBSITE_RUN_FROM_PACKAGE": "https://x"}
    found = arm.get_resource(site_id, "2022-09-01")
    assert found is not None
    assert found.identity_principal_id
    for _ in range(2):
        arm.ensure_role_assignment(
            f"/subscriptions/{arm.subscription}/resourceGroups/{group}",
            found.identity_principal_id,
            "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        )


def _is_there(arm: ArmGateway, resource_id: str) -> bool:
    found = arm.get_resource(resource_id, "2022-09-01")
    return found is not None and found.properties.get("provisioningState", "Succeeded") == "Succeeded"

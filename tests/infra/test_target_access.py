"""With the roles that infra/ gives it the app's own gateway does all that it has to, and nothing beyond the scope."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from armature.azure import transport
from armature.azure.arm import ArmGateway
from armature.azure.models import DeploymentBody
from armature.azure.provisioning import STORAGE_BLOB_DATA_CONTRIBUTOR, find_account, start_provisioning
from armature.clouds import CLOUDS
from armature.errors import FailureError
from armature.plan import DeploymentScopeTarget
from emulator.certificates import Certificates
from tests.emulator.arm.running import SUBSCRIPTION, Arm, running_arm, template, token
from tests.infra.templates import compiled
from tests.waiting import wait_until

PRINCIPAL = "00000000-0000-0000-0000-00000000a99a"
SITES_PRINCIPAL = "00000000-0000-0000-0000-00000000517e"
STORAGE_BLOB_DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
MONITORING_METRICS_PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
ACCESS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Resources/deployments/armature-access"


@dataclass(frozen=True)
class PrincipalsToken:
    """A credential of the app's identity."""

    certificates: Certificates
    principal: str

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken(token(self.certificates, oid=self.principal), 2**40)


def gateway_of(arm: Arm, principal: str) -> ArmGateway:
    cloud = CLOUDS["AzureCloud"].model_copy(update={"resource_manager": arm.url})
    return ArmGateway(cloud, PrincipalsToken(arm.certificates, principal), SUBSCRIPTION)


@asynccontextmanager
async def app_in(
    certificates: Certificates, folder: Path, monkeypatch: pytest.MonkeyPatch, **parameters: Any
) -> AsyncIterator[tuple[Arm, ArmGateway]]:
    """An ARM with the groups `mine` and `others`, and the app's gateway to it, once access was given."""
    async with arm_with_groups(certificates, folder, monkeypatch) as arm:
        await give_access(arm, **parameters)
        yield arm, gateway_of(arm, PRINCIPAL)


@asynccontextmanager
async def arm_with_groups(
    certificates: Certificates, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Arm]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.trust_bundle))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    transport.shared_transport.cache_clear()
    async with running_arm(certificates, folder) as arm:
        for name in ("mine", "others"):
            await arm.groups.resource_groups.create_or_update(name, {"location": "eastus2"})
        yield arm
    transport.shared_transport.cache_clear()


async def give_access(arm: Arm, **parameters: Any) -> None:
    given = {name: {"value": value} for name, value in {"principalId": PRINCIPAL, **parameters}.items()}
    properties = {"mode": "Incremental", "template": compiled("target-access.json"), "parameters": given}
    status, answer = await arm.request("PUT", ACCESS, {"location": "eastus2", "properties": properties})
    assert status in (200, 201), answer
    ended = await arm.ended(ACCESS)
    assert ended["properties"]["provisioningState"] == "Succeeded", ended["properties"].get("error")


def scope(group: str) -> DeploymentScopeTarget:
    return DeploymentScopeTarget(subscription=SUBSCRIPTION, resource_group=group)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(FailureError) as refused:
        call()
    return refused.value.failure.code


def deploy_and_give_a_role(gateway: ArmGateway, group: str) -> None:
    gateway.check_access()
    assert gateway.get_resource_group(group) is not None
    gateway.put_deployment(scope(group), "first", DeploymentBody(template=template(), parameters={}))
    gateway.ensure_role_assignment(scope(group).resource_id, SITES_PRINCIPAL, STORAGE_BLOB_DATA_READER)
    assert gateway.find_resources("armature-artifacts", "v1", "Microsoft.Storage/storageAccounts") == ()
    assert gateway.api_version("Microsoft.Web/sites")
    gateway.register_provider("Microsoft.ContainerRegistry")


async def test_the_subscription_is_open_for_deployments_and_for_artifact_storage(
    certificates: Certificates, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app_in(certificates, folder, monkeypatch) as (_, gateway):

        def has_account() -> bool:
            account = find_account(gateway, "eastus2")
            return account is not None and account.is_ready

        def work() -> None:
            deploy_and_give_a_role(gateway, "mine")
            gateway.ensure_resource_group("new", "eastus2", {})
            start_provisioning(gateway, "eastus2", PRINCIPAL)
            wait_until(has_account)
            gateway.delete_resource(scope("new").resource_id)

        await asyncio.to_thread(work)


async def test_single_groups_are_open_and_no_other(
    certificates: Certificates, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app_in(certificates, folder, monkeypatch, resourceGroups=["mine"]) as (_, gateway):
        body = DeploymentBody(template=template(), parameters={})

        def work() -> list[str]:
            deploy_and_give_a_role(gateway, "mine")
            return [
                code_of(lambda: gateway.put_deployment(scope("others"), "d", body)),
                code_of(lambda: gateway.ensure_resource_group("new", "eastus2", {})),
                code_of(
                    lambda: gateway.ensure_role_assignment(
                        scope("others").resource_id, PRINCIPAL, STORAGE_BLOB_DATA_CONTRIBUTOR
                    )
                ),
            ]

        assert await asyncio.to_thread(work) == ["AuthorizationFailed"] * 3


@pytest.mark.parametrize("groups", [[], ["mine"]])
async def test_it_gives_no_roles_but_its_own_and_those_that_bundles_assign(
    certificates: Certificates, folder: Path, monkeypatch: pytest.MonkeyPatch, groups: list[str]
) -> None:
    further = {"resourceGroups": groups, "furtherRoleIds": [MONITORING_METRICS_PUBLISHER]}
    async with app_in(certificates, folder, monkeypatch, **further) as (_, gateway):

        def give(role: str) -> None:
            gateway.ensure_role_assignment(scope("mine").resource_id, SITES_PRINCIPAL, role)

        await asyncio.to_thread(give, MONITORING_METRICS_PUBLISHER)
        assert await asyncio.to_thread(code_of, lambda: give(OWNER)) == "AuthorizationFailed"


async def test_without_the_right_to_give_roles_it_gives_none(
    certificates: Certificates, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app_in(certificates, folder, monkeypatch, mayGiveRoles=False) as (_, gateway):

        def give() -> object:
            return gateway.ensure_role_assignment(scope("mine").resource_id, SITES_PRINCIPAL, STORAGE_BLOB_DATA_READER)

        assert await asyncio.to_thread(code_of, give) == "AuthorizationFailed"


@pytest.mark.parametrize("groups", [[], ["mine", "others"]])
async def test_given_again_it_is_as_it_was(
    certificates: Certificates, folder: Path, monkeypatch: pytest.MonkeyPatch, groups: list[str]
) -> None:
    async with app_in(certificates, folder, monkeypatch, resourceGroups=groups) as (arm, _):
        _, before = await arm.request("GET", "/emulator/inventory")

        await give_access(arm, resourceGroups=groups)

        _, after = await arm.request("GET", "/emulator/inventory")
    ids = [{resource["document"]["id"] for resource in told["resources"]} for told in (before, after)]
    assert ids[0] == ids[1]


async def test_its_own_template_lets_the_app_find_artifact_storage_and_make_readers_of_packages(
    certificates: Certificates, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with arm_with_groups(certificates, folder, monkeypatch) as arm:
        properties = {"mode": "Incremental", "template": compiled("azuredeploy.json")}
        properties |= {"parameters": {"appName": {"value": "func-armature-alone"}}}
        poller = await arm.deployments.begin_create_or_update("mine", "armature", {"properties": properties})
        outputs = (await poller.result()).properties.outputs
        gateway = gateway_of(arm, outputs["identityPrincipalId"]["value"])

        def work() -> tuple[str, str]:
            account = find_account(gateway, "eastus2")
            assert account is not None
            assert account.is_ready
            packages = f"{account.resource_id}/blobServices/default/containers/packages"
            gateway.ensure_role_assignment(packages, SITES_PRINCIPAL, STORAGE_BLOB_DATA_READER)
            return account.name, code_of(lambda: gateway.ensure_role_assignment(packages, SITES_PRINCIPAL, OWNER))

        name = outputs["artifactStorageAccountName"]["value"]
        assert await asyncio.to_thread(work) == (name, "AuthorizationFailed")

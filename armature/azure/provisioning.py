"""The artifact storage account of a subscription and location: found by its tag, or deployed by our own template.

One account serves all deployments of the app into that location. It lies in a resource group of its own, where the
app's identity is given the right to its blobs.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from armature.azure.arm import ArmGateway
from armature.azure.models import ArmDeployment, ArmResource, DeploymentBody
from armature.errors import FailureClass, FailureError
from armature.models import Model
from armature.plan import DeploymentScopeTarget

ARTIFACTS_TAG = "armature-artifacts"
ARTIFACTS_TAG_VALUE = "v1"
STORAGE_TYPE = "Microsoft.Storage/storageAccounts"
STORAGE_API_VERSION = "2023-05-01"
PROVISIONING_NAME = "armature-artifact-storage"
STORAGE_BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
"""Built-in role (Azure built-in roles, 2025): read and write blobs and containers, get user delegation keys."""

FAILED_LATELY = timedelta(minutes=10)
"""A provisioning that failed within this time is reported, not tried again: the caller asks every few seconds."""

TEMPLATE_FILE = Path(__file__).resolve().parents[2] / "infra" / "artifact-storage.json"

logger = logging.getLogger(__name__)


class ArtifactAccount(Model):
    """An artifact storage account. `is_ready` is false while ARM still works on it.

    `is_private` when public networks can't reach it: then ARM, which no firewall of storage lets through, can't either.
    """

    name: str
    resource_id: str
    blob_endpoint: str
    is_ready: bool
    is_private: bool = False


def resource_group_name(location: str) -> str:
    """The resource group that the account of a location lies in."""
    return f"rg-armature-{location}"


def account_name(subscription: str, location: str) -> str:
    """The account's name: the same for the same place, different for others, allowed by storage's naming rules."""
    digest = hashlib.sha256(f"{subscription}/{location}".lower().encode()).hexdigest()
    return f"arm{digest[:13]}"


def find_account(arm: ArmGateway, location: str) -> ArtifactAccount | None:
    """The account of the gateway's subscription in that location, by its tag; None when it is to be provisioned.

    ARM's list lags behind its writes, so an account under our own name is looked for too. One whose provisioning
    failed counts as not there: `start_provisioning` completes it, or says why it can't. Changes nothing.
    """
    found = _tagged(arm, location)
    own_id = _own_id(arm.subscription, location)
    resource = arm.get_resource(found.id if found else own_id, STORAGE_API_VERSION)
    if resource is None or (found is None and resource.tags.get(ARTIFACTS_TAG) != ARTIFACTS_TAG_VALUE):
        return None
    state = str(resource.properties.get("provisioningState") or "").lower()
    endpoint = str((resource.properties.get("primaryEndpoints") or {}).get("blob") or "")
    is_ready = state == "succeeded" and bool(endpoint)
    if resource.id.lower() == own_id.lower():
        provisioning = arm.get_deployment(_scope(arm.subscription, location), PROVISIONING_NAME)
        if provisioning is not None and provisioning.is_final and not provisioning.is_succeeded:
            return None
        is_ready = is_ready and (provisioning is None or provisioning.is_final)
    return ArtifactAccount(
        name=resource.name,
        resource_id=resource.id,
        blob_endpoint=endpoint,
        is_ready=is_ready,
        is_private=_is_private(resource.properties),
    )


def start_provisioning(arm: ArmGateway, location: str, principal_id: str, *, is_private: bool = False) -> None:
    """Deploy the account, with the right to its blobs for `principal_id`; returns while ARM works on it.

    One that `is_private` can't be reached from public networks: the app needs a private endpoint to it.
    A second run is harmless: a provisioning that is under way is left alone, and all names are made from the place.

    Raises:
        FailureError: ARM refuses, or refused lately for good, to make the account.
    """
    scope = _scope(arm.subscription, location)
    current = arm.get_deployment(scope, PROVISIONING_NAME)
    if current is not None and not current.is_final:
        return
    if current is not None and not current.is_succeeded and _is_recent(current):
        reason = arm.deployment_failure(scope, PROVISIONING_NAME, current)
        if not reason.is_retried:
            raise FailureError(reason)
    arm.ensure_resource_group(resource_group_name(location), location, {ARTIFACTS_TAG: ARTIFACTS_TAG_VALUE})
    _grant(arm, scope.resource_id, principal_id)
    body = DeploymentBody(
        template=_template(),
        parameters={
            "accountName": {"value": account_name(arm.subscription, location)},
            "location": {"value": location},
            **({"publicNetworkAccess": {"value": "Disabled"}} if is_private else {}),
        },
        tags={ARTIFACTS_TAG: ARTIFACTS_TAG_VALUE},
    )
    try:
        arm.put_deployment(scope, PROVISIONING_NAME, body)
    except FailureError as error:
        if error.failure.code.lower() != "deploymentactive":
            raise


def grant_access(arm: ArmGateway, account: ArtifactAccount, principal_id: str) -> bool:
    """Give an identity its role on an account that somebody else has made; False when it may not give roles.

    Twice: the role has one name.

    Raises:
        FailureError: ARM could not be asked.
    """
    return _grant(arm, account.resource_id, principal_id)


def role_command(account: ArtifactAccount, principal_id: str) -> str:
    """What an operator runs to give an identity its role on an account."""
    return (
        f"az role assignment create --assignee-object-id {principal_id} --assignee-principal-type ServicePrincipal "
        f'--role "Storage Blob Data Contributor" --scope {account.resource_id}'
    )


def _grant(arm: ArmGateway, scope_id: str, principal_id: str) -> bool:
    """Give the identity its role, early, since a role takes minutes to be seen; False when it may not. An identity that
    may not give roles can have been given this one by an operator, at any scope above: then the upload shows it."""
    try:
        arm.ensure_role_assignment(scope_id, principal_id, STORAGE_BLOB_DATA_CONTRIBUTOR)
    except FailureError as error:
        if error.failure.failure_class is not FailureClass.AUTHORIZATION:
            raise
        logger.warning("Could not give the app Storage Blob Data Contributor on %s: %s", scope_id, error)
        return False
    return True


def _is_private(properties: Mapping[str, Any]) -> bool:
    """Whether public networks are kept out, all or but for some (Storage Accounts REST reference, 2023-05-01)."""
    access = str(properties.get("publicNetworkAccess") or "Enabled").lower()
    rules = properties.get("networkAcls") or {}
    return access != "enabled" or str(rules.get("defaultAction") or "Allow").lower() == "deny"


def _is_recent(deployment: ArmDeployment) -> bool:
    return deployment.timestamp is not None and datetime.now(UTC) - deployment.timestamp < FAILED_LATELY


def _tagged(arm: ArmGateway, location: str) -> ArmResource | None:
    """The tagged account in the location; of several the one of our own name, else the first by id."""
    own = account_name(arm.subscription, location)
    found = [
        resource
        for resource in arm.find_resources(ARTIFACTS_TAG, ARTIFACTS_TAG_VALUE, STORAGE_TYPE)
        if (resource.location or "").replace(" ", "").lower() == location.lower()
    ]
    return min(found, key=lambda resource: (resource.name != own, resource.id.lower()), default=None)


def _scope(subscription: str, location: str) -> DeploymentScopeTarget:
    return DeploymentScopeTarget(subscription=subscription, resource_group=resource_group_name(location))


def _own_id(subscription: str, location: str) -> str:
    group = _scope(subscription, location).resource_id
    return f"{group}/providers/{STORAGE_TYPE}/{account_name(subscription, location)}"


@lru_cache(maxsize=1)
def _template() -> dict[str, Any]:
    template: dict[str, Any] = json.loads(TEMPLATE_FILE.read_bytes())
    return template

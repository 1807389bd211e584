"""Azure Resource Manager: resource groups, deployments and resources of one subscription.

    gateway = ArmGateway(cloud, credential, subscription)
    gateway.put_deployment(template.scope, template.deployment_name, body)

Each method is one request (a list: one a page; `deployment_failure` a few) and raises FailureError when ARM refuses or
can't be reached. Nothing is tried again here: the orchestrator's durable timer does that, and a worker thread that
sleeps is lost to everybody else.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.core.pipeline import policies
from azure.core.rest import HttpRequest
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.deployments.models import DeploymentExtended, DeploymentOperation
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.resources.models import GenericResource, GenericResourceExpanded
from azure.mgmt.resource.resources.models import ResourceGroup as SdkResourceGroup

from armature.azure.failures import arm_failures, without_queries_within
from armature.azure.models import (
    DEPLOYMENT_TYPE,
    ArmDeployment,
    ArmOperation,
    ArmResource,
    DeploymentBody,
    ResourceGroup,
)
from armature.azure.transport import shared_transport
from armature.clouds import Cloud
from armature.errors import Cause, Failure, FailureError, failure_from_causes, leaf_causes
from armature.plan import DeploymentScopeTarget

DEPLOYMENTS_API_VERSION = "2022-09-01"
RESOURCES_API_VERSION = "2022-09-01"
"""Served in every public and sovereign cloud; the SDKs' own defaults reach the sovereign ones up to a year later."""

WEB_API_VERSION = "2022-09-01"
ROLE_ASSIGNMENTS_API_VERSION = "2022-04-01"

MAX_LINKED_DEPTH = 5
"""Linked deployments go up to five levels deep (ARM limits, 2025-11)."""

_ROLE_ASSIGNMENT_NAMES = uuid.UUID("8b6f3c5e-31f1-4f57-9d8c-0a8f4be2d6a1")
_SECURE_TYPES = ("securestring", "secureobject")


class ArmGateway:
    """ARM as the app's identity sees it, in one subscription; safe to share between threads."""

    def __init__(self, cloud: Cloud, credential: TokenCredential, subscription: str) -> None:
        self.subscription = subscription
        hashable: Any = credential  # by identity; the protocol does not say so
        self._deployments, self._resources = _clients(cloud.resource_manager, cloud.scope, hashable, subscription)

    # The target

    def check_access(self) -> None:
        """Make sure that ARM can be reached, knows the subscription and lets the app's identity see it.

        Changes nothing. Raises FailureError (SubscriptionNotFound, AuthorizationFailed, CredentialUnavailable…).
        """
        self._send("GET", f"/subscriptions/{self.subscription}", RESOURCES_API_VERSION)

    def get_resource_group(self, name: str) -> ResourceGroup | None:
        """The resource group, or None. Changes nothing."""
        with arm_failures():
            try:
                return _resource_group(self._resources.resource_groups.get(name))
            except ResourceNotFoundError:
                return None

    def ensure_resource_group(self, name: str, location: str, tags: Mapping[str, str]) -> ResourceGroup:
        """The resource group, made when it is not there. One that is there is left as it is, wherever it is.

        A second run finds it. Raises FailureError (ResourceGroupBeingDeleted while ARM deletes one of that name).
        """
        found = self.get_resource_group(name)
        if found is not None and found.provisioning_state.lower() != "deleting":
            return found
        with arm_failures():
            made = self._resources.resource_groups.create_or_update(
                name, SdkResourceGroup(location=location, tags=dict(tags))
            )
        return _resource_group(made)

    # Deployments

    def get_deployment(self, scope: DeploymentScopeTarget, name: str) -> ArmDeployment | None:
        """The deployment of that name at the scope, or None. Changes nothing."""
        with arm_failures():
            try:
                return _deployment(self._deployments.deployments.get_at_scope(_bare(scope.resource_id), name))
            except ResourceNotFoundError:
                return None

    def put_deployment(self, scope: DeploymentScopeTarget, name: str, body: DeploymentBody) -> ArmDeployment:
        """Start a deployment in Incremental mode and return at once, with ARM's first word on it.

        A second run while the first runs is refused by ARM (DeploymentActive), one after it deploys the same again: the
        caller reads the deployment first, and its tags tell whose it is.
        """
        properties: dict[str, Any] = {"mode": "Incremental", "parameters": body.parameters}
        if body.template is not None:
            properties["template"] = body.template
        else:
            link = {"uri": body.template_uri, "queryString": body.query_string}
            properties["templateLink"] = {key: value for key, value in link.items() if value}
        request: Any = {"properties": properties, "tags": body.tags}
        if body.location:
            request["location"] = body.location
        with arm_failures():
            started = self._deployments.deployments.begin_create_or_update_at_scope(
                _bare(scope.resource_id), name, request, polling=False
            ).result()
        return _deployment(started)

    def list_operations(self, scope: DeploymentScopeTarget, name: str) -> list[ArmOperation]:
        """What the deployment does, resource by resource; empty when there is no such deployment. Changes nothing."""
        return self._operations(scope.resource_id, name)

    def _operations(self, scope: str, name: str) -> list[ArmOperation]:
        with arm_failures():
            try:
                found = self._deployments.deployment_operations.list_at_scope(_bare(scope), name)
                return [_operation(item) for item in found]
            except ResourceNotFoundError:
                return []

    def deployment_failure(self, scope: DeploymentScopeTarget, name: str, deployment: ArmDeployment) -> Failure:
        """Why a deployment failed: the leaves of its own error, of its failed operations, and of those of the linked
        deployments among them, up to `MAX_LINKED_DEPTH` levels. Changes nothing.
        """
        causes = [*leaf_causes(deployment.error), *self._failed_operations(scope.resource_id, name, depth=1)]
        return failure_from_causes(_specific(causes), correlation_id=deployment.correlation_id)

    def _failed_operations(self, scope: str, name: str, depth: int) -> Iterator[Cause]:
        for operation in self._operations(scope, name):
            if not operation.is_failed:
                continue
            if operation.is_linked_deployment and operation.target_id and depth < MAX_LINKED_DEPTH:
                linked_scope, linked_name = split_deployment_id(operation.target_id)
                yield from self._failed_operations(linked_scope, linked_name, depth + 1)
            for cause in leaf_causes(operation.error):
                yield cause if cause.target else cause.model_copy(update={"target": operation.target_id})

    # Resources

    def find_resources(self, tag_name: str, tag_value: str, resource_type: str) -> tuple[ArmResource, ...]:
        """The resources of a type that carry a tag, in the whole subscription. Changes nothing.

        ARM's list lags behind writes by seconds and takes no second filter beside a tag: the type is compared here.
        """
        with arm_failures():
            found = self._resources.resources.list(filter=f"tagName eq '{tag_name}' and tagValue eq '{tag_value}'")
            resources = [_resource(item) for item in found]
        return tuple(item for item in resources if item.type.lower() == resource_type.lower())

    def get_resource(self, resource_id: str, api_version: str) -> ArmResource | None:
        """The resource with its properties, or None. Changes nothing."""
        with arm_failures():
            try:
                return _resource(self._resources.resources.get_by_id(_bare(resource_id), api_version=api_version))
            except ResourceNotFoundError:
                return None

    def post_action(self, resource_id: str, action: str, api_version: str) -> dict[str, Any]:
        """Do an action of a resource (`listKeys`, `restart`…) and give its answer. What a second run does, the action
        says."""
        return self._send("POST", f"{resource_id}/{action}", api_version)

    # Function apps

    def app_settings(self, site_id: str) -> dict[str, str]:
        """The application settings of a site. Secrets are among them: for use, never to be kept. Changes nothing."""
        return _text_values(self.post_action(f"{site_id}/config/appsettings", "list", WEB_API_VERSION))

    def set_app_settings(self, site_id: str, settings: Mapping[str, str]) -> bool:
        """Set these application settings of a site and leave its others as they are; False when they all were so.

        A second run finds them set and writes nothing, so the site restarts once.
        """
        current = self.app_settings(site_id)
        merged = {**current, **settings}
        if merged == current:
            return False
        self._send("PUT", f"{site_id}/config/appsettings", WEB_API_VERSION, {"properties": merged})
        return True

    # Roles

    def ensure_role_assignment(self, scope: str, principal_id: str, role_definition_id: str) -> None:
        """Give a service principal a role at a scope. `role_definition_id` is the role's GUID.

        A second run is harmless: the assignment's name is made from its three parts, and one that exists, under
        whatever name, is success. The role takes effect some minutes later.
        """
        parts = f"{scope}|{principal_id}|{role_definition_id}".lower()
        name = uuid.uuid5(_ROLE_ASSIGNMENT_NAMES, parts)
        role = (
            f"/subscriptions/{self.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role_definition_id}"
        )
        properties = {"roleDefinitionId": role, "principalId": principal_id, "principalType": "ServicePrincipal"}
        try:
            self._send(
                "PUT",
                f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
                ROLE_ASSIGNMENTS_API_VERSION,
                {"properties": properties},
            )
        except FailureError as error:
            if error.failure.code.lower() != "roleassignmentexists":
                raise

    def _send(self, method: str, path: str, api_version: str, body: Any = None) -> dict[str, Any]:
        """One request that the SDKs have no method for; the answer's JSON object, empty when it has none."""
        request = HttpRequest(method, f"{path}", params={"api-version": api_version}, json=body)
        with arm_failures():
            response = self._resources.send_request(request)
            response.raise_for_status()
            answer = response.json() if response.content else {}
        return answer if isinstance(answer, dict) else {}


def split_deployment_id(deployment_id: str) -> tuple[str, str]:
    """The scope and the name in the resource id of a deployment.

    Raises:
        ValueError: it is not the id of a deployment.
    """
    marker = f"/providers/{DEPLOYMENT_TYPE}/".lower()
    position = deployment_id.lower().rfind(marker)
    name = deployment_id[position + len(marker) :]
    if position < 0 or not name or "/" in name:
        raise ValueError(f"not the id of a deployment: {deployment_id}")
    return deployment_id[:position], name


@lru_cache(maxsize=64)
def _clients(
    endpoint: str, scope: str, credential: Any, subscription: str
) -> tuple[DeploymentsMgmtClient, ResourceManagementClient]:
    """The process's clients of a subscription."""
    deployments = DeploymentsMgmtClient(
        credential,
        subscription,
        endpoint,
        credential_scopes=[scope],
        api_version=DEPLOYMENTS_API_VERSION,
        policies=_policies(credential, scope),
        transport=shared_transport(),
    )
    resources = ResourceManagementClient(
        credential,
        subscription,
        endpoint,
        credential_scopes=[scope],
        api_version=RESOURCES_API_VERSION,
        policies=_policies(credential, scope),
        transport=shared_transport(),
    )
    return deployments, resources


def _policies(credential: TokenCredential, scope: str) -> list[Any]:
    """What a request passes on its way. The SDKs' own list also logs, retries, and registers providers, and the last
    waits for its end without a limit."""
    return [
        policies.RequestIdPolicy(),
        policies.HeadersPolicy(),
        policies.UserAgentPolicy("armature"),
        policies.ProxyPolicy(),
        ARMChallengeAuthenticationPolicy(credential, scope),
    ]


def _bare(resource_id: str) -> str:
    """The id as the SDKs want it: they put the leading slash themselves."""
    return resource_id.strip("/")


def _specific(causes: Iterable[Cause]) -> list[Cause]:
    """The causes without those that only say that something else failed, unless there is nothing but those.

    A cause that hides in a message names no resource; its double from the operation does, and stands for both.
    """
    found = list(causes)
    placed = {(cause.code, cause.message) for cause in found if cause.target}
    found = [cause for cause in found if cause.target or (cause.code, cause.message) not in placed]
    return [cause for cause in found if cause.code.lower() not in _SAYS_NOTHING] or found


_SAYS_NOTHING = frozenset(("deploymentfailed", "resourcedeploymentfailure", "deploymentfailedcleanup"))


def _resource_group(group: SdkResourceGroup) -> ResourceGroup:
    return ResourceGroup(
        name=str(group.name),
        location=str(group.location),
        tags=dict(group.tags or {}),
        provisioning_state=str((group.properties and group.properties.provisioning_state) or ""),
    )


def _deployment(deployment: DeploymentExtended) -> ArmDeployment:
    raw = deployment.as_dict()
    properties: dict[str, Any] = raw.get("properties") or {}
    return ArmDeployment(
        id=str(deployment.id),
        name=str(deployment.name),
        provisioning_state=str(properties.get("provisioningState") or ""),
        tags={str(key): str(value) for key, value in (raw.get("tags") or {}).items()},
        outputs=_readable_outputs(properties.get("outputs")),
        output_resources=tuple(str(item["id"]) for item in properties.get("outputResources") or () if item.get("id")),
        error=without_queries_within(properties.get("error")),
        correlation_id=properties.get("correlationId"),
        timestamp=properties.get("timestamp"),
        duration=properties.get("duration"),
    )


def _readable_outputs(outputs: Any) -> dict[str, Any]:
    """The values of the outputs but the secure ones."""
    if not isinstance(outputs, dict):
        return {}
    return {
        str(name): output["value"]
        for name, output in outputs.items()
        if isinstance(output, dict) and "value" in output and str(output.get("type")).lower() not in _SECURE_TYPES
    }


def _operation(operation: DeploymentOperation) -> ArmOperation:
    raw = operation.as_dict()
    properties: dict[str, Any] = raw.get("properties") or {}
    target: dict[str, Any] = properties.get("targetResource") or {}
    return ArmOperation(
        operation_id=str(raw.get("operationId") or ""),
        kind=str(properties.get("provisioningOperation") or ""),
        provisioning_state=str(properties.get("provisioningState") or ""),
        target_id=target.get("id"),
        target_type=target.get("resourceType"),
        status_code=properties.get("statusCode"),
        error=without_queries_within(properties.get("statusMessage")),
        timestamp=properties.get("timestamp"),
    )


def _resource(resource: GenericResource | GenericResourceExpanded) -> ArmResource:
    raw = resource.as_dict()
    identity: dict[str, Any] = raw.get("identity") or {}
    return ArmResource(
        id=str(raw.get("id") or ""),
        type=str(raw.get("type") or ""),
        name=str(raw.get("name") or ""),
        location=raw.get("location"),
        tags={str(key): str(value) for key, value in (raw.get("tags") or {}).items()},
        identity_principal_id=identity.get("principalId"),
        user_assigned_identities=identity.get("userAssignedIdentities") or {},
        properties=raw.get("properties") or {},
    )


def _text_values(answer: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in (answer.get("properties") or {}).items()}

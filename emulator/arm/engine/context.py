"""One deployment's surroundings: where it goes, where its template came from, what exists, what is called how."""

import itertools
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from armature.templates.errors import ExpressionError, UnresolvedError
from emulator.arm import catalogue
from emulator.arm.behaviours import Surroundings
from emulator.arm.engine.describe import deployment_properties
from emulator.arm.engine.names import Names
from emulator.arm.engine.request import DeploymentRequest, TemplateLink
from emulator.arm.errors import resource_group_not_found, resource_not_found
from emulator.arm.identifiers import ResourceId
from emulator.arm.provisioning import act, present, read

_ENVIRONMENT: dict[str, Any] = {
    "name": "AzureCloud",
    "gallery": "https://gallery.azure.com/",
    "graph": "https://graph.windows.net/",
    "graphAudience": "https://graph.windows.net/",
    "portal": "https://portal.azure.com",
    "resourceManager": "https://management.azure.com/",
    "authentication": {
        "loginEndpoint": "https://login.microsoftonline.com/",
        "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
        "tenant": "common",
        "identityProvider": "AAD",
    },
    "suffixes": {
        "acrLoginServer": ".azurecr.io",
        "azureDatalakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
        "azureDatalakeStoreFileSystem": "azuredatalakestore.net",
        "azureFrontDoorEndpointSuffix": "azurefd.net",
        "keyvaultDns": ".vault.azure.net",
        "sqlServerHostname": ".database.windows.net",
        "storage": "core.windows.net",
    },
}


@dataclass
class DeploymentContext:
    """What the functions of a template that ask for the world are answered from.

    While `is_running` is False the template is only expanded: nothing that needs a resource can be told, and asking for
    it raises UnresolvedError.
    """

    surroundings: Surroundings
    request: DeploymentRequest
    template: Mapping[str, Any]
    link: TemplateLink | None
    names: Names
    is_running: bool = False
    _guids: Iterator[int] = field(default_factory=itertools.count)

    @property
    def target(self) -> ResourceId:
        """The resource group or subscription that is deployed to."""
        return self.request.id.scope

    @property
    def started(self) -> datetime:
        """What `utcNow()` is told from."""
        return self.request.started

    def new_guid(self) -> str:
        """The next of the ids that the request's seed gives: the same ones whenever it is prepared."""
        return str(uuid.uuid5(uuid.UUID(self.request.seed), f"{self.request.id.key}/{next(self._guids)}"))

    def resource_group(self) -> dict[str, Any]:
        """`resourceGroup()`; unresolved while a template before has yet to make the group."""
        target = self.target
        if target.group is None:
            reason = "The template function 'RESOURCEGROUP' is not expected at this location."
            raise ExpressionError("InvalidTemplate", reason)
        group = self.surroundings.state.find_group(target.subscription or "", target.group)
        if group is None and not self.is_running:
            raise UnresolvedError("resourceGroup()")
        if group is None:
            raise resource_group_not_found(target.group)
        return {
            "id": str(group.id),
            "name": group.id.group,
            "type": "Microsoft.Resources/resourceGroups",
            "location": group.location,
            "tags": dict(group.tags),
            "managedBy": group.managed_by,
            "properties": {"provisioningState": group.provisioning_state},
        }

    def subscription(self) -> dict[str, Any]:
        """`subscription()`."""
        subscription = self.target.subscription
        return {
            "id": f"/subscriptions/{subscription}",
            "subscriptionId": subscription,
            "tenantId": self.surroundings.tenant,
            "displayName": "Local development",
        }

    def tenant(self) -> dict[str, Any]:
        """`tenant()`."""
        tenant = self.surroundings.tenant
        return {"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "Local development", "countryCode": "US"}

    def environment(self) -> dict[str, Any]:
        """`environment()`."""
        return _ENVIRONMENT

    def deployment(self) -> dict[str, Any]:
        """`deployment()`."""
        properties: dict[str, Any] = {
            "template": dict(self.template),
            "parameters": dict(self.request.parameters),
            "mode": self.request.mode,
            "provisioningState": "Accepted",
        }
        if self.link:
            properties["templateLink"] = {"uri": self.link.uri, "contentVersion": self.template.get("contentVersion")}
        described: dict[str, Any] = {"name": self.request.id.last_name, "properties": properties}
        return described | ({"location": self.request.location} if self.request.location else {})

    def providers(self, arguments: list[Any]) -> Any:
        """`providers(namespace, [type])`."""
        namespace = str(arguments[0])
        types = catalogue.resource_types(namespace)
        if len(arguments) == 1:
            return {"namespace": namespace, "resourceTypes": types}
        if found := catalogue.resource_type(namespace, str(arguments[1])):
            return found
        reason = f"The resource type '{arguments[1]}' of the provider '{namespace}' could not be found."
        raise ExpressionError("InvalidTemplate", reason)

    def resource_named(self, name: str, names: Names) -> ResourceId:
        """What the first argument of `reference()` or `list*()` means: an id, or a name in the template."""
        if name.startswith("/"):
            return ResourceId.parse(name)
        if found := names.find(name):
            return found[0].id
        if not names.is_complete:
            raise UnresolvedError("reference")
        reason = (
            f"The template reference '{name}' is not valid: could not find template resource or resource "
            "copy with this "
            "name. Please see https://aka.ms/arm-function-reference for usage details."
        )
        raise ExpressionError("InvalidTemplate", reason)

    def reference(self, arguments: list[Any], names: Names) -> Any:
        """`reference(name or id, [apiVersion], ['Full'])`."""
        resource_id = self.resource_named(str(arguments[0]), names)
        if not self.is_running:
            raise UnresolvedError("reference")
        is_full = len(arguments) > 2 and str(arguments[2]).lower() == "full"
        return self._full(resource_id) if is_full else self._document(resource_id).get("properties", {})

    def list_function(self, name: str, arguments: list[Any], names: Names) -> Any:
        """`listKeys(name or id, apiVersion, [body])` and its kind."""
        resource_id = self.resource_named(str(arguments[0]), names)
        if not self.is_running:
            raise UnresolvedError("list")
        body = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], dict) else {}
        return act(self.surroundings, resource_id, name, body)

    def _document(self, resource_id: ResourceId) -> dict[str, Any]:
        state = self.surroundings.state
        if resource_id.is_deployment:
            deployment = state.deployment(resource_id)
            return {"location": deployment.location, "properties": deployment_properties(deployment)}
        if resource_id.is_resource_group:
            group = state.group(resource_id.subscription or "", resource_id.group or "")
            return {"location": group.location, "tags": group.tags, "properties": {"provisioningState": "Succeeded"}}
        resource = read(self.surroundings, resource_id)
        if resource.provisioning_state == "Creating":
            raise resource_not_found(resource_id.type, resource_id.name, resource_id.group)
        return {"apiVersion": resource.api_version} | present(self.surroundings, resource)

    def _full(self, resource_id: ResourceId) -> dict[str, Any]:
        document = self._document(resource_id)
        shown = {key: value for key, value in document.items() if key not in ("id", "name", "type")}
        scope = str(resource_id.scope).removeprefix(f"/subscriptions/{resource_id.subscription}").lstrip("/")
        return shown | {
            "subscriptionId": resource_id.subscription,
            "resourceGroupName": resource_id.group,
            "scope": scope,
            "resourceId": resource_id.relative,
            "referenceApiVersion": document.get("apiVersion"),
            "condition": True,
            "isConditionTrue": True,
            "isTemplateResource": False,
            "isAction": False,
            "provisioningOperation": "Read",
        }

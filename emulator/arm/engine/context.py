"""One deployment's surroundings: where it goes, where its template came from, what exists, what is called how."""

import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from armature.templates.errors import ExpressionError, UnresolvedError
from armature.templates.scope import OpenList, PartialObject, Pending
from emulator.arm import authorization, catalogue
from emulator.arm.behaviours import Surroundings
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.known import Known
from emulator.arm.engine.names import Names
from emulator.arm.engine.refusals import no_such_symbol
from emulator.arm.engine.request import DeploymentRequest
from emulator.arm.engine.runtime import full, properties
from emulator.arm.engine.source import Source
from emulator.arm.engine.template_link import TemplateLink
from emulator.arm.errors import resource_group_not_found
from emulator.arm.governance.scopes import action_of
from emulator.arm.identifiers import ResourceId
from emulator.arm.provisioning import act


@dataclass(repr=False)  # it holds secrets
class DeploymentContext:
    """What the functions of a template that ask for the world are answered from.

    While `is_running` is False the template is only expanded: nothing that needs a resource can be told, and asking for
    it raises UnresolvedError. `on_question` hears of every answered `Read` (`reference()`) and `Action` (`list*()`).
    `source` is where the template stands, `link` what relative links in it are relative to. `function_calls` counts
    calls of the template's own functions since the outermost expression began.
    """

    surroundings: Surroundings
    request: DeploymentRequest
    template: Mapping[str, Any]
    source: Source
    link: TemplateLink | None
    is_running: bool = False
    on_question: Callable[[str, ResourceId], None] = lambda kind, resource_id: None
    function_calls: int = 0
    _guids: Iterator[int] = field(default_factory=itertools.count)

    @property
    def target(self) -> ResourceId:
        """The resource group, subscription, management group or tenant that is deployed to."""
        return self.request.id.scope

    @property
    def started(self) -> datetime:
        """What `utcNow()` is told from."""
        return self.request.started

    def new_guid(self) -> str:
        """The next of the ids that the request's seed gives: the same ones whenever it is prepared."""
        return str(uuid.uuid5(uuid.UUID(self.request.seed), f"{self.request.id.key}/{next(self._guids)}"))

    def resource_group(self, known: Known | None) -> dict[str, Any]:
        """`resourceGroup()`; known in part while a template before has yet to make the group."""
        target = self.target
        if target.group is None:
            raise _not_of_this_scope("resourceGroup")
        group = self.surroundings.state.find_group(target.subscription or "", target.group)
        if group is None and self.is_running:
            raise resource_group_not_found(target.group)
        if group is None:
            names = {"id": str(target), "name": target.group, "type": "Microsoft.Resources/resourceGroups"}
            told = (known.body(target) if known else None) or {}
            return PartialObject("resourceGroup()", names | {k: told[k] for k in ("location", "tags") if k in told})
        return {
            "id": str(target),
            "name": target.group,
            "type": "Microsoft.Resources/resourceGroups",
            "location": group.location,
            "tags": dict(group.tags),
            "managedBy": group.managed_by,
            "properties": {"provisioningState": group.provisioning_state},
        }

    def subscription(self) -> dict[str, Any]:
        """`subscription()`."""
        subscription = self.target.subscription
        if subscription is None:
            raise _not_of_this_scope("subscription")
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

    def management_group(self) -> dict[str, Any]:
        """`managementGroup()`."""
        target = self.target
        if target.management_group is None:
            raise _not_of_this_scope("managementGroup")
        found = self.surroundings.state.find_resource(target)
        told: dict[str, Any] = {"displayName": target.management_group, "tenantId": self.surroundings.tenant}
        return {
            "id": str(target),
            "name": target.management_group,
            "type": "Microsoft.Management/managementGroups",
            "properties": told | (found.properties if found else {}),
        }

    def deployer(self) -> dict[str, Any]:
        """`deployer()`; who is not known has empty ids."""
        caller = self.request.caller
        return {
            "objectId": caller.object_id if caller else "",
            "tenantId": caller.tenant if caller else self.surroundings.tenant,
            "userPrincipalName": "",
        }

    def environment(self) -> dict[str, Any]:
        """`environment()`."""
        return self.surroundings.state.cloud.environment()

    def deployment(self) -> dict[str, Any]:
        """`deployment()`."""
        content: dict[str, Any] = {
            "template": dict(self.template),
            "parameters": dict(self.request.parameters),
            "mode": self.request.mode,
            "provisioningState": "Accepted",
        }
        if self.link:
            where = {"id": self.link.spec} if self.link.spec else {"uri": self.link.uri}
            content["templateLink"] = where | {"contentVersion": self.template.get("contentVersion")}
        described: dict[str, Any] = {"name": self.request.id.last_name, "properties": content}
        return described | ({"location": self.request.location} if self.request.location else {})

    def providers(self, arguments: list[Any]) -> Any:
        """`providers(namespace, [type])`."""
        namespace = str(arguments[0])
        cloud = self.surroundings.state.cloud
        types = catalogue.resource_types(namespace, cloud)
        if len(arguments) == 1:
            return {"namespace": namespace, "resourceTypes": types}
        if found := catalogue.resource_type(namespace, str(arguments[1]), cloud):
            return found
        reason = f"The resource type '{arguments[1]}' of the provider '{namespace}' could not be found."
        raise ExpressionError("InvalidTemplate", reason)

    def resource_named(self, name: str, names: Names) -> tuple[ResourceId, Instance | None]:
        """What the first argument of `reference()` or `list*()` means: an id, or a name in the template."""
        if found := names.find(name):
            if found[0].is_pending:
                raise UnresolvedError("reference")
            return (ResourceId.parse(name) if name.startswith("/") else found[0].id), found[0]
        if name.startswith("/"):
            return ResourceId.parse(name), None
        if not names.is_complete:
            raise UnresolvedError("reference")
        reason = (
            f"The template reference '{name}' is not valid: could not find template resource or resource copy with "
            "this name. Please see https://aka.ms/arm-function-reference for usage details."
        )
        raise ExpressionError("InvalidTemplate", reason)

    def reference(self, arguments: list[Any], names: Names, known: Known | None) -> Any:
        """`reference(name or id, [apiVersion], ['Full'])`."""
        resource_id, instance = self.resource_named(str(arguments[0]), names)
        is_full = len(arguments) > 2 and str(arguments[2]).lower() == "full"
        if known is not None:
            version = str(arguments[1]) if len(arguments) > 1 else None
            return known.reference(resource_id, version, is_full=is_full)
        if not self.is_running:
            raise UnresolvedError("reference")
        if instance is None or instance.is_existing:  # what the template makes, it may tell of
            action = action_of(resource_id, "read")
            authorization.check(self.surroundings.state, self.request.caller, action, resource_id)
        told = full(self.surroundings, resource_id, instance) if is_full else properties(self.surroundings, resource_id)
        self.on_question("Read", resource_id)
        return told

    def references(self, arguments: list[Any], names: Names, known: Known | None) -> list[Any]:
        """`references(symbolic name of a loop, ['Full'])`: what `reference()` tells of each iteration, in order."""
        loop = names.loop(str(arguments[0]))
        if not names.is_complete:
            raise UnresolvedError("references")
        if loop is None:
            raise ExpressionError("InvalidTemplate", no_such_symbol(str(arguments[0])))
        more = ["Full"] if len(arguments) > 1 and str(arguments[1]).lower() == "full" else []
        found: list[Any] = OpenList()
        for instance in loop:
            try:
                found.append(self.reference([str(instance.id), instance.api_version, *more], names, known))
            except UnresolvedError as error:
                if known is None:
                    raise
                found.append(Pending(error.what))
        return found

    def list_function(self, name: str, arguments: list[Any], names: Names) -> Any:
        """`listKeys(name or id, apiVersion, [body])` and its kind."""
        resource_id, _ = self.resource_named(str(arguments[0]), names)
        if not self.is_running:
            raise UnresolvedError("list")
        body = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], dict) else {}
        answer = act(self.surroundings, resource_id, name, body, self.request.caller)
        self.on_question("Action", resource_id)
        return answer


def _not_of_this_scope(what: str) -> ExpressionError:
    return ExpressionError("InvalidTemplate", f"The deployment metadata '{what}' is not valid.")

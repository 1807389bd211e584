"""What exists: subscriptions, resource groups, resources, deployments and their operations, in memory."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from emulator.arm.clock import now
from emulator.arm.errors import (
    ArmError,
    deployment_not_found,
    resource_group_being_deleted,
    resource_group_not_found,
    resource_not_found,
    subscription_not_found,
)
from emulator.arm.identifiers import ResourceId

FINAL_STATES = frozenset({"Succeeded", "Failed", "Canceled"})


@dataclass
class ResourceGroup:
    """A resource group."""

    id: ResourceId
    location: str
    tags: dict[str, str] = field(default_factory=dict)
    managed_by: str | None = None
    provisioning_state: str = "Succeeded"


@dataclass
class Resource:
    """A resource as its provider keeps it; `secrets` are told by the actions that are meant to, and nowhere else."""

    id: ResourceId
    api_version: str
    document: dict[str, Any]
    secrets: dict[str, Any] = field(default_factory=dict)
    created: datetime = field(default_factory=now)
    changed: datetime = field(default_factory=now)

    @property
    def properties(self) -> dict[str, Any]:
        """The `properties` object, made when there is none."""
        properties: dict[str, Any] = self.document.setdefault("properties", {})
        return properties

    @property
    def provisioning_state(self) -> str:
        """Succeeded, or what goes on."""
        return str(self.properties.get("provisioningState", "Succeeded"))

    @property
    def is_busy(self) -> bool:
        """True while an operation on it runs."""
        return self.provisioning_state not in FINAL_STATES


@dataclass
class Operation:
    """One deployment operation: a resource's creation, or the evaluation of the outputs."""

    id: str
    kind: str
    target: ResourceId | None
    started: datetime = field(default_factory=now)
    ended: datetime | None = None
    provisioning_state: str = "Running"
    status_code: str | None = None
    status_message: Any = None
    tracking_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    service_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Deployment:
    """One run of a template: what ARM tells of it, plus its operations."""

    id: ResourceId
    mode: str
    correlation_id: str
    location: str | None = None
    tags: dict[str, str] | None = None
    template_link: dict[str, Any] | None = None
    template_hash: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    provisioning_state: str = "Accepted"
    started: datetime = field(default_factory=now)
    changed: datetime = field(default_factory=now)
    outputs: dict[str, Any] | None = None
    output_resources: list[str] = field(default_factory=list)
    validated_resources: list[str] = field(default_factory=list)
    dependencies: list[dict[str, Any]] = field(default_factory=list)
    providers: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    operations: list[Operation] = field(default_factory=list)
    status_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def is_final(self) -> bool:
        """True when nothing more will happen."""
        return self.provisioning_state in FINAL_STATES

    def enter(self, provisioning_state: str) -> None:
        """Note the new state and when it came."""
        self.provisioning_state = provisioning_state
        self.changed = now()


class CloudState:
    """Everything that exists, found by id without regard to case."""

    def __init__(self, tenant: str, subscriptions: tuple[str, ...]) -> None:
        self.tenant = tenant
        self.subscriptions = {subscription.lower(): subscription for subscription in subscriptions}
        self.registered_providers: dict[str, dict[str, str]] = {key: {} for key in self.subscriptions}
        self.running_deletions: set[str] = set()
        self._groups: dict[str, ResourceGroup] = {}
        self._resources: dict[str, Resource] = {}
        self._deployments: dict[str, Deployment] = {}
        self._records: dict[str, dict[str, dict[str, Any]]] = {}

    # Records: what has no model of its own

    def record(self, kind: str, key: str) -> dict[str, Any] | None:
        """The record of a kind by its key, compared without regard to case; None when there is none."""
        return self._records.get(kind, {}).get(key.lower())

    def records(self, kind: str) -> dict[str, dict[str, Any]]:
        """All records of a kind by lower-case key; a copy of the dictionary, not of the records."""
        return dict(self._records.get(kind, {}))

    def put_record(self, kind: str, key: str, document: dict[str, Any]) -> None:
        """Add or replace a record, a JSON object."""
        self._records.setdefault(kind, {})[key.lower()] = document

    def drop_record(self, kind: str, key: str) -> bool:
        """Remove a record; False when there was none."""
        return self._records.get(kind, {}).pop(key.lower(), None) is not None

    # Subscriptions and groups

    def check_subscription(self, subscription: str) -> str:
        """The id as it was configured; raises SubscriptionNotFound."""
        try:
            return self.subscriptions[subscription.lower()]
        except KeyError:
            raise subscription_not_found(subscription) from None

    def find_group(self, subscription: str, name: str) -> ResourceGroup | None:
        """The group, or None."""
        return self._groups.get(ResourceId(subscription, name).key)

    def group(self, subscription: str, name: str) -> ResourceGroup:
        """The group; raises SubscriptionNotFound, ResourceGroupNotFound."""
        self.check_subscription(subscription)
        if group := self.find_group(subscription, name):
            return group
        raise resource_group_not_found(name)

    def writable_group(self, subscription: str, name: str) -> ResourceGroup:
        """The group, when something may be put into it; raises ResourceGroupBeingDeleted as well."""
        group = self.group(subscription, name)
        if group.provisioning_state == "Deleting":
            raise resource_group_being_deleted(group.id.group or name)
        return group

    def groups(self, subscription: str) -> list[ResourceGroup]:
        """All groups of a subscription, by name."""
        own = [
            group for group in self._groups.values() if (group.id.subscription or "").lower() == subscription.lower()
        ]
        return sorted(own, key=lambda group: group.id.key)

    def put_group(self, group: ResourceGroup) -> None:
        """Add or replace a group."""
        self._groups[group.id.key] = group

    def drop_group(self, group: ResourceGroup) -> list[Resource]:
        """Remove a group with its resources and deployments; answers the resources, deepest first."""
        within = [resource for resource in self._resources.values() if resource.id.is_within(group.id)]
        for key in [d.id.key for d in self._deployments.values() if d.id.is_within(group.id)]:
            del self._deployments[key]
        for resource in within:
            del self._resources[resource.id.key]
        del self._groups[group.id.key]
        return sorted(within, key=lambda resource: -len(resource.id.key))

    # Resources

    def find_resource(self, resource_id: ResourceId) -> Resource | None:
        """The resource, or None."""
        return self._resources.get(resource_id.key)

    def resource(self, resource_id: ResourceId) -> Resource:
        """The resource; raises what ARM answers when it, its group or its subscription is absent."""
        if resource_id.subscription:
            self.check_subscription(resource_id.subscription)
            if resource_id.group:
                self.group(resource_id.subscription, resource_id.group)
        if found := self.find_resource(resource_id):
            return found
        raise resource_not_found(resource_id.type, resource_id.name, resource_id.group)

    def exists(self, resource_id: ResourceId) -> bool:
        """True for a subscription, a group, a deployment or a resource that is there, not for one in the making."""
        if resource_id.is_subscription:
            return (resource_id.subscription or "").lower() in self.subscriptions
        if resource_id.is_resource_group:
            return resource_id.key in self._groups
        resource = self.find_resource(resource_id)
        is_made = resource is not None and resource.provisioning_state != "Creating"
        return is_made or resource_id.key in self._deployments

    def put_resource(self, resource: Resource) -> None:
        """Add or replace a resource."""
        self._resources[resource.id.key] = resource

    def drop_resource(self, resource_id: ResourceId) -> list[Resource]:
        """Remove a resource with its children and extensions; answers them, deepest first."""
        within = [resource for resource in self._resources.values() if resource.id.is_within(resource_id)]
        for resource in within:
            del self._resources[resource.id.key]
        return sorted(within, key=lambda resource: -len(resource.id.key))

    def resources(self, within: ResourceId) -> Iterator[Resource]:
        """All resources in a subscription, a group or a resource, children and extensions too."""
        return (resource for resource in list(self._resources.values()) if resource.id.is_within(within))

    def children(self, parent: ResourceId, kind: str) -> list[Resource]:
        """The direct children of one kind, in the order of their creation."""
        wanted = f"{parent.type}/{kind}".lower()
        return [
            resource
            for resource in self.resources(parent)
            if resource.id.type.lower() == wanted and (resource.id.parent or parent).key == parent.key
        ]

    # Deployments

    def find_deployment(self, deployment_id: ResourceId) -> Deployment | None:
        """The deployment, or None."""
        return self._deployments.get(deployment_id.key)

    def deployment(self, deployment_id: ResourceId) -> Deployment:
        """The deployment; raises ResourceGroupNotFound, DeploymentNotFound."""
        if deployment_id.subscription and deployment_id.group:
            self.group(deployment_id.subscription, deployment_id.group)
        if found := self.find_deployment(deployment_id):
            return found
        raise deployment_not_found(deployment_id.last_name)

    def put_deployment(self, deployment: Deployment) -> None:
        """Add a deployment, or replace the history entry of that name."""
        self._deployments[deployment.id.key] = deployment

    def deployments(self, scope: ResourceId) -> list[Deployment]:
        """The deployments made directly at a scope, newest first."""
        own = [deployment for deployment in self._deployments.values() if deployment.id.scope.key == scope.key]
        return sorted(own, key=lambda deployment: deployment.changed, reverse=True)

    # Providers

    def register_provider(self, subscription: str, namespace: str) -> None:
        """Note that a subscription uses a provider; ARM registers first-party ones by itself on deployment."""
        self.registered_providers[subscription.lower()][namespace.lower()] = namespace

    def is_registered(self, subscription: str, namespace: str) -> bool:
        """True once the provider was used or registered."""
        return namespace.lower() in self.registered_providers[subscription.lower()]


def busy(resource_id: ResourceId) -> ArmError:
    """Another write of the same resource has not ended."""
    message = (
        "Another operation on this or dependent resource is in progress. To retrieve status of the operation use the "
        f"resource's provisioningState: {resource_id}."
    )
    return ArmError(409, "AnotherOperationInProgress", message)

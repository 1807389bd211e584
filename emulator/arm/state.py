"""What exists: found in memory by id without regard to case, and written to a file as it changes.

Whoever changes an object of the state calls the `put_…` of its kind afterwards: that is what makes the change last.
"""

from collections.abc import Iterator
from typing import Any

from emulator.arm.documents import unpack
from emulator.arm.errors import (
    ArmError,
    resource_group_being_deleted,
    resource_group_not_found,
    resource_not_found,
    subscription_not_found,
)
from emulator.arm.identifiers import ResourceId
from emulator.arm.journal import Journal
from emulator.arm.models import FINAL_STATES, Deployment, Operation, ProviderOperation, Resource, ResourceGroup
from emulator.arm.runs import Runs
from emulator.clouds import PUBLIC, Cloud

__all__ = [
    "FINAL_STATES",
    "CloudState",
    "Deployment",
    "Operation",
    "ProviderOperation",
    "Resource",
    "ResourceGroup",
    "busy",
]


_RECORD = "record:"
_REGISTRATION = "registration"


class CloudState(Runs):
    """Everything that exists; with a journal, what it held when the process ended exists again."""

    def __init__(
        self, tenant: str, subscriptions: tuple[str, ...], journal: Journal | None = None, cloud: Cloud = PUBLIC
    ) -> None:
        super().__init__(journal)
        self.tenant = tenant
        self.cloud = cloud
        self.subscriptions = {subscription.lower(): subscription for subscription in subscriptions}
        self._groups: dict[str, ResourceGroup] = {}
        self._resources: dict[str, Resource] = {}
        self._work: dict[str, ProviderOperation] = {}
        self._governing: dict[tuple[str, str], dict[str, Resource]] = {}
        self._records: dict[str, dict[str, dict[str, Any]]] = {}
        for kind, key, document in journal.read() if journal else ():
            self._load(kind, key, document)

    def _load(self, kind: str, key: str, document: Any) -> None:
        match kind:
            case "group":
                self._groups[key] = unpack(ResourceGroup, document)
            case "resource":
                self._resources[key] = loaded = unpack(Resource, document)
                if loaded.governs:
                    self._govern(loaded)
            case "deployment" | "content" | "operation":
                self._load_run(kind, key, document)
            case "work":
                self._work[key] = unpack(ProviderOperation, document)
            case _:
                self._records.setdefault(kind.removeprefix(_RECORD), {})[key] = document

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
        self._put_json(_RECORD + kind, key.lower(), document)

    def drop_record(self, kind: str, key: str) -> bool:
        """Remove a record; False when there was none."""
        self._drop(_RECORD + kind, key.lower())
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
        self._put("group", group.id.key, group)

    def drop_group(self, group: ResourceGroup) -> list[Resource]:
        """Remove a group with its resources and deployments; answers the resources, deepest first."""
        self.drop_deployments(group.id)
        del self._groups[group.id.key]
        self._drop("group", group.id.key)
        return self.drop_resource(group.id)

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
        return is_made or self.find_deployment(resource_id) is not None

    def put_resource(self, resource: Resource) -> None:
        """Add or replace a resource."""
        self._resources[resource.id.key] = resource
        if resource.governs:
            self._govern(resource)
        self._put("resource", resource.id.key, resource)

    def drop_resource(self, resource_id: ResourceId) -> list[Resource]:
        """Remove a resource with its children and extensions; answers them, deepest first."""
        within = [resource for resource in self._resources.values() if resource.id.is_within(resource_id)]
        for resource in within:
            del self._resources[resource.id.key]
            self._governing.get((resource.id.scope.key, resource.id.type.lower()), {}).pop(resource.id.key, None)
            self._drop("resource", resource.id.key)
        return sorted(within, key=lambda resource: -len(resource.id.key))

    def resources(self, within: ResourceId) -> Iterator[Resource]:
        """All resources in a subscription, a group or a resource, children and extensions too."""
        return (resource for resource in list(self._resources.values()) if resource.id.is_within(within))

    def governing(self, scope: ResourceId, resource_type: str) -> list[Resource]:
        """The `Microsoft.Authorization` resources of a type directly on a scope: its locks, its role assignments."""
        return list(self._governing.get((scope.key, resource_type.lower()), {}).values())

    def _govern(self, resource: Resource) -> None:
        on_scope = self._governing.setdefault((resource.id.scope.key, resource.id.type.lower()), {})
        on_scope[resource.id.key] = resource

    def children(self, parent: ResourceId, kind: str) -> list[Resource]:
        """The direct children of one kind, in the order of their creation."""
        wanted = f"{parent.type}/{kind}".lower()
        return [
            resource
            for resource in self.resources(parent)
            if resource.id.type.lower() == wanted and (resource.id.parent or parent).key == parent.key
        ]

    # Deployments: most of it is in emulator.arm.runs

    def check_scope(self, scope: ResourceId) -> ResourceId:
        """What deployments are made at, in its own spelling: a group, a subscription, a management group, the tenant.

        Raises SubscriptionNotFound, ResourceGroupNotFound.
        """
        if scope.group:
            return self.group(scope.subscription or "", scope.group).id
        return ResourceId(self.check_subscription(scope.subscription)) if scope.subscription else scope

    def deployment(self, deployment_id: ResourceId) -> Deployment:
        """The deployment; raises SubscriptionNotFound, ResourceGroupNotFound, DeploymentNotFound."""
        self.check_scope(deployment_id.scope)
        return super().deployment(deployment_id)

    # What providers work on

    def put_work(self, work: ProviderOperation) -> None:
        """Add what a provider works on, or keep what changed in it."""
        self._work[work.id] = work
        self._put("work", work.id, work)

    def find_work(self, work_id: str) -> ProviderOperation | None:
        """What a provider works or has worked on; None when there is nothing of that id."""
        return self._work.get(work_id.lower())

    def all_work(self) -> list[ProviderOperation]:
        """All of it, in the order in which it began."""
        return list(self._work.values())

    def drop_work(self, work: ProviderOperation) -> None:
        """Forget it."""
        self._work.pop(work.id, None)
        self._drop("work", work.id)

    # Providers

    @property
    def registered_providers(self) -> dict[str, dict[str, str]]:
        """The namespaces that each subscription uses: by subscription, then by lower-case name, in their spelling."""
        found: dict[str, dict[str, str]] = {subscription: {} for subscription in self.subscriptions}
        for key, registration in self._records.get(_REGISTRATION, {}).items():
            subscription, _, name = key.partition("/")
            found.setdefault(subscription, {})[name] = registration["namespace"]
        return found

    def register_provider(self, subscription: str, namespace: str) -> None:
        """Note that a subscription uses a provider; ARM registers first-party ones by itself on deployment."""
        if not self.is_registered(subscription, namespace):
            self.put_record(_REGISTRATION, f"{subscription}/{namespace}", {"namespace": namespace})

    def is_registered(self, subscription: str, namespace: str) -> bool:
        """True once the provider was used or registered."""
        return self.record(_REGISTRATION, f"{subscription}/{namespace}") is not None


def busy(resource_id: ResourceId) -> ArmError:
    """Another write of the same resource has not ended."""
    message = (
        "Another operation on this or dependent resource is in progress. To retrieve status of the operation use the "
        f"resource's provisioningState: {resource_id}."
    )
    return ArmError(409, "AnotherOperationInProgress", message)

"""Resource ids: read, compared without regard to case, and made from a scope, a type and a name."""

import re
from dataclasses import dataclass, replace
from functools import cached_property

from emulator.arm.errors import ArmError

RESOURCE_GROUP_TYPE = "Microsoft.Resources/resourceGroups"
MANAGEMENT_GROUP_TYPE = "Microsoft.Management/managementGroups"
DEPLOYMENT_TYPE = "Microsoft.Resources/deployments"

_ROOT = re.compile(r"^/subscriptions/([^/]+)(?:/resourceGroups/([^/]+))?(?=/|$)", re.IGNORECASE)


@dataclass(frozen=True)
class ProviderPart:
    """One `/providers/{namespace}/{type}/{name}[/{type}/{name}…]` stretch of an id."""

    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    def __str__(self) -> str:
        pairs = "".join(f"/{kind}/{name}" for kind, name in zip(self.types, self.names, strict=True))
        return f"/providers/{self.namespace}{pairs}"


@dataclass(frozen=True)
class ResourceId:
    """Where something is: tenant, management group, subscription, resource group, resource, or extension of a resource.

    The tenant (`/`), management groups, subscriptions and resource groups are roots: ids without provider parts. A
    resource group's form `/subscriptions/x/providers/Microsoft.Resources/resourceGroups/y`, which template functions
    make, is the same id. `management_group` is there without `subscription`: no id says which management group a
    subscription is in.
    """

    subscription: str | None = None
    group: str | None = None
    parts: tuple[ProviderPart, ...] = ()
    management_group: str | None = None

    @classmethod
    def parse(cls, text: str) -> "ResourceId":
        """Read an id; raises `ArmError` (400 LinkedInvalidPropertyId) when it is none."""
        subscription, group, rest = None, None, text
        if root := _ROOT.match(text):
            subscription, group = root.group(1), root.group(2)
            rest = text[root.end() :]
        parts = tuple(_provider_part(stretch, text) for stretch in _stretches(rest.rstrip("/"), text))
        return cls(subscription, group, parts)._canonical()

    def _canonical(self) -> "ResourceId":
        first = self.parts[0] if self.parts else None
        if first is None or self.group or len(first.types) != 1:
            return self
        kind = f"{first.namespace}/{first.types[0]}".lower()
        if self.subscription and kind == RESOURCE_GROUP_TYPE.lower():
            return ResourceId(self.subscription, first.names[0], self.parts[1:])
        if not self.subscription and not self.management_group and kind == MANAGEMENT_GROUP_TYPE.lower():
            return ResourceId(None, None, self.parts[1:], first.names[0])
        return self

    def __str__(self) -> str:
        root = f"/providers/{MANAGEMENT_GROUP_TYPE}/{self.management_group}" if self.management_group else ""
        root += f"/subscriptions/{self.subscription}" if self.subscription else ""
        root += f"/resourceGroups/{self.group}" if self.group else ""
        return (root + "".join(str(part) for part in self.parts)) or "/"

    @cached_property
    def key(self) -> str:
        """The form in which ids are compared."""
        return str(self).lower()

    @property
    def is_resource_group(self) -> bool:
        """True for a resource group itself."""
        return self.group is not None and not self.parts

    @property
    def is_subscription(self) -> bool:
        """True for a subscription itself."""
        return self.subscription is not None and self.group is None and not self.parts

    @property
    def is_management_group(self) -> bool:
        """True for a management group itself."""
        return self.management_group is not None and not self.parts

    @property
    def is_tenant(self) -> bool:
        """True for the tenant itself."""
        return not (self.subscription or self.management_group or self.parts)

    @property
    def root(self) -> "ResourceId":
        """The tenant, management group, subscription or resource group that it is in."""
        return replace(self, parts=())

    @property
    def is_deployment(self) -> bool:
        """True for a `Microsoft.Resources/deployments` resource."""
        return self.type.lower() == DEPLOYMENT_TYPE.lower()

    @property
    def namespace(self) -> str:
        """The resource provider, `Microsoft.Resources` for resource groups."""
        return self.type.partition("/")[0]

    @property
    def type(self) -> str:
        """The full resource type, `Microsoft.Web/sites/config`."""
        if self.parts:
            return "/".join((self.parts[-1].namespace, *self.parts[-1].types))
        if self.group:
            return RESOURCE_GROUP_TYPE
        if self.management_group:
            return MANAGEMENT_GROUP_TYPE
        return "Microsoft.Resources/subscriptions" if self.subscription else "Microsoft.Resources/tenants"

    @property
    def name(self) -> str:
        """The full name, one segment a type segment: `site/appsettings`."""
        if not self.parts:
            return self.group or self.subscription or self.management_group or ""
        return "/".join(self.parts[-1].names)

    @property
    def last_name(self) -> str:
        """The last segment of the name."""
        return self.name.rsplit("/", 1)[-1]

    @property
    def relative(self) -> str:
        """What follows the last `/providers/`: `Microsoft.Web/sites/x/config/y`."""
        return str(self.parts[-1]).removeprefix("/providers/") if self.parts else f"{self.type}/{self.name}"

    @property
    def scope(self) -> "ResourceId":
        """What the resource lives in: a root, or the resource that an extension extends."""
        return replace(self, parts=self.parts[:-1])

    @property
    def is_extension(self) -> bool:
        """True for a resource on another resource, such as a role assignment of a storage account."""
        return len(self.parts) > 1

    @property
    def parent(self) -> "ResourceId | None":
        """The resource of which this is a child, or None for a top-level one."""
        if not self.parts or len(self.parts[-1].types) < 2:
            return None
        last = self.parts[-1]
        return replace(self, parts=(*self.parts[:-1], replace(last, types=last.types[:-1], names=last.names[:-1])))

    @property
    def group_id(self) -> "ResourceId | None":
        """The resource group that holds it, if one does."""
        return ResourceId(self.subscription, self.group) if self.group else None

    def child(self, kind: str, name: str) -> "ResourceId":
        """The id of a child of this resource."""
        last = self.parts[-1]
        return replace(
            self, parts=(*self.parts[:-1], replace(last, types=(*last.types, kind), names=(*last.names, name)))
        )

    def resource(self, resource_type: str, name: str) -> "ResourceId":
        """The id of a resource with this id as its scope.

        `resource_type` may hold `/providers/` (`Microsoft.Web/sites/providers/locks`, the older way to write extension
        resources), the name then holds the extension's namespace as a segment. Raises ValueError when the number of
        segments of type and name disagree.
        """
        return _from_type_and_name(self, resource_type, name)

    def is_within(self, other: "ResourceId") -> bool:
        """True when this is `other` or something inside it."""
        return self.key == other.key or self.key.startswith(other.key.rstrip("/") + "/")


def _stretches(rest: str, text: str) -> list[str]:
    if not rest:
        return []
    if not rest.lower().startswith("/providers/"):
        raise _no_id(text)
    return re.split("/providers/", rest, flags=re.IGNORECASE)[1:]


def _provider_part(stretch: str, text: str) -> ProviderPart:
    namespace, *pairs = stretch.split("/")
    if not namespace or len(pairs) < 2 or len(pairs) % 2 or not all(pairs):
        raise _no_id(text)
    return ProviderPart(namespace, tuple(pairs[::2]), tuple(pairs[1::2]))


def _no_id(text: str) -> ArmError:
    return ArmError(400, "LinkedInvalidPropertyId", f"'{text}' is not a valid resource identifier.")


def _from_type_and_name(scope: ResourceId, resource_type: str, name: str) -> ResourceId:
    namespace, *types = resource_type.split("/")
    names = name.split("/")
    if not types or len(types) != len(names) or not all(names):
        raise ValueError(resource_type)
    pairs = "".join(f"/{kind}/{segment}" for kind, segment in zip(types, names, strict=True))
    return ResourceId.parse(f"{str(scope).rstrip('/')}/providers/{namespace}{pairs}")

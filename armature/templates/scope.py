"""What an expression can ask its surroundings."""

from datetime import datetime
from typing import Any, Protocol

from armature.templates.errors import UnresolvedError


class Scope(Protocol):
    """The surroundings of an expression.

    A method raises UnresolvedError when it can't tell, ExpressionError when ARM would refuse. Names arrive as they are
    written: the scope compares them without regard to case. With `is_partial` what can't be told may be a part of what
    can: its values may hold `Pending` ones.
    """

    @property
    def is_partial(self) -> bool:
        """Whether values may hold pending ones."""
        ...

    def parameter(self, name: str) -> Any:
        """The value of a parameter."""
        ...

    def variable(self, name: str) -> Any:
        """The value of a variable."""
        ...

    def copy_index(self, loop_name: str | None, offset: int) -> int:
        """The iteration, plus `offset`, of the named copy loop or of the innermost one."""
        ...

    def resource_group(self) -> dict[str, Any]:
        """The resource group that is deployed to: id, name, type, location, tags, managedBy, properties."""
        ...

    def subscription(self) -> dict[str, Any]:
        """The subscription that is deployed to: id, subscriptionId, tenantId, displayName."""
        ...

    def tenant(self) -> dict[str, Any]:
        """The tenant: id, tenantId, displayName, countryCode."""
        ...

    def management_group(self) -> dict[str, Any]:
        """The management group that is deployed to."""
        ...

    def deployment(self) -> dict[str, Any]:
        """The running deployment: name, location, properties."""
        ...

    def deployer(self) -> dict[str, Any]:
        """Who deploys: objectId, tenantId, userPrincipalName."""
        ...

    def environment(self) -> dict[str, Any]:
        """The cloud: name, resourceManager, suffixes …"""
        ...

    def resource_id_prefix(self) -> str:
        """The id of what is deployed to: of a resource group, subscription or management group, "" for the tenant."""
        ...

    def reference(self, arguments: list[Any]) -> Any:
        """The runtime state of a resource."""
        ...

    def references(self, arguments: list[Any]) -> Any:
        """The runtime states of the resources of a copy loop, which its symbolic name stands for."""
        ...

    def resource_info(self, symbol: str) -> dict[str, Any]:
        """What the template says of the resource with that symbolic name: id, name, type, apiVersion."""
        ...

    def list_function(self, name: str, arguments: list[Any]) -> Any:
        """What `list*` of a resource answers, `name` as it is written."""
        ...

    def providers(self, arguments: list[Any]) -> Any:
        """What a resource provider says of itself or of one of its types."""
        ...

    def zones(self, function: str, arguments: list[Any]) -> Any:
        """What pickZones, toLogicalZone(s) or toPhysicalZone(s) answers; `function` is one of these names."""
        ...

    def role_definition(self, name: str) -> dict[str, Any]:
        """The built-in role of that name: id, roleDefinitionId."""
        ...

    def extension(self, alias: str) -> dict[str, Any]:
        """An extension that the template imports, by its alias."""
        ...

    def user_function(self, namespace: str, name: str, arguments: list[Any]) -> Any:
        """The result of a function that the template defines."""
        ...

    def utc_now(self) -> datetime:
        """The time of the deployment, in UTC."""
        ...

    def new_guid(self) -> str:
        """A random identifier."""
        ...


class PartialObject(dict[str, Any]):
    """An object of which a scope knows some properties; to ask for another, or for the whole, is UnresolvedError."""

    def __init__(self, what: str, known: dict[str, Any]) -> None:
        super().__init__(known)
        self.what = what

    def whole(self) -> dict[str, Any]:
        """The object itself; raises UnresolvedError."""
        raise UnresolvedError(self.what)


class OpenObject(PartialObject):
    """An object that can be told as it is, but of which more will be known: to ask for another property is pending."""

    def whole(self) -> dict[str, Any]:
        """The object with all that is known of it now."""
        return {name: closed(value) for name, value in self.items()}


class OpenList(list[Any]):
    """An array with open objects in it."""


class Pending(PartialObject):
    """A value of which nothing can be told yet, inside of one that can: an element of an array, a property."""

    def __init__(self, what: str) -> None:
        super().__init__(what, {})


def open_value(what: str, value: Any) -> Any:
    """A value in which every object is open."""
    if isinstance(value, dict) and not isinstance(value, PartialObject):
        return OpenObject(what, {name: open_value(what, item) for name, item in value.items()})
    return OpenList(open_value(what, item) for item in value) if isinstance(value, list) else value


def closed(value: Any) -> Any:
    """A value as it is known now, its open objects made ordinary ones."""
    if isinstance(value, OpenObject):
        return value.whole()
    return [closed(item) for item in value] if isinstance(value, OpenList) else value

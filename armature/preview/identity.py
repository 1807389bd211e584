"""What the id of a resource tells: its type, its name within its scope, and that scope."""

from typing import NamedTuple

RESOURCE_GROUP_TYPE = "Microsoft.Resources/resourceGroups"
_PROVIDERS = "/providers/"


class Identity(NamedTuple):
    """`scope` is the id of what it lies in ("" for the tenant); `name` has the names of its parents in it."""

    scope: str
    type: str
    name: str


def identity_of(resource_id: str) -> Identity:
    """What an id tells; of a text that is none, such as an expression, the text itself is the name."""
    at = resource_id.lower().rfind(_PROVIDERS)
    parts = resource_id[at + len(_PROVIDERS) :].strip("/").split("/") if at >= 0 else []
    if len(parts) >= 3 and len(parts) % 2:
        return Identity(resource_id[:at], "/".join((parts[0], *parts[1::2])), "/".join(parts[2::2]))
    segments = resource_id.split("/")
    if len(segments) == 5 and segments[3].lower() == "resourcegroups":
        return Identity("/".join(segments[:3]), RESOURCE_GROUP_TYPE, segments[4])
    return Identity("", "", resource_id)


def scope_words(scope: str) -> str:
    """A scope as a person is told of it."""
    segments = scope.split("/")
    if not scope:
        return "Tenant"
    if len(segments) == 5 and segments[3].lower() == "resourcegroups":
        return f"Resource group {segments[4]}"
    if len(segments) == 3 and segments[1].lower() == "subscriptions":
        return f"Subscription {segments[2]}"
    if len(segments) == 5 and segments[3].lower() == "managementgroups":
        return f"Management group {segments[4]}"
    _, kind, name = identity_of(scope)
    return f"{kind} {name}".strip()

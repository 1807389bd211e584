"""Resource ids: what they name, and how they stand in a request's path."""

from urllib.parse import quote

from armature.azure.models import DEPLOYMENT_TYPE

RESOURCE_GROUP_TYPE = "Microsoft.Resources/resourceGroups"
SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"


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


def resource_type_of(resource_id: str) -> str:
    """The full type of what an id names, such as `Microsoft.Network/virtualNetworks/subnets`; of an extension resource
    (a role assignment, a lock) the extension's own.

    Raises:
        ValueError: it is not the id of a resource, a resource group or a subscription.
    """
    segments = _segments(resource_id)
    keys, values = [segment.lower() for segment in segments[::2]], segments[1::2]
    if len(keys) != len(values):
        raise ValueError(f"not a resource id: {resource_id}")
    if "providers" not in keys:
        return _type_of_container(keys, resource_id)
    last = len(keys) - 1 - keys[::-1].index("providers")
    types = segments[::2][last + 1 :]
    if not types:
        raise ValueError(f"not a resource id: {resource_id}")
    return "/".join([values[last], *types])


def path_of(resource_id: str) -> str:
    """The id as the path of a URL.

    Raises:
        ValueError: a segment of it would lead elsewhere.
    """
    return "/" + "/".join(quote(segment, safe="!$&'()*+,;=:@") for segment in _segments(resource_id))


def bare(resource_id: str) -> str:
    """The id as the SDKs want it: they put the leading slash themselves."""
    return resource_id.strip("/")


def _segments(resource_id: str) -> list[str]:
    segments = bare(resource_id).split("/")
    if any(segment in ("", ".", "..") for segment in segments):
        raise ValueError(f"not a resource id: {resource_id}")
    return segments


def _type_of_container(keys: list[str], resource_id: str) -> str:
    match keys:
        case ["subscriptions"]:
            return SUBSCRIPTION_TYPE
        case ["subscriptions", "resourcegroups"]:
            return RESOURCE_GROUP_TYPE
        case _:
            raise ValueError(f"not a resource id: {resource_id}")

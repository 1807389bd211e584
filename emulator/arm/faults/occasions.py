"""What a request to Resource Manager asks for, as rules for faults name it."""

import re

from emulator.arm.errors import ArmError
from emulator.arm.identifiers import DEPLOYMENT_TYPE, RESOURCE_GROUP_TYPE, ResourceId
from emulator.faults.operations import CREATE_RESOURCE, DOWNLOAD_TEMPLATE
from emulator.faults.plan import Occasion

_DEPLOYMENT = re.compile(
    r"(?P<scope>.*?)(?:/providers/microsoft\.resources)?/deployments(?:/(?P<name>[^/]+)(?:/(?P<rest>.+))?)?",
    re.IGNORECASE,
)
_GROUP = re.compile(r"/subscriptions/[^/]+/resourcegroups(?:/(?P<group>[^/]+))?", re.IGNORECASE)
_AT_PROVIDER = "/providers/[^/]+/locations/[^/]+"
_FIXED = tuple(
    (re.compile(pattern, re.IGNORECASE), operations)
    for pattern, operations in (
        (r"/metadata/endpoints", {"GET": "GetMetadata"}),
        (r"/subscriptions(/[^/]+)?", {"GET": "GetSubscription"}),
        (r"/subscriptions/[^/]+(/resourcegroups/[^/]+)?/resources", {"GET": "ListResources"}),
        (rf"/subscriptions/[^/]+({_AT_PROVIDER})?/operationresults/[^/]+", {"GET": "GetOperationResult"}),
        (rf"/subscriptions/[^/]+{_AT_PROVIDER}/operationstatuses/[^/]+", {"GET": "GetOperationStatus"}),
        (r"/subscriptions/[^/]+/providers(/[^/]+)?", {"GET": "GetProvider"}),
        (r"/subscriptions/[^/]+/providers/[^/]+/register", {"POST": "RegisterProvider"}),
    )
)
_ASKED_BY_NUMBER = ("GetOperationStatus", "GetOperationResult")  # the last segment is another one in each run
_ACTIONS = {
    "cancel": "CancelDeployment",
    "validate": "ValidateDeployment",
    "whatif": "WhatIfDeployment",
    "exporttemplate": "ExportDeployment",
}


def occasion_of(method: str, raw_path: str) -> Occasion:
    """The occasion that a request is."""
    path = "/" + re.sub("/+", "/", raw_path).strip("/")
    operation, described = _operation(method, path)
    attributes = {**described, "method": method, "path": path}
    place = path.rpartition("/")[0] if operation in _ASKED_BY_NUMBER else path
    return Occasion(f"{operation} {place.lower()}", operation, attributes)


def creation_of(resource_id: ResourceId, deployment: str) -> Occasion:
    """The occasion of a resource that a deployment makes."""
    attributes = {**described(resource_id), "deployment": deployment}
    return Occasion(f"{CREATE_RESOURCE} {resource_id.key}", CREATE_RESOURCE, attributes)


def download_of(address: str) -> Occasion:
    """The occasion of a linked template or parameter file that is fetched; the address is without its query."""
    return Occasion(f"{DOWNLOAD_TEMPLATE} {address}", DOWNLOAD_TEMPLATE, {"path": address})


def described(resource_id: ResourceId) -> dict[str, str]:
    """What rules can match of a resource."""
    return {"resourceType": resource_id.type, "name": resource_id.name, "resourceGroup": resource_id.group or ""}


def _operation(method: str, path: str) -> tuple[str, dict[str, str]]:
    for pattern, operations in _FIXED:
        if pattern.fullmatch(path):
            return operations.get(method, _other(method)), {}
    if found := _GROUP.fullmatch(path):
        return _of_group(method, found["group"])
    if found := _DEPLOYMENT.fullmatch(path):
        return _of_deployment(method, found["scope"], found["name"], found["rest"])
    return _of_resource(method, path)


def _of_group(method: str, group: str | None) -> tuple[str, dict[str, str]]:
    if group is None:
        return ("ListGroups" if method == "GET" else _other(method)), {}
    attributes = {"resourceType": RESOURCE_GROUP_TYPE, "name": group, "resourceGroup": group}
    return f"{method.capitalize()}Group", attributes


def _of_deployment(method: str, scope: str, name: str | None, rest: str | None) -> tuple[str, dict[str, str]]:
    within = _GROUP.fullmatch(scope)
    attributes = {"resourceType": DEPLOYMENT_TYPE, "resourceGroup": (within["group"] if within else None) or ""}
    if name is None:
        return ("ListDeployments" if method == "GET" else _other(method)), attributes
    attributes |= {"name": name, "deployment": name}
    if rest is None:
        return f"{method.capitalize()}Deployment", attributes
    first = rest.split("/")[0].lower()
    if method == "GET":
        return {"operations": "ListOperations", "operationstatuses": "GetOperationStatus"}.get(
            first, "OtherRead"
        ), attributes
    return _ACTIONS.get(first, _other(method)), attributes


def _of_resource(method: str, path: str) -> tuple[str, dict[str, str]]:
    is_action = method == "POST"
    try:
        resource_id = ResourceId.parse(path.rpartition("/")[0] if is_action else path)
    except ArmError:
        return _other(method), {}
    if not resource_id.parts:
        return _other(method), {}
    return "PostAction" if is_action else f"{method.capitalize()}Resource", described(resource_id)


def _other(method: str) -> str:
    return "OtherRead" if method in ("GET", "HEAD") else "OtherWrite"

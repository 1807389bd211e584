"""What `python -m emulator look` shows, read from ARM as any client could."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.running import ArmReader

RESOURCES_VERSION = "2021-04-01"
SUBSCRIPTIONS_VERSION = "2022-12-01"
DEPLOYMENTS = "providers/Microsoft.Resources/deployments"


@dataclass(frozen=True)
class DeploymentLine:
    """One deployment of a list; `changed` is when it last did."""

    name: str
    state: str
    changed: str
    duration: str
    correlation_id: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "DeploymentLine":
        """The line of a deployment as ARM describes it."""
        told = document["properties"]
        return cls(
            name=document["name"],
            state=told["provisioningState"],
            changed=str(told.get("timestamp", ""))[:19],
            duration=str(told.get("duration", "")),
            correlation_id=str(told.get("correlationId", "")),
        )


@dataclass(frozen=True)
class ResourceLine:
    """One resource of a list."""

    name: str
    type: str
    location: str
    state: str


@dataclass(frozen=True)
class Group:
    """A resource group, or a subscription without one (`location` and `state` empty), with what it holds."""

    name: str
    location: str
    state: str
    resources: tuple[ResourceLine, ...]
    deployments: tuple[DeploymentLine, ...]


@dataclass(frozen=True)
class OperationLine:
    """One operation of a deployment; `error` holds the provider's words."""

    kind: str
    target: str
    state: str
    status: str
    duration: str
    error: str


@dataclass(frozen=True)
class DeploymentDetail:
    """A deployment with its operations; values of secure outputs are not told by ARM."""

    line: DeploymentLine
    operations: tuple[OperationLine, ...]
    outputs: Mapping[str, Any]
    errors: tuple[str, ...]


def read_subscription(arm: ArmReader, subscription: str) -> tuple[Group, list[Group]]:
    """What was deployed at the subscription, and its resource groups with what they hold."""
    own = Group(subscription, "", "", (), _deployments(arm, f"/subscriptions/{subscription}"))
    groups = arm.list(f"/subscriptions/{subscription}/resourcegroups", RESOURCES_VERSION)
    return own, [_group(arm, group) for group in groups]


def read_group(arm: ArmReader, subscription: str, name: str) -> Group:
    """One resource group. Raises `RefusedError` when it is not there."""
    return _group(arm, arm.get(f"/subscriptions/{subscription}/resourcegroups/{name}", RESOURCES_VERSION))


def read_deployment(arm: ArmReader, scope: str, name: str) -> DeploymentDetail:
    """A deployment at a scope (an id). Raises `RefusedError` when it is not there."""
    path = f"{scope}/{DEPLOYMENTS}/{name}"
    document = arm.get(path, RESOURCES_VERSION)
    told = document["properties"]
    operations = arm.list(f"{path}/operations", RESOURCES_VERSION)
    return DeploymentDetail(
        line=DeploymentLine.of(document),
        operations=tuple(_operation(operation["properties"]) for operation in operations),
        outputs={key: output.get("value") for key, output in (told.get("outputs") or {}).items()},
        errors=tuple(_errors(told.get("error"))),
    )


def _group(arm: ArmReader, document: Mapping[str, Any]) -> Group:
    listed = arm.list(f"{document['id']}/resources", RESOURCES_VERSION, **{"$expand": "provisioningState"})
    resources = [
        ResourceLine(one["name"], one["type"], one.get("location", ""), one.get("provisioningState", ""))
        for one in listed
    ]
    state = document["properties"]["provisioningState"]
    return Group(document["name"], document["location"], state, tuple(resources), _deployments(arm, document["id"]))


def _deployments(arm: ArmReader, scope: str) -> tuple[DeploymentLine, ...]:
    return tuple(DeploymentLine.of(one) for one in arm.list(f"{scope}/{DEPLOYMENTS}", RESOURCES_VERSION))


def _operation(told: Mapping[str, Any]) -> OperationLine:
    target = told.get("targetResource") or {}
    message = told.get("statusMessage")
    return OperationLine(
        kind=told["provisioningOperation"],
        target=f"{target['resourceType']}/{target['resourceName']}" if target else "",
        state=told["provisioningState"],
        status=str(told.get("statusCode") or ""),
        duration=str(told.get("duration", "")),
        error="; ".join(_words(message)),
    )


def _words(message: Any) -> list[str]:
    """What a status message says: ARM's error, an object of the provider's own, or a text."""
    if isinstance(message, Mapping):
        return _errors(message["error"]) if "error" in message else [json.dumps(message)]
    return [str(message)] if message else []


def _errors(error: Mapping[str, Any] | None) -> list[str]:
    """The leaves of an error: `code: message` of those without details."""
    if not error:
        return []
    if details := error.get("details"):
        return [leaf for detail in details for leaf in _errors(detail)]
    return [f"{error.get('code')}: {error.get('message')}"]

"""The history of a scope: a deployment enters it when it is accepted, and replaces the one of its name."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from emulator.arm.engine.instance import Instance
from emulator.arm.engine.parameters import is_secure, shown_type
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.request import DeploymentRequest
from emulator.arm.errors import ArmError
from emulator.arm.lifecycle.content import content_of, keep_downloads
from emulator.arm.lifecycle.ending import LIFETIME
from emulator.arm.models import Deployment
from emulator.arm.state import CloudState


def check_startable(state: CloudState, request: DeploymentRequest) -> None:
    """Raise `ArmError` when the scope is not there, the name is busy, or its location would change."""
    scope, existing = request.id.scope, state.find_deployment(request.id)
    state.check_subscription(scope.subscription or "")
    if scope.group:
        state.writable_group(scope.subscription or "", scope.group)
    if existing is None:
        return
    if not existing.is_final:
        raise _active(existing)
    if existing.location and request.location and existing.location != request.location:
        message = (
            f"Invalid deployment location '{request.location}'. The deployment '{existing.id.last_name}' already "
            f"exists in location '{existing.location}'."
        )
        raise ArmError(409, "InvalidDeploymentLocation", message)


def accept(state: CloudState, prepared: Prepared, *, parent: Deployment | None = None) -> tuple[Deployment, bool]:
    """Enter a prepared deployment into the history; answers it and whether the name is new.

    `parent` is the deployment that it is nested in. Raises like `check_startable`.
    """
    request = prepared.request
    check_startable(state, request)
    is_new = state.find_deployment(request.id) is None
    deployment = Deployment(
        id=request.id,
        mode=request.mode,
        correlation_id=request.correlation_id,
        location=request.location,
        tags=dict(request.tags) if request.tags else None,
        template_link=request.template_link.shown() if request.template_link else None,
        template_hash=template_hash(prepared.template),
        parameters=_shown_parameters(prepared),
        validated_resources=[str(instance.id) for instance in prepared.resources()],
        dependencies=_dependencies(prepared),
        providers=_providers(prepared),
        parent=parent.status_id if parent else None,
        content=content_of(prepared, is_root=parent is None),
    )
    state.put_deployment(deployment)
    keep_downloads(state, deployment, prepared)
    return deployment, is_new


def _active(existing: Deployment) -> ArmError:
    expires = existing.started + LIFETIME
    message = (
        f"Unable to edit or replace deployment '{existing.id.last_name}': previous deployment from "
        f"'{existing.started:%m/%d/%Y %I:%M:%S %p}' is still active (expiration time is "
        f"'{expires:%m/%d/%Y %I:%M:%S %p}'). "
        "Please see https://aka.ms/arm-deploy for usage details."
    )
    return ArmError(409, "DeploymentActive", message)


def template_hash(template: Mapping[str, Any]) -> str:
    """A number of up to 20 digits that is the same for the same template, as ARM's `templateHash` is."""
    canonical = json.dumps(template, sort_keys=True, separators=(",", ":")).encode()
    return str(int.from_bytes(hashlib.sha256(canonical).digest()[:8], "big"))


def _shown_parameters(prepared: Prepared) -> dict[str, Any]:
    """Types and values; of secure parameters, and in an outer-scope template of all, only what may be seen."""
    if prepared.scope.template is not prepared.template:
        return {}
    shown: dict[str, Any] = {}
    for name, declaration in (prepared.template.get("parameters") or {}).items():
        value = {} if is_secure(declaration) else {"value": prepared.scope.parameter(name)}
        shown[name] = {"type": shown_type(declaration)} | value
    return shown


def _dependencies(prepared: Prepared) -> list[dict[str, Any]]:
    return [
        {"dependsOn": [_named(other) for other in wanted]} | _named(instance)
        for instance, wanted in prepared.edges.items()
        if wanted
    ]


def _named(instance: Instance) -> dict[str, Any]:
    return {"id": str(instance.id), "resourceType": instance.type, "resourceName": instance.name}


def _providers(prepared: Prepared) -> list[dict[str, Any]]:
    types: dict[str, dict[str, set[str]]] = {}
    for instance in prepared.instances:
        if instance.is_run:
            namespace, _, kind = instance.type.partition("/")
            location = instance.declaration.get("location")
            locations = types.setdefault(namespace, {}).setdefault(kind, set())
            locations |= {location} if isinstance(location, str) and not location.startswith("[") else set()
    return [
        {
            "namespace": namespace,
            "resourceTypes": [
                {"resourceType": kind, "locations": sorted(where) or [None]} for kind, where in kinds.items()
            ],
        }
        for namespace, kinds in types.items()
    ]

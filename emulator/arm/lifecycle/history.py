"""The history of a scope: a deployment enters it when it is accepted, and replaces the one of its name."""

from typing import Any

from emulator.arm import management_groups
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.parameters import is_secure, shown_type
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.request import DeploymentRequest
from emulator.arm.engine.template_hash import template_hash
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.lifecycle.content import content_of, keep_downloads
from emulator.arm.lifecycle.ending import active
from emulator.arm.lifecycle.limits import check_quota, make_room
from emulator.arm.models import DELETING, Deployment
from emulator.arm.state import CloudState


def check_startable(state: CloudState, request: DeploymentRequest) -> None:
    """Raise `ArmError` when the scope is not there or full, the name is busy, or its location would change."""
    scope, existing = request.id.scope, state.find_deployment(request.id)
    check_scope(state, scope)
    if scope.group:
        state.writable_group(scope.subscription or "", scope.group)
    check_quota(state, request.id)
    if existing is None:
        return
    if existing.provisioning_state == DELETING:
        message = (
            f"The deployment '{existing.id.last_name}' cannot be edited because it is being deleted. "
            "Please wait for deletion to finish."
        )
        raise ArmError(409, "DeploymentBeingDeleted", message)
    if not existing.is_final:
        raise active(existing)
    if existing.location and request.location and existing.location != request.location:
        message = (
            f"Invalid deployment location '{request.location}'. The deployment '{existing.id.last_name}' already "
            f"exists in location '{existing.location}'."
        )
        raise ArmError(409, "InvalidDeploymentLocation", message)


def check_scope(state: CloudState, scope: ResourceId) -> ResourceId:
    """The scope, a group or subscription in its own spelling.

    Raises `ArmError`: SubscriptionNotFound, ResourceGroupNotFound, NotFound (a management group).
    """
    if scope.management_group:
        management_groups.get(state, scope.management_group)
    return state.check_scope(scope)


def accept(
    state: CloudState, prepared: Prepared, *, parent: Deployment | None = None, rolls_back: Deployment | None = None
) -> tuple[Deployment, bool]:
    """Enter a prepared deployment into the history; answers it and whether the name is new.

    `parent` is the deployment that it is nested in, `rolls_back` the one because of whose failure it is started. Raises
    like `check_startable`.
    """
    request = prepared.request
    check_startable(state, request)
    is_new = state.find_deployment(request.id) is None
    deployment = run_of(prepared)
    deployment.parent = parent.status_id if parent else None
    deployment.rolls_back = rolls_back.status_id if rolls_back else None
    deployment.content = content_of(prepared, is_root=parent is None)
    state.put_deployment(deployment)
    keep_downloads(state, deployment, prepared)
    make_room(state, request.id.scope)
    return deployment, is_new


def run_of(prepared: Prepared) -> Deployment:
    """What a prepared deployment tells of itself before it runs; it is in no history yet."""
    request = prepared.request
    return Deployment(
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
        debug_setting=dict(request.debug_setting) if request.debug_setting else None,
        on_error=dict(request.on_error) if request.on_error else None,
    )


def _shown_parameters(prepared: Prepared) -> dict[str, Any]:
    """Types and values; of secure parameters, and in an outer-scope template of all, only what may be seen."""
    if prepared.scope.template is not prepared.template:
        return {}
    shown: dict[str, Any] = {}
    for name, declaration in prepared.parameters.items():
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

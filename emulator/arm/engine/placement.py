"""Where a declared resource goes: its full type and name, and the id that its scope gives it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from armature.templates.errors import UnresolvedError
from emulator.arm.engine.declarations import Declaration
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.refusals import RESOURCES_HELP, violation
from emulator.arm.engine.scope import TemplateScope
from emulator.arm.engine.tree import evaluate_tree
from emulator.arm.identifiers import DEPLOYMENT_TYPE, MANAGEMENT_GROUP_TYPE, ProviderPart, ResourceId


@dataclass(frozen=True)
class Placement:
    """Type, name and id of a resource, `own_name` being what the declaration says of the name.

    With `is_pending` they depend on what is not deployed yet.
    """

    type: str
    name: str
    id: ResourceId
    own_name: str
    is_pending: bool = False


def place_resource(
    declaration: Declaration, scope: TemplateScope, target: ResourceId, parent: Instance | None
) -> Placement:
    """The place of a resource; raises `ArmError`, ExpressionError, and UnresolvedError outside of predictions."""
    declared_type, is_pending = declaration.body.get("type"), False
    try:
        name = evaluate_tree(declaration.body.get("name"), scope)
    except UnresolvedError:
        if not scope.is_partial:
            raise
        name, is_pending = declaration.name, True
    if not isinstance(declared_type, str) or not isinstance(name, str):
        raise _invalid_name(declaration, scope, str(declared_type), str(name), parent, 1)
    own_name = name
    resource_type, name = _within(declaration, scope, declared_type, name, parent, is_pending)
    try:
        where = _scope_of(declaration, scope, target, resource_type)
    except UnresolvedError:
        if not scope.is_partial:
            raise
        where, is_pending = target, True
    is_pending = is_pending or (parent is not None and parent.is_pending)
    is_known = not is_pending or "[" not in name
    resource_id = where.resource(resource_type, name) if is_known else _pending_id(where, resource_type, name)
    return Placement(resource_type, name, resource_id, own_name, is_pending)


def _within(
    declaration: Declaration,
    scope: TemplateScope,
    declared_type: str,
    name: str,
    parent: Instance | None,
    is_pending: bool,
) -> tuple[str, str]:
    """The full type and name: a child whose type and name are full ones is taken as it is."""
    segments, names = declared_type.count("/"), name.split("/")
    if is_pending and parent is not None and segments == 0:
        return f"{parent.type}/{declared_type}", f"{parent.name}/{name}"
    if is_pending or (segments == len(names) and all(names)):
        return declared_type, name
    if parent is None:
        raise _invalid_name(declaration, scope, declared_type, name, None, segments)
    if segments + 1 != len(names) or not all(names):
        raise _invalid_name(declaration, scope, declared_type, name, parent, segments + 1)
    return f"{parent.type}/{declared_type}", f"{parent.name}/{name}"


def _invalid_name(
    declaration: Declaration, scope: TemplateScope, kind: str, name: str, parent: Instance | None, expected: int
) -> Exception:
    place = scope.source.place(*declaration.path, "type")
    within = f" with parent resource '{parent.name}'" if parent else ""
    found = len(name.split("/")) if name else 0
    reason = (
        f"The template resource '{name}' of type '{kind}' at {place}{within} has an invalid name. The name '{name}' "
        f"contains '{found}' name segment(s) separated by '/', but '{expected}' segment(s) were expected. "
        f"{RESOURCES_HELP}"
    )
    return violation(reason, place)


def _pending_id(where: ResourceId, resource_type: str, name: str) -> ResourceId:
    """An id that shows the expression in place of the name."""
    namespace, *kinds = resource_type.split("/")
    names = [name, *[""] * len(kinds)][: len(kinds)]
    return ResourceId(
        where.subscription,
        where.group,
        (*where.parts, ProviderPart(namespace, tuple(kinds), tuple(names))),
        where.management_group,
    )


def _scope_of(declaration: Declaration, scope: TemplateScope, target: ResourceId, resource_type: str) -> ResourceId:
    body = declaration.body
    if "scope" in body and (written := evaluate_tree(body["scope"], scope)):
        return scoped(str(written), target)
    if resource_type.lower() == DEPLOYMENT_TYPE.lower():
        return _deployed_to(body, scope, target)
    return target


def _deployed_to(body: Mapping[str, Any], scope: TemplateScope, target: ResourceId) -> ResourceId:
    """What a nested deployment deploys to, by its `subscriptionId` and `resourceGroup`.

    A resource group without a subscription around it leads to the tenant, as Microsoft's engine has it.
    """
    subscription = evaluate_tree(body.get("subscriptionId"), scope)
    group = evaluate_tree(body.get("resourceGroup"), scope)
    if subscription:
        return ResourceId(str(subscription), str(group) if group else None)
    if group:
        return ResourceId(target.subscription, str(group)) if target.subscription else ResourceId()
    return target


def scoped(written: str, target: ResourceId) -> ResourceId:
    """The id that a `scope` names: a full one, `/` for the tenant, or one that is relative to the deployment's target.

    Raises `ArmError` (LinkedInvalidPropertyId).
    """
    if written.startswith("/"):
        return ResourceId.parse(written)
    is_group = target.management_group and written.lower().startswith(f"{MANAGEMENT_GROUP_TYPE.lower()}/")
    base = "" if is_group else str(target).rstrip("/")
    return ResourceId.parse(f"{base}/providers/{written}")

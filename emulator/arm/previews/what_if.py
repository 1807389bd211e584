"""What-if: for every resource that a deployment names or finds, what would become of it.

Documented at https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if: the change types, that
what depends on `reference()` of a resource that is not there stays an expression, and which nested templates are left
out.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from armature.templates.scope import OpenObject, PartialObject
from emulator.arm.behaviours import Surroundings
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.prediction import PredictedResource, Prediction
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.scope import SECURE_VALUE
from emulator.arm.identifiers import ResourceId
from emulator.arm.lifecycle.complete import is_tracked
from emulator.arm.previews.delta import property_changes
from emulator.arm.previews.secrets import HIDDEN, Mask
from emulator.arm.previews.snapshots import predicted_group, predicted_resource, shown_group, shown_resource

FULL_PAYLOADS = "FullResourcePayloads"
RESOURCE_ID_ONLY = "ResourceIdOnly"
RESULT_FORMATS = (FULL_PAYLOADS, RESOURCE_ID_ONLY)

_UNIDENTIFIABLE = (
    "Changes to the resource declared at '{place}' cannot be analyzed because its resource ID or API version cannot be "
    "calculated until the deployment is under way. Please see https://aka.ms/WhatIfUnidentifiableResource for more "
    "information."
)


@dataclass
class WhatIf:
    """The answer in the making. `named` are the keys of the ids that templates name."""

    surroundings: Surroundings
    is_id_only: bool
    mask: Mask
    changes: list[dict[str, Any]] = field(default_factory=list)
    named: set[str] = field(default_factory=set)


def what_if(
    surroundings: Surroundings, prepared: Prepared, prediction: Prediction, result_format: str
) -> dict[str, Any]:
    """The `properties` of the answer: `changes`, sorted by id, and `diagnostics`. `result_format` is one of the two."""
    answer = WhatIf(surroundings, result_format == RESOURCE_ID_ONLY, Mask.of(prepared))
    for resource in prediction.resources:
        _add(answer, resource)
    for group in _groups(prepared).values():
        is_complete = prepared.request.mode == "Complete" and group.key == prepared.target.key
        kept = {instance.id.key for instance in prepared.instances if instance.is_existing}
        _add_unnamed(answer, group, kept if is_complete else None)
    answer.changes.sort(key=lambda change: str(change["resourceId"]).lower())
    diagnostics = [{"additionalInfo": []} | one for one in prediction.diagnostics]
    return {"changes": answer.changes, "potentialChanges": [], "diagnostics": diagnostics}


def _add(answer: WhatIf, resource: PredictedResource) -> None:
    instance = resource.instance
    change: dict[str, Any] = {"resourceId": str(instance.id)}
    if instance.symbol:
        change["symbolicName"] = instance.symbol
    if resource.is_pending:
        reason = _UNIDENTIFIABLE.format(place=instance.place)
        answer.changes.append(change | {"changeType": "Unsupported", "unsupportedReason": reason})
        return
    answer.named.add(instance.id.key)
    before, after = _documents(answer, instance, _told(resource.body))
    answer.changes.append(change | _difference(answer, before, after))


def _difference(answer: WhatIf, before: dict[str, Any] | None, after: dict[str, Any]) -> dict[str, Any]:
    if answer.is_id_only:
        return {"changeType": "Create" if before is None else "Deploy"}
    if before is None:
        return {"changeType": "Create", "before": None, "after": after, "delta": None}
    before = answer.mask.hide(before)
    delta = property_changes(before, after)
    return {"changeType": "Modify" if delta else "NoChange", "before": before, "after": after, "delta": delta}


def _documents(
    answer: WhatIf, instance: Instance, body: dict[str, Any]
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    state = answer.surroundings.state
    if instance.id.is_resource_group:
        group = state.find_group(instance.id.subscription or "", instance.id.group or "")
        there = shown_group(group, instance.api_version) if group else None
        return there, predicted_group(instance, body, group)
    resource = state.find_resource(instance.id)
    if resource is None:
        return None, predicted_resource(instance, body, None, None)
    before = shown_resource(answer.surroundings, resource, instance.api_version)
    return before, predicted_resource(instance, body, resource, before)


def _told(value: Any) -> Any:
    """A copy in which what can't be told yet stands as an expression."""
    if isinstance(value, PartialObject) and not isinstance(value, OpenObject):
        return HIDDEN if value.what == SECURE_VALUE else f"[{value.what}(...)]"
    if isinstance(value, dict):
        return {name: _told(item) for name, item in value.items()}
    return [_told(item) for item in value] if isinstance(value, list) else value


def _groups(prepared: Prepared) -> dict[str, ResourceId]:
    """The resource groups that a deployment and those nested in it go to."""
    found = {prepared.target.key: prepared.target} if prepared.target.group else {}
    for instance in prepared.instances:
        if instance.is_run and instance.child:
            found |= _groups(instance.child)
    return found


def _add_unnamed(answer: WhatIf, group: ResourceId, kept: Collection[str] | None) -> None:
    """What is there and no template makes: left alone, or deleted by a Complete deployment of its resource group.

    `kept` are the keys of what that one keeps, because the template calls it existing; None for an Incremental one. Of
    what is left alone only top-level resources are told, of what is deleted all that ARM keeps track of.
    """
    for resource in answer.surroundings.state.resources(group):
        if resource.id.key in answer.named or not is_tracked(resource):
            continue
        kind = "Ignore" if kept is None or resource.id.key in kept else "Delete"
        if kind == "Ignore" and resource.id.parent is not None:
            continue
        document = shown_resource(answer.surroundings, resource, resource.api_version)
        payload = {} if answer.is_id_only else {"before": document, "after": None, "delta": None}
        answer.changes.append({"resourceId": str(resource.id), "changeType": kind, **payload})

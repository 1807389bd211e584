"""What-if: for every resource that a deployment names or finds, what would become of it.

Documented at https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if: the change types, that
`reference()` and `list*()` are not told, and that nested templates whose parameters need them are skipped.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.arm.behaviours import Surroundings
from emulator.arm.engine.expansion import check_body
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.prepared import Prepared
from emulator.arm.identifiers import ResourceId
from emulator.arm.previews.delta import property_changes
from emulator.arm.previews.prediction import predicted_group, predicted_resource, shown_group, shown_resource
from emulator.arm.previews.secrets import Mask

MAX_NESTED = 500  # nested templates that what-if expands, same page
RESOURCE_ID_ONLY = "ResourceIdOnly"

_SHORT_CIRCUITED = (
    "A nested deployment got short-circuited and all its resources got skipped from validation. This is due to a "
    "nested template having a parameter that was not fully evaluated (e.g. contains a reference() function)."
)
_TOO_MANY = f"Only the first {MAX_NESTED} nested deployments are expanded; the resources of this one are not predicted."


@dataclass
class WhatIf:
    """The answer in the making."""

    surroundings: Surroundings
    is_id_only: bool
    mask: Mask
    changes: list[dict[str, Any]] = field(default_factory=list)
    diagnostics: list[dict[str, Any]] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    groups: dict[str, ResourceId] = field(default_factory=dict)
    nested: int = 0


def predict(surroundings: Surroundings, prepared: Prepared, result_format: str) -> dict[str, Any]:
    """The `properties` of the answer: `changes`, sorted by id, and `diagnostics`."""
    answer = WhatIf(surroundings, result_format.lower() == RESOURCE_ID_ONLY.lower(), Mask.of(prepared))
    _add_template(answer, prepared)
    _add_unnamed(answer, prepared)
    answer.changes.sort(key=lambda change: str(change["resourceId"]).lower())
    return {"changes": answer.changes, "potentialChanges": [], "diagnostics": answer.diagnostics}


def _add_template(answer: WhatIf, prepared: Prepared) -> None:
    if prepared.target.group:
        answer.groups[prepared.target.key] = prepared.target
    for instance in prepared.instances:
        if instance.is_existing:
            answer.named.add(instance.id.key)
        elif instance.is_run:
            _add(answer, instance)


def _add(answer: WhatIf, instance: Instance) -> None:
    answer.named.add(instance.id.key)
    if not instance.id.is_deployment:
        answer.changes.append(_change(answer, instance))
        return
    answer.nested += 1
    if instance.child is None or answer.nested > MAX_NESTED:
        reason = _SHORT_CIRCUITED if instance.child is None else _TOO_MANY
        answer.changes.append(
            {"resourceId": str(instance.id), "changeType": "Unsupported", "unsupportedReason": reason}
        )
        answer.diagnostics.append(
            {
                "level": "Warning",
                "code": "NestedDeploymentShortCircuited",
                "message": reason,
                "target": str(instance.id),
                "additionalInfo": [],
            }
        )
    else:
        _add_template(answer, instance.child)


def _change(answer: WhatIf, instance: Instance) -> dict[str, Any]:
    before, after = _documents(answer, instance)
    change: dict[str, Any] = {"resourceId": str(instance.id)}
    if instance.symbol:
        change["symbolicName"] = instance.symbol
    if answer.is_id_only:
        return change | {"changeType": "Create" if before is None else "Deploy"}
    if before is None:
        return change | {"changeType": "Create", "before": None, "after": answer.mask.hide(after), "delta": None}
    delta = property_changes(before, after)
    return change | {
        "changeType": "Modify" if delta else "NoChange",
        "before": answer.mask.hide(before),
        "after": answer.mask.hide(after),
        "delta": answer.mask.hide(delta),
    }


def _documents(answer: WhatIf, instance: Instance) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    state, body = answer.surroundings.state, check_body(instance)
    if instance.id.is_resource_group:
        group = state.find_group(instance.id.subscription or "", instance.id.group or "")
        return group and shown_group(group, instance.api_version), predicted_group(instance, body, group)
    resource = state.find_resource(instance.id)
    if resource is None:
        return None, predicted_resource(instance, body, None, None)
    before = shown_resource(answer.surroundings, resource, instance.api_version)
    return before, predicted_resource(instance, body, resource, before)


def _add_unnamed(answer: WhatIf, prepared: Prepared) -> None:
    """What is there and no template names: left alone, or deleted by a Complete deployment of its resource group."""
    for group in answer.groups.values():
        is_complete = prepared.request.mode == "Complete" and group.key == prepared.target.key
        for resource_id, document in _unnamed(answer, group):
            change: Mapping[str, Any] = {"changeType": "Delete" if is_complete else "Ignore"}
            payload = {} if answer.is_id_only else {"before": document, "after": None, "delta": None}
            answer.changes.append({"resourceId": str(resource_id), **change, **payload})


def _unnamed(answer: WhatIf, group: ResourceId) -> Iterator[tuple[ResourceId, dict[str, Any]]]:
    for resource in answer.surroundings.state.resources(group):
        is_top_level = resource.id.parent is None and not resource.id.is_extension
        if is_top_level and not resource.id.is_deployment and resource.id.key not in answer.named:
            yield resource.id, shown_resource(answer.surroundings, resource, resource.api_version)

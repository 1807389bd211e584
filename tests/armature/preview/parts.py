"""Azure's answers, and what is made of them, as tests want them."""

from datetime import UTC, datetime
from typing import Any

from armature.preview import (
    ChangeKind,
    Preview,
    PreviewMode,
    PropertyChange,
    PropertyChangeKind,
    ResourceChange,
    TemplatePreview,
    TemplateVerdict,
)
from armature.preview.merging import counts_of, merged
from armature.preview.reading import changes_of
from armature.preview.wording import summary_of

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-shop"


def resource_id(kind: str, name: str) -> str:
    """The id of a resource; the parents of a child are all called `parent`."""
    namespace, *types = kind.split("/")
    names = [*["parent"] * (len(types) - 1), name]
    pairs = "/".join(f"{type_}/{of_it}" for type_, of_it in zip(types, names, strict=True))
    return f"{GROUP}/providers/{namespace}/{pairs}"


def delta(
    path: str, kind: str = "Modify", before: Any = None, after: Any = None, children: Any = None
) -> dict[str, Any]:
    """A property change as ARM tells it."""
    return {"path": path, "propertyChangeType": kind, "before": before, "after": after, "children": children}


def answered(*changes: dict[str, Any]) -> dict[str, Any]:
    """The properties of ARM's answer."""
    return {"changes": list(changes), "potentialChanges": [], "diagnostics": []}


def modified(kind: str, *deltas: dict[str, Any], name: str = "one", api_version: str = "") -> dict[str, Any]:
    """A resource that ARM says would be modified, by a template that writes it by this API version."""
    return {
        "resourceId": resource_id(kind, name),
        "changeType": "Modify",
        "before": {},
        "after": {"apiVersion": api_version} if api_version else {},
        "delta": deltas and list(deltas),
    }


def read(*changes: dict[str, Any], tags: dict[str, str] | None = None) -> tuple[ResourceChange, ...]:
    """What is made of an answer."""
    return changes_of(answered(*changes), "network", tags or {})


def change(
    name: str,
    kind: ChangeKind = ChangeKind.MODIFY,
    template: str = "network",
    properties: tuple[PropertyChange, ...] = (),
    **parts: Any,
) -> ResourceChange:
    """What would become of a resource."""
    type_ = "Microsoft.Test/things"
    templates = () if kind is ChangeKind.IGNORE else (template,)
    return ResourceChange(
        id=resource_id(type_, name),
        type=type_,
        name=name,
        kind=kind,
        templates=templates,
        properties=properties,
        **parts,
    )


def property_change(path: str = "properties.size", before: Any = 1, after: Any = 2, **parts: Any) -> PropertyChange:
    """A property that would change."""
    return PropertyChange(path=path, kind=PropertyChangeKind.MODIFY, before=before, after=after, **parts)


def part(template: str, verdict: TemplateVerdict = TemplateVerdict.ACCEPTED, **fields: Any) -> TemplatePreview:
    """What was told of a template."""
    return TemplatePreview(template=template, verdict=verdict, **fields)


def preview_of(*changes: Any, mode: PreviewMode = PreviewMode.WHAT_IF, templates: tuple[Any, ...] = ()) -> Preview:
    """The preview of a deployment that would change this."""
    resources = merged(changes)
    counts = counts_of(resources)
    return Preview(
        deployment_id="shop-1",
        mode=mode,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        message=summary_of(mode, counts, templates),
        counts=counts,
        templates=templates,
        resources=resources,
    )

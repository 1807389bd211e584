"""Nested deployments that Azure can't look into before they are deployed: what they write nobody can tell.

One whose name, scope, condition or parameters need the state of a resource is expanded neither by validation nor by
what-if (`NestedDeploymentShortCircuited`,
https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if, 2025-11).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from armature.templates.errors import TemplateError
from armature.templates.expressions import FunctionCall, is_expression, parse_expression, walk
from armature.templates.reading import walk_values

_TYPE = "microsoft.resources/deployments"
_RUNTIME = frozenset({"reference", "references"})
_OF_THE_RESOURCE = ("name", "scope", "resourceGroup", "subscriptionId", "condition", "copy")


def hidden_deployments(template: Mapping[str, Any]) -> tuple[str, ...]:
    """The names, as they are written, of those of a template and of all that is nested in it, in document order."""
    return tuple(dict.fromkeys(_hidden(template)))


def _hidden(template: Mapping[str, Any]) -> Iterator[str]:
    for resource in _resources(template):
        properties = resource.get("properties")
        if str(resource.get("type", "")).lower() != _TYPE or not isinstance(properties, Mapping):
            continue
        asked = [properties.get("parameters"), *(resource.get(name) for name in _OF_THE_RESOURCE)]
        if any(map(_needs_state, asked)):
            yield str(resource.get("name", ""))
        elif isinstance(nested := properties.get("template"), Mapping):
            yield from _hidden(nested)


def _resources(template: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    resources = template.get("resources")
    listed = resources.values() if isinstance(resources, Mapping) else resources
    return (each for each in listed if isinstance(each, Mapping)) if listed else iter(())


def _needs_state(value: Any) -> bool:
    texts = (text for _, text in walk_values(value) if isinstance(text, str) and is_expression(text))
    return any(map(_asks_for_state, texts))


def _asks_for_state(expression: str) -> bool:
    try:
        nodes = list(walk(parse_expression(expression)))
    except TemplateError:
        return False  # Azure refuses it, and says so
    calls = [node for node in nodes if isinstance(node, FunctionCall) and node.namespace is None]
    return any(call.name.lower() in _RUNTIME or call.name.lower().startswith("list") for call in calls)

"""Nested deployments: the request that a deployment resource makes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from armature.templates.expressions import is_expression
from emulator.arm.engine.bodies import declared_properties, is_inner_scope, is_symbolic
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.refusals import violation
from emulator.arm.engine.request import DeploymentRequest, nested_request
from emulator.arm.engine.scope import TemplateScope
from emulator.arm.engine.tree import evaluate_leaf, evaluate_tree

_EVALUATION_SCOPES = ("inner", "outer", "notspecified", "")


def child_template(instance: Instance) -> Any:
    """The template that is written in a deployment resource; None for a linked one.

    One of outer scope is evaluated by its parent, as all else that the resource holds, and has no expressions left.
    Raises like the evaluation of a body.
    """
    properties = declared_properties(instance.declaration)
    template, options = properties.get("template"), properties.get("expressionEvaluationOptions")
    if _scope_of(options) not in _EVALUATION_SCOPES:
        reason = f"The template resource '{instance.title}' at {instance.place} is not valid."
        raise violation(reason, instance.place)
    if template is not None and is_symbolic(instance.scope.template) and _scope_of(options) == "outer":
        version = instance.scope.template["languageVersion"]
        reason = (
            f"Template language version '{version}' does not support 'Outer' expression evaluation. Ensure you have "
        )
        raise violation(f"{reason}set expressionEvaluationOptions.scope to 'Inner'.", instance.place)
    if template is None or is_inner_scope(instance):
        return template
    return evaluate_tree(template, instance.scope, _finished, (*instance.path, "properties", "template"))


def _scope_of(options: Any) -> str:
    return str(options.get("scope", "")).lower() if isinstance(options, Mapping) else ""


def _finished(text: str, scope: TemplateScope) -> Any:
    return _escaped(evaluate_leaf(text, scope))


def _escaped(value: Any) -> Any:
    """A value that an evaluation of the template, yet to come, leaves as it is."""
    if isinstance(value, str):
        return f"[{value}" if is_expression(value) else value
    if isinstance(value, Mapping):
        return {name: _escaped(item) for name, item in value.items()}
    return [_escaped(item) for item in value] if isinstance(value, list) else value


def child_request(parent: Prepared, instance: Instance, body: Mapping[str, Any], template: Any) -> DeploymentRequest:
    """The request of an evaluated deployment resource, `template` being the one that is written in it.

    Raises `ArmError` as a request of its own would.
    """
    properties = body.get("properties")
    content = dict(properties) if isinstance(properties, Mapping) else {}
    if template is not None:
        content["template"] = template
    body = {**body, "properties": content} if isinstance(properties, Mapping) else body
    request = nested_request(parent.request, instance.id, body, parent.scope.context.link)
    if request.template is None:
        return request
    return replace(request, source=parent.scope.source.inside(*instance.path, "properties", "template"))

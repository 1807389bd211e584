"""Nested deployments: the request that a deployment resource makes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.arm.engine.bodies import declared_properties, is_inner_scope, is_symbolic
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.prepared import Prepared
from emulator.arm.engine.refusals import violation
from emulator.arm.engine.request import DeploymentRequest, nested_request
from emulator.arm.engine.tree import evaluate_tree

_EVALUATION_SCOPES = ("inner", "outer", "notspecified", "")


def child_template(instance: Instance) -> Any:
    """The template that is written in a deployment resource; None for a linked one.

    One of outer scope is evaluated by its parent, as all else that the resource holds, whatever templates are in there.
    What looks like an expression afterwards, such as one that was escaped, is evaluated when its own turn comes (asked
    of Microsoft's engine). Raises like the evaluation of a body.
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
    return evaluate_tree(template, instance.scope, path=(*instance.path, "properties", "template"))


def _scope_of(options: Any) -> str:
    return str(options.get("scope", "")).lower() if isinstance(options, Mapping) else ""


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

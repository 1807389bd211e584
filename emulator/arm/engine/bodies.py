"""What a resource's provider gets: the declared body, evaluated when its turn comes, or as far as it can be told."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, UnresolvedError
from armature.templates.evaluation import evaluate
from armature.templates.expressions import FunctionCall, is_expression, walk
from emulator.arm.engine.instance import Instance
from emulator.arm.engine.known import Known
from emulator.arm.engine.refusals import invalid_resource
from emulator.arm.engine.scope import TemplateScope, pending_leaf
from emulator.arm.engine.tree import bounded, evaluate_leaf, evaluate_tree, parse
from emulator.arm.errors import ArmError

_NOT_BODY = frozenset(
    "type name apiversion condition copy dependson resources scope comments existing subscriptionid resourcegroup "
    "metadata asserts import".split()
)
_MAY_ASK_RESOURCES = frozenset(("properties", "tags", "sku"))  # asked of Microsoft's engine
_IN_PREDICTIONS = "properties"  # the only part in which other resources' properties are told before they are there


def evaluate_body(instance: Instance) -> dict[str, Any]:
    """The resource as its provider gets it; of a nested deployment without its template, which has its own scope.

    Raises ExpressionError, ExpressionSyntaxError, UnresolvedError, `ArmError`.
    """
    return _without_nulls(_evaluated(instance, instance.scope, evaluate_leaf))


def partial_body(instance: Instance, scope: TemplateScope) -> dict[str, Any]:
    """The resource as far as it can be told; what can't is a `Pending`.

    Raises ExpressionError, ExpressionSyntaxError, `ArmError`.
    """
    return _without_nulls(_evaluated(instance, scope, pending_leaf))


def check_body(instance: Instance) -> dict[str, Any]:
    """The resource as far as it can be told without a running resource; what can't stays an expression.

    Notes in the instance which resources it refers to. Raises InvalidTemplate for whatever fails already now.
    """
    references: set[str] = set()

    def visit(text: str, scope: TemplateScope) -> Any:
        if is_expression(text):
            references.update(_referenced(text, scope))
        try:
            return evaluate_leaf(text, scope)
        except UnresolvedError:
            return text

    try:
        told = _evaluated(instance, instance.scope, visit)
    except (ExpressionError, ExpressionSyntaxError) as error:
        raise invalid_resource(instance.title, instance.place, error.message) from error
    if instance.id.is_deployment and not is_inner_scope(instance):
        references |= _outer_references(declared_properties(instance.declaration).get("template"), instance.scope)
    instance.references = frozenset(references)
    return _without_nulls(told)


def _evaluated(instance: Instance, scope: TemplateScope, visit: Callable[[str, Any], Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for key, value in _body(instance).items():
        of_key = scope if key.lower() in _MAY_ASK_RESOURCES else scope.at_rest()
        if scope.is_partial and key.lower() != _IN_PREDICTIONS:
            of_key = replace(of_key, known=Known())
        body[key] = bounded(evaluate_tree(value, of_key, visit, (*instance.path, key)))
    return body


def _without_nulls(body: dict[str, Any]) -> dict[str, Any]:
    """A top-level null (`"tags": null`) is as good as nothing."""
    return {key: value for key, value in body.items() if value is not None}


def _body(instance: Instance) -> dict[str, Any]:
    body = {key: value for key, value in instance.declaration.items() if key.lower() not in _NOT_BODY}
    properties = body.get("properties")
    if instance.id.is_deployment and isinstance(properties, Mapping):
        body["properties"] = {key: value for key, value in properties.items() if key != "template"}
    return body


def failed_body(instance: Instance, error: ExpressionError | ExpressionSyntaxError) -> ArmError:
    """A resource's body can't be evaluated now that its turn has come."""
    place = instance.place
    message = (
        f"Unable to process template language expressions for resource '{instance.id}' at {place}. '{error.message}'"
    )
    info = {"lineNumber": place.line, "linePosition": place.column, "path": place.path}
    return ArmError(400, "InvalidTemplate", message, additional_info=[{"type": "TemplateViolation", "info": info}])


def is_inner_scope(instance: Instance) -> bool:
    """True when a nested deployment's expressions are its own.

    Linked templates' always are, and since `languageVersion` 2.0 all are.
    """
    properties = declared_properties(instance.declaration)
    if properties.get("template") is None or is_symbolic(instance.scope.template):
        return True
    options = properties.get("expressionEvaluationOptions")
    return isinstance(options, Mapping) and str(options.get("scope", "outer")).lower() == "inner"


def is_symbolic(template: Mapping[str, Any]) -> bool:
    """True for a template of `languageVersion` 2.0 or later."""
    return str(template.get("languageVersion", "")).startswith("2.")


def declared_properties(declaration: Mapping[str, Any]) -> Mapping[str, Any]:
    """A resource's properties as they are written; none when an expression stands for them all."""
    properties = declaration.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def _referenced(text: str, scope: TemplateScope) -> Iterator[str]:
    """The resources of this template that an expression waits for: named ones, and ids without an API version."""
    for node in walk(parse(text)):
        if not (isinstance(node, FunctionCall) and node.namespace is None and node.arguments):
            continue
        name = node.name.lower()
        if name not in ("reference", "references") and not name.startswith("list"):
            continue
        try:
            named = evaluate(node.arguments[0], scope)
        except (UnresolvedError, ExpressionError):
            continue
        is_id = isinstance(named, str) and named.startswith("/")
        if isinstance(named, str) and not (is_id and len(node.arguments) > 1):
            yield named


def _outer_references(template: Any, scope: TemplateScope) -> set[str]:
    """What the parent must have made before an outer-scope template can start: its expressions are the parent's."""
    found: set[str] = set()
    waiting = [template]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and is_expression(value):
            try:
                found.update(_referenced(value, scope))
            except ExpressionSyntaxError:
                continue  # reported, with its place, when the nested template is expanded
    return found

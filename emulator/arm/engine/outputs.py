"""The outputs of a deployment: evaluated at its end, checked against their types, secure ones kept out of sight."""

from collections.abc import Mapping
from typing import Any

from armature.templates.errors import ExpressionError, ExpressionSyntaxError, TemplateError, UnresolvedError
from emulator.arm.engine.parameters import check_value, followed, is_secure, shown_type
from emulator.arm.engine.refusals import violation
from emulator.arm.engine.scope import TemplateScope
from emulator.arm.engine.tree import evaluate_tree, unroll
from emulator.arm.errors import ArmError

_CODE = "DeploymentOutputEvaluationFailed"


def evaluate_outputs(template: Mapping[str, Any], scope: TemplateScope) -> dict[str, Any]:
    """`{name: {type, value}}`; a secure output has no value.

    Raises `ArmError` (400 DeploymentOutputEvaluationFailed) that names every output which can't be told.
    """
    outputs: dict[str, Any] = {}
    failures: list[dict[str, Any]] = []
    for name, declaration in followed(template, "outputs", scope.source).items():
        try:
            if evaluate_tree(declaration.get("condition", True), scope.of_output(name)) is not True:
                continue
            value = _value(name, declaration, scope)
            check_value(name, declaration, value, scope.source, scope.types, what="output")
        except TemplateError as error:
            failures.append({"code": _CODE, "target": name, "message": _reason(name, error)})
        except ArmError as error:
            failures.append({"code": error.code, "target": name, "message": error.message})
        else:
            outputs[name] = {"type": shown_type(declaration)} | ({} if is_secure(declaration) else {"value": value})
    if failures:
        names = ",".join(str(failure["target"]) for failure in failures)
        message = (
            f"Unable to evaluate template outputs: '{names}'. Please see error details and deployment operations. "
            "Please see https://aka.ms/arm-common-errors for usage details."
        )
        raise ArmError(400, _CODE, message, details=failures)
    return outputs


def check_outputs(template: Mapping[str, Any], scope: TemplateScope) -> None:
    """Evaluate what needs no running resource; raises InvalidTemplate for what can't be right."""
    for name, declaration in followed(template, "outputs", scope.source).items():
        try:
            if evaluate_tree(declaration.get("condition", True), scope.of_output(name).at_rest()) is True:
                value = _value(name, declaration, scope)
                check_value(name, declaration, value, scope.source, scope.types, what="output")
        except UnresolvedError:
            continue
        except (ExpressionError, ExpressionSyntaxError) as error:
            raise violation(error.message, scope.source.place("outputs", name)) from error


def predict_outputs(template: Mapping[str, Any], scope: TemplateScope) -> dict[str, Any]:
    """`{name: {type, value}}` as far as it can be told, secure ones included: for predictions only.

    Raises InvalidTemplate.
    """
    outputs: dict[str, Any] = {}
    for name, declaration in followed(template, "outputs", scope.source).items():
        try:
            condition = evaluate_tree(
                declaration.get("condition", True), scope.of_output(name).at_rest(), scope.visitor
            )
            if condition is False:
                continue
            value = _value(name, declaration, scope)
            check_value(name, declaration, value, scope.source, scope.types, what="output")
        except (ExpressionError, ExpressionSyntaxError) as error:
            raise violation(error.message, scope.source.place("outputs", name)) from error
        outputs[name] = {"type": declaration.get("type"), "value": value}
    return outputs


def _value(name: str, declaration: Mapping[str, Any], scope: TemplateScope) -> Any:
    path, inside = ("outputs", name), scope.of_output(name)
    if isinstance(loop := declaration.get("copy"), Mapping):
        return unroll({"name": "", **loop}, inside, scope.visitor, (*path, "copy"), has_loops=False)
    return evaluate_tree(declaration.get("value"), inside, scope.visitor, (*path, "value"), has_loops=False)


def _reason(name: str, error: TemplateError) -> str:
    return f"The template output '{name}' is not valid: {error}."

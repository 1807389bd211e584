"""The outputs of a deployment: evaluated at its end, checked against their types, secure ones kept out of sight."""

from collections.abc import Mapping
from typing import Any

from armature.templates.errors import ExpressionError, TemplateError
from armature.templates.evaluation import evaluate_value
from emulator.arm.engine.parameters import check_value, is_secure, shown_type
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
    for name, declaration in (template.get("outputs") or {}).items():
        try:
            if evaluate_value(declaration.get("condition", True), scope) is not True:
                continue
            value = _value(declaration, scope)
            _check(name, declaration, value)
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


def _value(declaration: Mapping[str, Any], scope: TemplateScope) -> Any:
    if isinstance(loop := declaration.get("copy"), Mapping):
        return unroll({"name": "", **loop}, scope)
    return evaluate_tree(declaration.get("value"), scope)


def _check(name: str, declaration: Mapping[str, Any], value: Any) -> None:
    try:
        check_value(name, {"type": declaration.get("type"), "nullable": declaration.get("nullable")}, value)
    except ArmError as error:
        message = (
            f"The provided value for the template output '{name}' is not valid. Expected a value of type "
            f"'{shown_type(declaration)}'. Please see https://aka.ms/arm-create-parameter-file for usage details."
        )
        raise ExpressionError("InvalidTemplate", message) from error


def _reason(name: str, error: TemplateError) -> str:
    return f"The template output '{name}' is not valid: {error}."

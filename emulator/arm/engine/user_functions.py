"""Calling the functions that a template defines: they see their arguments and the deployment, and nothing else."""

from collections.abc import Mapping
from typing import Any

from armature.templates.errors import ExpressionError
from armature.templates.partial import pending_parts
from armature.templates.types import TypeDefinitions, argument_of, result_of

_HELP = "Please see https://aka.ms/arm-functions for usage details."


def find_function(template: Mapping[str, Any], namespace: str, name: str) -> Mapping[str, Any]:
    """The definition of a function; raises ExpressionError when the template has none."""
    for group in template.get("functions") or []:
        if str(group.get("namespace", "")).lower() == namespace.lower():
            for key, member in (group.get("members") or {}).items():
                if key.lower() == name.lower() and isinstance(member, Mapping):
                    return member
    raise _refused(f"The template function '{namespace}.{name}' is not valid. {_HELP}")


def check_arguments(
    types: TypeDefinitions, function: str, definition: Mapping[str, Any], arguments: list[Any]
) -> dict[str, Any]:
    """The arguments by the lower-case name of their parameter; raises ExpressionError for what does not fit."""
    declared = definition.get("parameters") or []
    if len(declared) != len(arguments):
        raise _refused(
            f"The template language function '{function}' expects exactly '{len(declared)}' parameters. {_HELP}"
        )
    given: dict[str, Any] = {}
    for parameter, value in zip(declared, arguments, strict=True):
        name = str(parameter["name"])
        _check(types, value, parameter, name, argument_of(function))
        given[name.lower()] = value
    return given


def check_result(types: TypeDefinitions, function: str, definition: Mapping[str, Any], value: Any) -> Any:
    """The result, if it is of the declared type; raises ExpressionError."""
    _check(types, value, definition["output"], "", result_of(function))
    return value


def _check(types: TypeDefinitions, value: Any, declared: Mapping[str, Any], path: str, subject: Any) -> None:
    if "type" not in declared and "$ref" not in declared:
        return
    if next(pending_parts(value), None) is None and (faults := types.check(value, declared, path, subject)):
        raise _refused(faults[0])


def unknown_parameter(function: str, name: str) -> ExpressionError:
    """A function asks for a parameter that it does not declare."""
    help_text = "Please see https://aka.ms/arm-syntax-functions for usage details."
    return _refused(f"The parameter '{name}' is not found in template function '{function}'. {help_text}")


def _refused(message: str) -> ExpressionError:
    return ExpressionError("InvalidTemplate", message)

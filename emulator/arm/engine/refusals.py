"""The words of ARM's refusals of a template."""

import re

from armature.templates.errors import ExpressionSyntaxError
from armature.templates.expressions import is_expression, parse_expression, render
from emulator.arm.engine.source import Place, Source
from emulator.arm.errors import ArmError, invalid_template

FUNCTIONS_HELP = "Please see https://aka.ms/arm-functions for usage details."
RESOURCES_HELP = "Please see https://aka.ms/arm-syntax-resources for usage details."
LOOPS_HELP = "Please see https://aka.ms/arm-resource-loops for usage details."
_WHOLE = (
    "The template parameter '",
    "The template variable '",
    "The template expression in parameter '",
    "The template 'copy' definition",
    "The deployment metadata '",
)

_NO_LOOP = re.compile(r"The template (?:language )?function 'copyIndex' (?:has an|is not expected)", re.IGNORECASE)
_ITSELF = "symbol references itself in its own definition"


def is_whole(reason: str) -> bool:
    """True for reasons that name their subject: ARM tells them without the place where they came up."""
    of_function = reason.startswith("The provided value for the ") and "the user-defined function '" in reason
    return of_function or reason.startswith(_WHOLE) or "definition cycles back to itself" in reason or _ITSELF in reason


def violation(reason: str, place: Place | None = None) -> ArmError:
    """InvalidTemplate for what stands at a place."""
    if place is None:
        return invalid_template(reason)
    return invalid_template(reason, line=place.line, column=place.column, path=place.path)


def invalid_resource(name: str, place: Place, reason: str) -> ArmError:
    """The template is refused because of one resource."""
    if is_whole(reason):
        return violation(reason, place)
    name = as_shown(name)
    return violation(f"The template resource '{name}' at {place} is not valid: {reason}. {FUNCTIONS_HELP}", place)


def invalid_variable(name: str, source: Source, reason: str) -> ArmError:
    """The template is refused because of one variable; it is not named when it asks for a loop that is not there."""
    place = source.place("variables", name)
    if is_whole(reason) or _NO_LOOP.match(reason):
        return violation(reason, place)
    return violation(f"The template variable '{name}' is not valid: {reason}. {FUNCTIONS_HELP}", place)


def invalid_default(name: str, source: Source, reason: str) -> ArmError:
    """The template is refused because of the default value of one parameter."""
    place = source.place("parameters", name, "defaultValue")
    if is_whole(reason):
        return violation(reason, place)
    return violation(f"The template expression in parameter '{name}' at {place} is not valid: {reason}", place)


def as_shown(name: str) -> str:
    """A name as it is repeated: an expression with the engine's own spacing."""
    try:
        return f"[{render(parse_expression(name))}]" if is_expression(name) else name
    except ExpressionSyntaxError:
        return name


def not_expected_here(function: str) -> str:
    """A function that needs a running resource stands where none can be asked."""
    return f"The template function '{function}' is not expected at this location. {FUNCTIONS_HELP}"


def no_such_symbol(name: str) -> str:
    """A symbolic name that no resource of the template has."""
    return f"The template resource '{name}' is not found. Please see https://aka.ms/arm-syntax for usage details."

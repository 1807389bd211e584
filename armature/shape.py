"""What a model refuses about a JSON document, told as problems with places in that document."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from armature.problems import Problem, ProblemCode, Severity
from armature.templates.reading import JsonDocument, pointer_to


def problem_at(
    document: JsonDocument,
    pointer: str,
    code: ProblemCode,
    message: str,
    next_step: str,
    *,
    severity: Severity = Severity.ERROR,
    of_name: bool = False,
) -> Problem:
    """A problem at `pointer` of a document, with its line and column; `of_name` means the property's name there."""
    place = document.position(pointer, of_name=of_name)
    return Problem(code, message, next_step, document.file, pointer, place.line, place.column, severity)


def shape_problems(error: ValidationError, document: JsonDocument, next_step: str) -> Iterator[Problem]:
    """Every fault that a model found in `document`; none of them repeats the value that is wrong."""
    faults = error.errors(include_url=False, include_input=False)
    for fault in faults:
        if fault["type"] == "too_short" and any(len(other["loc"]) > len(fault["loc"]) for other in faults):
            continue  # pydantic counts sound items only, and the others are told of already
        path = [part for part in fault["loc"] if part != "[key]"]
        message, is_of_name = _message(fault, path, is_key=path != list(fault["loc"]))
        step = f"Remove it, or correct its name. {next_step}" if fault["type"] == "extra_forbidden" else next_step
        yield problem_at(document, pointer_to(*path), ProblemCode.MANIFEST_FIELD, message, step, of_name=is_of_name)


def words_of(fault: ErrorDetails) -> str:
    """What a model says of one fault, in the words of JSON; most complete “the value …”. None repeats the value."""
    template = _WORDS.get(fault["type"])
    if template is None:
        words = fault["msg"].removeprefix("Value error, ").replace("Input should", "should")
        return words[0].lower() + words[1:]
    context: Mapping[str, Any] = fault.get("ctx") or {}
    return template.format(**{name: _number(value) for name, value in context.items()})


def _number(value: object) -> object:
    """A bound as people write it: 0, not 0.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_OBJECT, _ARRAY = "must be an object", "must be an array"
_WORDS = {
    "string_type": "must be a string",
    "string_unicode": "must be a string",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "list_type": _ARRAY,
    "tuple_type": _ARRAY,
    "too_short": "must have at least {min_length} entry",
    "too_long": "must have at most {max_length} entries",
    "enum": "must be {expected}",
    "literal_error": "must be {expected}",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}
"""By pydantic's type of a fault, where its own words are those of Python."""


def is_valid(shape: TypeAdapter[Any], value: Any) -> bool:
    """True when `value` is of that shape."""
    try:
        shape.validate_python(value)
    except ValidationError:
        return False
    return True


def _message(fault: ErrorDetails, path: list[int | str], *, is_key: bool) -> tuple[str, bool]:
    name = path[-1] if path else ""
    if fault["type"] == "missing":
        return f"The key {name!r} is missing.", False
    if fault["type"] == "extra_forbidden":
        return f"The key {name!r} is not known here.", True
    words = words_of(fault)
    if is_key:
        return f"The name {name!r} is not allowed: it {words}.", True
    if words.startswith(("must ", "should ")) and isinstance(name, str) and name:
        return f"{name!r} {words}.", False
    return f"{words[0].upper()}{words[1:]}.", False

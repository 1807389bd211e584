"""What a model refuses about a JSON document, told as problems with places in that document."""

from collections.abc import Iterator
from typing import Any

from pydantic import TypeAdapter, ValidationError

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
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    for fault in faults:
        if fault["type"] == "too_short" and any(len(other["loc"]) > len(fault["loc"]) for other in faults):
            continue  # pydantic counts sound items only, and the others are told of already
        path = [part for part in fault["loc"] if part != "[key]"]
        message, is_of_name = _message(fault["type"], fault["msg"], path, is_key=path != list(fault["loc"]))
        yield problem_at(
            document, pointer_to(*path), ProblemCode.MANIFEST_FIELD, message, next_step, of_name=is_of_name
        )


def is_valid(shape: TypeAdapter[Any], value: Any) -> bool:
    """True when `value` is of that shape."""
    try:
        shape.validate_python(value)
    except ValidationError:
        return False
    return True


def _message(kind: str, words: str, path: list[int | str], *, is_key: bool) -> tuple[str, bool]:
    name = path[-1] if path else ""
    if kind == "missing":
        return f"The key {name!r} is missing.", False
    if kind == "extra_forbidden":
        return f"The key {name!r} is not known here.", True
    words = words.removeprefix("Value error, ")
    if is_key:
        return f"The name {name!r} is not allowed: {words[0].lower()}{words[1:]}.", True
    return f"{words[0].upper()}{words[1:]}.", False

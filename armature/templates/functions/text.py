"""Functions of strings, and those that take a string or an array."""

import re
from typing import Any

from armature.templates.errors import ExpressionError
from armature.templates.functions.composite_format import FormatError, ResultTooLongError, composite_format
from armature.templates.functions.signature import (
    Function,
    pure,
    refusal,
    refusal_with_help,
    require,
    require_elements,
    require_one_of,
    require_size,
    small,
    too_large,
)
from armature.templates.limits import MAX_VALUE_ITEMS
from armature.templates.values import are_equal, find_name, to_json, to_text, type_name

_MAX_PADDING = 16


def _concat(arguments: list[Any]) -> Any:
    if arguments and all(isinstance(argument, list) for argument in arguments):
        if sum(map(len, arguments)) > MAX_VALUE_ITEMS:
            raise too_large("concat")
        return [item for argument in arguments for item in argument]
    if any(type(argument) not in (str, int, bool) for argument in arguments):
        raise mixed_concatenation("concat")
    texts = list(map(to_text, arguments))
    require_size("concat", sum(map(len, texts)))
    return "".join(texts)


def mixed_concatenation(name: str) -> ExpressionError:
    """The refusal to join texts with what is none."""
    return refusal(
        f"The provided parameters for language function '{name}' are invalid. Either all or none of the parameters "
        "must be an array. Please see https://aka.ms/arm-function-concat for usage details."
    )


def _format(arguments: list[Any]) -> str:
    template = require("format", arguments, 0, str)
    values = [to_json(value).replace('"', "'") if isinstance(value, dict | list) else value for value in arguments[1:]]
    try:
        return composite_format(template, values)
    except ResultTooLongError as error:
        raise too_large("format") from error
    except FormatError as fault:
        raise refusal(
            f"Unable to evaluate language function 'format': the format is invalid: '{fault}'. "
            "Please see https://aka.ms/arm-function-format for usage details."
        ) from fault


def _string(arguments: list[Any]) -> str:
    return to_text(require_one_of("string", arguments, 0, int, str, bool, dict, list))


def _to_lower(arguments: list[Any]) -> str:
    return _cased(require("toLower", arguments, 0, str, only=True), upper=False)


def _to_upper(arguments: list[Any]) -> str:
    return _cased(require("toUpper", arguments, 0, str, only=True), upper=True)


def _cased(text: str, *, upper: bool) -> str:
    """Case as .NET's invariant culture maps it: one character to one, and none that is not ASCII to one that is."""
    if text.isascii():
        return text.upper() if upper else text.lower()
    mapped = (character.upper() if upper else character.lower() for character in text)
    return "".join(
        old if len(new) != 1 or (upper and new.isascii() and not old.isascii()) else new
        for new, old in zip(mapped, text, strict=True)
    )


def _trim(arguments: list[Any]) -> str:
    text: str = require("trim", arguments, 0, str, only=True)
    return text.strip()


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _from_utf16(data: bytes) -> str:
    return data.decode("utf-16-le", "surrogatepass")


def utf16_length(text: str) -> int:
    """The length of a string as .NET counts it."""
    return len(_utf16(text)) // 2


def utf16_slice(text: str, start: int, end: int) -> str:
    """The part of a string between two UTF-16 offsets."""
    if text.isascii():
        return text[start:end]
    return _from_utf16(_utf16(text)[2 * start : 2 * end])


def _substring(arguments: list[Any]) -> str:
    text = require("substring", arguments, 0, str)
    start = require("substring", arguments, 1, int)
    length = utf16_length(text)
    unable, see = (
        "Unable to evaluate the template language function 'substring'.",
        "Please see https://aka.ms/arm-function-substring for usage details.",
    )
    if start < 0:
        raise refusal(f"{unable} The index parameter cannot be less than zero. The index: '{start}'. {see}")
    if start > length:
        raise refusal(
            f"{unable} The index parameter cannot be larger than the length of the string. The index parameter: "
            f"'{start}', the length of the string parameter: '{length}'. {see}"
        )
    if len(arguments) == 2:
        return utf16_slice(text, start, length)
    count = require("substring", arguments, 2, int)
    if count < 0:
        raise refusal(f"{unable} The length parameter cannot be less than zero. The length parameter: '{count}'. {see}")
    if start + count > length:
        raise refusal(
            f"{unable} The index and length parameters must refer to a location within the string. The index "
            "parameter: "
            f"'{start}', the length parameter: '{count}', the length of the string parameter: '{length}'. {see}"
        )
    return utf16_slice(text, start, start + count)


def _replace(arguments: list[Any]) -> str:
    text, old, new = (require("replace", arguments, index, str) for index in range(3))
    if not old:
        raise refusal_with_help(
            "The template language function 'replace' expects its second parameter to not be null or empty."
        )
    require_size("replace", len(text) + text.count(old) * (len(new) - len(old)))
    return str(text.replace(old, new))


def _split(arguments: list[Any]) -> list[str]:
    text = require("split", arguments, 0, str)
    given = arguments[1] if isinstance(arguments[1], list) else [arguments[1]]
    for delimiter in given:
        if not isinstance(delimiter, str):
            raise refusal_with_help(
                "The template language function 'split' expects its second parameter to be of type 'String or Array of "
                f"Strings'. The provided value is of type '{type_name(delimiter)}'."
            )
    if not given:
        return re.split(r"\s", text)  # as .NET does without delimiters
    delimiters = [delimiter for delimiter in given if delimiter]
    parts, begin, at = [], 0, 0
    while at < len(text):
        found = next((delimiter for delimiter in delimiters if text.startswith(delimiter, at)), None)
        if found:
            parts.append(text[begin:at])
            begin = at = at + len(found)
        else:
            at += 1
    return [*parts, text[begin:]]


def _join(arguments: list[Any]) -> str:
    require("join", arguments, 0, list)
    delimiter: str = require("join", arguments, 1, str)
    texts = list(map(to_text, require_elements("join", arguments, 0, str, int, bool, is_sorted=True)))
    require_size("join", sum(map(len, texts)) + len(delimiter) * len(texts))
    return delimiter.join(texts)


def _starts_with(arguments: list[Any]) -> bool:
    text, start = require("startsWith", arguments, 0, str), require("startsWith", arguments, 1, str)
    return _folded(text).startswith(_folded(start))


def _ends_with(arguments: list[Any]) -> bool:
    text, end = require("endsWith", arguments, 0, str), require("endsWith", arguments, 1, str)
    return _folded(text).endswith(_folded(end))


def _folded(text: str) -> str:
    """For comparisons without regard to case: the invariant culture's upper case, length unchanged."""
    return _cased(text, upper=True)


def _index_of(arguments: list[Any]) -> int:
    return _find("indexOf", arguments, last=False)


def _last_index_of(arguments: list[Any]) -> int:
    return _find("lastIndexOf", arguments, last=True)


def _find(name: str, arguments: list[Any], *, last: bool) -> int:
    where = require_one_of(name, arguments, 0, str, list)
    if isinstance(where, list):
        places = [index for index, item in enumerate(where) if are_equal(item, arguments[1])]
        return (places[-1] if last else places[0]) if places else -1
    sought = require(name, arguments, 1, str)
    if last and not sought:
        return max(utf16_length(where) - 1, 0)
    at = _folded(where).rfind(_folded(sought)) if last else _folded(where).find(_folded(sought))
    return utf16_length(where[:at]) if at >= 0 else -1


def _pad_left(arguments: list[Any]) -> str:
    syntax = (
        "The syntax is padLeft(string, totalWidth [, paddingChar]). "
        "Please see https://aka.ms/arm-function-padleft for usage details."
    )
    text = arguments[0]
    if type(text) not in (str, int):
        raise refusal(
            "Unable to evaluate template language function 'padLeft': the first parameter is invalid. The source "
            "string "
            f"must be a String or integer type, while '{type_name(text)}' was provided. {syntax}"
        )
    width = require("padLeft", arguments, 1, int)
    if not 1 <= width <= _MAX_PADDING:
        raise refusal(
            "Unable to evaluate template language function 'padLeft': the second parameter is invalid. Total width "
            "must "
            f"be a positive integer value and not greater than '{_MAX_PADDING}', while '{width}' was provided. {syntax}"
        )
    padding = require("padLeft", arguments, 2, str) if len(arguments) == 3 else " "
    if len(padding) != 1:
        raise refusal(
            "Unable to evaluate template language function 'padLeft': the third parameter is invalid. The padding "
            f"character must be a single character, while '{padding}' was provided. {syntax}"
        )
    return to_text(text).rjust(width, padding)


def _contains(arguments: list[Any]) -> bool:
    container, sought = arguments
    if isinstance(container, list):
        return any(are_equal(item, sought) for item in container)
    if isinstance(container, dict) and isinstance(sought, str):
        return find_name(container, sought) is not None
    if isinstance(container, str) and isinstance(sought, str):
        return sought in container
    raise refusal(
        "The template function 'contains' expects parameters of matching types: a dictionary and a key (string), an "
        "array "
        "and a value (object), or a string and a substring. The provided types "
        f"'{type_name(container)}' and '{type_name(sought)}' are incompatible. "
        "Please see https://aka.ms/arm-function-contains for usage details."
    )


def _length(arguments: list[Any]) -> int:
    value = arguments[0]
    if isinstance(value, str):
        return utf16_length(value)
    if isinstance(value, list | dict):
        return len(value)
    raise refusal(
        "The template language function 'length' expects its parameter to be an array, object, or a string. The "
        "provided "
        f"value is of type '{type_name(value)}'. Please see https://aka.ms/arm-function-length for usage details."
    )


def _empty(arguments: list[Any]) -> bool:
    value = arguments[0]
    if value is None or isinstance(value, str | list | dict):
        return not value
    raise refusal(
        "The template function 'empty' expects its parameter to be an object, an array, or a string. The provided "
        f"value is of type '{type_name(value)}'. Please see https://aka.ms/arm-function-empty for usage details."
    )


def _end(name: str, index: int) -> Function:
    def pick(arguments: list[Any]) -> Any:
        value = arguments[0]
        if isinstance(value, list):
            return value[index] if value else None
        if isinstance(value, str):
            length = utf16_length(value)
            return utf16_slice(value, *((0, 1) if index == 0 else (max(length - 1, 0), length)))
        raise refusal(
            f"The template language function '{name}' expects its parameter be an array or a string. The provided "
            "value is "
            f"of type '{type_name(value)}'. Please see https://aka.ms/arm-function-{name} for usage details."
        )

    return pure(name, 1, 1, pick)


def _part(name: str, *, taking: bool) -> Function:
    def pick(arguments: list[Any]) -> Any:
        given: int = require(name, arguments, 1, int)
        value = arguments[0]
        count = max(small(given), 0) if isinstance(value, list | str) else 0
        if isinstance(value, list):
            return value[:count] if taking else value[count:]
        if isinstance(value, str):
            return utf16_slice(value, 0, count) if taking else utf16_slice(value, count, utf16_length(value))
        raise refusal(
            f"The template language function '{name}' expects its first parameter 'collection' to be an "
            "array or a "
            f"string. The provided value is of type '{type_name(value)}'. "
            f"Please see https://aka.ms/arm-function-{name} for usage details."
        )

    return pure(name, 2, 2, pick)


FUNCTIONS: tuple[Function, ...] = (
    pure("concat", 0, None, _concat),
    pure("format", 1, None, _format),
    pure("string", 1, 1, _string),
    pure("toLower", 1, 1, _to_lower),
    pure("toUpper", 1, 1, _to_upper),
    pure("trim", 1, 1, _trim),
    pure("substring", 2, 3, _substring),
    pure("replace", 3, 3, _replace),
    pure("split", 2, 2, _split),
    pure("join", 2, 2, _join),
    pure("startsWith", 2, 2, _starts_with),
    pure("endsWith", 2, 2, _ends_with),
    pure("indexOf", 2, 2, _index_of),
    pure("lastIndexOf", 2, 2, _last_index_of),
    pure("padLeft", 2, 3, _pad_left),
    pure("contains", 2, 2, _contains),
    pure("length", 1, 1, _length),
    pure("empty", 1, 1, _empty),
    _end("first", 0),
    _end("last", -1),
    _part("take", taking=True),
    _part("skip", taking=False),
)

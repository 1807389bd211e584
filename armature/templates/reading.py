"""Reading JSON as Azure Resource Manager reads it, with the place of every value.

ARM's own reader (Newtonsoft.Json with its defaults) takes more than RFC 8259: a byte-order mark, `//` and `/* */`
comments, one comma too many before a closing bracket, raw control characters inside strings, strings in single quotes
and bare property names. 2 to 3 % of hand-written templates use one of these.
"""

import json
import math
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from json.decoder import scanstring  # type: ignore[attr-defined]  # the C scanner, which typeshed leaves out
from typing import Any

MAX_NESTING = 200
"""Levels of arrays and objects that are read. No real template is deeper than 80; more is refused, lest it crash."""

_SPACE = re.compile(r"(?:[ \t\r\n\ufeff\u00a0]+|//[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_MAY_BE_SKIPPED = " \t\r\n\ufeff\u00a0/"
_PLAIN_STRING = re.compile(r'"([^"\\]*)"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?(?![\w.+-])")
_NAME = re.compile(r"[A-Za-z_$][\w$-]*")
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_MAX_INTEGER_CHARACTERS = 380  # Newtonsoft.Json, JsonTextReader.MaximumJavascriptIntegerCharacterLength
_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class JsonSyntaxError(ValueError):
    """The text is not JSON, not even as ARM reads it. `line` and `column` are 1-based."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} (line {self.line}, column {self.column})"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text, both numbers 1-based, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class _Places:
    """Offsets in the text, by JSON pointer: where each value begins, and where each property's name does; and the
    pointers of names that stand there again."""

    values: dict[str, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class JsonDocument:
    """A file's value and, on demand, where each part of it stands."""

    file: str
    text: str
    value: Any

    def position(self, pointer: str, *, character: int | None = None, of_name: bool = False) -> Position:
        """Where the value at `pointer` (RFC 6901) begins, or its nearest ancestor that the file has.

        With `character` (0-based) the place of that character of the decoded string value, escapes accounted for. With
        `of_name` the property's name is meant instead of its value.
        """
        places = self._places.names if of_name else self._places.values
        while pointer and pointer not in places:
            pointer = pointer.rpartition("/")[0]
            character, places = None, self._places.values
        offset = places.get(pointer, 0)
        if character is not None and self.text[offset : offset + 1] in ('"', "'"):
            offset = _offset_in_string(self.text, offset, character)
        return self._position_at(offset)

    def pointer_at(self, line: int, column: int) -> str:
        """The pointer to what stands at a place, both numbers 1-based: the last value that begins there or before."""
        if not 0 < line <= len(self._line_starts):
            return ""
        end = self._line_starts[line] if line < len(self._line_starts) else len(self.text) + 1
        offset = min(self._line_starts[line - 1] + column, end) - 1
        begun = [(start, pointer) for pointer, start in self._places.values.items() if start <= offset]
        return max(begun, key=lambda place: (place[0], len(place[1])), default=(0, ""))[1]

    @property
    def repeated(self) -> list[str]:
        """The pointers to properties that are there more than once, of which the last counts."""
        return list(dict.fromkeys(self._places.repeated))

    @cached_property
    def _places(self) -> _Places:
        places = _Places()
        _Reader(self.text, places).read()
        return places

    @cached_property
    def _line_starts(self) -> list[int]:
        return _line_starts(self.text)

    def _position_at(self, offset: int) -> Position:
        return _position(self._line_starts, offset)


def read_json(data: bytes | str, *, file: str) -> JsonDocument:
    """Read a JSON document leniently; of a property that is there twice the last counts.

    Raises JsonSyntaxError with the place of the first fault.
    """
    text = data if isinstance(data, str) else _decode(data)
    text = text.removeprefix("\ufeff")
    return JsonDocument(file=file, text=text, value=_Reader(text, None).read())


def escape_pointer(name: str) -> str:
    """One segment of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def pointer_to(*parts: str | int) -> str:
    """The JSON pointer to a path of property names and indexes."""
    return "".join("/" + escape_pointer(str(part)) for part in parts)


def walk_values(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Every value below and including `value` with its pointer, in document order, without recursion."""
    waiting: list[tuple[str, Any]] = [(pointer, value)]
    while waiting:
        here, current = waiting.pop()
        yield here, current
        if isinstance(current, dict):
            waiting.extend([(f"{here}/{escape_pointer(name)}", child) for name, child in reversed(current.items())])
        elif isinstance(current, list):
            waiting.extend([(f"{here}/{index}", current[index]) for index in range(len(current) - 1, -1, -1)])


def _decode(data: bytes) -> str:
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        readable = data[: error.start].decode(encoding, errors="replace")
        place = _position(_line_starts(readable), len(readable))
        raise JsonSyntaxError(f"The text is not {encoding.upper()}", place.line, place.column) from error


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]


def _position(line_starts: list[int], offset: int) -> Position:
    line = bisect_right(line_starts, offset)
    return Position(line, offset - line_starts[line - 1] + 1)


def _offset_in_string(text: str, start: int, character: int) -> int:
    """The offset in `text` of one character of the string whose opening quote is at `start`."""
    offset = start + 1
    for _ in range(character):
        escape = _ESCAPE.match(text, offset) if text[offset : offset + 1] == "\\" else None
        offset = escape.end() if escape else offset + 1
    return min(offset, len(text))


_DIGITS_AS_NAME = re.compile(r"([0-9][0-9A-Za-z_$]*)\s*:\s*")
_SPECIAL_SCALAR = re.compile(
    r"(?:(?P<hexadecimal>0[xX][0-9a-fA-F]+)|(?P<octal>0[0-7]+)|(?P<padded>-0[0-9]+)|(?P<open>-?(?:\.[0-9]+|[0-9]+\.)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<nothing>undefined)|(?P<word>NaN|-?Infinity))(?=[\s,\]}]|$)"
)


class _Reader:
    """One pass over the text with a stack of its own, so that depth is a limit and not a crash."""

    def __init__(self, text: str, places: _Places | None) -> None:
        self._text = text
        self._places = places

    def read(self) -> Any:
        """The document's value."""
        value, at = self._read_value(self._skip(0))
        at = self._skip(at)
        if at < len(self._text):
            raise self._error("Expected the end of the file", at)
        return value

    def _error(self, message: str, at: int) -> JsonSyntaxError:
        place = _position(_line_starts(self._text), at)
        return JsonSyntaxError(message, place.line, place.column)

    def _skip(self, at: int) -> int:
        if self._text[at : at + 1] not in _MAY_BE_SKIPPED:
            return at
        match = _SPACE.match(self._text, at)
        at = match.end() if match else at
        if self._text.startswith("/*", at):
            raise self._error("The comment is not closed", at)
        return at

    def _read_value(self, at: int) -> tuple[Any, int]:
        text, places = self._text, self._places
        open_containers: list[tuple[Any, str]] = []
        pointer = ""
        while True:
            if places is not None:
                places.values[pointer] = at
            first = text[at : at + 1]
            if first in ("{", "["):
                if len(open_containers) == MAX_NESTING:
                    raise self._error(f"More than {MAX_NESTING} levels of arrays and objects", at)
                open_containers.append(({} if first == "{" else [], pointer))
                at, value = self._skip(at + 1), None
                closed = text[at : at + 1] == ("}" if first == "{" else "]")
            else:
                value, at = self._read_scalar(at)
                closed = False
                if not open_containers:
                    return value, at
                self._put(open_containers[-1][0], value)
                at, closed = self._after_value(open_containers[-1][0], at)
            while closed:
                container, _ = open_containers.pop()
                at += 1
                if not open_containers:
                    return container, at
                self._put(open_containers[-1][0], container)
                at, closed = self._after_value(open_containers[-1][0], at)
            container, base = open_containers[-1]
            if isinstance(container, dict):
                name_at = at
                name, at = self._read_name(at)
                container[_PENDING] = name
                if places is not None:
                    pointer = f"{base}/{escape_pointer(name)}"
                    if pointer in places.names:
                        places.repeated.append(pointer)
                    places.names[pointer] = name_at
            elif places is not None:
                pointer = f"{base}/{len(container)}"

    @staticmethod
    def _put(container: Any, value: Any) -> None:
        if isinstance(container, dict):
            container[container.pop(_PENDING)] = value
        else:
            container.append(value)

    def _after_value(self, container: Any, at: int) -> tuple[int, bool]:
        """Where the next value or name begins, or the closing bracket, and whether it is the latter."""
        text = self._text
        closing = "}" if isinstance(container, dict) else "]"
        at = self._skip(at)
        after = text[at : at + 1]
        if after == ",":
            at = self._skip(at + 1)
            return at, text[at : at + 1] == closing
        if after == closing:
            return at, True
        found = f"'{after}'" if after else "the end of the file"
        raise self._error(f"Expected ',' or '{closing}', found {found}", at)

    def _read_name(self, at: int) -> tuple[str, int]:
        text = self._text
        match = _PLAIN_STRING.match(text, at)
        if match:
            name, at = match.group(1), match.end()
        elif text[at : at + 1] in ('"', "'"):
            name, at = self._read_string(at)
        else:
            bare = _NAME.match(text, at)
            if not bare:
                found = f"'{text[at : at + 1]}'" if at < len(text) else "the end of the file"
                raise self._error(f"Expected a property name, found {found}", at)
            name, at = bare.group(), bare.end()
        at = self._skip(at)
        if text[at : at + 1] != ":":
            raise self._error(f"Expected ':' after the property name '{name[:80]}'", at)
        return name, self._skip(at + 1)

    def _read_scalar(self, at: int) -> tuple[Any, int]:
        text = self._text
        match = _PLAIN_STRING.match(text, at)
        if match:
            return match.group(1), match.end()
        if text[at : at + 1] in ('"', "'"):
            return self._read_string(at)
        number = _NUMBER.match(text, at)
        if number:
            return self._number(number, at), number.end()
        word = _NAME.match(text, at)
        if word and word.group() in _LITERALS:
            return _LITERALS[word.group()], word.end()
        found = f"'{word.group()[:80] if word else text[at]}'" if at < len(text) else "the end of the file"
        raise self._error(f"Expected a value, found {found}", at)

    def _number(self, match: re.Match[str], at: int) -> int | float:
        if match.group(1) or match.group(2):
            value = float(match.group())
            if math.isinf(value):
                raise self._error("The number is too large", at)
            return value
        if len(match.group()) > _MAX_INTEGER_CHARACTERS:
            raise self._error("The number is too large", at)
        return int(match.group())

    def _read_string(self, at: int) -> tuple[str, int]:
        text = self._text
        if text[at] == "'":
            end = at + 1
            while text[end : end + 1] not in ("'", ""):
                end += 2 if text[end] == "\\" else 1
            if end >= len(text):
                raise self._error("The string is not closed", at)
            body = re.sub(r"\\(.)|\"", _requote, text[at + 1 : end], flags=re.DOTALL)
            return self._scan(f'"{body}"', 0, at)[0], end + 1
        return self._scan(text, at, at)

    def _scan(self, text: str, at: int, reported: int) -> tuple[str, int]:
        try:
            value, end = scanstring(text, at + 1, False)
        except json.JSONDecodeError as error:
            unclosed = error.msg.startswith("Unterminated")
            message = "The string is not closed" if unclosed else f"{error.msg} in a string"
            raise self._error(message, reported if unclosed or text is not self._text else error.pos) from error
        if _HALF_CHARACTER.search(value):  # no text, and nothing that could be written as UTF-8 again
            raise self._error("Half of a surrogate pair in a string", reported)
        return str(value), int(end)


_PENDING = object()
"""The key under which an object being read keeps the name whose value comes next."""


def _requote(match: re.Match[str]) -> str:
    if match.group() == '"':
        return '\\"'
    return "'" if match.group(1) == "'" else match.group()


def read_first_value(text: str) -> Any:
    """The first JSON value in a text, what follows it ignored: how ARM's json() function reads its argument.

    Raises JsonSyntaxError.
    """
    return _FirstReader(text, None).read_first()


class _FirstReader(_Reader):
    """The reader of json(): Newtonsoft.Json's, which takes more for JSON than the one for files.

    Elements that are left out are null, the end of the text closes what is open behind a value, numbers may be
    hexadecimal, octal or without digits at one side of the point.
    """

    def read_first(self) -> Any:
        """The first value; whatever follows it is ignored, as ARM's json() function does."""
        return self._read_value(self._skip(0))[0]

    def _after_value(self, container: Any, at: int) -> tuple[int, bool]:
        at = self._skip(at)
        return (at, True) if at >= len(self._text) else super()._after_value(container, at)

    def _read_name(self, at: int) -> tuple[str, int]:
        digits = _DIGITS_AS_NAME.match(self._text, at)
        return (digits.group(1), digits.end()) if digits else super()._read_name(at)

    def _read_scalar(self, at: int) -> tuple[Any, int]:
        if self._text[at : at + 1] == ",":
            return None, at
        special = _SPECIAL_SCALAR.match(self._text, at)
        if special is None:
            return super()._read_scalar(at)
        kind, digits = special.lastgroup, special.group()
        match kind:
            case "word":
                return float(digits), special.end()
            case "hexadecimal":
                return self._within_64_bits(int(digits, 16), at), special.end()
            case "octal":
                return self._within_64_bits(int(digits, 8), at), special.end()
            case "padded":
                return int(digits), special.end()
            case "open":
                return float(digits), special.end()
        return None, special.end()

    def _number(self, match: re.Match[str], at: int) -> int | float:
        is_float = match.group(1) or match.group(2)
        return float(match.group()) if is_float else super()._number(match, at)

    def _within_64_bits(self, number: int, at: int) -> int:
        if number >= 2**64:
            raise self._error("The number is too large", at)
        return number - 2**64 if number >= 2**63 else number

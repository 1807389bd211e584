"""`$filter` expressions, as far as ARM's lists know them: comparisons, functions, `and`, `or`, `not`, parentheses.

Source: https://learn.microsoft.com/rest/api/resources/resources/list, `$filter`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[A-Za-z_][\w./]*)|(?P<sign>[(),]))")


_OF_SCOPES = frozenset({"atscope", "atexactscope", "assignedto"})
"""Functions that say which items a list begins with: they hold for every item that is in it."""


class FilterSyntaxError(ValueError):
    """A filter that can't be read."""


class Facts(Protocol):
    """What can be asked of an item of a list."""

    def field(self, name: str) -> str | None:
        """The value of a field by its lower-case name; None when the list has no such field."""

    def tags(self) -> Mapping[str, str]:
        """The tags by lower-case name."""


@dataclass(frozen=True)
class Comparison:
    """`field eq 'value'` or `field ne 'value'`; the field in lower case."""

    field: str
    is_equal: bool
    value: str


@dataclass(frozen=True)
class Call:
    """`name(argument, …)`; names of functions and fields are in lower case, texts without their quotes."""

    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Every:
    """`a and b and …`."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class Some:
    """`a or b or …`."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class Not:
    """`not a`."""

    part: "Filter"


Filter = Comparison | Call | Every | Some | Not


def read_filter(text: str) -> Filter:
    """Parse a filter; raises `FilterSyntaxError`."""
    reader = _Reader(list(_tokens(text)))
    found = reader.some()
    if reader.tokens:
        raise FilterSyntaxError(f"'{reader.tokens[0]}' is not expected")
    return found


def write_filter(expression: Filter) -> str:
    """A text that reads as the expression."""
    match expression:
        case Comparison(field, is_equal, value):
            return f"{field} {'eq' if is_equal else 'ne'} {_quoted(value)}"
        case Call(name, arguments):
            return f"{name}({', '.join(map(_quoted, arguments))})"
        case Not(part):
            return f"not ({write_filter(part)})"
        case Every(parts):
            return " and ".join(f"({write_filter(part)})" for part in parts)
        case Some(parts):
            return " or ".join(f"({write_filter(part)})" for part in parts)


def meets(expression: Filter, facts: Facts) -> bool:
    """True when an item meets the filter; raises `FilterSyntaxError` for what `check_names` would refuse."""
    match expression:
        case Comparison() as comparison:
            return _compares(comparison, facts, None)
        case Call(name, arguments):
            return _holds(name, arguments, facts)
        case Not(part):
            return not meets(part, facts)
        case Some(parts):
            return any(meets(part, facts) for part in parts)
        case Every(parts):
            tag = next((p.value for p in parts if isinstance(p, Comparison) and p.field == "tagname"), None)
            return all(_compares(p, facts, tag) if isinstance(p, Comparison) else meets(p, facts) for p in parts)


def check_names(expression: Filter, facts: Facts) -> None:
    """Raise `FilterSyntaxError` for a field or a function that is not known."""
    match expression:
        case Comparison() | Call():
            meets(expression, facts)
        case Not(part):
            check_names(part, facts)
        case Every(parts) | Some(parts):
            for part in parts:
                check_names(part, facts)


def comparisons(expression: Filter | None, field: str) -> list[str]:
    """The values that a field is to equal, wherever in the expression."""
    match expression:
        case Comparison(name, True, value) if name == field:
            return [value]
        case Every(parts) | Some(parts):
            return [value for part in parts for value in comparisons(part, field)]
    return []


def calls(expression: Filter | None, name: str) -> list[Call]:
    """The calls of a function, wherever in the expression."""
    match expression:
        case Call() as call if call.name == name:
            return [call]
        case Every(parts) | Some(parts):
            return [call for part in parts for call in calls(part, name)]
    return []


def _compares(comparison: Comparison, facts: Facts, tag: str | None) -> bool:
    name, value = comparison.field, comparison.value
    if name == "tagname":
        return (value.lower() in facts.tags()) is comparison.is_equal
    if name == "tagvalue":
        tags = facts.tags()
        told: Iterable[str | None] = tags.values() if tag is None else [tags.get(tag.lower())]
        return (value in told) is comparison.is_equal
    found = facts.field(name)
    if found is None:
        raise FilterSyntaxError(f"'{name}' is no field of this list")
    return (found.lower() == value.lower()) is comparison.is_equal


def _holds(name: str, arguments: tuple[str, ...], facts: Facts) -> bool:
    if name in _OF_SCOPES:
        return True
    if name not in ("substringof", "startswith") or len(arguments) != 2:
        raise FilterSyntaxError(f"the function '{name}' is not known here")
    part, field = arguments if name == "substringof" else (arguments[1], arguments[0])
    if name == "startswith" and field.lower() == "tagname":
        return any(tag.startswith(part.lower()) for tag in facts.tags())
    found = facts.field(field.lower())
    if found is None:
        raise FilterSyntaxError(f"'{field}' is no field of this list")
    return part.lower() in found.lower() if name == "substringof" else found.lower().startswith(part.lower())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if not found:
            raise FilterSyntaxError(f"the text can't be read from position {at}")
        yield found[found.lastgroup or 0]
        at = found.end()


class _Reader:
    """Reads the tokens from the left; what was read is gone from `tokens`."""

    def __init__(self, tokens: list[str], depth: int = 0) -> None:
        self.tokens, self._depth = tokens, depth

    def some(self) -> Filter:
        parts = [self._every()]
        while self._takes("or"):
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _every(self) -> Filter:
        parts = [self._one()]
        while self._takes("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self) -> Filter:
        if self._takes("not"):
            return Not(self._deeper()._one())
        if self._takes("("):
            inner = self._deeper().some()
            self._expect(")")
            return inner
        word = self._next()
        if self._takes("("):
            return Call(word.lower(), tuple(self._arguments()))
        operator = self._next().lower()
        if operator not in ("eq", "ne"):
            raise FilterSyntaxError(f"'{operator}' is no operator of this list")
        return Comparison(word.lower(), operator == "eq", _unquoted(self._next()))

    def _deeper(self) -> "_Reader":
        if self._depth > 50:
            raise FilterSyntaxError("it is nested too deeply")
        return _Reader(self.tokens, self._depth + 1)

    def _arguments(self) -> Iterator[str]:
        while not self._takes(")"):
            word = self._next()
            yield _unquoted(word) if word.startswith("'") else word
            if not self._takes(","):
                self._expect(")")
                return

    def _next(self) -> str:
        if not self.tokens:
            raise FilterSyntaxError("it ends too early")
        return self.tokens.pop(0)

    def _takes(self, token: str) -> bool:
        if self.tokens and self.tokens[0].lower() == token:
            self.tokens.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._takes(token):
            raise FilterSyntaxError(f"'{token}' is missing")


def _unquoted(token: str) -> str:
    if not token.startswith("'"):
        raise FilterSyntaxError(f"'{token}' is no text")
    return token[1:-1].replace("''", "'")

"""Conditions of role assignments that limit which roles may be given, to whom: the delegation of role assignments.

What is understood: `ActionMatches`, the attributes of role assignments of `@Request` and `@Resource`, comparisons of
GUIDs and texts, also over sets, and AND, OR, `!` and parentheses. Conditions on data, which the storage emulator would
have to know, are kept and not looked at. Sources: the pages conditions-format and
conditions-authorization-actions-attributes below https://learn.microsoft.com/azure/role-based-access-control, 2025.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.arm.governance.roles import matches

VERSION = "2.0"
MAX_CHARACTERS = 8 * 1024
"""Azure RBAC limits, 2025."""
_DEEPEST = 100
"""Parentheses in parentheses: a limit of this emulator's."""

_OF_ASSIGNMENTS = "microsoft.authorization/roleassignments"
_DELEGATED = (f"{_OF_ASSIGNMENTS}/write", f"{_OF_ASSIGNMENTS}/delete")
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<attribute>@(?:Request|Resource)\[[^\]]+\])
    |(?P<sign>[(){},!])
    |(?P<text>'(?:[^']|'')*')
    |(?P<word>&&|\|\||[\w:.-]+)
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_SETS = {"foranyofanyvalues": any, "forallofanyvalues": any, "foranyofallvalues": all, "forallofallvalues": all}
"""How the values of a set are joined: an attribute of a role assignment has one value, so ANY and ALL of it are one."""

_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "guidequals": lambda one, other: one.lower() == other.lower(),
    "guidnotequals": lambda one, other: one.lower() != other.lower(),
    "stringequals": lambda one, other: one == other,
    "stringnotequals": lambda one, other: one != other,
    "stringequalsignorecase": lambda one, other: one.lower() == other.lower(),
    "stringnotequalsignorecase": lambda one, other: one.lower() != other.lower(),
}


class ConditionError(ValueError):
    """The text is no condition of the kind described above."""


@dataclass(frozen=True)
class Delegated:
    """A role assignment that is written or deleted: its properties as asked for, and as they are."""

    request: Mapping[str, Any]
    resource: Mapping[str, Any]

    def value(self, attribute: str) -> str | None:
        """The value of `@Request[Microsoft.Authorization/roleAssignments:PrincipalId]`; None when there is none."""
        source, _, name = attribute[1:-1].partition("[")
        kind, _, key = name.partition(":")
        if kind.lower() != _OF_ASSIGNMENTS:
            return None
        properties = self.request if source.lower() == "request" else self.resource
        found = {
            "roledefinitionid": str(properties.get("roleDefinitionId") or "").rpartition("/")[2],
            "principalid": str(properties.get("principalId") or ""),
            "principaltype": str(properties.get("principalType") or ""),
        }.get(key.lower())
        return found or None


def concerns_delegation(condition: str) -> bool:
    """Whether a condition is about role assignments."""
    return _OF_ASSIGNMENTS in condition.lower()


def holds(condition: str, action: str, subject: Delegated | None) -> bool:
    """Whether a condition lets an action through; all but writing and deleting role assignments it leaves alone.

    Without a `subject` nothing is known of the assignment yet: who asks is let on, and asked again when it is.

    Raises:
        ConditionError: it can't be read.
    """
    if subject is None or action.lower() not in _DELEGATED or not concerns_delegation(condition):
        return True
    return _Reader(condition, action, subject).read()


def check(condition: str) -> None:
    """Raise ConditionError for a text that is no condition on role assignments."""
    _Reader(condition, _DELEGATED[0], Delegated({}, {})).read()


class _Reader:
    """Reads a condition from left to right and tells what it comes to; every part of it is read."""

    def __init__(self, text: str, action: str, subject: Delegated) -> None:
        if len(text) > MAX_CHARACTERS:
            raise ConditionError(f"it has more than {MAX_CHARACTERS} characters")
        self._tokens, self._depth = list(_tokens(text)), 0
        self._action, self._subject = action, subject

    def read(self) -> bool:
        told = self._any()
        if self._tokens:
            raise ConditionError(f"what follows is not expected: {self._tokens[0]}")
        return told

    def _any(self) -> bool:
        told = self._all()
        while self._next_is("or", "||"):
            told = self._all() or told
        return told

    def _all(self) -> bool:
        told = self._one()
        while self._next_is("and", "&&"):
            told = self._one() and told
        return told

    def _one(self) -> bool:
        if self._next_is("!", "not"):
            return not self._deeper(self._one)
        if self._next_is("("):
            told = self._deeper(self._any)
            self._expect(")")
            return told
        if self._next_is("actionmatches"):
            return any(matches(pattern, self._action) for pattern in self._set())
        return self._comparison()

    def _deeper(self, read: Callable[[], bool]) -> bool:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ConditionError("it is nested too deeply")
        told = read()
        self._depth -= 1
        return told

    def _comparison(self) -> bool:
        attribute = self._take()
        if not attribute.startswith("@"):
            raise ConditionError(f"an attribute is expected in place of {attribute}")
        over, _, name = self._take().lower().rpartition(":")
        compare = _COMPARISONS.get(name)
        if compare is None or (over and over not in _SETS):
            raise ConditionError(f"there is no comparison {name}")
        given, value = self._set() if over else [_unquoted(self._take())], self._subject.value(attribute)
        if value is None:
            return False
        join = _SETS.get(over, all)
        return join(compare(value, one) for one in given)

    def _set(self) -> list[str]:
        self._expect("{")
        found = [_unquoted(self._take())]
        while self._next_is(","):
            found.append(_unquoted(self._take()))
        self._expect("}")
        return found

    def _next_is(self, *wanted: str) -> bool:
        if self._tokens and self._tokens[0].lower() in wanted:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, sign: str) -> None:
        if self._take() != sign:
            raise ConditionError(f"{sign} is expected")

    def _take(self) -> str:
        if not self._tokens:
            raise ConditionError("it ends too early")
        return self._tokens.pop(0)


def _tokens(text: str) -> Iterator[str]:
    place, text = 0, text.strip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ConditionError(f"it can't be read at {text[place : place + 20]}")
        place = found.end()
        yield found[0].strip()


def _unquoted(token: str) -> str:
    return token[1:-1].replace("''", "'") if token.startswith("'") else token

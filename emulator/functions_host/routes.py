"""ASP.NET route templates of HTTP triggers: which path they match, with what values, how specific they are.

Segments: a literal, ``{name}``, ``{name:constraint}``, ``{name?}``, ``{*rest}``. Constraints: int, guid, alpha, bool,
regex(...), length(n), min/max of length; several may follow one another. Literals do not tell upper from lower case.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from emulator.functions_host.errors import HostError

_PARAMETER = re.compile(
    r"\{(?P<star>\*{0,2})(?P<name>\w+)(?P<constraints>(?::(?:[^{}:()]+(?:\(.*?\)(?=[:}?]))?))*)(?P<optional>\?)?\}"
)
_CONSTRAINT = re.compile(r":(?P<name>\w+)(?:\((?P<argument>.*?)\)(?=:|$))?")

_SIMPLE_CONSTRAINTS = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "alpha": r"[A-Za-z]+",
    "bool": r"(?i:true|false)",
    "guid": r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
}

_LITERAL, _CONSTRAINED, _FREE, _REST = range(4)


@dataclass(frozen=True)
class Route:
    """A compiled route template."""

    template: str
    pattern: re.Pattern[str]
    precedence: tuple[int, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """Return the route values of a path without its leading slash, None when it is another route's."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        return {name: unquote(value) for name, value in found.groupdict().items() if value is not None}


def compile_route(template: str) -> Route:
    """Compile a template.

    Raises `HostError` for a template or a constraint that this host does not know.
    """
    pattern = ""
    precedence = []
    for number, segment in enumerate(template.strip("/").split("/") if template.strip("/") else []):
        separator = "/" if number else ""
        text, rank, is_optional = _segment(segment, template)
        pattern += f"(?:{separator}{text})?" if is_optional else f"{separator}{text}"
        precedence.append(rank)
    return Route(template, re.compile(pattern), tuple(precedence))


def _segment(segment: str, template: str) -> tuple[str, int, bool]:
    parts, rank, end, is_optional = "", _LITERAL, 0, False
    for parameter in _PARAMETER.finditer(segment):
        parts += _literal(segment[end : parameter.start()], template)
        end = parameter.end()
        constraints = parameter["constraints"]
        value = "[^/]+"
        if parameter["star"]:
            value, rank, is_optional = ".*", _REST, True
        elif constraints:
            value, rank = _constrained(constraints, template), max(rank, _CONSTRAINED)
        else:
            rank = max(rank, _FREE)
        is_optional = is_optional or bool(parameter["optional"])
        parts += f"(?P<{parameter['name']}>{value})"
    return parts + _literal(segment[end:], template), rank, is_optional


def _literal(text: str, template: str) -> str:
    if "{" in text or "}" in text:
        raise HostError(f"the route '{template}' is not understood near '{text}'")
    return f"(?i:{re.escape(text)})" if text else ""


def _constrained(constraints: str, template: str) -> str:
    """Return a pattern that every constraint agrees to: lookaheads, then the value."""
    ahead = "".join(f"(?={_constraint(c, template)}(?:/|$))" for c in _CONSTRAINT.finditer(constraints))
    return f"{ahead}[^/]+"


def _constraint(constraint: re.Match[str], template: str) -> str:
    name, argument = constraint["name"].lower(), constraint["argument"]
    if name in _SIMPLE_CONSTRAINTS:
        return _SIMPLE_CONSTRAINTS[name]
    if name == "regex" and argument is not None:
        return _regex(argument)
    if name in ("length", "minlength", "maxlength") and argument is not None and re.fullmatch(r"[\d, ]+", argument):
        bounds = {"length": argument, "minlength": f"{argument},", "maxlength": f"1,{argument}"}[name]
        return f"[^/]{{{bounds.replace(' ', '')}}}"
    raise HostError(f"the route '{template}' has the constraint '{name}', which this host does not know")


def _regex(argument: str) -> str:
    """Return a .NET pattern that is matched anywhere in the value; braces are doubled in a template."""
    pattern = argument.replace("{{", "{").replace("}}", "}").replace(r"\\", "\\")
    start = "" if pattern.startswith("^") else "[^/]*?"
    end = "" if pattern.endswith("$") else "[^/]*"
    return f"{start}(?:{pattern.removeprefix('^').removesuffix('$')}){end}"

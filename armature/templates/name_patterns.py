"""Names that can't be told, as patterns of what of them can: `concat('web-', parameters('x'))` is `web-` and more."""

import re
from dataclasses import dataclass

from armature.templates.errors import ExpressionSyntaxError, TemplateError
from armature.templates.evaluation import StaticScope, evaluate
from armature.templates.expressions import (
    Expression,
    FunctionCall,
    StringLiteral,
    is_expression,
    parse_expression,
    unescape,
)

_ANYTHING = ".*"
_NUMBER = r"\d+"
_HOLE = re.compile(r"\{(\d+)(?::[^}]*)?\}")
_SAME_BUT_FOR_CASE = ("tolower", "toupper", "string", "trim")
_MAX_DEPTH = 20


@dataclass(frozen=True)
class NamePattern:
    """What is known of a name: `pattern` matches it without regard to case, `literal` counts the known characters."""

    pattern: re.Pattern[str]
    literal: int

    def fits(self, name: str) -> bool:
        """Whether a name can be this one."""
        return self.pattern.fullmatch(name) is not None


def name_pattern(name: str, scope: StaticScope) -> NamePattern:
    """The pattern of a name as a template has it, evaluated as far as `scope` can tell."""
    parts = _parts(name, scope)
    literal = sum(len(part) for part in parts if not part.startswith(_MARK))
    text = "".join(part.removeprefix(_MARK) if part.startswith(_MARK) else re.escape(part) for part in parts)
    text = re.sub(r"(?:\.\*)+", _ANYTHING, text)
    return NamePattern(re.compile(text, re.IGNORECASE | re.DOTALL), literal)


_MARK = "\ue000"
"""Before a part that is a regular expression and no literal: a character that no name has."""


def _parts(name: str, scope: StaticScope) -> list[str]:
    if not is_expression(name):
        return [unescape(name)]
    try:
        return _parts_of(parse_expression(name), scope, 0)
    except ExpressionSyntaxError:
        return [_MARK + _ANYTHING]


def _parts_of(node: Expression, scope: StaticScope, depth: int) -> list[str]:
    try:
        return [_text(evaluate(node, scope))]
    except (TemplateError, ValueError):
        pass
    if depth > _MAX_DEPTH or not isinstance(node, FunctionCall) or node.namespace is not None:
        return [_MARK + _ANYTHING]
    arguments, function = node.arguments, node.name.lower()
    if function == "copyindex":
        return [_MARK + _NUMBER]
    if function == "concat":
        return [part for argument in arguments for part in _parts_of(argument, scope, depth + 1)]
    if function in _SAME_BUT_FOR_CASE and len(arguments) == 1:
        return _parts_of(arguments[0], scope, depth + 1)
    if function == "format" and arguments and isinstance(arguments[0], StringLiteral):
        return _formatted(arguments[0].value, arguments[1:], scope, depth)
    if function == "variables" and arguments and isinstance(arguments[0], StringLiteral):
        return _of_variable(arguments[0].value, scope, depth)
    return [_MARK + _ANYTHING]


def _formatted(text: str, arguments: tuple[Expression, ...], scope: StaticScope, depth: int) -> list[str]:
    parts, end = [], 0
    for hole in _HOLE.finditer(text):
        index = int(hole.group(1))
        inside = _parts_of(arguments[index], scope, depth + 1) if index < len(arguments) else [_MARK + _ANYTHING]
        parts += [text[end : hole.start()], *inside]
        end = hole.end()
    return [*parts, text[end:]]


def _of_variable(name: str, scope: StaticScope, depth: int) -> list[str]:
    written = scope.written_variable(name)
    if not isinstance(written, str) or not is_expression(written):
        return [_MARK + _ANYTHING]
    try:
        return _parts_of(parse_expression(written), scope, depth + 1)
    except ExpressionSyntaxError:
        return [_MARK + _ANYTHING]


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("no part of a name")
    return str(value)

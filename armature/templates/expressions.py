"""The template language: text to syntax tree and back.

    expression := literal | integer | call access*
    call       := [ namespace '.' ] name '(' [ expression ( ',' expression )* ] ')'
    access     := '.' name | '[' expression ']'
    literal    := "'" ( character | "''" )* "'"
    integer    := [ '+' | '-' ] digit+                        within 64 bits

A string of a template is an expression when it begins with `[`, ends with `]` and does not begin with `[[`; a leading
`[[` stands for a literal `[`. Tokens, rules and error wording were checked against Microsoft's engine, which, like
this module, reads token by token, so that the first fault in reading order is the one reported.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from armature.templates.errors import ExpressionSyntaxError
from armature.templates.limits import MAX_EXPRESSION_CHARACTERS

MAX_DEPTH = 100
"""Levels of calls, accesses and indexes inside one another. ARM has no such limit; real expressions stay below 30."""


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """A string in single quotes; `value` is without the quotes and escapes."""

    value: str
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A 64-bit integer."""

    value: int
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of a template function, or with a `namespace` of one that the template defines."""

    name: str
    arguments: "tuple[Expression, ...]" = ()
    namespace: str | None = None
    column: int = field(default=1, compare=False)

    @property
    def full_name(self) -> str:
        """The name as it is written, with its namespace."""
        return f"{self.namespace}.{self.name}" if self.namespace else self.name

    def calls(self, name: str) -> bool:
        """True for a call of ARM's own function of that name (lowercase)."""
        return self.namespace is None and self.name.lower() == name


@dataclass(frozen=True, slots=True)
class PropertyAccess:
    """`target.name`; column is that of the name."""

    target: "Expression"
    name: str
    column: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class IndexAccess:
    """`target[index]`; column is that of the bracket."""

    target: "Expression"
    index: "Expression"
    column: int = field(default=1, compare=False)


Expression = StringLiteral | NumberLiteral | FunctionCall | PropertyAccess | IndexAccess


def is_expression(text: str) -> bool:
    """Whether ARM takes this string for an expression."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def unescape(text: str) -> str:
    """The literal that a string which is no expression stands for: `[[x]` is `[x]`."""
    return text[1:] if text.startswith("[[") and text.endswith("]") else text


def escape(text: str) -> str:
    """The string that a template must hold for ARM to read `text` as a literal."""
    return f"[{text}" if text.startswith("[") and text.endswith("]") else text


def parse_expression(text: str) -> Expression:
    """Parse a string for which is_expression() holds.

    Raises ExpressionSyntaxError for anything that ARM would not parse, that is longer than ARM's limit, or nested more
    than MAX_DEPTH deep.
    """
    if not is_expression(text):
        raise ExpressionSyntaxError("An expression begins with '[' and ends with ']'.", 1)
    if len(text) > MAX_EXPRESSION_CHARACTERS:
        message = f"The expression has {len(text)} characters: the limit is {MAX_EXPRESSION_CHARACTERS}."
        raise ExpressionSyntaxError(message, MAX_EXPRESSION_CHARACTERS + 1)
    return _Parser(text[1:-1]).parse()


def walk(expression: Expression) -> Iterator[Expression]:
    """Every node of the tree, a node before its parts, in reading order."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case FunctionCall():
                waiting.extend(reversed(node.arguments))
            case PropertyAccess():
                waiting.append(node.target)
            case IndexAccess():
                waiting.extend((node.index, node.target))
            case _:
                pass


def render(expression: Expression) -> str:
    """The text of a tree without the outer brackets: parse_expression(f"[{render(e)}]") has the same shape as e."""
    match expression:
        case StringLiteral():
            quoted = expression.value.replace("'", "''")
            return f"'{quoted}'"
        case NumberLiteral():
            return str(expression.value)
        case FunctionCall():
            return f"{expression.full_name}({', '.join(map(render, expression.arguments))})"
        case PropertyAccess():
            return f"{render(expression.target)}.{expression.name}"
        case IndexAccess():
            return f"{render(expression.target)}[{render(expression.index)}]"


_IDENTIFIER: Final = "Identifier"
_LITERAL: Final = "Literal"
_INTEGER: Final = "Integer"
_END: Final = "EndOfData"
_PUNCTUATION: Final = {
    "(": "LeftParenthesis",
    ")": "RightParenthesis",
    "[": "LeftSquareBracket",
    "]": "RightSquareBracket",
    ",": "Comma",
    ".": "Dot",
}
_STRING = re.compile(r"'(?:[^']+|'')*+'")
_DIGITS = re.compile(r"[+-]?\d*")
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


class _Parser:
    """Recursive descent over the expression's body, one token ahead."""

    def __init__(self, body: str) -> None:
        self._body = body
        self._at = 0
        self._depth = 0
        self._token = self._next_token()

    def parse(self) -> Expression:
        expression, _ = self._expression()
        self._expect(_END)
        return expression

    def _expression(self) -> tuple[Expression, int]:
        """One expression and its height as a tree."""
        token = self._token
        if token.kind == _LITERAL:
            self._advance()
            return StringLiteral(token.text[1:-1].replace("''", "'"), _column(token.at)), 1
        if token.kind == _INTEGER:
            self._advance()
            return NumberLiteral(int(token.text), _column(token.at)), 1
        self._depth += 1
        self._check_depth(self._depth, token.at)
        expression, height = self._call()
        while self._token.kind in ("Dot", "LeftSquareBracket"):
            expression, height = self._access(expression, height)
        self._depth -= 1
        return expression, height

    def _call(self) -> tuple[Expression, int]:
        first = self._expect(_IDENTIFIER)
        namespace, name = None, first.text
        if self._token.kind == "Dot":
            self._advance()
            namespace, name = name, self._expect(_IDENTIFIER).text
        self._expect("LeftParenthesis")
        arguments: list[Expression] = []
        height = 0
        if self._token.kind != "RightParenthesis":
            while True:
                argument, argument_height = self._expression()
                arguments.append(argument)
                height = max(height, argument_height)
                if self._token.kind != "Comma":
                    break
                self._advance()
        self._expect("RightParenthesis")
        self._check_depth(height + 1, first.at)
        return FunctionCall(name, tuple(arguments), namespace, _column(first.at)), height + 1

    def _access(self, target: Expression, height: int) -> tuple[Expression, int]:
        opening = self._advance()
        self._check_depth(height + 1, opening.at)
        if opening.kind == "Dot":
            name = self._expect(_IDENTIFIER)
            return PropertyAccess(target, name.text, _column(name.at)), height + 1
        index, index_height = self._expression()
        self._expect("RightSquareBracket")
        height = max(height, index_height) + 1
        self._check_depth(height, opening.at)
        return IndexAccess(target, index, _column(opening.at)), height

    def _check_depth(self, depth: int, at: int) -> None:
        if depth > MAX_DEPTH:
            raise self._invalid(f"it is nested more than {MAX_DEPTH} levels deep", at)

    def _advance(self) -> _Token:
        token = self._token
        self._token = self._next_token()
        return token

    def _expect(self, kind: str) -> _Token:
        token = self._token
        if token.kind != kind:
            reason = f"expected token '{kind}' and actual '{token.kind}'"
            message = f"Unable to parse language expression '{self._body}': {reason}."
            raise ExpressionSyntaxError(message, _column(token.at), reason=reason)
        if kind != _END:
            self._advance()
        return token

    def _next_token(self) -> _Token:
        body = self._body
        while self._at < len(body) and _is_space(body[self._at]):
            self._at += 1
        start = self._at
        if start == len(body):
            return _Token(_END, "", start)
        first = body[start]
        if first in _PUNCTUATION:
            self._at += 1
            return _Token(_PUNCTUATION[first], first, start)
        if first == "'":
            return self._string(start)
        if first in "+-" or first.isdecimal():
            return self._number(start)
        if _starts_identifier(first):
            end = start + 1
            while end < len(body) and (_starts_identifier(body[end]) or body[end].isdecimal()):
                end += 1
            self._at = end
            return _Token(_IDENTIFIER, body[start:end], start)
        raise self._unexpected_character(start)

    def _string(self, start: int) -> _Token:
        match = _STRING.match(self._body, start)
        if not match:
            hint = "String constants must be enclosed within a pair of single quotes."
            reason = f"the string constant at position '{start}' is not terminated"
            message = f"The language expression '{self._body}' is not valid: {reason}. {hint}"
            raise ExpressionSyntaxError(message, _column(start), reason=f"{reason}. {hint}".removesuffix("."))
        self._at = match.end()
        return _Token(_LITERAL, match.group(), start)

    def _number(self, start: int) -> _Token:
        match = _DIGITS.match(self._body, start)
        text = match.group() if match else ""
        end = start + len(text)
        after = self._body[end : end + 1]
        if after == ".":
            fraction = _DIGITS.match(self._body, end + 1)
            beyond = fraction.end() if fraction else end + 1
            if beyond < len(self._body) and _starts_identifier(self._body[beyond]):
                raise self._unexpected_character(beyond)
            reason = "float point numbers are not supported"
            message = f"The language expression '{self._body}' at position '{start}' is not valid: {reason}."
            raise ExpressionSyntaxError(message, _column(start), reason=reason)
        if after and _starts_identifier(after):
            raise self._unexpected_character(end)
        if not (text.isascii() and text.lstrip("+-") and len(text) <= 40 and _SMALLEST <= int(text) <= _LARGEST):
            raise self._invalid(f"the value '{text}' at position '{start}' cannot be converted to number", start)
        self._at = end
        return _Token(_INTEGER, text, start)

    def _unexpected_character(self, at: int) -> ExpressionSyntaxError:
        return self._invalid(f"the string character '{self._body[at]}' at position '{at}' is not expected", at)

    def _invalid(self, reason: str, at: int) -> ExpressionSyntaxError:
        message = f"The language expression '{self._body}' is not valid: {reason}."
        return ExpressionSyntaxError(message, _column(at), reason=reason)


def _column(at: int) -> int:
    """The 1-based character of the whole string for an offset in its body."""
    return at + 2


def _is_space(character: str) -> bool:
    return character.isspace() and not "\x1c" <= character <= "\x1f"


def _starts_identifier(character: str) -> bool:
    return (character.isalpha() and character <= "\uffff") or character in "_$"

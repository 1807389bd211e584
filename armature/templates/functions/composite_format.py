"""The part of .NET's composite formatting that format() uses: `{index[,width][:specifier]}`.

Source: "Composite formatting", "Standard numeric format strings" and "Custom numeric format strings" (Microsoft Learn),
in the invariant culture, checked against Microsoft's engine.
"""

import math
import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from armature.templates.limits import MAX_VALUE_CHARACTERS
from armature.templates.values import float_text

_STANDARD = re.compile(r"([A-Za-z])(\d{0,9})")
_CUSTOM_TOKEN = re.compile(r"'[^']*'?|\"[^\"]*\"?|\\.?|[eE][+-]?0+|.", re.DOTALL)
_EXPONENT = re.compile(r"[eE][+-]?0+")
_CURRENCY = "¤"
_MOST_DIGITS = 1_000_000  # .NET's own limit of an index or a width
_MOST_PRECISION = 1_000  # .NET allows far more; no template has a use for it

_EARLY_END = "Format item ends prematurely"
_NO_DIGIT = "Expected an ASCII digit"
_STRAY_BRACE = "Unexpected closing brace without a corresponding opening brace"


class FormatError(ValueError):
    """The format string is not valid; the text is .NET's."""


class ResultTooLongError(ValueError):
    """The result would be longer than any value that could be deployed."""


def composite_format(template: str, values: list[Any]) -> str:
    """Replace each item of `template` by its value. Raises FormatError and ResultTooLongError."""
    parts: list[str] = []
    at = length = 0
    while at < len(template):
        character = template[at]
        if character not in "{}":
            brace = re.compile(r"[{}]").search(template, at)
            end = brace.start() if brace else len(template)
            parts.append(template[at:end])
            at = end
        elif template[at + 1 : at + 2] == character:
            parts.append(character)
            at += 2
        elif at + 1 == len(template):
            raise _malformed(at + 1, _EARLY_END)
        elif character == "}":
            raise _malformed(at + 1, _STRAY_BRACE)
        else:
            item = _Item(template, at + 1)
            parts.append(item.text(values))
            length += len(parts[-1])
            if length > MAX_VALUE_CHARACTERS:
                raise ResultTooLongError
            at = item.end
    return "".join(parts)


def _malformed(offset: int, why: str) -> FormatError:
    return FormatError(f"Input string was not in a correct format. Failure to parse near offset {offset}. {why}.")


class _Item:
    """One item, read from behind its opening brace; `end` is behind the closing one."""

    def __init__(self, template: str, at: int) -> None:
        self._template = template
        self.end = at
        self._index = self._number()
        self._width, self._is_left, self._specifier = 0, False, ""
        self._skip_spaces()
        if self._next() == ",":
            self.end += 1
            self._skip_spaces()
            if self._next() == "-":
                self._is_left = True
                self.end += 1
            self._width = self._number()
            self._skip_spaces()
        if self._next() == ":":
            start = self.end + 1
            while self._next() != "}":
                self.end += 1
                if self._next() == "{":
                    raise _malformed(self.end, _EARLY_END)
            self._specifier = template[start : self.end]
        if self._next() != "}":
            raise _malformed(self.end, _EARLY_END)
        self.end += 1

    def text(self, values: list[Any]) -> str:
        if self._index >= len(values):
            raise FormatError(
                "Index (zero based) must be greater than or equal to zero and less than the size of the argument list."
            )
        text = _formatted(values[self._index], self._specifier)
        return text.ljust(self._width) if self._is_left else text.rjust(self._width)

    def _next(self) -> str:
        if self.end == len(self._template):
            raise _malformed(self.end, _EARLY_END)
        return self._template[self.end]

    def _skip_spaces(self) -> None:
        while self._next() == " ":
            self.end += 1

    def _number(self) -> int:
        start = self.end
        while "0" <= self._next() <= "9":
            self.end += 1
        if start == self.end:
            raise _malformed(start, _NO_DIGIT)
        digits = self._template[start : self.end]
        return min(int(digits[-8:]) if len(digits) < 8 else _MOST_DIGITS, _MOST_DIGITS)


def _formatted(value: Any, specifier: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return float_text(value)
    standard = _STANDARD.fullmatch(specifier)
    if not specifier:
        return _plain(value)
    if standard:
        precision = int(standard.group(2)) if standard.group(2) else None
        if precision is not None and precision > _MOST_PRECISION:
            raise FormatError("Format specifier was invalid.")
        with localcontext(prec=_MOST_PRECISION + 400):
            return _standard(value, standard.group(1), precision)
    with localcontext(prec=_MOST_PRECISION + 400):
        return _custom(value, specifier)


def _plain(value: float) -> str:
    return str(value) if isinstance(value, int) else float_text(value)


def _standard(value: float, letter: str, precision: int | None) -> str:
    places = 2 if precision is None else precision
    match letter.upper():
        case "D" if isinstance(value, int):
            return f"{'-' if value < 0 else ''}{abs(value):0{precision or 0}d}"
        case "X" if isinstance(value, int):
            return f"{value & 0xFFFFFFFFFFFFFFFF:0{precision or 0}{letter}}"
        case "B" if isinstance(value, int):
            return f"{value & 0xFFFFFFFFFFFFFFFF:0{precision or 0}b}"
        case "R":
            return _plain(value)
        case "G":
            return _general(value, letter, precision)
        case "F":
            return f"{_rounded(value, places):f}"
        case "N":
            return f"{_rounded(value, places):,f}"
        case "P":
            return f"{_rounded(value, places, scale=100):,f} %"
        case "C":
            text = f"{_CURRENCY}{_rounded(abs(value), places):,f}"
            return f"({text})" if value < 0 else text
        case "E":
            return _scientific(value, letter, 6 if precision is None else precision)
        case _:
            raise FormatError("Format specifier was invalid.")


def _halves(value: float) -> str:
    """How .NET rounds a half: of an integer away from zero, of a float to the even digit."""
    return ROUND_HALF_UP if isinstance(value, int) else ROUND_HALF_EVEN


def _rounded(value: float, places: int, *, scale: int = 1) -> Decimal:
    return (Decimal(value) * scale).quantize(Decimal(1).scaleb(-places), _halves(value))


def _significant(value: float, digits: int) -> Decimal:
    """The value in that many significant digits."""
    exact = Decimal(value)
    if not exact:
        return Decimal(0)
    rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - digits + 1), _halves(value))
    if rounded.adjusted() > exact.adjusted():
        rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - digits + 2), _halves(value))
    return rounded


def _scientific(value: float, letter: str, precision: int) -> str:
    rounded = _significant(value, precision + 1)
    exponent = rounded.adjusted() if rounded else 0
    mantissa = rounded.scaleb(-exponent)
    return f"{mantissa:.{precision}f}{letter}{'-' if exponent < 0 else '+'}{abs(exponent):03d}"


def _general(value: float, letter: str, precision: int | None) -> str:
    if not precision:
        text = _plain(value)
        return text if letter == "G" else text.replace("E", "e")
    rounded = _significant(value, precision).normalize()
    exponent = rounded.adjusted() if rounded else 0
    if -5 < exponent < precision:
        return f"{rounded:f}"
    mantissa = f"{rounded.scaleb(-exponent):f}"
    return f"{mantissa}{'E' if letter == 'G' else 'e'}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _custom(value: float, specifier: str) -> str:
    """Places (`0`, `#`), point, groups (`,`), per cent and literals; sections for positive, negative and zero."""
    sections = _sections(specifier)
    section, is_signed = sections[0], value < 0
    if value < 0 and len(sections) > 1 and sections[1]:
        section, is_signed = sections[1], False
    elif value == 0 and len(sections) > 2 and sections[2]:
        section = sections[2]
    exponent = next((index for index, token in enumerate(section) if _EXPONENT.fullmatch(token)), None)
    if exponent is not None:
        return ("-" if is_signed else "") + _custom_scientific(value, section, exponent)
    point = section.index(".") if "." in section else len(section)
    before = section[:point]
    after = [token for token in section[point + 1 :] if token != "."]
    places = sum(token in ("0", "#") for token in after)
    exact = Decimal(repr(abs(value))).scaleb(2 * section.count("%") - 3 * _scaling_commas(before))
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _, fraction = f"{rounded:f}".partition(".")
    text = _whole_part(before, whole.lstrip("0")) + _fraction_part(after, fraction)
    return f"-{text}" if is_signed and rounded else text


def _scaling_commas(before: list[str]) -> int:
    """The commas right before the point, behind the last place: each divides by a thousand."""
    tokens = [token for token in before if token in ("0", "#", ",")]
    count = 0
    while tokens and tokens[-1] == ",":
        tokens.pop()
        count += 1
    return count if tokens else 0


def _custom_scientific(value: float, section: list[str], at: int) -> str:
    """A number by a pattern with an exponent, of which the token is `at`: its digits fill the places."""
    point = section.index(".") if "." in section else len(section)
    before = sum(token in ("0", "#") for token in section[:point])
    places = before + sum(token in ("0", "#") for token in section[point:])
    exact = abs(Decimal(repr(value)))
    power = exact.adjusted() - before + 1 if exact else 0
    rounded = exact.scaleb(-power).quantize(Decimal(1).scaleb(before - places), ROUND_HALF_UP)
    if rounded and rounded.adjusted() >= before:  # 9.99 became 10
        power += 1
        rounded = exact.scaleb(-power).quantize(Decimal(1).scaleb(before - places), ROUND_HALF_UP)
    mark = section[at]
    sign = "-" if power < 0 else "+" if mark[1] == "+" else ""
    written = f"{mark[0]}{sign}{abs(power):0{mark.count('0')}d}"
    tokens = [*section[:at], f"'{written}'", *section[at + 1 :]]
    whole, _, fraction = f"{rounded:f}".partition(".")
    head = [token for token in tokens[:point] if token != ","]
    tail = [token for token in tokens[point + 1 :] if token != "."]
    return _whole_part(head, whole.lstrip("0")) + _fraction_part(tail, fraction)


def _sections(specifier: str) -> list[list[str]]:
    sections: list[list[str]] = [[]]
    for token in _CUSTOM_TOKEN.findall(specifier):
        if token == ";":
            sections.append([])
        else:
            sections[-1].append(token)
    return sections


def _literal(token: str) -> str:
    if token[0] in "'\"":
        return token.strip(token[0])
    return token[1:] if token[0] == "\\" else token


def _whole_part(tokens: list[str], digits: str) -> str:
    places = [index for index, token in enumerate(tokens) if token in ("0", "#")]
    is_grouped = bool(places) and "," in tokens[places[0] : places[-1]]
    first_zero = next((index for index in places if tokens[index] == "0"), len(tokens))
    parts: list[str] = []
    written = 0

    def write(digit: str) -> None:
        nonlocal written
        if is_grouped and written and written % 3 == 0:
            parts.append(",")
        parts.append(digit)
        written += 1

    for index in range(len(tokens) - 1, -1, -1):
        token = tokens[index]
        if token in ("0", "#"):
            if digits:
                write(digits[-1])
                digits = digits[:-1]
            elif index >= first_zero:
                write("0")
            if index == places[0]:
                for digit in reversed(digits):
                    write(digit)
        elif token != ",":
            parts.append(_literal(token)[::-1])
    return "".join(parts)[::-1] if not is_grouped else "".join(part[::-1] for part in reversed(parts))


def _fraction_part(tokens: list[str], digits: str) -> str:
    places = [token for token in tokens if token in ("0", "#")]
    least = len(places) - places[::-1].index("0") if "0" in places else 0
    kept = digits[:least] + digits[least:].rstrip("0")
    parts = ["."] if kept else []
    for token in tokens:
        if token in ("0", "#"):
            parts.append(kept[:1])
            kept = kept[1:]
        elif token != ",":
            parts.append(_literal(token))
    return "".join(parts)

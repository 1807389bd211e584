"""The part of .NET's composite formatting that format() uses: `{index[,width][:specifier]}`.

Source: "Composite formatting", "Standard numeric format strings" and "Custom numeric format strings" (Microsoft Learn),
in the invariant culture, checked against Microsoft's engine.
"""

import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from armature.templates.values import float_text

_ITEM = re.compile(r"(\d+) *(?:, *(-?\d+) *)?(?::([^{}]*))?\}")
_STANDARD = re.compile(r"([A-Za-z])(\d{0,9})")
_CURRENCY = "¤"


class FormatError(ValueError):
    """The format string is not valid; the text is .NET's."""


def composite_format(template: str, values: list[Any]) -> str:
    """Replace each item of `template` by its value. Raises FormatError."""
    parts: list[str] = []
    at = 0
    while at < len(template):
        character = template[at]
        if character not in "{}":
            end = next((i for i in range(at, len(template)) if template[i] in "{}"), len(template))
            parts.append(template[at:end])
            at = end
        elif template[at + 1 : at + 2] == character:
            parts.append(character)
            at += 2
        elif character == "}":
            raise _malformed(at + 1, "Format item ends prematurely")
        else:
            text, at = _item(template, at + 1, values)
            parts.append(text)
    return "".join(parts)


def _malformed(offset: int, why: str) -> FormatError:
    return FormatError(f"Input string was not in a correct format. Failure to parse near offset {offset}. {why}.")


def _item(template: str, at: int, values: list[Any]) -> tuple[str, int]:
    if not (template[at : at + 1].isascii() and template[at : at + 1].isdigit()):
        raise _malformed(at, "Expected an ASCII digit" if at < len(template) else "Format item ends prematurely")
    match = _ITEM.match(template, at)
    if not match:
        raise _malformed(len(template) if "}" not in template[at:] else at, "Format item ends prematurely")
    index, width, specifier = match.groups()
    if len(index) > 6 or int(index) >= len(values):
        raise FormatError(
            "Index (zero based) must be greater than or equal to zero and less than the size of the argument list."
        )
    if width and len(width) > 6:
        raise _malformed(at, "Format item ends prematurely")
    text = _formatted(values[int(index)], specifier or "")
    if width:
        text = text.rjust(int(width)) if int(width) >= 0 else text.ljust(-int(width))
    return text, match.end()


def _formatted(value: Any, specifier: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not specifier:
        return str(value) if isinstance(value, int) else float_text(value)
    standard = _STANDARD.fullmatch(specifier)
    if standard:
        return _standard(value, standard.group(1), int(standard.group(2)) if standard.group(2) else None)
    return _custom(value, specifier)


def _standard(value: float, letter: str, precision: int | None) -> str:
    kind = letter.upper()
    match kind:
        case "D" if isinstance(value, int):
            return f"{'-' if value < 0 else ''}{abs(value):0{precision or 0}d}"
        case "X" if isinstance(value, int):
            return f"{value & 0xFFFFFFFFFFFFFFFF:0{precision or 0}{letter}}"
        case "B" if isinstance(value, int):
            return f"{value & 0xFFFFFFFFFFFFFFFF:0{precision or 0}b}"
        case "R":
            return str(value) if isinstance(value, int) else float_text(value)
        case "G":
            return _general(value, letter, precision)
        case "F":
            return f"{_rounded(value, 2 if precision is None else precision):f}"
        case "N":
            return f"{_rounded(value, 2 if precision is None else precision):,f}"
        case "P":
            return f"{_rounded(value, 2 if precision is None else precision, scale=100):,f} %"
        case "C":
            text = f"{_CURRENCY}{_rounded(abs(value), 2 if precision is None else precision):,f}"
            return f"({text})" if value < 0 else text
        case "E":
            return _scientific(value, letter, 6 if precision is None else precision)
        case _:
            raise FormatError("Format specifier was invalid.")


def _rounded(value: float, digits: int, *, scale: int = 1) -> Decimal:
    """The value in that many digits; halves go away from zero, of floats after their exact binary value."""
    exact = Decimal(value) * scale
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _scientific(value: float, letter: str, precision: int) -> str:
    mantissa, _, exponent = f"{Decimal(value):.{precision}E}".partition("E")
    return f"{mantissa}{letter}{exponent[0]}{exponent[1:].zfill(3)}"


def _general(value: float, letter: str, precision: int | None) -> str:
    if not precision:
        text = str(value) if isinstance(value, int) else float_text(value)
        return text if letter == "G" else text.replace("E", "e")
    rounded = Decimal(value).normalize() if value else Decimal(0)
    exact = rounded.quantize(Decimal(1).scaleb(rounded.adjusted() - precision + 1), ROUND_HALF_EVEN).normalize()
    exponent = exact.adjusted()
    if -5 < exponent < precision:
        return f"{exact:f}"
    mantissa = f"{exact.scaleb(-exponent):f}"
    return f"{mantissa}{'E' if letter == 'G' else 'e'}{'+' if exponent >= 0 else '-'}{abs(exponent):02d}"


def _custom(value: float, specifier: str) -> str:
    """Digits and literals: `0`, `#`, `.`, `,` (groups), `%`; quoted text; sections for negative and zero."""
    sections = specifier.split(";")
    negative = value < 0
    if negative and len(sections) > 1 and sections[1]:
        specifier, negative = sections[1], False
    elif value == 0 and len(sections) > 2 and sections[2]:
        specifier = sections[2]
    else:
        specifier = sections[0]
    before, _, after = specifier.partition(".")
    places = sum(character in "0#" for character in after)
    scale = 100 ** specifier.count("%")
    exact = _rounded(abs(value), places, scale=scale)
    whole, _, fraction = f"{exact:f}".partition(".")
    least = len(before) - before.index("0") if "0" in before else 0
    least = sum(character in "0#" for character in before[len(before) - least :]) if least else 0
    whole = whole.lstrip("0").zfill(least) if least else whole.lstrip("0")
    if re.search(r"[0#],+[0#]", before):
        whole = _grouped(whole)
    kept = sum(1 for character in after[: after.rfind("0") + 1] if character in "0#")
    fraction = fraction[:kept] + fraction[kept:].rstrip("0")
    text = _filled(before, whole) + (f".{fraction}" if fraction else "") + re.sub(r"[0#,'\"\\]", "", after)
    return f"-{text}" if negative and exact else text


def _grouped(digits: str) -> str:
    groups = [digits[max(end - 3, 0) : end] for end in range(len(digits), 0, -3)]
    return ",".join(reversed(groups))


def _filled(pattern: str, digits: str) -> str:
    """The pattern's digit places replaced by the digits, its literals kept before and after."""
    places = [index for index, character in enumerate(pattern) if character in "0#,"]
    if not places:
        return re.sub(r"['\"\\]", "", pattern) + digits
    head, tail = pattern[: places[0]], pattern[places[-1] + 1 :]
    return re.sub(r"['\"\\]", "", head) + digits + re.sub(r"['\"\\]", "", tail)

"""Text that is probably not what its author meant: almost an expression, or a secret in plain text."""

import re
from collections.abc import Iterator
from typing import Any

from armature.templates.errors import ExpressionSyntaxError
from armature.templates.expressions import StringLiteral, is_expression, parse_expression
from armature.templates.functions import find_function

_CALL_IN_BRACKETS = re.compile(r"\[\s*(?P<name>[A-Za-z_]\w*)\s*\([^\[\]]*\)[^\[\]]*\]?")
_UNCLOSED_CALL = re.compile(r"\[\s*(?P<name>[A-Za-z_]\w*)\s*\(")
_PLACEHOLDER = re.compile(
    r"\{(?:subscription_?Id|resource_?Group(?:_?Name)?|tenant_?Id|management_?Group_?(?:Id|Name)?)\}", re.IGNORECASE
)
_SUBSTITUTION = re.compile(r"\$\{[A-Za-z_][\w.]*\}")
_MAX_SUBSTITUTION_TEXT = 200  # longer ones are scripts, where `${x}` is meant for the shell

_SECRET_NAME = re.compile(
    r"(?:password|passwd|passphrase|secret|(?:account|access|shared|api|private|encryption)_?key|sas_?token)(?:value)?$",
    re.IGNORECASE,
)
_SECRET_IN_TEXT = re.compile(
    r"(?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd)\s*+=\s*+(?P<value>[^;'\"\s{$<\[][^;'\"]*)",
    re.IGNORECASE,
)
_NOT_SECRET = re.compile(r"@Microsoft\.KeyVault\(|https?://|/subscriptions/|\[|<|\$\{|\{\{", re.IGNORECASE)
_MASKED = re.compile(
    r"((?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|sig)\s*=\s*)[^;'\"&\s]+", re.IGNORECASE
)


def masked(text: str, *, keep_length: bool = False) -> str:
    """The text without the values of connection strings and signatures, to be shown in a message."""

    def mask(match: re.Match[str]) -> str:
        return match.group(1) + "*" * (len(match.group()) - len(match.group(1)) if keep_length else 3)

    return _MASKED.sub(mask, text)


def lookalike(text: str) -> str | None:
    """The part of a literal that looks like an expression or a placeholder but which ARM leaves as it is."""
    if text.startswith("[[") or not ("[" in text or "{" in text):
        return None
    for match in _CALL_IN_BRACKETS.finditer(text):
        if find_function(match["name"]) is not None:
            return match.group()
    unclosed = _UNCLOSED_CALL.match(text)
    if unclosed and find_function(unclosed["name"]) is not None:
        return text
    placeholder = _PLACEHOLDER.search(text)
    if placeholder is None and len(text) <= _MAX_SUBSTITUTION_TEXT and not re.search(r"\s", text):
        placeholder = _SUBSTITUTION.search(text)
    return placeholder.group() if placeholder else None


def has_secret(text: str) -> bool:
    """Whether a literal has a key or password inside, as a connection string has."""
    match = _SECRET_IN_TEXT.search(text)
    return match is not None and len(match["value"].strip()) >= 4


def plain_text_secrets(value: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths, from an object of a template, to what is a secret by its name and a literal by its value."""
    for name, child in value.items():
        if not _SECRET_NAME.search(name):
            continue
        if _is_plain_text(child):
            yield (name,)
        elif isinstance(child, dict):
            yield from ((name, key) for key in ("value", "defaultValue") if _is_plain_text(child.get(key)))
    named = value.get("name")
    if isinstance(named, str) and _SECRET_NAME.search(named) and _is_plain_text(value.get("value")):
        yield ("value",)


def _is_plain_text(value: Any) -> bool:
    if not isinstance(value, str) or not value:
        return False
    if is_expression(value):
        try:
            tree = parse_expression(value)
        except ExpressionSyntaxError:
            return False
        return isinstance(tree, StringLiteral) and bool(tree.value)
    return not _NOT_SECRET.match(value)

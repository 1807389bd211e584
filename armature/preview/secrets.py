"""Values that may be secret, hidden before anything of a preview is kept.

Resource Manager itself masks what secure parameters hold. What remains, a template that writes a key or a setting in
plain text, or a provider that shows one, is hidden here by where it stands and by what it looks like. Better one value
too many hidden than one shown: that it changes is told all the same.
"""

import re
from collections.abc import Mapping
from typing import Any

from armature.preview.answers import Path
from armature.redaction import redact
from armature.templates.literals import has_secret

HIDDEN = "(hidden)"
MAX_TEXT = 500
"""Characters of a text that are kept; scripts and certificates are longer."""

MAX_ITEMS = 20
"""Of an array or object that is kept whole."""

_SECRET_NAME = re.compile(
    r"(?:password|passwd|passphrase|pwd|secret|credential|credentials|token|privatekey|connectionstring|sas|"
    r"(?:account|access|shared|api|admin|master|function|host|storage|primary|secondary|encryption|auth|authorization|"
    r"subscription|workspace|signing|symmetric|client|integration|license)_?-?key|key[12]|signature|authorization|"
    r"customdata|userdata|protectedsettings|securevalue|certificatedata|pfxblob|keydata|kubeconfig)(?:value)?s?\d*$",
    re.IGNORECASE,
)
_HELD_SECRETS = frozenset({"appsettings", "connectionstrings", "environmentvariables", "env", "secrets"})
"""Arrays and objects of names and values, where people keep secrets under any name: no value of theirs is shown."""

_NAMES_OF_VALUES = frozenset({"value", "connectionstring", "securevalue"})

_SETTINGS = re.compile(
    r"microsoft\.web/sites(?:/slots)?/config|microsoft\.keyvault/vaults/secrets|microsoft\.app/.*/secrets",
    re.IGNORECASE,
)
"""Types all of whose own values are settings or secrets."""

_PUBLIC = frozenset({"publickey", "keyvaultid", "secretname", "keyname", "sourcevault", "keyvaulturi"})


def shown(resource_type: str, path: Path, value: Any) -> Any:
    """A value as it may be kept and shown: secrets hidden, long texts cut. What is null stays null."""
    return _shown(value, tuple(str(part) for part in path), is_held=_is_held(resource_type, path))


def _is_held(resource_type: str, path: Path) -> bool:
    """Whether a place is inside of something whose values are settings or secrets."""
    names = [str(part).lower() for part in path if not isinstance(part, int)]
    if _SETTINGS.fullmatch(resource_type) and names[:1] == ["properties"] and len(names) > 1:
        return True
    inside = any(name in _HELD_SECRETS for name in names[:-1])
    return inside and (not names or names[-1] in _NAMES_OF_VALUES or names[-1] not in ("name", "type", "slotsetting"))


def _shown(value: Any, names: tuple[str, ...], *, is_held: bool) -> Any:
    last = names[-1].lower() if names else ""
    if isinstance(value, Mapping):
        items = list(value.items())
        told = {
            str(name): _shown(item, (*names, str(name)), is_held=_holds(last, value, str(name), is_held=is_held))
            for name, item in items[:MAX_ITEMS]
        }
        return told | ({"…": f"{len(items) - MAX_ITEMS} more"} if len(items) > MAX_ITEMS else {})
    if isinstance(value, list):
        below = [_shown(item, names, is_held=is_held) for item in value[:MAX_ITEMS]]
        return [*below, f"… {len(value) - MAX_ITEMS} more"] if len(value) > MAX_ITEMS else below
    if value is None or isinstance(value, bool):
        return value
    if is_held or (_SECRET_NAME.search(last) and last not in _PUBLIC and not _is_reference(value)):
        return HIDDEN
    if not isinstance(value, str):
        return value
    if has_secret(value):
        return HIDDEN
    text = redact(value)
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text)} characters)"


def _holds(last: str, value: Mapping[Any, Any], name: str, *, is_held: bool) -> bool:
    """Whether what an object calls `name` is such a value: of an element {name, value}, only the value is."""
    if is_held or last in _HELD_SECRETS:
        return not (_is_element(value) and name.lower() in ("name", "type", "slotsetting"))
    return _is_element(value) and name.lower() in _NAMES_OF_VALUES and bool(_SECRET_NAME.search(_name_of(value)))


def _is_element(value: Mapping[Any, Any]) -> bool:
    keys = {str(key).lower() for key in value}
    return "name" in keys and bool(keys & _NAMES_OF_VALUES)


def _name_of(value: Mapping[Any, Any]) -> str:
    return str(next((item for key, item in value.items() if str(key).lower() == "name"), ""))


def _is_reference(value: Any) -> bool:
    """Whether a value only names where a secret lies, or is an expression that is yet to be evaluated."""
    text = str(value)
    return text.startswith(("/subscriptions/", "@Microsoft.KeyVault(")) or bool(re.fullmatch(r"\[.*\]", text))

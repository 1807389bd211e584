"""Who is calling: the Entra principal that the platform's authentication puts into a request. Pure.

App Service authentication sets `X-MS-CLIENT-PRINCIPAL` (Base64 of JSON with `auth_typ`, `claims`, `name_typ` and
`role_typ`), `X-MS-CLIENT-PRINCIPAL-NAME` and `X-MS-CLIENT-PRINCIPAL-ID`, and strips them from what callers send
(Work with user identities in App Service authentication, 2025).
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

from armature.models import Model

MAX_NAME = 200
MAX_ROLE = 200
MAX_ROLES = 200
"""Of a caller. A token with more groups or roles than that tells them otherwise, by a link."""

MAX_HEADER = 64 * 1024
"""Characters of the header that are read. App Service takes no longer requests."""

PRINCIPAL = "x-ms-client-principal"
NAME = "x-ms-client-principal-name"
ID = "x-ms-client-principal-id"

_SCHEMA = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_NAMES = ("preferred_username", "name", f"{_SCHEMA}name", f"{_SCHEMA}upn", "appid", "azp")
_IDS = ("oid", "http://schemas.microsoft.com/identity/claims/objectidentifier")
_TENANTS = ("tid", "http://schemas.microsoft.com/identity/claims/tenantid")
_ROLES = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")


class Caller(Model):
    """A caller whom the platform vouches for. `id` is the object id, which nobody can give themselves, as a name."""

    name: str | None = None
    id: str | None = None
    tenant: str | None = None
    roles: tuple[str, ...] = ()

    @property
    def shown(self) -> str | None:
        """What people know the caller by."""
        return self.name or self.id


def caller_in(headers: Mapping[str, str]) -> Caller | None:
    """The caller that the headers tell; None when they tell none.

    To be asked only where the platform sets these headers itself: anybody can send them.
    """
    principal = _document(headers.get(PRINCIPAL, ""))
    claims = list(_claims(principal))
    found = Caller(
        name=_printable(headers.get(NAME)) or _first(claims, _named(principal, "name_typ"), _NAMES),
        id=_object_id(claims, headers.get(ID)),
        tenant=(_first(claims, None, _TENANTS) or "").lower() or None,
        roles=_all(claims, _named(principal, "role_typ")),
    )
    return found if found.name or found.id else None


def _document(encoded: str) -> dict[str, Any]:
    """The principal in the header; empty for what is none."""
    if not encoded or len(encoded) > MAX_HEADER:
        return {}
    try:
        found = json.loads(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _claims(principal: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    listed = principal.get("claims")
    for claim in listed if isinstance(listed, list) else ():
        if isinstance(claim, dict) and isinstance(claim.get("typ"), str) and isinstance(claim.get("val"), str):
            yield claim["typ"], claim["val"]


def _named(principal: Mapping[str, Any], key: str) -> str | None:
    kind = principal.get(key)
    return kind if isinstance(kind, str) else None


def _first(claims: list[tuple[str, str]], kind: str | None, others: tuple[str, ...]) -> str | None:
    """The first value of the first type of claim that has one: `kind`, then the `others`."""
    for wanted in (kind, *others):
        for found, value in claims:
            if found == wanted and (name := _printable(value)):
                return name
    return None


def _object_id(claims: list[tuple[str, str]], told: str | None) -> str | None:
    """The object id in lower case; None also for a caller who claims to be two."""
    found = {value.lower() for kind, value in claims if kind in _IDS}
    if len(found) > 1:
        return None
    return (_first(claims, None, _IDS) or _printable(told) or "").lower() or None


def _all(claims: list[tuple[str, str]], kind: str | None) -> tuple[str, ...]:
    wanted = {kind, *_ROLES}
    return tuple(dict.fromkeys(value for found, value in claims if found in wanted and len(value) <= MAX_ROLE))[
        :MAX_ROLES
    ]


def _printable(text: str | None) -> str | None:
    return "".join(filter(str.isprintable, text or ""))[:MAX_NAME].strip() or None

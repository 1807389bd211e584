"""Who is calling: the Entra principal that the platform's authentication puts into the request."""

import base64
import binascii
import json
from collections.abc import Mapping

MAX_NAME = 200
_NAME_CLAIMS = ("preferred_username", "name", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", "appid")


def caller_name(headers: Mapping[str, str]) -> str | None:
    """The caller's name or object id, or None when the platform supplies no principal.

    App Service authentication sets `X-MS-CLIENT-PRINCIPAL-NAME` and `X-MS-CLIENT-PRINCIPAL` (Base64 of JSON with
    `claims`), and strips both from what callers send.
    """
    name = headers.get("x-ms-client-principal-name")
    if name:
        return _printable(name)
    encoded = headers.get("x-ms-client-principal")
    if not encoded:
        return None
    try:
        principal = json.loads(base64.b64decode(encoded, validate=True))
        claims = {claim["typ"]: claim["val"] for claim in principal.get("claims", [])}
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        return None
    found = next((claims[claim] for claim in _NAME_CLAIMS if claims.get(claim)), principal.get("userId"))
    return _printable(str(found)) if found else None


def _printable(name: str) -> str:
    return "".join(character for character in name if character.isprintable())[:MAX_NAME]

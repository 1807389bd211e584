"""What a URI names: the host to resolve, the port to connect to, the path to ask for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from armature.outbound.failures import OutboundError, OutboundFault

HTTPS_PORT = 443
MAX_URI = 2048
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?|[0-9a-f:.]*:[0-9a-f:.]*")


@dataclass(frozen=True, slots=True)
class OutboundTarget:
    """Where a request goes. `path` begins with a slash and has the query, no fragment; `host` is in lower case."""

    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, int]:
        """What two URIs must share to be the same server."""
        return self.host, self.port

    @property
    def authority(self) -> str:
        """Host and port as a `Host` header and people write them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == HTTPS_PORT else f"{host}:{self.port}"


def target_of(uri: str) -> OutboundTarget:
    """What a URI names.

    Raises:
        OutboundError: it is not https, names a user, or is no URI at all. The message does not repeat it.
    """
    if len(uri) > MAX_URI or not _PRINTABLE.fullmatch(uri) or "\\" in uri:
        raise _refused(f"an address has at most {MAX_URI} printable characters, all ASCII, and no backslash")
    try:
        parts = urlsplit(uri)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise _refused("it is not a URI") from error
    if parts.scheme.lower() != "https":
        raise _refused("only https:// is called")
    if parts.username is not None or parts.password is not None:
        raise _refused("it names a user before the host")
    if not _HOST.fullmatch(host) or port == 0:
        raise _refused("it names no host, or none that can be")
    path = parts.path or "/"
    return OutboundTarget(host, port or HTTPS_PORT, f"{path}?{parts.query}" if parts.query else path)


def redirected(origin: OutboundTarget, location: str) -> OutboundTarget:
    """Where a redirect leads, which may be told relative to where one is.

    Raises:
        OutboundError: as `target_of`.
    """
    try:
        return target_of(urljoin(f"https://{origin.authority}{origin.path}", location.strip()))
    except ValueError as error:
        raise _refused("the redirect leads to no URI") from error


def host_matches(host: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns is the host, or `*.` and a domain above it."""
    name = host.rstrip(".").lower()
    return any(_matches(name, pattern.rstrip(".").lower()) for pattern in patterns)


def _matches(name: str, pattern: str) -> bool:
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def _refused(why: str) -> OutboundError:
    return OutboundError(OutboundFault.URI_REFUSED, f"The address is refused: {why}.")

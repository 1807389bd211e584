"""What is asked, within which limits, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from armature.outbound.addresses import Network

MAX_BODY_BYTES = 256 * 1024
"""Of an answer. A health endpoint answers a few hundred bytes."""

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class OutboundPolicy:
    """How far a request may go.

    `allowed_networks` may be called besides the public internet. `hosts` are the only ones that may be called, `*.` for
    any name below; None: any. `max_redirects` 0 follows none: the redirect is the answer. `timeout_seconds` are for all
    of it, name resolution and redirects included; `max_body_bytes` of the answer's body are read, and no more.
    """

    allowed_networks: tuple[Network, ...] = ()
    hosts: tuple[str, ...] | None = None
    max_redirects: int = 0
    timeout_seconds: float = TIMEOUT_SECONDS
    max_body_bytes: int = MAX_BODY_BYTES


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """One request. `headers` and `body` may hold a secret: neither is shown, and no redirect takes them elsewhere."""

    method: str
    uri: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OutboundAnswer:
    """What came back: `body` is its beginning when `is_cut`. `latency_seconds` until the last header had come, name
    resolution, TLS and redirects included. `certificate_expires_at` is that of the host that answered last."""

    status: int
    body: bytes = field(repr=False)
    is_cut: bool
    latency_seconds: float
    certificate_expires_at: datetime
    redirects: int

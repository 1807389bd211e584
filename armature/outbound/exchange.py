"""One request over one connection of its own, to an address that was judged before, within limits of time and size."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse

from armature.outbound.addresses import Address
from armature.outbound.failures import OutboundError, OutboundFault
from armature.outbound.targets import OutboundTarget

CONNECT_SECONDS = 10.0
"""For a connection to one address: a host may have another that can be reached."""

_CHUNK = 16 * 1024
_CERTIFICATE_FAULTS = {
    9: "is not valid yet",
    10: "has expired",
    62: "is for another name",
    64: "is for another address",
}
"""By X509_V_ERR_… of OpenSSL 3."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Until when (`time.monotonic`) all must be over, and how many bytes of the body are read."""

    deadline: float
    max_body_bytes: int

    @property
    def seconds_left(self) -> float:
        """Until the deadline.

        Raises:
            OutboundError: it is over.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutboundError(OutboundFault.TIMED_OUT, "There was no answer in time.")
        return left


@dataclass(frozen=True, slots=True)
class Reply:
    """What one server answered: `location` where it redirects to, `answered_at` (`time.monotonic`) when its last header
    had come."""

    status: int
    body: bytes
    is_cut: bool
    location: str | None
    answered_at: float
    certificate_expires_at: datetime


def exchange(
    target: OutboundTarget,
    address: Address,
    method: str,
    headers: Mapping[str, str],
    body: bytes | None,
    limits: Limits,
) -> Reply:
    """Send one request and read the reply.

    Raises:
        OutboundError: it came to nothing, or took too long.
    """
    with _failures(target, limits), _connected(target, address, limits) as secured:
        connection = HTTPConnection(target.host, target.port)
        connection.sock = secured
        expires_at = _expiry_of(secured)  # an answer without a body closes the connection as soon as it is read
        fixed = {"Host": target.authority, "Accept-Encoding": "identity", "Connection": "close"}
        connection.request(method, target.path, body, {"User-Agent": "armature", **headers, **fixed})
        with connection.getresponse() as response:
            answered_at = time.monotonic()
            content, is_cut = _beginning(response, limits)
            limits.seconds_left  # noqa: B018  (what ended because its time was over is no answer)
            location = response.getheader("Location")
        return Reply(response.status, content, is_cut, location, answered_at, expires_at)


@contextmanager
def _connected(target: OutboundTarget, address: Address, limits: Limits) -> Iterator[ssl.SSLSocket]:
    """A connection to the address, verified for the name, that is cut when the time is over: a server that sends a byte
    now and then would hold it for ever."""
    with _reached(target, address, limits) as plain:
        plain.settimeout(limits.seconds_left)
        cutter = threading.Timer(limits.seconds_left, _cut, [end := plain.dup()])
        cutter.daemon = True
        cutter.start()
        try:
            with _verifying().wrap_socket(plain, server_hostname=target.host) as secured:
                yield secured
        finally:
            cutter.cancel()
            end.close()


def _reached(target: OutboundTarget, address: Address, limits: Limits) -> socket.socket:
    timeout = min(CONNECT_SECONDS, limits.seconds_left)
    try:
        return socket.create_connection((str(address), target.port), timeout=timeout)
    except OSError as error:
        limits.seconds_left  # noqa: B018  (what was given up because the time was over says something else)
        message = f"No connection to {target.authority}: {type(error).__name__}."
        raise OutboundError(OutboundFault.NOT_REACHED, message) from error


def _cut(end: socket.socket) -> None:
    with suppress(OSError):  # it has just ended by itself
        end.shutdown(socket.SHUT_RDWR)


@lru_cache(maxsize=1)
def _verifying() -> ssl.SSLContext:
    """Verifies certificate and name against the authorities of the system, or of SSL_CERT_FILE."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _beginning(response: HTTPResponse, limits: Limits) -> tuple[bytes, bool]:
    """The body up to its limit, and whether there is more of it."""
    found = bytearray()
    while len(found) <= limits.max_body_bytes and (chunk := response.read1(_CHUNK)):
        found += chunk
    return bytes(found[: limits.max_body_bytes]), len(found) > limits.max_body_bytes


def _expiry_of(secured: ssl.SSLSocket) -> datetime:
    certificate = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


@contextmanager
def _failures(target: OutboundTarget, limits: Limits) -> Iterator[None]:
    """What goes wrong, said in words of ours: a server's own could hold anything."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        why = _CERTIFICATE_FAULTS.get(error.verify_code, "is not issued by an authority that is trusted")
        message = f"The certificate of {target.authority} {why}."
        raise OutboundError(OutboundFault.CERTIFICATE_INVALID, message) from error
    except (OSError, HTTPException) as error:
        limits.seconds_left  # noqa: B018  (what was cut because its time was over says something else)
        if isinstance(error, TimeoutError):
            raise OutboundError(OutboundFault.TIMED_OUT, "There was no answer in time.") from error
        if isinstance(error, HTTPException):
            message = f"{target.authority} did not answer in HTTP."
            raise OutboundError(OutboundFault.ANSWER_UNREADABLE, message) from error
        message = f"The connection to {target.authority} broke: {type(error).__name__}."
        raise OutboundError(OutboundFault.CONNECTION_LOST, message) from error

"""How a request failed that got no answer: the code of an exception, by what lies at its bottom.

SDKs wrap what happened: a ServiceRequestError is made of requests' ConnectionError, of urllib3's MaxRetryError, of a
ConnectionRefusedError.
The bottom is a socket's, TLS's or DNS's; where there is none that is known, the name of the exception's class counts,
or of the nearest class above it that the table knows.
"""

import re
import socket
import ssl
from collections.abc import Iterator

from armature.errors.catalogue import BY_CODE
from armature.errors.classification import failure_from_code
from armature.errors.model import Failure
from armature.errors.unwrapping import AADSTS

_MAX_CHAIN = 20

_KINDS: tuple[tuple[str, type[BaseException] | tuple[type[BaseException], ...]], ...] = (
    ("CertificateNotTrusted", ssl.SSLCertVerificationError),
    ("TlsInterrupted", ssl.SSLError),
    ("NameResolutionFailed", (socket.gaierror, socket.herror)),
    ("ConnectionRefused", ConnectionRefusedError),
    ("ConnectionReset", (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)),
    ("ConnectionTimedOut", TimeoutError),
)
_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (code, re.compile(words, re.IGNORECASE))
    for code, words in (
        ("CertificateNotTrusted", r"certificate[ _]verify[ _]failed|self[- ]signed certificate"),
        ("TlsInterrupted", r"\bssl\b|\btls\b"),
        ("NameResolutionFailed", r"name or service not known|failed to resolve|getaddrinfo|in name resolution"),
        ("ConnectionRefused", r"connection refused|actively refused"),
        (
            "ConnectionReset",
            r"connection (?:was )?(?:reset|aborted)|broken pipe|remote end closed|forcibly closed|ended prematurely",
        ),
        ("HostUnreachable", r"no route to host|network is unreachable|host is unreachable"),
        ("ConnectionTimedOut", r"timed? ?out"),
    )
)
_NAMES = {
    "CredentialUnavailableError": "CredentialUnavailable",
    "ClientAuthenticationError": "AuthenticationFailed",
    "DecodeError": "AnswerUnreadable",
    "JSONDecodeError": "AnswerUnreadable",
}
"""Exceptions for which there is a plainer word than their name."""
_SPEAKING = ("Connection", "ServiceRe", "ClientAuthentication")
_UNREACHED = frozenset(code for code, _ in (*_KINDS, *_WORDS)) - {"CertificateNotTrusted"}


def failure_from_exception(error: BaseException, message: str) -> Failure:
    """Classify an exception that carries no answer. `message` is what may be told of it: its own may hold a SAS."""
    return failure_from_code(code_of_exception(error), message)


def connection_code(error: BaseException) -> str | None:
    """How a connection failed, None when it was no connection that did."""
    chain = list(_chain(error))
    for one in reversed(chain):
        for code, kind in _KINDS:
            if isinstance(one, kind):
                return code
    if not any(isinstance(one, OSError) or _speaks_of_a_connection(one) for one in chain):
        return None
    text = " ".join(str(one) for one in chain)
    return next((code for code, words in _WORDS if words.search(text)), None)


def code_of_exception(error: BaseException) -> str:
    """The code of an exception: an AADSTS number in its words, how a connection failed, or its class's name.

    A credential that could not reach what it asks is not one that is lacking.
    """
    refused = AADSTS.search(str(error))
    if refused and refused.group().lower() in BY_CODE:
        return refused.group()
    names = [kind.__name__ for kind in type(error).__mro__]
    codes = [_NAMES.get(name, name) for name in names]
    is_credential = "ClientAuthenticationError" in names
    found = connection_code(error)
    if found is not None:
        return "IdentityEndpointUnreachable" if is_credential and found in _UNREACHED else found
    return next((code for code in codes if code.lower() in BY_CODE), codes[0])


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it came from: causes, contexts, and exceptions that it was made of."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting and len(seen) < _MAX_CHAIN:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inside = (one.__cause__, one.__context__, getattr(one, "inner_exception", None), getattr(one, "reason", None))
        waiting += [found for found in (*inside, *one.args) if isinstance(found, BaseException)]


def _speaks_of_a_connection(error: BaseException) -> bool:
    """Whether the words of an exception may be taken for those of a connection.

    A chain of credentials tells why each of them had nothing to offer, and some always are out of reach.
    """
    if "ttempted credentials" in str(error):
        return False
    return any(name in kind.__name__ for kind in type(error).__mro__ for name in _SPEAKING)

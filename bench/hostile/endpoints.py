"""Endpoints that lead where only the app can go, or that hold on to it: what a bundle may have checked, and where
redirects and names lead. The outbound client is the app's own, within the limits of the checks; servers are real, on
this machine; names are resolved by a resolver that is played."""

import http.server
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest import mock

from activities.matching import PatternTooSlowError, is_found
from activities.sights import MAX_REDIRECTS
from armature.outbound import OutboundError, OutboundPolicy, OutboundRequest, networks_of, send
from armature.outbound import exchange as exchange_module
from armature.outbound.policy import MAX_BODY_BYTES
from bench.hostile.attack import Attack, Met
from bench.hostile.bundles import reviewed_with
from bench.hostile.ground import Ground

PUBLIC, REFUSED = "20.1.2.3", ("refused", "AddressRefused")

ADDRESSES: dict[str, str] = {
    "the metadata service of Azure": "169.254.169.254",
    "Azure's WireServer": "168.63.129.16",
    "a private network": "10.0.0.1",
    "a carrier's network": "100.64.0.1",
    "this machine": "127.0.0.1",
    "this machine, by name": "localhost",
    "this machine, in IPv6": "[::1]",
    "this machine, mapped into IPv6": "[::ffff:127.0.0.1]",
    "the metadata service, by NAT64": "[64:ff9b::a9fe:a9fe]",
    "a link-local address": "[fe80::1]",
    "a private network in IPv6": "[fd00::1]",
    "this machine as one number": "2130706433",
    "this machine in hexadecimal": "0x7f000001",
    "this machine in octal": "017700000001",
    "this machine, shortened": "127.1",
    "the metadata service as one number": "2852039166",
    "no address at all": "0",
}

NAMES: dict[str, list[str]] = {
    "10-0-0-1.nip.example": ["10.0.0.1"],
    "both.example": [PUBLIC, "127.0.0.1"],
    "mapped.example": ["::ffff:169.254.169.254"],
}
"""What the resolver that is played answers."""

DECLARED: dict[str, dict[str, Any]] = {
    "an endpoint over http": {"uri": "http://shop.example/"},
    "an endpoint with a user": {"uri": "https://shop.example@evil.example/"},
    "an endpoint with a backslash": {"uri": "https://shop.example\\@evil.example/"},
    "an endpoint in another alphabet": {"uri": "https://sh\u043ep.example/"},
    "an endpoint with a key in its query": {"uri": "https://shop.example/api?code=Zm9vYmFy"},
    "an endpoint with a header of the app's": {"uri": "https://shop.example", "headers": {"Host": "inside"}},
    "an endpoint with a secret header": {"uri": "https://shop.example", "headers": {"Authorization": "Bearer x"}},
    "an endpoint with a header that breaks the line": {"uri": "https://shop.example", "headers": {"A": "x\r\nB: y"}},
    "an endpoint that is to be changed": {"uri": "https://shop.example", "method": "DELETE"},
    "a pattern that is none": {"uri": "https://shop.example", "matches": "(?P<x"},
    "a pattern of 501 characters": {"uri": "https://shop.example", "matches": "a" * 501},
}


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path, in ways that harm."""

    def do_GET(self) -> None:
        port = self.server.server_address[1]
        leading = {
            "/inside": f"https://127.0.0.2:{port}/",
            "/metadata": "https://169.254.169.254/metadata/identity/oauth2/token",
            "/plain": f"http://127.0.0.1:{port}/",
            "/file": "file:///etc/passwd",
            "/user": f"https://a:b@127.0.0.1:{port}/",
            "/again": f"https://localhost:{port}/again",
            "/round": "/round",
        }
        self.protocol_version = "HTTP/1.1"
        if self.path in leading:
            self._begin("302 Found", f"Location: {leading[self.path]}", "Content-Length: 0")
        elif self.path == "/drip":
            self._endless(b"HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n")
        elif self.path == "/continue":
            self._endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n")
        elif self.path == "/body":
            self._endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x")
        elif self.path == "/headers":
            self._begin("200 OK", *(f"X-{number}: x" for number in range(200)))
        elif self.path == "/huge":
            self._begin("200 OK", f"Content-Length: {10**12}")
            self.wfile.write(bytes(MAX_BODY_BYTES + 100_000))
        else:
            self._begin("200 OK", "Content-Length: 0")

    def _begin(self, status: str, *headers: str) -> None:
        self.wfile.write("\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode())

    def _endless(self, first: bytes, then: bytes) -> None:
        self.wfile.write(first)
        while True:
            self.wfile.write(then)
            time.sleep(0.01)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Nothing: the client hangs up in the middle."""


@contextmanager
def _served(ground: Ground) -> Iterator[int]:
    certificates = ground.stack.foundation.certificates
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.server_key)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    with mock.patch.dict(os.environ, SSL_CERT_FILE=str(certificates.trust_bundle)):
        exchange_module._verifying.cache_clear()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            server.server_close()
    exchange_module._verifying.cache_clear()


def _sent(uri: str, **limits: Any) -> Met:
    policy = OutboundPolicy(max_redirects=MAX_REDIRECTS, **limits)
    try:
        answer = send(OutboundRequest("GET", uri), policy)
    except OutboundError as error:
        return Met("refused" if error.fault.is_refusal else "given up", error.fault.value, str(error))
    size = "cut" if answer.is_cut else "whole"
    return Met(f"answered {answer.status}", size, answer.body.decode(errors="replace"))


def _addressed(host: str, _: Ground) -> Met:
    found = _sent(f"https://{host}:9/")
    is_told = any(part in found.told for part in NAMES.get(host, [])) and host not in found.told
    return Met(found.status, "told the address", found.told) if is_told else found


def _named(host: str, ground: Ground) -> Met:
    with resolving({host: [NAMES[host]]}):
        return _addressed(host, ground)


@contextmanager
def resolving(names: Mapping[str, list[list[str]]]) -> Iterator[list[str]]:
    """The system's resolver, played: of each name the answers one after the other, the last for ever. Yields the names
    that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        if host not in names:  # the address that is connected to
            return list(real(host, port, *more, **named))
        answers = names[host]
        found = answers[min(asked.count(host), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET6 if ":" in text else socket.AF_INET, 0, 0, "", (text, port)) for text in found]

    with mock.patch("armature.outbound.client.socket.getaddrinfo", getaddrinfo):
        yield asked


def _led(path: str, seconds: float, ground: Ground) -> Met:
    """To a server of one's own that may be called, and from there on."""
    with _served(ground) as port:
        return _sent(
            f"https://127.0.0.1:{port}{path}", allowed_networks=networks_of(("127.0.0.1/32",)), timeout_seconds=seconds
        )


def _rebound(path: str, ground: Ground) -> Met:
    """A name that leads to a machine that may be called, and at the second question to one that may not."""
    with ExitStack() as around:
        port = around.enter_context(_served(ground))
        asked = around.enter_context(resolving({"localhost": [["127.0.0.1"], ["127.0.0.2"]]}))
        found = _sent(f"https://localhost:{port}{path}", allowed_networks=networks_of(("127.0.0.1/32",)))
        return Met(found.status, f"{found.problem}, resolved {len(asked)} times", found.told)


def _allowed_all(_: Ground) -> Met:
    return _sent("https://169.254.169.254:9/", allowed_networks=networks_of(("0.0.0.0/0",)))


def _backtracking(_: Ground) -> Met:
    begun = time.monotonic()
    try:
        is_found("(a+)+$", "a" * 64 + "!", seconds=0.5)
    except PatternTooSlowError:
        return Met("given up", "in time" if time.monotonic() - begun < 10 else "late")
    return Met("found", "")


def attacks() -> Iterator[Attack]:
    """All of them."""
    for name, endpoint in DECLARED.items():
        run = partial(reviewed_with, {"validation": {"endpoints": [endpoint]}})
        yield Attack("endpoint", name, run, "refused", "ManifestField")
    for name, host in ADDRESSES.items():
        yield Attack("endpoint", f"{name}: {host}", partial(_addressed, host), *REFUSED)
    for host, found in NAMES.items():
        yield Attack("endpoint", f"a name (resolver played) of {', '.join(found)}", partial(_named, host), *REFUSED)
    yield Attack("endpoint", "the metadata service, with all networks allowed", _allowed_all, *REFUSED)
    for name, path, met in (
        ("a redirect to another machine", "/inside", REFUSED),
        ("a redirect to the metadata service", "/metadata", REFUSED),
        ("a redirect to http", "/plain", ("refused", "UriRefused")),
        ("a redirect to a file", "/file", ("refused", "UriRefused")),
        ("a redirect with a user", "/user", ("refused", "UriRefused")),
        ("redirects without end", "/round", ("given up", "TooManyRedirects")),
        ("headers that drip without end", "/drip", ("given up", "TimedOut")),
        ("answers that are never the last", "/continue", ("given up", "TimedOut")),
        ("a body that drips without end", "/body", ("given up", "TimedOut")),
        ("200 headers", "/headers", ("given up", "AnswerUnreadable")),
        ("a body of a terabyte", "/huge", ("answered 200", "cut")),
    ):
        seconds = 0.4 if "TimedOut" in met else 20
        yield Attack("endpoint", name, partial(_led, path, seconds), *met)
    rebinding = "DNS rebinding (resolver played)"
    once, twice = "whole, resolved 1 times", "AddressRefused, resolved 2 times"
    yield Attack("endpoint", f"{rebinding} between judging and calling", partial(_rebound, "/"), "answered 200", once)
    yield Attack("endpoint", f"{rebinding} between two redirects", partial(_rebound, "/again"), "refused", twice)
    yield Attack("endpoint", "a pattern that backtracks without end", _backtracking, "given up", "in time")

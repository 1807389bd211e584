"""Requests along redirects, and real ones to a server of the test's own."""

import http.server
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from armature.outbound import (
    Address,
    OutboundError,
    OutboundFault,
    OutboundPolicy,
    OutboundRequest,
    OutboundTarget,
    Reply,
    networks_of,
    send,
)
from armature.outbound import exchange as exchange_module
from armature.outbound.client import MAX_ADDRESSES_TRIED
from armature.outbound.exchange import Limits
from emulator.certificates import ensure_certificates

LATER = datetime(2030, 1, 1, tzinfo=UTC)
LOCAL = networks_of(("127.0.0.0/8",))


class World:
    """Names with their addresses, and what each URI answers; remembers what was connected to."""

    def __init__(self, names: dict[str, list[str]], replies: dict[str, tuple[int, str | None]]) -> None:
        self.names = names
        self.replies = replies
        self.resolutions: list[str] = []
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.unreached: set[str] = set()

    def resolve(self, target: OutboundTarget, limits: Limits) -> list[Address]:
        self.resolutions.append(target.host)
        return [ip_address(text) for text in self.names[target.host]]

    def converse(self, target, address, method, headers, body, limits) -> Reply:  # type: ignore[no-untyped-def]
        uri = f"https://{target.authority}{target.path}"
        self.calls.append((str(address), uri, dict(headers)))
        if str(address) in self.unreached:
            raise OutboundError(OutboundFault.NOT_REACHED, "no")
        status, location = self.replies[uri]
        return Reply(status, b"", False, location, time.monotonic(), LATER)

    def send(self, uri: str, policy: OutboundPolicy, method: str = "GET", **headers: str):  # type: ignore[no-untyped-def]
        return send(OutboundRequest(method, uri, headers), policy, self.resolve, self.converse)


def fault_of(world: World, uri: str, policy: OutboundPolicy) -> OutboundFault:
    with pytest.raises(OutboundError) as refused:
        world.send(uri, policy)
    return refused.value.fault


def test_a_host_is_resolved_once_and_called_by_the_address_that_was_judged() -> None:
    world = World({"shop.example": ["20.1.2.3"]}, {"https://shop.example/": (200, None)})

    answer = world.send("https://shop.example/", OutboundPolicy())

    assert answer.status == 200
    assert world.resolutions == ["shop.example"]
    assert [call[0] for call in world.calls] == ["20.1.2.3"]


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["20.1.2.3", "10.0.0.1"], ["20.1.2.3", "::1"]])
def test_a_host_of_which_any_address_is_refused_is_not_called(addresses: list[str]) -> None:
    world = World({"inside.example": addresses}, {"https://inside.example/": (200, None)})

    assert fault_of(world, "https://inside.example/", OutboundPolicy()) is OutboundFault.ADDRESS_REFUSED
    assert world.calls == []


def test_a_refusal_does_not_tell_the_address() -> None:
    world = World({"inside.example": ["10.11.12.13"]}, {})

    with pytest.raises(OutboundError, match=r"inside\.example .* private") as refused:
        world.send("https://inside.example/", OutboundPolicy())

    assert "10.11" not in str(refused.value)


def test_a_private_network_that_is_allowed_is_called() -> None:
    world = World({"inside.example": ["10.0.0.1"]}, {"https://inside.example/": (200, None)})

    assert world.send("https://inside.example/", OutboundPolicy(networks_of(("10.0.0.0/24",)))).status == 200


def test_only_the_hosts_that_are_allowed_are_called() -> None:
    world = World({"shop.example": ["20.1.2.3"]}, {})

    policy = OutboundPolicy(hosts=("hooks.example",))

    assert fault_of(world, "https://shop.example/", policy) is OutboundFault.HOST_REFUSED
    assert world.resolutions == []


def test_a_redirect_is_judged_like_any_request() -> None:
    names = {"shop.example": ["20.1.2.3"], "metadata.example": ["169.254.169.254"]}
    world = World(names, {"https://shop.example/": (302, "https://metadata.example/metadata/instance")})

    policy = OutboundPolicy(max_redirects=3)

    assert fault_of(world, "https://shop.example/", policy) is OutboundFault.ADDRESS_REFUSED
    assert len(world.calls) == 1


def test_a_redirect_away_from_https_is_refused() -> None:
    world = World({"shop.example": ["20.1.2.3"]}, {"https://shop.example/": (301, "http://shop.example/")})

    assert fault_of(world, "https://shop.example/", OutboundPolicy(max_redirects=3)) is OutboundFault.URI_REFUSED


def test_each_hop_is_resolved_anew_and_judged_anew() -> None:
    world = World({"shop.example": ["20.1.2.3"]}, {"https://shop.example/": (302, "/next")})

    def rebinding(target: OutboundTarget, limits: Limits) -> list[Address]:
        return [ip_address("20.1.2.3" if not world.calls else "127.0.0.1")]

    request = OutboundRequest("GET", "https://shop.example/")
    with pytest.raises(OutboundError) as refused:
        send(request, OutboundPolicy(max_redirects=3), rebinding, world.converse)

    assert refused.value.fault is OutboundFault.ADDRESS_REFUSED
    assert len(world.calls) == 1


def test_headers_go_to_the_server_they_are_for_and_to_no_other() -> None:
    names = {"shop.example": ["20.1.2.3"], "other.example": ["20.1.2.4"]}
    replies = {
        "https://shop.example/": (302, "/a"),
        "https://shop.example/a": (307, "https://other.example/b"),
        "https://other.example/b": (302, "https://shop.example/c"),
        "https://shop.example/c": (200, None),
    }
    world = World(names, replies)

    answer = world.send("https://shop.example/", OutboundPolicy(max_redirects=3), Authorization="Bearer x")

    assert answer.redirects == 3
    assert [bool(headers) for _, _, headers in world.calls] == [True, True, False, False]


@pytest.mark.parametrize(("limit", "is_refused"), [(2, True), (3, False)])
def test_redirects_are_limited(limit: int, is_refused: bool) -> None:
    replies = {f"https://shop.example/{n}": (302, f"/{n + 1}") for n in range(3)}
    world = World({"shop.example": ["20.1.2.3"]}, {**replies, "https://shop.example/3": (200, None)})

    if is_refused:
        fault = fault_of(world, "https://shop.example/0", OutboundPolicy(max_redirects=limit))
        assert fault is OutboundFault.TOO_MANY_REDIRECTS
    else:
        assert world.send("https://shop.example/0", OutboundPolicy(max_redirects=limit)).status == 200


@pytest.mark.parametrize(("method", "limit"), [("GET", 0), ("POST", 5)])
def test_a_redirect_that_is_not_followed_is_the_answer(method: str, limit: int) -> None:
    world = World({"shop.example": ["20.1.2.3"]}, {"https://shop.example/": (302, "/next")})

    assert world.send("https://shop.example/", OutboundPolicy(max_redirects=limit), method).status == 302


def test_another_address_is_tried_when_one_is_not_reached() -> None:
    names = {"shop.example": [f"20.1.2.{n}" for n in range(9)]}
    world = World(names, {"https://shop.example/": (200, None)})
    world.unreached = {"20.1.2.0", "20.1.2.1"}

    assert world.send("https://shop.example/", OutboundPolicy()).status == 200

    world.unreached = set(names["shop.example"])
    world.calls.clear()
    assert fault_of(world, "https://shop.example/", OutboundPolicy()) is OutboundFault.NOT_REACHED
    assert len(world.calls) == MAX_ADDRESSES_TRIED


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/drip":
            with_headers = b"HTTP/1.1 200 OK\r\n"
            self.wfile.write(with_headers)
            while True:
                self.wfile.write(b"X-A: 1\r\n")
                time.sleep(0.02)
        if self.path == "/garbage":
            self.wfile.write(b"not http at all\r\n\r\n")
            return
        body = b"x" * 100_000 if self.path == "/large" else f"{self.headers['Host']} {self.command}".encode()
        self.send_response(503 if self.path == "/busy" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class QuietServer(http.server.ThreadingHTTPServer):
    """Of a client that hangs up in the middle it tells nothing."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(certificates: Path, monkeypatch: pytest.MonkeyPatch, *, is_trusted: bool = True) -> Iterator[str]:
    made = ensure_certificates(certificates)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.server_key)
    trusting = ssl.create_default_context(cafile=str(made.authority) if is_trusted else None)
    monkeypatch.setattr(exchange_module, "_verifying", lambda: trusting)
    server = QuietServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


def test_a_real_answer_comes_with_status_body_latency_and_the_life_of_its_certificate(
    certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(certificates, monkeypatch) as host:
        policy = OutboundPolicy(LOCAL, max_body_bytes=1000)
        answer = send(OutboundRequest("GET", f"https://{host}/"), policy)
        large = send(OutboundRequest("GET", f"https://{host}/large"), policy)
        head = send(OutboundRequest("HEAD", f"https://{host}/busy"), policy)

    assert (answer.status, answer.body, answer.is_cut) == (200, f"{host} GET".encode(), False)
    assert 0 < answer.latency_seconds < policy.timeout_seconds
    assert answer.certificate_expires_at > datetime.now(UTC)
    assert (len(large.body), large.is_cut) == (1000, True)
    assert (head.status, head.body) == (503, b"")


def test_the_name_is_what_the_certificate_is_verified_for(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(certificates, monkeypatch) as host:
        port = host.rpartition(":")[2]

        def resolve(target: OutboundTarget, limits: Limits) -> list[Address]:
            return [ip_address("127.0.0.1")]

        named = send(OutboundRequest("GET", f"https://localhost:{port}/"), OutboundPolicy(LOCAL), resolve)
        with pytest.raises(OutboundError, match="another name") as refused:
            send(OutboundRequest("GET", f"https://shop.example:{port}/"), OutboundPolicy(LOCAL), resolve)

    assert named.body == f"localhost:{port} GET".encode()
    assert refused.value.fault is OutboundFault.CERTIFICATE_INVALID


def test_a_certificate_that_nobody_trusts_is_refused(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(certificates, monkeypatch, is_trusted=False) as host, pytest.raises(OutboundError) as refused:
        send(OutboundRequest("GET", f"https://{host}/"), OutboundPolicy(LOCAL))

    assert refused.value.fault is OutboundFault.CERTIFICATE_INVALID


@pytest.mark.parametrize(
    ("path", "fault"), [("/drip", OutboundFault.TIMED_OUT), ("/garbage", OutboundFault.ANSWER_UNREADABLE)]
)
def test_a_server_can_not_hold_a_request_for_ever(
    certificates: Path, monkeypatch: pytest.MonkeyPatch, path: str, fault: OutboundFault
) -> None:
    with served(certificates, monkeypatch) as host, pytest.raises(OutboundError) as failed:
        send(OutboundRequest("GET", f"https://{host}{path}"), OutboundPolicy(LOCAL, timeout_seconds=0.6))

    assert failed.value.fault is fault


def test_what_nobody_listens_at_is_not_reached() -> None:
    with pytest.raises(OutboundError) as failed:
        send(OutboundRequest("GET", "https://127.0.0.1:9/"), OutboundPolicy(LOCAL))

    assert failed.value.fault is OutboundFault.NOT_REACHED


def test_loopback_is_refused_however_it_is_written() -> None:
    for host in ("localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]"):
        with pytest.raises(OutboundError) as refused:
            send(OutboundRequest("GET", f"https://{host}:9/"), OutboundPolicy())
        assert refused.value.fault is OutboundFault.ADDRESS_REFUSED


def test_neither_headers_nor_bodies_are_shown() -> None:
    request = OutboundRequest("POST", "https://hooks.example/", {"X-Signature": "s3cret"}, b"s3cret")

    assert "s3cret" not in repr(request)

"""The requests of an orchestrator's HTTP calls, and what it is told of the answers."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from emulator.functions_host.durable.failures import activity_failure
from emulator.functions_host.durable.http_activity import HttpCallError, send
from emulator.functions_host.invocation import FunctionError
from emulator.processes import free_port


class Server:
    """Answers every request with what a test says, and remembers it."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.seen: list[tuple[str, str, dict[str, str], str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                outer.seen.append((self.command, self.path, dict(self.headers), body))
                self.send_response(outer.status)
                for name, value in [*outer.headers, ("Content-Length", str(len(outer.body)))]:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(outer.body)

            do_GET = do_POST = _answer  # noqa: N815

            def log_message(self, *args: Any) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def test_the_orchestrator_is_told_status_headers_and_content_but_no_headers_of_the_content(server: Server) -> None:
    server.status, server.body = 404, "é".encode()
    server.headers = [("X-A", "b"), ("Content-Type", "text/plain; charset=utf-8"), ("Expires", "0")]

    answer = send({"method": "GET", "uri": f"{server.url}/a?b=c", "content": None, "headers": None})

    told = {name: value for name, value in answer["headers"].items() if name not in ("Server", "Date")}
    assert (answer["statusCode"], told, answer["content"]) == (404, {"X-A": "b"}, "é")
    assert server.seen[0][:2] == ("GET", "/a?b=c")


def test_a_header_that_comes_twice_is_a_list(server: Server) -> None:
    server.headers = [("X-A", "1"), ("X-A", "2")]

    assert send({"uri": server.url})["headers"]["X-A"] == ["1", "2"]


def test_content_is_text_unless_a_header_says_what_it_is(server: Server) -> None:
    send({"method": "POST", "uri": server.url, "content": "é", "headers": {"X-B": ["1", "2"]}})
    send({"method": "POST", "uri": server.url, "content": "{}", "headers": {"content-type": "application/json"}})

    (_, _, first, body), (_, _, second, _) = server.seen
    assert (first["Content-Type"], first["X-B"], body) == ("text/plain", "1, 2", "é")
    assert second["Content-Type"] == "application/json"
    assert "User-Agent" not in first


def test_an_accepted_request_is_not_followed(server: Server) -> None:
    server.status, server.headers = 202, [("Location", f"{server.url}/status"), ("Retry-After", "1")]

    answer = send({"method": "POST", "uri": server.url})

    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (202, "1")
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "resource",
    ["https://management.azure.com/", "https://management.azure.com", "https://management.azure.com/.default"],
)
def test_a_token_source_is_the_managed_identity(server: Server, monkeypatch: pytest.MonkeyPatch, resource: str) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    server.body = json.dumps({"access_token": "token"}).encode()

    send({"uri": server.url, "tokenSource": {"kind": "AzureManagedIdentity", "resource": resource}})

    asked, sent = server.seen
    assert asked[1] == "/msi/token?resource=https%3A%2F%2Fmanagement.azure.com&api-version=2019-08-01"
    assert asked[2]["X-IDENTITY-HEADER"] == "secret"
    assert sent[2]["Authorization"] == "Bearer token"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"headers": {"Content-Type": "multipart/form-data"}}, "Multipart"),
        ({"tokenSource": {"kind": "Other"}}, "'Other' is not supported"),
        ({"tokenSource": {"kind": "AzureManagedIdentity", "resource": "r"}}, "no managed identity"),
    ],
)
def test_what_cannot_be_sent_says_why(
    server: Server, monkeypatch: pytest.MonkeyPatch, request_: dict[str, Any], words: str
) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)

    with pytest.raises(HttpCallError, match=words):
        send({"uri": server.url, **request_})

    assert server.seen == []


def test_a_failure_tells_the_reason_and_no_address() -> None:
    port = free_port()

    with pytest.raises(HttpCallError) as error:
        send({"uri": f"http://127.0.0.1:{port}/?sig=secret"})

    reason, details = activity_failure("BuiltIn::HttpActivity", FunctionError(error.value))
    assert reason == "Connection refused"
    assert "secret" not in details

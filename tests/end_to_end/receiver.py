"""A receiver of notices: a https server that keeps what it is told, and verifies it as docs/approval.md says."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from emulator.certificates import Certificates
from tests.running import NOTIFICATION_KEY

TOLERANCE_SECONDS = 300


def verified(headers: Any, body: bytes) -> dict[str, Any]:
    """The notice, once it is known to be Armature's own, and fresh."""
    key = base64.b64decode(NOTIFICATION_KEY.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert hmac.compare_digest(expected, headers["webhook-signature"])
    assert abs(time.time() - int(headers["webhook-timestamp"])) < TOLERANCE_SECONDS
    notice: dict[str, Any] = json.loads(body)
    assert notice["id"] == headers["webhook-id"]
    return notice


class Receiver:
    """What was told, in order. The first `refusals` requests are answered 503."""

    def __init__(self, refusals: int = 0) -> None:
        self.notices: list[dict[str, Any]] = []
        self.faults: list[str] = []
        self.refusals = refusals
        self.url = ""

    def take(self, handler: BaseHTTPRequestHandler) -> int:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        if self.refusals > 0:
            self.refusals -= 1
            return 503
        try:
            self.notices.append(verified(handler.headers, body))
        except AssertionError as fault:
            self.faults.append(repr(fault))
            return 401
        return 204

    def kinds(self) -> list[str]:
        """The kinds of all notices that were told."""
        return [notice["kind"] for notice in self.notices]


@contextmanager
def receiver(certificates: Certificates, refusals: int = 0) -> Iterator[Receiver]:
    """A receiver that listens on this machine meanwhile."""
    found = Receiver(refusals)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(found.take(self))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing: the test tells what is wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.server_key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    found.url = f"https://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

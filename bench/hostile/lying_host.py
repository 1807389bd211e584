"""A host that bundles may be read from, and that does not keep its word: an https server on this machine."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from emulator.certificates import Certificates

SIZE = 1000
AWAY = "/b/away.zip"


@dataclass
class LyingHost:
    """A running one, and what it was asked for with which authorization."""

    port: int
    asked: list[tuple[str, str]] = field(default_factory=list)

    def uri(self, name: str) -> str:
        """The address of a bundle there: `led-away`, `swapped`, `shorter`, `another`."""
        return f"https://127.0.0.1:{self.port}/b/{name}.zip"


@contextmanager
def lying(certificates: Certificates, port: int) -> Iterator[LyingHost]:
    """One that listens meanwhile."""
    host = LyingHost(port)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            host.asked.append((self.path, self.headers.get("Authorization", "")))
            if "led-away" in self.path:
                self._answer(302, Location=f"https://127.0.0.1:{port}{AWAY}")
            else:
                self._answer(200, **{"Content-Length": str(SIZE)})

        def do_GET(self) -> None:
            host.asked.append((self.path, self.headers.get("Authorization", "")))
            if "swapped" in self.path:
                self._answer(412, **{"x-ms-error-code": "ConditionNotMet", "Content-Length": "0"})
            else:
                size, etag = (10, "1") if "shorter" in self.path else (SIZE, "2")
                ranges = {"Content-Range": f"bytes 0-{size - 1}/{SIZE}", "Content-Length": str(size)}
                self._answer(206, etag, **ranges)
                self.wfile.write(bytes(size))

        def _answer(self, status: int, etag: str = "1", **headers: str) -> None:
            self.send_response(status)
            told = {
                "ETag": f'"{etag}"',
                "x-ms-blob-type": "BlockBlob",
                "Last-Modified": "Sat, 01 Nov 2025 00:00:00 GMT",
            }
            for name, value in {**told, **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.server_key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()

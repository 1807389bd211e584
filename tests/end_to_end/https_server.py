"""An https server of a test's own, on 127.0.0.1, with the certificate of a stack."""

import http.server
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from emulator.stack import Stack


@dataclass
class Page:
    """What a path answers: each status once, the last for ever; `location` with every redirect."""

    statuses: list[int]
    body: str = ""
    location: str = ""


@dataclass
class Site:
    """A running server: its address, and the paths that were asked for."""

    pages: Mapping[str, Page]
    port: int = 0
    asked: list[str] = field(default_factory=list)

    def url(self, path: str = "", host: str = "127.0.0.1") -> str:
        return f"https://{host}:{self.port}{path}"


@contextmanager
def served(stack: Stack, pages: Mapping[str, Page]) -> Iterator[Site]:
    """Serve these pages meanwhile."""
    site = Site(pages)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            page = pages[self.path]
            status = page.statuses.pop(0) if len(page.statuses) > 1 else page.statuses[0]
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", page.location)
            self.end_headers()
            self.wfile.write(page.body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    certificates = stack.foundation.certificates
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.server_key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()

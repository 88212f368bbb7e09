"""A small HTTP server on loopback that counts its connections: to see whether a client reuses them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Counted:
    """What the server saw."""

    def __init__(self) -> None:
        self.url = ""
        self.connections = 0
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []


@contextmanager
def counting_server(status: int = 200, body: bytes = b"{}", headers: dict[str, str] | None = None) -> Iterator[Counted]:
    """Serve one fixed answer; ``Counted.url`` is its address."""
    seen = Counted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            seen.connections += 1

        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            named = {name.lower(): value for name, value in self.headers.items()}
            seen.requests.append((self.command, self.path, named, self.rfile.read(length)))
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""A mail server on loopback that speaks just enough SMTP to take a letter, or to refuse it."""

from __future__ import annotations

import socketserver
import threading
from types import TracebackType


class MailServer:
    """``with MailServer() as server: server.port, server.letters``; ``refuse`` is a reply to RCPT or "" to accept."""

    def __init__(self, refuse: str = "") -> None:
        self.letters: list[str] = []
        self.said: list[str] = []
        outer = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 test\r\n")
                while line := self.rfile.readline().decode().strip():
                    outer.said.append(line)
                    word = line.split()[0].upper()
                    if word == "DATA":
                        self.wfile.write(b"354 go\r\n")
                        lines = []
                        while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                            lines.append(text)
                        outer.letters.append("\n".join(lines))
                    if word == "RCPT" and refuse:
                        self.wfile.write(refuse.encode() + b"\r\n")
                    else:
                        self.wfile.write(b"250 ok\r\n" if word != "QUIT" else b"221 bye\r\n")
                    if word == "QUIT":
                        return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> MailServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

"""A mail server on loopback that speaks just enough SMTP to take a letter or to refuse it: plain, STARTTLS or TLS."""

from __future__ import annotations

import contextlib
import socketserver
import ssl
import threading
from base64 import b64decode
from collections.abc import Callable
from types import TracebackType


class MailServer:
    """``with MailServer() as server: server.port, server.letters``.

    ``replies`` are given instead of the usual ones, by command: ``{"RCPT": "550 no"}``; a command answered with "" is
    answered by hanging up. With ``tls`` it offers STARTTLS, or with ``implicit`` speaks TLS from the first byte.
    ``login`` is the user and password it wants before it takes mail. ``said`` are the commands, each with the letter
    "s" before it when it came encrypted.
    """

    def __init__(
        self,
        *,
        replies: dict[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.letters: list[str] = []
        self.said: list[str] = []
        self.replies, self.tls, self.implicit, self.login = (
            dict[str, str]() if replies is None else replies,
            tls,
            implicit,
            login,
        )
        outer = self

        class Session(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError, EOFError):  # a client that hangs up, also within the handshake
                    _Talk(outer, self.request).run()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> MailServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Talk:
    """One conversation."""

    def __init__(self, server: MailServer, sock: ssl.SSLSocket) -> None:
        self.server, self.secure, self.known = server, False, server.login is None
        self.sock = sock
        if server.implicit:
            self._encrypt()
        self._lines = self.sock.makefile("rb")

    def run(self) -> None:
        self._say("220 test")
        while line := self._lines.readline().decode().strip():
            self.server.said.append("s" * self.secure + line)
            word = line.split()[0].upper()
            reply = self.server.replies.get(word)
            if reply == "":
                return
            self._say(reply) if reply is not None else self._answer(word, line)
            if word == "QUIT":
                return

    def _answer(self, word: str, line: str) -> None:
        known: dict[str, Callable[[], None]] = {
            "EHLO": self._greet,
            "STARTTLS": self._starttls,
            "AUTH": lambda: self._auth(line),
            "MAIL": lambda: self._say("250 ok" if self.known else "530 5.7.0 Authentication required"),
            "DATA": self._take,
            "QUIT": lambda: self._say("221 bye"),
        }
        known.get(word, lambda: self._say("250 ok"))()

    def _greet(self) -> None:
        offers = ["250-test"]
        if self.server.tls is not None and not self.secure:
            offers.append("250-STARTTLS")
        if self.server.login is not None:
            offers.append("250-AUTH PLAIN")
        self._say("\r\n".join([*offers, "250 8BITMIME"]))

    def _starttls(self) -> None:
        self._say("220 go ahead")
        self._encrypt()
        self._lines = self.sock.makefile("rb")

    def _encrypt(self) -> None:
        assert self.server.tls is not None
        self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)
        self.secure = True

    def _auth(self, line: str) -> None:
        _, _, first = line.partition(" PLAIN ")
        given = tuple(b64decode(first).decode().split("\0")[1:])
        self.known = given == self.server.login
        self._say("235 2.7.0 welcome" if self.known else f"535 5.7.8 {given[1]} is wrong")

    def _take(self) -> None:
        self._say("354 go")
        lines = []
        while (text := self._lines.readline().decode().rstrip("\r\n")) != ".":
            lines.append(text)
        self.server.letters.append("\n".join(lines))
        self._say("250 taken")

    def _say(self, words: str) -> None:
        self.sock.sendall(words.encode() + b"\r\n")

"""Serves a WSGI application from threads of this process (waitress), until told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from bridge.errors import InputError
from bridge.web.doorbell import BODY_LIMIT

App = Callable[..., Iterable[bytes]]


class WebServer:
    """One listening address; ``with WebServer(app, port=8700) as server: server.url``.

    ``port`` 0 takes a free one. Requests larger than a doorbell may be are refused while they arrive. Raises
    ``InputError`` when the address cannot be listened at.
    """

    def __init__(self, app: App, *, host: str = "127.0.0.1", port: int = 0, threads: int = 8) -> None:
        self._sockets: dict[int, Any] = {}
        # a burst makes a queue, which is what a queue is for
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        try:
            self._server = create_server(
                app,
                map=self._sockets,
                host=host,
                port=port,
                threads=threads,
                ident=None,
                max_request_body_size=BODY_LIMIT,
                max_request_header_size=32 << 10,
                channel_timeout=30,
                # nothing is believed of them; that they are there tells that a request came through a proxy
                clear_untrusted_proxy_headers=False,
            )
        except OSError as problem:
            raise InputError(f"{host}:{port} cannot be listened at: {problem.strerror}.") from None
        self.port = int(self._server.effective_port)
        self.url = f"http://{host}:{self.port}"
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)

    def __enter__(self) -> WebServer:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening and let requests under way end."""
        # closed by the serving thread itself: it must not wait on a socket that another thread closed
        with suppress(OSError):
            self._server.trigger.pull_trigger(lambda: wasyncore.close_all(self._sockets, ignore_all=True))
        self._thread.join(timeout=5)
        self._server.task_dispatcher.shutdown(timeout=1)

"""Tells systemd how the daemon is (``sd_notify``): one datagram to the socket named in ``$NOTIFY_SOCKET``.

The protocol is a few lines, see https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html; without that
variable (not started by systemd) everything here does nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress


class Notify:
    """Speaks to the service manager; failures are none of the daemon's business and are swallowed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # a leading @ means Linux's abstract namespace, spelt with a zero byte in the call
        self._address = "\0" + address[1:] if address.startswith("@") else address
        microseconds = environ.get("WATCHDOG_USEC", "")
        self.watchdog_seconds = int(microseconds) / 1e6 if microseconds.isdigit() else 0.0

    def tell(self, *lines: str) -> None:
        """Send some of ``READY=1``, ``STATUS=…``, ``WATCHDOG=1``, ``STOPPING=1``."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.connect(self._address)
            sock.sendall("\n".join(line.replace("\n", " ") for line in lines).encode())

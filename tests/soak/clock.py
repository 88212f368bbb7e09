"""The daemon's clock in a soak: the simulators' virtual time, read and moved through their control planes."""

from __future__ import annotations

import http.client
import json
import threading
from datetime import datetime, timedelta
from urllib.parse import urlsplit

SMALL = 0.5
"""Seconds: shorter waits are added up before the simulators' clocks are moved for them."""


class TownClock:
    """Time as the simulators have it, plus the error of this machine's clock; a wait moves their clocks forward.

    Between two calls of the control plane it stands still: the simulators' clocks are some seconds ahead then, as
    clocks of other machines are.
    """

    def __init__(self, planes: tuple[str, ...]) -> None:
        self._planes = [str(urlsplit(url).netloc) for url in planes]
        self._guard = threading.Lock()
        self._owed = 0.0
        self._lines: dict[str, http.client.HTTPConnection] = {}
        self.wrong_by = timedelta()
        self._start = self._at = self._ask({})

    def now(self) -> datetime:
        """What this machine's clock shows."""
        return self._at + timedelta(seconds=self._owed) + self.wrong_by

    def monotonic(self) -> float:
        """Seconds since the start, whatever the clock on the wall shows."""
        return (self._at - self._start).total_seconds() + self._owed

    def sleep(self, seconds: float) -> None:
        """Let time pass for everybody."""
        with self._guard:
            self._owed += max(0.0, seconds)
            if self._owed >= SMALL:
                self._at, self._owed = max(self._at, self._ask({"advance": self._owed})), 0.0

    def is_now(self, at: datetime) -> None:
        """What time it is, as told by the town."""
        with self._guard:
            self._at = max(self._at, at)

    def _ask(self, body: dict[str, float]) -> datetime:
        return max(self._call(plane, body) for plane in self._planes)

    def _call(self, plane: str, body: dict[str, float]) -> datetime:
        line = self._lines.setdefault(plane, http.client.HTTPConnection(plane, timeout=20))
        line.request("POST", "/_sim/clock", json.dumps(body), {"Content-Type": "application/json"})
        return datetime.fromisoformat(json.loads(line.getresponse().read())["now"])

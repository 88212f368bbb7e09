"""Numbers every effect point of a bridge's life, and lets the bridge die at chosen ones.

An effect point stands before and after each ledger commit and each remote call, on both sides. Death is a
``BaseException`` that no engine code catches; once dead, nothing more gets out of the process: every further commit
is undone and every further call is never sent.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bridge.remotes.port import Call, NoReply, Reply
from tests.world import World

_SQUARE_WRITES = (
    "v2/catalog/object",
    "v2/catalog/batch-upsert",
    "v2/catalog/images",
    "v2/inventory/changes/batch-create",
    "v2/customers",
    "v2/orders",
    "v2/payments",
    "v2/refunds",
)


class Crash(BaseException):
    """The process is gone."""


def is_write(call: Call) -> bool:
    """Whether a call may change something at its side (Square reads many things by POST)."""
    if call.method != "POST" or not call.path.startswith("v2/"):
        return call.method != "GET"
    return call.path in _SQUARE_WRITES or call.path.endswith("/pay")


class Points:
    """The points passed so far, by name; ``at`` are the numbers at which the process dies (each once).

    The write number ``unanswered`` (from 0) is done by its side, but its answer never comes.
    """

    def __init__(self, at: Collection[int] = (), *, unanswered: int = -1) -> None:
        self.names: list[str] = []
        self.effects: list[int] = []
        """Numbers of the points right after something changed outside the process (commits and writes)."""
        self.writes: list[str] = []
        """Every remote write that was sent, armed or not."""
        self.unanswered = unanswered
        self.at = set(at)
        self.died_at: list[str] = []
        self.armed = False
        self.dead = False

    def passed(self, name: str, *, effect: bool = False) -> None:
        """The bridge gets to a point; raises ``Crash`` when it is to die there, or is dead."""
        if self.dead:
            raise Crash(name)
        if not self.armed:
            return
        number = len(self.names)
        self.names.append(name)
        if effect:
            self.effects.append(number)
        if number in self.at:
            self.at.remove(number)
            self.dead = True
            self.died_at.append(f"{number} {name}")
            raise Crash(name)


class Watched:
    """A transport with a point before and after each call."""

    def __init__(self, transport: Any, side: str, points: Points) -> None:
        self._transport, self._side, self._points = transport, side, points

    def send(self, call: Call) -> Reply:
        """Send once."""
        name = f"{self._side} {call.method} {call.path}"
        self._points.passed(f"before {name}")
        if is_write(call):
            self._points.writes.append(name)
            if len(self._points.writes) - 1 == self._points.unanswered:
                self._transport.send(call)
                raise NoReply("no answer in time", sent=True)
        reply: Reply = self._transport.send(call)
        self._points.passed(f"after {name}", effect=is_write(call))
        return reply


def watch(world: World, points: Points) -> None:
    """Stand at every point of a world's bridge, the one now running and those started later."""
    world.wrap = lambda transport, side: Watched(transport, side, points)
    world.bridge = world.make_bridge()
    _watch_ledger(world, points)


def _watch_ledger(world: World, points: Points) -> None:
    world.db.before_commit = lambda: points.passed("before commit")
    world.db.after_commit = lambda: points.passed("after commit", effect=True)


def start_again(world: World, points: Points) -> None:
    """A new process on the same ledger."""
    points.dead = False
    armed, points.armed = points.armed, False  # opening the ledger is no part of a pass
    world.restart()
    _watch_ledger(world, points)
    points.armed = armed

"""A daemon in a world of its own: simulators, ledger, doorbells and timetable on one virtual clock, no threads."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from bridge.domain.breaker import Patience
from bridge.domain.rhythm import Rhythm
from bridge.engine.adaptive import Watchfulness
from bridge.engine.bells import DOOR, LOOK, Bells
from bridge.engine.breaker import SideHealth, Watched
from bridge.engine.daemon import Daemon, Surroundings
from bridge.engine.hook_keeper import HookKeeper
from bridge.engine.timetable import Job, trigger_of, usual_jobs
from bridge.ledger.lease import Lease
from bridge.ledger.lend import LENDER
from bridge.remotes.port import Call
from bridge.remotes.square.hooks import SquareHooks
from bridge.remotes.woo.hooks import WooHooks
from bridge.web.doorbell import Doorbell, SquareBell, WooBell
from tests.world import World

PUBLIC = "https://bridge.example"
USUAL = Rhythm()
TOKEN, SECRET = "door-token", "hook-secret"


class Crank:
    """The daemon's timetable turned by hand: APScheduler's own triggers, asked with the virtual time."""

    def __init__(self, jobs: tuple[Job, ...], bells: Bells, now: datetime) -> None:
        self._bells = bells
        self._triggers = {job.word: trigger_of(Job(job.word, job.seconds, job.daily, job.zone)) for job in jobs}
        self.next = {
            word: trigger.get_next_fire_time(now, now) if job.daily is None else trigger.get_next_fire_time(None, now)
            for job, (word, trigger) in zip(jobs, self._triggers.items(), strict=True)
        }
        self.now = now

    def look_in(self, seconds: float) -> None:
        self.next[LOOK] = self.now + timedelta(seconds=seconds)

    def ring_due(self, now: datetime) -> None:
        self.now = now
        for word, when in list(self.next.items()):
            if when > now:
                continue
            self._bells.ring(word)
            if word == LOOK:
                del self.next[word]
            else:
                self.next[word] = self._triggers[word].get_next_fire_time(when, now)

    def seconds_until_next(self) -> float:
        return min(((when - self.now).total_seconds() for when in self.next.values()), default=math.inf)


class Street(World):
    """A world whose bridge is a daemon. ``live`` lets time pass; ``deaf`` throws every webhook away."""

    def __init__(self, *, hooks: bool = True, rhythm: Rhythm = USUAL, **more: Any) -> None:
        super().__init__(**more)
        self.deaf = False
        self.rhythm, self.with_hooks = rhythm, hooks
        self.start()

    def start(self) -> None:
        """A new daemon process on the ledger."""
        self.health = {side: SideHealth(side, self.clock, Patience()) for side in ("woo", "square")}
        self.wrap = lambda transport, side: Watched(transport, self.health[side])
        self.bridge = self.make_bridge()
        self.bells = Bells()
        self.crank = Crank(
            usual_jobs(full_at=datetime.min.time(), zone="UTC", hooks=self.with_hooks), self.bells, self.clock.now()
        )
        bridge: Any = self.bridge
        self.keeper = HookKeeper(
            WooHooks(bridge.woo.caller, lambda: SECRET),
            SquareHooks(bridge.square.caller, self.next_id),
            public_url=PUBLIC,
            token=lambda: TOKEN,
            clock=self.clock,
        )
        self.doorbell = Doorbell(
            self.db,
            self.clock,
            woo=WooBell(TOKEN, lambda: [SECRET]),
            square=SquareBell(TOKEN, self.keeper.square_keys, self.keeper.url("square")),
            rang=lambda: self.bells.ring(DOOR),
        )
        self.said: list[str] = []
        self.lease = Lease(self.db, LENDER, self.clock, 60)
        probes = {"woo": Call("GET", "wc/v3/data/currencies/current"), "square": Call("GET", "v2/locations")}
        callers = {"woo": bridge.woo.caller, "square": bridge.square.caller}
        self.daemon = Daemon(
            self.bridge,
            Surroundings(
                bells=self.bells,
                timetable=self.crank,
                watch=Watchfulness(self.bridge, self.rhythm, ("woo", "square") if self.with_hooks else ()),
                sides=self.health,
                hold=self.hold,
                prepare=lambda: None,
                probes={side: lambda side=side: callers[side].exchange(probes[side]) for side in probes},
                keeper=self.keeper if self.with_hooks else None,
                tell=self.said.append,
            ),
        )

    @contextmanager
    def hold(self) -> Iterator[Lease]:
        self.lease.acquire()
        before, self.db.before_commit = self.db.before_commit, None
        try:
            yield self.lease
        finally:
            self.db.before_commit = before
            self.lease.release()

    # -- time ---------------------------------------------------------------------------
    def live(self, seconds: float) -> None:
        """Let time pass: webhooks arrive, the timetable rings, the daemon turns."""
        end = self.clock.monotonic() + seconds
        self.lease.acquire()
        while True:
            self.deliver()
            self.crank.ring_due(self.clock.now())
            self.daemon.turn(self.lease)
            self.deliver()
            self.crank.now = self.clock.now()
            left = end - self.clock.monotonic()
            if left <= 0:
                break
            wait = min(left, self.daemon.pause(glance=math.inf), self.crank.seconds_until_next(), self._next_delivery())
            self.clock.advance(max(wait, 0.05))

    def deliver(self) -> None:
        for service in (self.woo, self.square):
            service.deliver_due(self._post)

    def _next_delivery(self) -> float:
        pending = [one.due for service in (self.woo, self.square) for one in service.deliveries.pending]
        return min(((due - self.clock.now()).total_seconds() for due in pending), default=math.inf)

    def _post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        if self.deaf:
            return 0
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": urlsplit(url).path,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        environ |= {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
        said: list[str] = []
        list(self.doorbell(environ, lambda status, _: said.append(status)))
        return int(said[0].split()[0])

    def calls(self) -> int:
        """Calls of the daemon so far, both sides."""
        return sum(side.calls for side in self.health.values())

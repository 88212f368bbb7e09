"""The town of the soak: both simulators on loopback in virtual time, people who trade, and a daemon that is turned.

Deliveries of webhooks, trade and the passage of time are the town's; while a turn of the daemon is under way trade goes
on beside it, and some turns end in SIGKILL.
"""

from __future__ import annotations

import hashlib
import json
import random
import socket
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from bridge.sim.busy_counter import CounterDay
from bridge.sim.busy_day import BusyDay
from bridge.sim.demo_shop import furnish
from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.serve import LoopbackServer, post_loopback
from bridge.sim.proof import Opening, Pair, take_opening
from bridge.sim.prove import doubled_skus
from bridge.sim.square.account import FakeSquare
from bridge.sim.woo.shop import FakeWoo
from tests.soak.process import Engine
from tests.world import START

NEVER = 1e8
CONFIG = """\
woo: {{url: "{woo}", key: "file:woo_key", secret: "file:woo_secret", timeout: 10}}
square: {{base_url: "{square}", token: "file:square_token", environment: sandbox}}
ledger: {{path: "{folder}/bridge.sqlite"}}
stores:
{stores}
stock: {{opening: square}}
products: {{create_in_woo: publish, images: false}}
orders: {{mode: {mode}, may_split: true}}
pace: {{woo_per_second: 100, square_per_second: 100}}
web: {{public_url: "http://127.0.0.1:{port}", listen: "127.0.0.1:{port}"}}
timetable: {{when_silent: 300, when_unsure: 300, when_alive: 900}}
"""


class Town:
    """``with Town(folder, seed=1) as town``: furnished, served, the daemon not started yet.

    ``counters``: pickups stand at the tills, and people fetch, cancel and give back what they ordered.
    """

    def __init__(self, folder: Path, *, seed: int, counters: bool = False) -> None:
        self.folder, self.dice, self.counters = folder, random.Random(seed), counters
        self.woo = FakeWoo(seed=seed, clock=SimClock(START))
        self.square = FakeSquare(seed=seed + 1, clock=SimClock(START), locations=())
        furnish(self.woo, self.square, self.dice)
        self.doubled_before = doubled_skus(self.woo, self.square)
        # deliveries are the town's own: in virtual time nobody but it knows when they are due
        self.servers = [LoopbackServer(side, deliver_every=NEVER) for side in (self.woo, self.square)]
        self.woo.state.shop_url = self.servers[0].url
        self.port = free_port()
        self.secrets = self._configure()
        self.engine = self.another_engine("engine.log")
        self.post = requests.Session()
        self.square.hooks.sender = self._send
        self.taken: set[tuple[str, str]] = set()
        """(side, name) of every doorbell answered 2xx: these must be on disk."""
        self.wrong_by = 0.0
        self.kill_share = 0.0
        self.turns = self.passes = 0
        self.pairs: list[Pair] = []
        self.opening: Opening | None = None
        self.day: BusyDay | None = None
        self._open = ExitStack()

    def another_engine(self, log: str) -> Engine:
        urls = tuple(server.url for server in self.servers)
        return Engine(self.folder / "bridge.yaml", urls, self.folder / log)

    def __enter__(self) -> Town:
        for server in self.servers:
            self._open.enter_context(server)
        self._open.callback(self.post.close)
        self._open.callback(self.engine.stop)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _configure(self) -> dict[str, str]:
        key = next(iter(self.woo.state.keys.values()))
        found = {"woo_key": key.key, "woo_secret": key.secret, "square_token": next(iter(self.square.state.tokens))}
        for name, text in found.items():
            (self.folder / name).touch(mode=0o600)
            (self.folder / name).write_text(text, encoding="utf-8")
        stores = "\n".join(
            f"  - {{id: {one['id']}, name: {json.dumps(one['name'])}, pickup_place: {json.dumps(one['name'])}}}"
            for one in self.square.state.locations.values()
        )
        woo, square = (server.url for server in self.servers)
        mode = "mirror_pickups" if self.counters else "stock"
        text = CONFIG.format(woo=woo, square=square, folder=self.folder, stores=stores, port=self.port, mode=mode)
        (self.folder / "bridge.yaml").write_text(text, encoding="utf-8")
        return found

    # -- time ---------------------------------------------------------------------------
    @property
    def sides(self) -> tuple[FakeWoo, FakeSquare]:
        return self.woo, self.square

    def now(self) -> datetime:
        return max(side.clock.now() for side in self.sides)

    def advance(self, seconds: float) -> None:
        """Let time pass; a clock that a killed daemon left behind catches up."""
        there = self.now() + timedelta(seconds=max(0.0, seconds))
        for side in self.sides:
            with side.lock:
                side.clock.advance((there - side.clock.now()).total_seconds())

    def live_until(self, end: datetime) -> None:
        """Webhooks arrive and the daemon turns whenever something is due, until ``end``."""
        while self.now() < end:
            wait = self.turn()
            self.deliver()
            left = (end - self.now()).total_seconds()
            self.advance(max(0.05, min(left, wait, self._next_delivery())))
        self.deliver()

    def _next_delivery(self) -> float:
        due = [one.due for side in self.sides for one in side.deliveries.pending]
        return min(((when - self.now()).total_seconds() for when in due), default=NEVER)

    def deliver(self) -> None:
        for side in self.sides:
            side.deliver_due(self._send)

    def _send(self, url: str, headers: dict[str, str], body: bytes) -> int:
        status = post_loopback(self.post, url, headers, body)
        if status == 200 and not body.startswith(b"webhook_id="):
            self.taken.add(name_of(url, headers, body))
        return status

    # -- the daemon ---------------------------------------------------------------------
    def turn(self, trade: int = 0) -> float:
        """One turn with ``trade`` things happening beside it; seconds until the next one is due by itself."""
        self.turns += 1
        self.engine.ask(now=self.now().isoformat(), wrong_by=self.wrong_by)
        for _ in range(trade):
            time.sleep(self.dice.uniform(0, 0.01))
            self.advance(self.dice.uniform(0.2, 2))
            assert self.day is not None
            self.day.step()
        if self.dice.random() < self.kill_share:
            answer = self.engine.hear(self.dice.uniform(0.0, 0.08))
            if answer is None:
                self.engine.kill()
                self.engine.start()
                return 0.0
        else:
            answer = self.engine.hear()
        assert answer is not None, "a turn took more than a minute"
        self.passes += int(answer.get("passes", 0))
        return float(answer["wait"])

    def open_for_trade(self) -> None:
        """Both sides are in step: from here on every movement is followed."""
        in_shop = {
            one.sku.lower(): str(one.id) for one in self.woo.state.items.values() if one.sku and one.type != "variable"
        }
        doubled, catalog = doubled_skus(self.woo, self.square), self.square.state.catalog
        for square_id in sorted(catalog.live_ids("ITEM_VARIATION")):
            row: dict[str, Any] = catalog.live(square_id) or {}
            sku = str(row.get("item_variation_data", {}).get("sku", "")).lower()
            if sku in in_shop and sku not in doubled:
                self.pairs.append(Pair(in_shop[sku], square_id))
        self.opening = take_opening(self.woo, self.square, self.pairs)
        kind = CounterDay if self.counters else BusyDay
        self.day = kind(self.woo, self.square, self.pairs, random.Random(self.dice.random()))


def name_of(url: str, headers: dict[str, str], body: bytes) -> tuple[str, str]:
    """(side, what the doorbell tells deliveries apart by), worked out from the delivery itself."""
    if "/hooks/square/" in url:
        return "square", str(json.loads(body).get("event_id", ""))
    lower = {name.lower(): value for name, value in headers.items()}
    return "woo", f"{lower['x-wc-webhook-topic']}:{hashlib.sha256(body).hexdigest()}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

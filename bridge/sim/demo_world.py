"""The demo's world: both simulators served on loopback, an engine process between them, and what can be known of it.

Nothing here looks into the engine's ledger: what is counted is counted in the simulators' journals and state, in the
fault counters, and in what the processes were seen to do.
"""

from __future__ import annotations

import random
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from types import TracebackType

from bridge.sim.busy_counter import CounterDay, is_pickup
from bridge.sim.busy_day import peace, trouble
from bridge.sim.demo_engine import Hooks
from bridge.sim.demo_shop import furnish
from bridge.sim.engine_process import EngineProcess
from bridge.sim.kernel.serve import LoopbackServer
from bridge.sim.order_figures import Books, books, order_figures
from bridge.sim.proof import Opening, Pair, Verdict, mirrored_order, stores_of, take_opening
from bridge.sim.prove import Proof, doubled_skus, prove
from bridge.sim.square.account import FakeSquare
from bridge.sim.square.order_book import TILL_SOURCE
from bridge.sim.woo.order_state import Order
from bridge.sim.woo.shop import FakeWoo

WINDOW_SECONDS = 15.0
"""How late a till's sale may reach the shop while the network fails and the engine is killed in the middle."""
CALM_SECONDS = 60.0
EVENING_SECONDS = 90.0


class DemoWorld:
    """``with DemoWorld(folder, seed=7) as world``: furnished and served, the engine not started yet."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self.dice = random.Random(seed)
        self.woo = FakeWoo(seed=seed)
        self.square = FakeSquare(seed=seed + 1, locations=())
        furnish(self.woo, self.square, self.dice)
        self.doubled_before = doubled_skus(self.woo, self.square)
        self.servers = (LoopbackServer(self.woo), LoopbackServer(self.square))
        self.woo.state.shop_url = self.servers[0].url
        self.config = folder / "bridge.yaml"
        self.hooks = Hooks(_free_port(), secrets.token_urlsafe(16), secrets.token_urlsafe(24))
        self._write_config(folder)
        self.engine = EngineProcess(self.config, folder / "hooks.json", folder / "engine.log")
        self._open = ExitStack()
        self.pairs: list[Pair] = []
        self.opening: Opening | None = None
        self.day: CounterDay | None = None
        self.opening_by_store: dict[str, Decimal] = {}
        self.orders_before = self.sales_before = 0

    def __enter__(self) -> DemoWorld:
        for server in self.servers:
            self._open.enter_context(server)
        self._open.callback(self.engine.stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _write_config(self, folder: Path) -> None:
        import json

        key = next(iter(self.woo.state.keys.values()))
        for name, text in (
            ("woo_key", key.key),
            ("woo_secret", key.secret),
            ("square_token", next(iter(self.square.state.tokens))),
            ("hooks.json", json.dumps({name: getattr(self.hooks, name) for name in Hooks.__slots__})),
        ):
            place = folder / name
            place.touch(mode=0o600)
            place.write_text(text, encoding="utf-8")
        stores = "".join(
            f"  - {{id: {store['id']}, name: {json.dumps(store['name'])}, pickup_place: {json.dumps(store['name'])}}}\n"
            for store in self.square.state.locations.values()
        )
        self.config.write_text(
            f"woo: {{url: '{self.servers[0].url}', key: 'file:woo_key', secret: 'file:woo_secret', timeout: 10}}\n"
            f"square: {{base_url: '{self.servers[1].url}', token: 'file:square_token', environment: sandbox}}\n"
            f"ledger: {{path: '{folder / 'bridge.sqlite'}'}}\nstores:\n{stores}"
            "stock: {opening: square}\nproducts: {create_in_woo: publish, images: false}\n"
            "orders: {mode: mirror_pickups, may_split: true}\npace: {woo_per_second: 100, square_per_second: 100}\n",
            encoding="utf-8",
        )

    # -- the engine ---------------------------------------------------------------------
    def settle(self, seconds: float = CALM_SECONDS) -> bool:
        """Full passes until two in a row find nothing to do; False when ``seconds`` do not suffice."""
        deadline, quiet = time.monotonic() + seconds, 0
        while quiet < 2 and time.monotonic() < deadline:
            done = self.engine.full_pass(max(1.0, deadline - time.monotonic()))
            if done is None and not self.engine.pid:
                return False
            still = done is not None and not done["writes"] and not done["waiting"]
            quiet = quiet + 1 if still else 0
            if not still:
                time.sleep(0.3)
        return quiet >= 2

    def restart_engine(self, *, pause: float = 0.0) -> None:
        """SIGKILL wherever it is, and a new process on the same ledger."""
        self.engine.kill()
        time.sleep(pause)
        self.engine.start()

    # -- trade --------------------------------------------------------------------------
    def open_for_trade(self) -> CounterDay:
        """Both sides were brought in step: from here on every movement is followed; the day to come."""
        in_shop = {i.sku.lower(): str(i.id) for i in self.woo.state.items.values() if i.sku and i.type != "variable"}
        doubled = doubled_skus(self.woo, self.square)
        catalog = self.square.state.catalog
        for square_id in sorted(catalog.live_ids("ITEM_VARIATION")):
            row = catalog.live(square_id) or {}
            sku = str(row.get("item_variation_data", {}).get("sku", "")).lower()
            if sku in in_shop and sku not in doubled:
                self.pairs.append(Pair(in_shop[sku], square_id))
        self.opening = take_opening(self.woo, self.square, self.pairs)
        for pair in self.pairs:
            for store, number in stores_of(self.square, pair.square_id).items():
                self.opening_by_store[store] = self.opening_by_store.get(store, Decimal(0)) + number
        self.orders_before, self.sales_before = len(self.woo.state.orders), self._till_orders()
        self.day = CounterDay(self.woo, self.square, self.pairs, random.Random(self.dice.random()))
        return self.day

    def trade(self, seconds: float, at_least: int, meanwhile: Callable[[float], None]) -> None:
        """Let people trade for ``seconds`` and until ``at_least`` orders and sales were made.

        ``meanwhile`` is told, at each step, what share of the day is over.
        """
        assert self.day is not None
        began, limit = time.monotonic(), seconds * 2
        while True:
            elapsed, made = time.monotonic() - began, sum(self.trades())
            if (elapsed >= seconds and made >= at_least) or elapsed > limit:
                return
            meanwhile(min(elapsed / seconds, 1.0))
            # the day's pace: as many trades as the share of it that is over asks for
            while sum(self.trades()) < at_least * 1.1 * min(1.0, elapsed / seconds):
                self.day.step()
            time.sleep(self.dice.uniform(0.0, 0.04))

    def trades(self) -> tuple[int, int]:
        """(online orders, till sales) since the opening."""
        return len(self.woo.state.orders) - self.orders_before, self._till_orders() - self.sales_before

    def _till_orders(self) -> int:
        orders = list(self.square.state.orders.values())
        return sum(1 for o in orders if o.get("source", {}).get("name") == TILL_SOURCE and o.get("line_items"))

    def storm(self) -> None:
        """Switch every fault on."""
        trouble(self.woo, self.square)

    def close(self) -> bool:
        """Nobody buys any more; the counters serve on until nobody waits. False when that took too long."""
        assert self.day is not None
        deadline = time.monotonic() + EVENING_SECONDS
        while self.day.evening():
            if time.monotonic() > deadline:
                return False
            time.sleep(self.dice.uniform(0.0, 0.04))
        return True

    def calm(self) -> bool:
        """Switch every fault off, wait for late webhooks, and let the engine settle."""
        peace(self.woo, self.square)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and any(s.deliveries.pending for s in (self.woo, self.square)):
            time.sleep(0.1)
        return self.settle()

    # -- what is known --------------------------------------------------------------------
    def prove(self) -> Proof:
        """The judgement of the whole day."""
        assert self.opening is not None
        with self.woo.lock, self.square.lock:
            return prove(
                self.woo,
                self.square,
                self.opening,
                window=WINDOW_SECONDS,
                doubled_before=self.doubled_before,
                mirrors=is_pickup,
            )

    def faults(self) -> dict[str, int]:
        """What went wrong on purpose, by name: on the wire, and with webhooks."""
        found: Counter[str] = Counter()
        for service in (self.woo, self.square):
            found.update(service.faults.struck)
            for name in ("lost", "doubled", "held", "forged", "failed"):
                found[f"webhooks {name}"] += service.deliveries.counts[name]
        return {name: number for name, number in sorted(found.items()) if number}

    def became(self) -> dict[str, int]:
        """What became of the day's online orders."""
        return order_figures(self.square, self._orders())

    def books(self) -> Books:
        """Both sides' money of the day's orders that stand at the tills."""
        assert self.day is not None
        return books(self.square, self._orders(), self.day.edited)

    def _orders(self) -> list[Order]:
        return list(self.woo.state.orders.values())[self.orders_before :]

    def products(self) -> int:
        """How many of the shop's products have a variation that stands on both sides."""
        items = self.woo.state.items
        return len({items[int(pair.woo_id)].parent_id or int(pair.woo_id) for pair in self.pairs})

    def happenings(self) -> dict[str, int]:
        """What people did besides buying, from both journals: kind -> how often."""
        assert self.opening is not None
        found: Counter[str] = Counter()
        for side, journal, since in (
            ("shop", self.woo.journal, self.opening.woo_seq),
            ("stores", self.square.journal, self.opening.square_seq),
        ):
            found.update(f"{side}: {e.kind}" for e in journal.since(since) if not e.actor.startswith("api:"))
        return dict(sorted(found.items()))

    def overwritten(self) -> int:
        """Shopper's decrements that a write of the bridge erased in the race the shop leaves open."""
        assert self.opening is not None
        return sum(1 for e in self.woo.journal.since(self.opening.woo_seq) if "intended" in e.detail)

    def by_store(self, verdicts: tuple[Verdict, ...]) -> list[tuple[str, int, int, int, int]]:
        """Per store: name, on hand at the opening, effects of people, effects of the bridge's own, on hand now."""
        assert self.opening is not None
        ours = {pair.square_id for pair in self.pairs}
        people: Counter[str] = Counter()
        bridge: Counter[str] = Counter()
        for event in self.square.journal.since(self.opening.square_seq):
            if event.stock_id in ours:
                ours_too = event.actor.startswith("api:") or mirrored_order(self.square, event)
                side = bridge if ours_too else people
                side[event.place] += int(event.delta)
        return [
            (
                str(store["name"]),
                int(self.opening_by_store.get(place, 0)),
                people[place],
                bridge[place],
                int(sum((v.by_store[place] for v in verdicts), Decimal(0))),
            )
            for place, store in self.square.state.locations.items()
        ]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""A whole small world in one process: both simulators, a ledger, the engine, and one virtual clock for all of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bridge.engine.context import Bridge
from bridge.engine.settings import Settings
from bridge.engine.sync import Report, Scope, sync
from bridge.ledger.database import Database
from bridge.remotes.pace import Pace
from bridge.remotes.square.client import SquareClient
from bridge.remotes.woo.client import WooClient
from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.direct import InProcessSquare, InProcessWoo
from bridge.sim.square.account import FakeSquare
from bridge.sim.woo.shop import FakeWoo

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEST_SETTINGS = Settings(opening="woo", settle_after=0.0, overlap_seconds=30, images=False, create_in_woo="publish")


class WorldClock:
    """The bridge's clock, moving with the simulators' own."""

    def __init__(self, *clocks: SimClock) -> None:
        self._clocks = clocks
        self._waited = 0.0
        self.wrong_by = timedelta()
        """How far the bridge's own clock is off the services' clocks."""

    def now(self) -> datetime:
        return self._clocks[0].now() + self.wrong_by

    def monotonic(self) -> float:
        return self._waited

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self._waited += max(0.0, seconds)
        for clock in self._clocks:
            clock.advance(seconds)


class World:
    """The two services, the people around them, and a bridge between them that can be stopped and started."""

    def __init__(
        self,
        *,
        seed: int = 1,
        settings: Settings = TEST_SETTINGS,
        ledger: str | Path = ":memory:",
        stores: tuple[str, ...] = ("Oslo", "Bergen", "Trondheim"),
    ) -> None:
        self.woo = FakeWoo(seed=seed, clock=SimClock(START))
        self.square = FakeSquare(seed=seed + 1, clock=SimClock(START), locations=stores)
        self.clock = WorldClock(self.woo.clock, self.square.clock)
        self.settings = settings
        self.ledger = ledger
        self.with_password = True
        self._ids = 0
        self._transports: tuple[Any, Any] | None = None
        self.wrap: Callable[[Any, str], Any] = lambda transport, _: transport
        self.db = self.open_ledger()
        self.bridge = self.make_bridge()

    # -- the bridge ---------------------------------------------------------------------
    def open_ledger(self) -> Database:
        return Database.open(self.ledger, clock=self.clock, ids=self.next_id)

    def next_id(self) -> str:
        self._ids += 1
        return f"id-{self._ids:06d}"

    def make_bridge(self) -> Bridge:
        """A new bridge process on the ledger that is open: nothing but the ledger is remembered."""
        key = next(iter(self.woo.state.keys.values()))
        woo = self.wrap(InProcessWoo(self.woo, key.key, key.secret), "woo")
        square = self.wrap(InProcessSquare(self.square, next(iter(self.square.state.tokens))), "square")
        return Bridge(
            db=self.db,
            woo=WooClient(woo, clock=self.clock, pace=Pace(self.clock, rate=math.inf), admin=self._admin()),
            square=SquareClient(square, clock=self.clock, pace=Pace(self.clock, rate=math.inf)),
            clock=self.clock,
            settings=self.settings,
            ids=self.next_id,
            fetch=self.fetch,
        )

    def _admin(self) -> Any:
        """The way to WordPress's own settings, when the shop has given an application password."""
        held = next(iter(self.woo.state.app_passwords), None) if self.with_password else None
        return self.wrap(InProcessWoo(self.woo, held.user, held.password), "woo") if held is not None else None

    def fetch(self, url: str) -> tuple[bytes, str] | None:
        name = url.rsplit("/wp-content/uploads/", 1)[-1]
        content = self.woo.state.files.get(name)
        return (content, "image/jpeg") if content is not None else None

    def use(self, **changes: Any) -> None:
        """Change settings from now on."""
        self.settings = replace(self.settings, **changes)
        self.bridge.settings = self.settings

    def restart(self) -> None:
        """Stop the bridge and start it again on the same ledger."""
        if self.ledger != ":memory:":
            self.db.close()
            self.db = self.open_ledger()
        self.bridge = self.make_bridge()

    def sync(self, *, full: bool = False, products: bool = True, stock: bool = True) -> Report:
        """One pass; a second goes by before it, as passes are never in the same instant as trade."""
        self.clock.advance(1)
        return sync(self.bridge, Scope(products=products, stock=stock, full=full))

    def quiet(self, *, full: bool = True) -> Report:
        """Let things settle: two passes without anybody trading, then a long-ago moment."""
        self.clock.advance(60)
        self.sync(full=full)
        self.clock.advance(60)
        return self.sync(full=full)

    # -- people -------------------------------------------------------------------------
    def seed(self, *products: dict[str, Any]) -> list[int]:
        return list(self.woo.acts["seed"](list(products)))

    def simple(self, sku: str, stock: int | None = 10, price: str = "10.00", **more: Any) -> int:
        """A simple product in the shop."""
        body: dict[str, Any] = {"name": f"Product {sku}", "type": "simple", "sku": sku, "regular_price": price, **more}
        if stock is not None:
            body |= {"manage_stock": True, "stock_quantity": stock}
        return self.seed(body)[0]

    @property
    def stores(self) -> list[str]:
        """Location ids in the order they were made."""
        return list(self.square.state.locations)

    def twin(self, woo_id: int | str) -> str:
        """The Square variation linked to a shop variation."""
        with self.db.reading() as conn:
            from bridge.ledger import links

            return str(links.variations_by(conn, "woo", [str(woo_id)])[str(woo_id)].square_id)

    def woo_stock(self, woo_id: int | str) -> int | None:
        quantity = self.woo.state.items[int(woo_id)].stock
        return None if quantity is None else int(quantity)

    def on_hand(self, square_id: str, store: str | None = None) -> Decimal:
        return sum(
            (self.square.state.inventory.on_hand(square_id, place) for place in ([store] if store else self.stores)),
            Decimal(0),
        )

    def buy(self, woo_id: int | str, quantity: int = 1, **more: Any) -> int:
        """A shopper buys online; the order's id."""
        lines = [{"id": int(woo_id), "quantity": quantity}]
        return int(self.woo.acts["checkout"](lines, **more)["order_id"])

    def sell(self, square_id: str, quantity: int = 1, store: int = 0) -> Any:
        """A till sells."""
        lines = [{"variation_id": square_id, "quantity": str(quantity)}]
        return self.square.acts["sell"](self.stores[store], lines)

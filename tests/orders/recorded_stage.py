"""The orders a real shop sent, put before the bridge as recorded: bodies from the files, goods from the simulators.

Whatever is asked about orders and their refunds is answered from the recordings, byte for byte the JSON a WooCommerce
9.9.5 sent; products, stock and all else are the simulated shop's, whose numbers are moved by what the recorded lines
say they took (``_reduced_stock``).
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest

from bridge.domain.times import parse_time
from bridge.remotes.port import Call, Reply, Transport
from bridge.sim.woo.stock import change_stock
from bridge.web.doorbell import Doorbell, WooBell
from tests.contract.woo.order_shop import simple, variable
from tests.crash.life import square_skus
from tests.orders.mirror_stage import Mode
from tests.scenarios.stage import in_step
from tests.world import START, TEST_SETTINGS, World

JSON = dict[str, Any]
RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "woocommerce"
WITHOUT = "the recordings (../shared/recordings/woocommerce) are not here"
BEFORE = datetime(2026, 11, 22, 0, 20, tzinfo=UTC)
"""Shortly before the first recorded order was placed."""
STORES = ("Downtown Store", "Uptown Store", "Warehouse")
"""Square's stores; the first two are the recorded shop's pickup locations, by name."""
PRODUCTS: tuple[JSON, ...] = (
    simple(11, "Espresso Beans", "SIMP-001", "5.00"),
    simple(20, "Mug Black", "SIMP-010", "14.45", 2000),
    simple(21, "Tote Bag", "SIMP-011", "15.50"),
    simple(22, "Sticker Pack", "SIMP-012", "16.55"),
    simple(23, "French Press", "SIMP-013", "17.60"),
    simple(26, "Grinder", "SIMP-016", "28.00"),
)


def load(name: str) -> JSON:
    """A recording; the test is skipped where the recordings are not beside the project."""
    if not RECORDINGS.exists():
        pytest.skip(WITHOUT)
    content: JSON = json.loads((RECORDINGS / f"{name}.json").read_text())
    return content


def body(name: str) -> Any:
    """The body of a recorded answer, or of a recorded delivery."""
    content = load(name)
    return json.loads(content["delivery"]["body_raw"]) if "delivery" in content else content["response"]["body"]


class Tape:
    """What the shop shows of its orders now. ``sent`` are the calls that would have changed one of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._orders: dict[int, JSON] = {}
        self._refunds: dict[int, list[JSON]] = {}
        self.sent: list[Call] = []

    def show(self, order: JSON, refunds: list[JSON] | None = None, *, kind: str = "order_reduce") -> int:
        """From now on the shop shows this; its stock has moved by what the lines took since it was last shown."""
        number = int(order["id"])
        before, after = took(self._orders.get(number, {})), took(order)
        for item in sorted(before.keys() | after.keys()):
            moved = int(before.get(item, Decimal(0)) - after.get(item, Decimal(0)))
            if moved:
                shop = self._world.woo
                change_stock(
                    shop, shop.state.items[item], moved, actor="shopper", kind=kind, reference=f"order:{number}"
                )
        self._orders[number] = order
        self._refunds[number] = refunds if refunds is not None else self._refunds.get(number, [])
        now = parse_time(order["date_modified_gmt"]) + timedelta(seconds=2)
        self._world.clock.advance(max(0.0, (now - self._world.clock.now()).total_seconds()))
        return number

    def wrap(self, transport: Transport, side: str) -> Transport:
        """For ``World.wrap``: the tape before the shop."""
        return _Played(transport, self) if side == "woo" else transport

    def answer(self, call: Call) -> Any:
        """The recorded answer to a call about orders, ``None`` for a call about anything else."""
        parts = call.path.removeprefix("wc/v3/").split("/")
        if not call.path.startswith("wc/v3/orders"):
            return None
        if call.method != "GET":
            self.sent.append(call)
            raise AssertionError(f"the recordings hold no answer to {call.method} {call.path}")
        if len(parts) == 1:
            return self._listed(dict(call.query))
        return self._refunds[int(parts[1])] if parts[2:] == ["refunds"] else self._orders.get(int(parts[1]))

    def _listed(self, query: dict[str, str]) -> list[JSON]:
        since, status = query.get("modified_after", ""), query.get("status", "")
        return [
            order
            for _, order in sorted(self._orders.items())
            if (order["status"] == "trash") == (status == "trash") and order["date_modified_gmt"] + "Z" > since
        ]


class _Played:
    def __init__(self, inner: Transport, tape: Tape) -> None:
        self._inner, self._tape = inner, tape

    def send(self, call: Call) -> Reply:
        said = self._tape.answer(call)
        if said is None:
            return self._inner.send(call)
        own = self._inner.send(Call("GET", "wc/v3/orders", call.query))  # for its headers: the date, the paging
        headers = own.headers | {"x-wp-total": str(len(said)), "x-wp-totalpages": "1"}
        return Reply(200, headers, orjson.dumps(said))


def took(order: JSON) -> dict[int, Decimal]:
    """Product or variation id → what the order's lines hold of it."""
    held: dict[int, Decimal] = {}
    for line in order.get("line_items") or ():
        reduced = next((row["value"] for row in line["meta_data"] if row["key"] == "_reduced_stock"), None)
        if reduced is not None:
            item = int(line["variation_id"] or line["product_id"])
            held[item] = held.get(item, Decimal(0)) + Decimal(str(reduced))
    return held


def recorded_world(mode: Mode = "mirror", **settings: Any) -> tuple[World, Tape]:
    """The recorded shop before its first order, in step with Square, and the tape of its orders (empty)."""
    if not RECORDINGS.exists():
        pytest.skip(WITHOUT)
    world = World(settings=replace(TEST_SETTINGS, orders_mode=mode, **settings), stores=STORES)
    world.clock.advance((BEFORE - START).total_seconds())
    world.seed(*PRODUCTS)
    world.seed(*(_coloured(*one) for one in ((31, "T-Shirt", "TS", 32), (38, "Hoodie", "HD", 39))))
    world.seed(_coloured(45, "Cap", "CP", 46, manage_stock=True, stock_quantity=20))
    tape = Tape(world)
    world.wrap = tape.wrap
    world.bridge = world.make_bridge()
    in_step(world)
    for twin in square_skus(world).values():
        world.square.acts["transfer"](twin, world.stores[0], world.stores[1], 5)
    world.quiet()
    return world, tape


def _coloured(number: int, name: str, code: str, first: int, **more: Any) -> JSON:
    """A variable product of the recorded shop, its colour an attribute of its own (the orders do not tell)."""
    made = variable(number, name, code, first, **more)
    made["attributes"][0] = {"name": "Color", **{k: v for k, v in made["attributes"][0].items() if k != "id"}}
    for one in made["variations"]:
        one["attributes"][0] = {"name": "Color", "option": one["attributes"][0]["option"]}
    return made


def ring(world: World, name: str) -> str:
    """A recorded delivery arrives at the doorbell, signed as it was; how it was taken."""
    content = load(name)
    bell = Doorbell(world.db, world.clock, woo=WooBell("door", lambda: [content["secret"]]))
    raw = content["delivery"]["body_raw"].encode()
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/hooks/woo/door", "CONTENT_LENGTH": str(len(raw)),
        "wsgi.input": BytesIO(raw),
        **{f"HTTP_{key.upper().replace('-', '_')}": value for key, value in content["delivery"]["headers"]},
    }  # fmt: skip
    bell(environ, lambda *_: None)
    [word] = bell.counts
    return word

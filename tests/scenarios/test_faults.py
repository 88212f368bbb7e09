"""Every fault by its name: while it lasts the bridge may be late, after it the world is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.errors import LedgerError
from bridge.sim.kernel.faults import WIRE_FAULTS
from tests.crash.life import square_skus, woo_skus
from tests.scenarios.stage import both, in_step, receive, square_item, square_object, try_to_sync, variable
from tests.scenarios.witness import Witness, questions
from tests.world import START, TEST_SETTINGS, World, WorldClock

READS, WRITES = "GET", "PUT|POST"
SQUARE_WRITES = "/v2/(catalog/(object$|batch-upsert|images)|inventory/changes/batch-create)"
SQUARE_READS = "/v2/(catalog/(search|list|batch-retrieve|object/)|inventory/(counts|changes)/batch-retrieve|locations)"


class Day:
    """A world with something of every kind to be carried, both ways."""

    def __init__(self, **more: Any) -> None:
        self.world = world = World(**more)
        self.mug, self.cup = world.simple("mug", 10), world.simple("cup", 10)
        self.shirt = variable(world, "Shirt", {"shirt-s": 5, "shirt-l": 5})
        in_step(world)
        self.witness = Witness(world)

    def happen(self) -> None:
        """An order, a till sale, a receipt, a hand edit, a new name, a new price, a product made on either side."""
        world = self.world
        world.woo.acts["checkout"]([{"id": self.mug, "quantity": 2}, {"id": self.shirt["shirt-s"], "quantity": 1}])
        world.sell(world.twin(self.cup), 3)
        receive(world, world.twin(self.shirt["shirt-l"]), 4, store=2)
        world.woo.acts["staff_set_stock"](self.cup, 12)
        world.woo.acts["staff_edit_product"](self.mug, {"name": "Blue mug"})
        world.square.acts["edit_price"](world.twin(self.cup), 1100)
        world.simple("pot", 6)
        receive(world, square_item(world, "Teapot", "teapot")["teapot"], 2)

    def end(self) -> None:
        """Faults are over and nobody trades: everything must be right."""
        world = self.world
        world.woo.faults.clear()
        world.square.faults.clear()
        world.clock.advance(1000)
        for _ in range(2):
            world.quiet()
        assert not self.witness.faults()
        assert not questions(world), [row.question for row in questions(world)]
        assert both(world, self.mug) == (8, 8)
        assert both(world, self.cup) == (9, 9)
        item = square_object(world, world.twin(self.mug))["item_variation_data"]["item_id"]
        assert square_object(world, item)["item_data"]["name"] == "Blue mug"
        assert str(world.woo.state.items[self.cup].regular_price) == "11.00"
        assert woo_skus(world).keys() == square_skus(world).keys()
        assert both(world, woo_skus(world)["pot"]) == (6, 6)
        assert both(world, woo_skus(world)["teapot"]) == (2, 2)
        names = [item.name for item in world.woo.state.items.values() if not item.is_variation]
        assert len(names) == len(set(names)) == 5
        assert len(list(world.square.state.catalog.live_ids("ITEM"))) == 5
        assert world.quiet().writes == 0


def _passes(day: Day, times: int = 3) -> None:
    for _ in range(times):
        try_to_sync(day.world, full=True)


@pytest.mark.parametrize("skip", [0, 1, 3])
@pytest.mark.parametrize("side", ["woo", "square"])
@pytest.mark.parametrize("fault", sorted(WIRE_FAULTS))
def test_writes_struck_by_a_fault_of_the_wire(fault: str, side: str, skip: int) -> None:
    """Some writes pass, then some are struck: done and not heard of, not done, refused for now, a page instead."""
    day = Day()
    day.happen()
    options = {"retry_after": 7} if fault == "rate_limited" and skip == 1 else {}
    if side == "woo":
        day.world.woo.faults.add(fault, method=WRITES, skip=skip, times=3, options=options)
    else:
        day.world.square.faults.add(fault, method="POST", path=SQUARE_WRITES, skip=skip, times=3, options=options)
    _passes(day)
    struck = day.world.woo.faults.struck if side == "woo" else day.world.square.faults.struck
    assert struck.get(fault)
    day.end()


@pytest.mark.parametrize("side", ["woo", "square"])
@pytest.mark.parametrize("fault", sorted(fault for fault in WIRE_FAULTS if not fault.endswith("_applied")))
def test_reads_struck_by_a_fault_of_the_wire(fault: str, side: str) -> None:
    """Every second read or so fails for a while: what was read in part is neither believed nor lost."""
    day = Day()
    day.happen()
    service, method, path = (
        (day.world.woo, READS, "") if side == "woo" else (day.world.square, "GET|POST", SQUARE_READS)
    )
    service.faults.add(fault, method=method, path=path, times=40, probability=0.6)
    _passes(day)
    assert service.faults.struck.get(fault)
    day.end()


SHOP_DOWN = ("maintenance", "php_fatal", "php_fatal_json", "database_down")


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("fault", SHOP_DOWN)
def test_a_shop_that_breaks_down_while_it_is_written_to(fault: str, applied: bool) -> None:
    """WordPress is updated, dies of a plugin or loses its database, before or after it did what was asked."""
    day = Day()
    day.happen()
    day.world.woo.faults.add(fault, method=WRITES, skip=1, times=4, options={"applied": applied})
    _passes(day)
    assert day.world.woo.faults.struck.get(fault)
    day.end()


@pytest.mark.parametrize("fault", SHOP_DOWN)
def test_a_shop_that_is_down_for_a_day(fault: str) -> None:
    """Nothing can be read for a day; the stores go on selling."""
    day = Day()
    day.happen()
    day.world.woo.faults.add(fault, times=None)
    for _ in range(4):
        assert not try_to_sync(day.world)
        day.world.clock.advance(6 * 3600)
    day.end()


SQUARE_OWN = (
    ("ok_with_errors", SQUARE_WRITES),
    ("ok_with_errors", SQUARE_READS),
    ("version_mismatch", SQUARE_WRITES),
    ("catalog_partly_applied", "/v2/catalog/batch-upsert"),
    ("stale_read", SQUARE_READS),
    ("empty_page_with_cursor", SQUARE_READS),
    ("unknown_object_type", "/v2/catalog"),
    ("unknown_enum", "/v2/catalog"),
    ("expired_cursor", SQUARE_READS),
)


@pytest.mark.parametrize(("fault", "path"), SQUARE_OWN, ids=lambda value: str(value).partition("/")[0])
def test_faults_of_squares_own(fault: str, path: str) -> None:
    """Half applied batches, version clashes, stale and odd pages."""
    day = Day()
    day.happen()
    day.world.square.faults.add(fault, path=path, times=6)
    _passes(day, 4)
    day.end()


def test_stale_reads_of_the_shop() -> None:
    """A cache in front of the shop answers with what stood there before the last writes."""
    day = Day()
    day.happen()
    day.world.woo.faults.add("stale_read", method=READS, times=6)
    _passes(day, 4)
    day.end()


def _revoke_woo(world: World) -> Callable[[], None]:
    keys = world.woo.state.keys
    name, kept = next(iter(keys.items()))
    world.woo.acts["revoke_key"](name)
    return lambda: keys.__setitem__(name, kept)


def _read_only_woo(world: World) -> Callable[[], None]:
    key = next(iter(world.woo.state.keys.values()))
    key.permissions = "read"
    return lambda: setattr(key, "permissions", "read_write")


def _token(world: World, **change: Any) -> Callable[[], None]:
    token = next(iter(world.square.state.tokens.values()))
    before = {name: getattr(token, name) for name in change}
    for name, value in change.items():
        setattr(token, name, value)

    def back() -> None:
        for name, value in before.items():
            setattr(token, name, value)

    return back


NO_ACCESS: dict[str, Callable[[World], Callable[[], None]]] = {
    "shop key revoked": _revoke_woo,
    "shop key read-only": _read_only_woo,
    "token revoked": lambda world: _token(world, revoked=True),
    "token expired": lambda world: _token(world, expires_at=START),
    "token of the wrong scope": lambda world: _token(
        world, scopes=frozenset({"ITEMS_READ", "INVENTORY_READ", "MERCHANT_PROFILE_READ"})
    ),
}


@pytest.mark.parametrize("name", NO_ACCESS)
def test_access_lost_and_given_back(name: str) -> None:
    """A key is taken away or may only read; trade goes on; a new one comes hours later."""
    day = Day()
    give_back = NO_ACCESS[name](day.world)
    day.happen()
    for _ in range(3):
        try_to_sync(day.world, full=True)
        day.world.clock.advance(1800)
    give_back()
    day.end()


class Skewed(WorldClock):
    """The bridge's own clock is wrong; the services' clocks agree with each other."""

    def __init__(self, world: World, seconds: float) -> None:
        super().__init__(world.woo.clock, world.square.clock)
        self._wrong = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self._wrong


@pytest.mark.parametrize("minutes", [-10, 10])
@pytest.mark.parametrize("whose", ["bridge", "woo", "square"])
def test_a_clock_ten_minutes_off(whose: str, minutes: int) -> None:
    """The bridge's, the shop's or Square's clock is ten minutes ahead of the others, or behind them."""
    day = Day()
    world, seconds = day.world, minutes * 60.0
    if whose == "bridge":
        world.clock = Skewed(world, seconds)
        world.bridge = world.make_bridge()
    else:
        # a clock cannot be set back: the others go ahead instead
        ahead = whose if minutes > 0 else {"woo": "square", "square": "woo"}[whose]
        getattr(world, ahead).clock.advance(abs(seconds))
    world.sync(full=True)
    day.happen()
    for _ in range(3):
        world.clock.advance(30)
        world.sync()
    day.end()


@pytest.mark.parametrize(
    "moment", [datetime(2026, 3, 29, 0, 59, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 59, 30, tzinfo=UTC)]
)
def test_the_hour_in_which_summer_time_begins_or_ends(moment: datetime) -> None:
    """The shop's wall clock jumps while orders come in: local times repeat or are missing, nothing is."""
    day = Day()
    world = day.world
    world.woo.acts["set_setting"]("timezone_string", "Europe/Oslo")
    world.clock.advance((moment - world.clock.now()).total_seconds())
    world.quiet()
    day.happen()
    world.sync()
    day.end()


@pytest.mark.parametrize("after", [0, 2, 5, 9, 14, 20])
def test_a_disk_that_is_full_for_a_while(after: int) -> None:
    """After some commits no more can be stored; what was not stored is done again, what was done is not."""
    day = Day()
    day.happen()
    left = [after]

    def full() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise LedgerError("The disk is full.")

    day.world.db.before_commit = full
    assert not try_to_sync(day.world, full=True)
    assert not try_to_sync(day.world, full=True)
    day.world.db.before_commit = None
    day.end()


def test_pages_that_shift_while_they_are_read() -> None:
    """With 101 products on two pages, one of the first page is deleted between the readings of the two."""
    world = World(settings=replace(TEST_SETTINGS, create_in_square=False))
    world.woo.acts["seed_catalog"](products=101)
    receive(world, square_item(world, "Product 101", "SKU-000101", price=1600)["SKU-000101"], 20)
    in_step(world)
    last = woo_skus(world)["sku-000101"]
    assert world.woo_stock(last) == 20
    first = woo_skus(world)["sku-000001"]
    world.wrap = lambda transport, side: _Shifting(transport, world, first) if side == "woo" else transport
    world.bridge = world.make_bridge()
    world.sync(full=True)
    world.wrap = lambda transport, _: transport
    world.bridge = world.make_bridge()
    world.buy(last)
    world.quiet()
    assert both(world, last) == (19, 19)
    assert not questions(world)


class _Shifting:
    """Deletes a product after the first page of products was read."""

    def __init__(self, transport: Any, world: World, product_id: int) -> None:
        self._transport, self._world, self._left = transport, world, [product_id]

    def send(self, call: Any) -> Any:
        reply = self._transport.send(call)
        if call.path == "wc/v3/products" and self._left:
            self._world.woo.acts["staff_delete"](self._left.pop())
        return reply


@pytest.mark.parametrize("act", ["stock", "price", "trash", "cancel"])
def test_staff_act_in_the_middle_of_our_write(act: str) -> None:
    """Staff save something between the shop's reading and saving of our change."""
    day = Day()
    world = day.world
    order = world.buy(day.mug, 2)
    world.quiet()
    acts: dict[str, Callable[[], Any]] = {
        "stock": lambda: world.woo.acts["staff_set_stock"](day.shirt["shirt-s"], 9),
        "price": lambda: world.woo.acts["staff_edit_product"](day.mug, {"regular_price": "9.50"}),
        "trash": lambda: world.woo.acts["staff_trash"](day.cup),
        "cancel": lambda: world.woo.acts["cancel_order"](order),
    }

    def then() -> None:
        acts[act]()

    for woo_id in (day.mug, day.cup, day.shirt["shirt-s"]):
        world.sell(world.twin(woo_id), 1)
    world.woo.between.append(then)
    world.sync()
    if act == "trash":
        world.quiet()
        world.woo.acts["staff_untrash"](day.cup)
    world.quiet()
    world.quiet()
    assert not day.witness.faults()


def test_an_order_edited_and_refunded_after_it_was_carried() -> None:
    """Two mugs become five, one line is removed, one mug comes back."""
    day = Day()
    world = day.world
    made = world.woo.acts["checkout"]([{"id": day.mug, "quantity": 2}, {"id": day.cup, "quantity": 1}])
    world.sync()
    order = world.woo.state.orders[made["order_id"]]
    mugs, cups = order.lines
    world.woo.acts["staff_edit_order_line"](order.id, mugs.id, 5)
    world.sync()
    world.woo.acts["staff_edit_order_line"](order.id, cups.id, 0)
    world.woo.acts["staff_refund"](order.id, [{"id": mugs.id, "quantity": 1}])
    world.quiet()
    assert both(world, day.mug) == (6, 6)
    assert both(world, day.cup) == (10, 10)
    assert not day.witness.faults()


def test_a_store_that_closes() -> None:
    """A location is deactivated: its stock is no longer sold online, the others go on."""
    day = Day()
    world = day.world
    receive(world, world.twin(day.mug), 4, store=0)
    world.quiet()
    assert both(world, day.mug) == (14, 14)
    world.square.acts["deactivate_location"](world.stores[0])
    world.sell(world.twin(day.mug), 1, store=1)
    world.quiet()
    world.quiet()
    assert world.woo_stock(day.mug) == 9


@pytest.mark.parametrize("stale", ["counts", "changes", "(counts|changes)"])
def test_what_square_told_too_early_is_read_again_by_the_next_pass_however_long_that_waits(stale: str) -> None:
    """Square's answer is some moments old just when a sale is looked for; the next look is a quarter of an hour off."""
    day = Day()
    world = day.world
    world.sync(full=False)
    world.clock.advance(400)
    world.sell(world.twin(day.mug), 1)
    world.clock.advance(500)
    world.square.faults.add("stale_read", path=f"/v2/inventory/{stale}/batch-retrieve", times=None)
    world.sync(full=False)
    world.square.faults.clear()
    world.clock.advance(900)
    world.sync(full=False)
    assert both(world, day.mug) == (9, 9)
    assert not day.witness.faults()

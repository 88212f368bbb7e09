"""The bridge stops before it does much harm, says why, and goes on when a person lets it."""

from __future__ import annotations

from typing import Any

from bridge.remotes.port import Call, Reply
from tests.scenarios.stage import in_step, price_at_square
from tests.scenarios.witness import Witness, answer, questions
from tests.world import World


def _shelf(number: int = 8) -> tuple[World, list[int]]:
    world = World()
    ids = [world.simple(f"sku-{n}", 5) for n in range(number)]
    return in_step(world), ids


def _count_to_zero(world: World, ids: list[int]) -> None:
    for woo_id in ids:
        for store in world.stores:
            world.square.acts["count"](store, world.twin(woo_id), 0)


def test_a_mass_zero_is_stopped_and_released_by_a_person() -> None:
    """A broken import counts every shelf to zero at Square: the shop goes on selling until somebody says it is true."""
    world, ids = _shelf()
    witness = Witness(world)
    _count_to_zero(world, ids)
    for _ in range(2):
        assert world.quiet().brakes == 1
    assert [world.woo_stock(one) for one in ids] == [5] * 8
    assert len(questions(world, "brake")) == 1
    answer(world, "brake", "release")
    world.quiet()
    assert [world.woo_stock(one) for one in ids] == [0] * 8
    assert not questions(world)
    assert not witness.faults()


def test_a_released_brake_catches_again_the_next_time() -> None:
    """One yes is for one time: next month's broken import is stopped again."""
    world, ids = _shelf()
    _count_to_zero(world, ids)
    world.quiet()
    answer(world, "brake", "release")
    world.quiet()
    for woo_id in ids:
        world.square.acts["count"](world.stores[0], world.twin(woo_id), 5)
    world.quiet()
    assert [world.woo_stock(one) for one in ids] == [5] * 8
    _count_to_zero(world, ids)
    world.quiet()
    assert [world.woo_stock(one) for one in ids] == [5] * 8
    assert len(questions(world, "brake")) == 1


def test_a_mass_zero_put_right_by_itself_asks_no_more() -> None:
    """Staff notice the broken import and count again: the question goes away, nothing was ever written."""
    world, ids = _shelf()
    _count_to_zero(world, ids)
    world.quiet()
    for woo_id in ids:
        world.square.acts["count"](world.stores[0], world.twin(woo_id), 4)
    world.quiet()
    assert [world.woo_stock(one) for one in ids] == [4] * 8
    assert not questions(world)


def test_a_mass_zero_that_comes_in_small_parts_is_stopped_as_well() -> None:
    """A slow import counts one shelf a minute to zero, and a pass follows each time: no pass alone is too much."""
    world, ids = _shelf(20)
    for woo_id in ids:
        _count_to_zero(world, [woo_id])
        world.clock.advance(60)
        world.sync()
    shown = [world.woo_stock(one) for one in ids]
    assert shown.count(0) == 4, "a fifth of twenty"
    assert len(questions(world, "brake")) == 1
    answer(world, "brake", "release")
    world.quiet()
    assert [world.woo_stock(one) for one in ids] == [0] * 20
    assert not questions(world)


def test_after_a_yes_small_parts_are_counted_from_the_beginning() -> None:
    """What a person agreed to is no reason to ask again at the next single zero."""
    world, ids = _shelf(20)
    for woo_id in ids[:6]:
        _count_to_zero(world, [woo_id])
        world.sync()
    answer(world, "brake", "release")
    world.quiet()
    _count_to_zero(world, ids[6:7])
    world.quiet()
    assert world.woo_stock(ids[6]) == 0
    assert not questions(world)


def test_zeros_of_yesterday_and_zeros_put_right_do_not_count() -> None:
    """A stock-take finds one empty shelf in ten every day; nobody is asked about that."""
    world, ids = _shelf(20)
    for start in range(0, 20, 4):
        _count_to_zero(world, ids[start : start + 4])
        world.quiet()
        assert not questions(world)
        world.clock.advance(24 * 3600)
    fresh, more = _shelf(20)
    for woo_id in more[:8]:
        _count_to_zero(fresh, [woo_id])
        fresh.quiet()
        fresh.square.acts["count"](fresh.stores[0], fresh.twin(woo_id), 5)
        fresh.quiet()
    assert not questions(fresh)


def test_what_cannot_be_decided_yet_still_counts_towards_the_brake() -> None:
    """Of eight shelves counted to zero, four have an order's movement on its way to Square: the others must not slip
    through below the limit meanwhile.
    """
    world, ids = _shelf(8)
    world.square.faults.add("timeout_not_applied", path="/v2/inventory/changes/batch-create", times=None)
    world.use(settle_after=3600.0)
    for woo_id in ids[:4]:
        world.buy(woo_id, 1)
    world.sync()
    _count_to_zero(world, ids)
    world.sync()
    world.sync()
    assert [world.woo_stock(one) for one in ids[4:]] == [5] * 4
    assert len(questions(world, "brake")) == 1


def test_a_clearance_sale_that_empties_the_shelves_is_no_mass_zero() -> None:
    """Everything was sold, at tills and online: that explains itself and is not stopped."""
    world, ids = _shelf()
    witness = Witness(world)
    for place, woo_id in enumerate(ids):
        if place % 2:
            world.buy(woo_id, 5)
        else:
            world.sell(world.twin(woo_id), 5)
    report = world.quiet()
    assert report.brakes == 0
    assert [world.woo_stock(one) for one in ids] == [0] * 8
    assert not witness.faults()


def test_a_price_that_jumps_is_held_until_a_person_agrees() -> None:
    """Somebody types 1.00 instead of 10.00 at Square. The shop keeps its price; other changes go through."""
    world, (mug, cup, *_) = _shelf(2)
    world.square.acts["edit_price"](world.twin(mug), 100)
    world.square.acts["edit_price"](world.twin(cup), 1100)
    world.quiet()
    assert str(world.woo.state.items[mug].regular_price) == "10.00"
    assert str(world.woo.state.items[cup].regular_price) == "11.00"
    answer(world, "brake", "release")
    world.quiet()
    assert str(world.woo.state.items[mug].regular_price) == "1.00"
    assert not questions(world)


def test_a_price_that_jumps_and_is_corrected_asks_no_more() -> None:
    """The slip is corrected at Square before anybody has answered."""
    world, (mug,) = _shelf(1)
    world.square.acts["edit_price"](world.twin(mug), 100)
    world.quiet()
    assert len(questions(world, "brake")) == 1
    world.square.acts["edit_price"](world.twin(mug), 1000)
    world.quiet()
    assert price_at_square(world, world.twin(mug)) == 1000
    assert not questions(world)


def test_a_release_that_came_too_late_does_not_serve_for_the_next_jump() -> None:
    """The slip is corrected just before somebody says yes to it; next week's slip is held all the same."""
    world, (mug,) = _shelf(1)
    world.square.acts["edit_price"](world.twin(mug), 100)
    world.quiet()
    world.square.acts["edit_price"](world.twin(mug), 1000)
    answer(world, "brake", "release")
    world.quiet()
    world.square.acts["edit_price"](world.twin(mug), 90)
    world.quiet()
    assert str(world.woo.state.items[mug].regular_price) == "10.00"
    assert len(questions(world, "brake")) == 1


def test_a_mass_zero_released_too_late_does_not_serve_for_the_next_one() -> None:
    """The shelves were counted again before somebody said yes; the next broken import is stopped."""
    world, ids = _shelf()
    _count_to_zero(world, ids)
    world.quiet()
    for woo_id in ids:
        world.square.acts["count"](world.stores[0], world.twin(woo_id), 5)
    answer(world, "brake", "release")
    world.quiet()
    _count_to_zero(world, ids)
    world.quiet()
    assert [world.woo_stock(one) for one in ids] == [5] * 8


class _Hollow:
    """A transport whose listings of goods are empty: a half-restored site, a wrong account, a broken cache."""

    def __init__(self, transport: Any, path: str, body: bytes) -> None:
        self._transport, self._path, self._body = transport, path, body

    def send(self, call: Call) -> Reply:
        reply: Reply = self._transport.send(call)
        if call.path != self._path:
            return reply
        headers = {**reply.headers, "x-wp-total": "0", "x-wp-totalpages": "0"}
        return Reply(200, headers, self._body)


def _hollow(world: World, side: str) -> None:
    path, body = ("wc/v3/products", b"[]") if side == "woo" else ("v2/catalog/list", b"{}")
    world.wrap = lambda transport, name: _Hollow(transport, path, body) if name == side else transport
    world.bridge = world.make_bridge()


def test_an_empty_shop_is_not_believed() -> None:
    """The shop suddenly lists nothing. Nothing is hidden, nothing made anew, nothing zeroed; then all is as before."""
    _empty("woo")


def test_an_empty_square_is_not_believed() -> None:
    """The same at Square."""
    _empty("square")


def _empty(side: str) -> None:
    world, ids = _shelf()
    witness = Witness(world)
    items = len(list(world.square.state.catalog.live_ids("ITEM")))
    _hollow(world, side)
    report = world.quiet()
    assert report.brakes == 1
    assert not questions(world, "gone")
    world.wrap = lambda transport, _: transport
    world.bridge = world.make_bridge()
    world.buy(ids[0])
    world.quiet()
    assert len(list(world.square.state.catalog.live_ids("ITEM"))) == items
    assert len(world.woo.state.items) == len(ids)
    assert not questions(world)
    assert not witness.faults()

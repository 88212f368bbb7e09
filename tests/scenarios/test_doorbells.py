"""Doorbells in any order and number, lost or rung twice, lead to the same end (I10)."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from bridge.ledger import inbox
from tests.scenarios.stage import both, in_step, square_object
from tests.scenarios.witness import Witness
from tests.world import World

RINGS = (
    ("woo", "order.updated", "order"),
    ("woo", "product.updated", "mug"),
    ("woo", "product.deleted", "mug"),
    ("square", "inventory.count.updated", ""),
    ("square", "catalog.version.updated", ""),
)


def _busy_world() -> tuple[World, int, int, int]:
    """Everything happened at once, and all its doorbells are still on their way."""
    world = World()
    mug, cup = world.simple("mug", 10), world.simple("cup", 10)
    in_step(world)
    order = world.buy(mug, 2)
    world.woo.acts["cancel_order"](world.buy(cup, 1))
    world.sell(world.twin(mug), 1)
    world.sell(world.twin(cup), 4, store=2)
    world.woo.acts["staff_edit_product"](mug, {"name": "Blue mug"})
    world.square.acts["edit_price"](world.twin(cup), 1200)
    return world, mug, cup, order


def _ring(world: World, number: int, ring: tuple[str, str, str], names: dict[str, int]) -> None:
    side, topic, about = ring
    with world.db.transaction() as conn:
        inbox.store(
            conn, side=side, topic=topic, dedupe=f"{topic}:{number}", object_id=str(names.get(about, "")), body="{}",
            now=world.bridge.now(),
        )  # fmt: skip


def _end(world: World, mug: int, cup: int) -> tuple[object, ...]:
    item = square_object(world, world.twin(mug))["item_variation_data"]["item_id"]
    return (
        both(world, mug),
        both(world, cup),
        square_object(world, item)["item_data"]["name"],
        str(world.woo.state.items[cup].regular_price),
        len(world.woo.state.items),
        len(list(world.square.state.catalog.live_ids("ITEM"))),
    )


EXPECTED = ((7, 7), (6, 6), "Blue mug", "12.00", 2, 2)
ORDERS = list(permutations(range(len(RINGS))))
SOME = random.Random(7).sample(ORDERS, 24)


@pytest.mark.parametrize("order", SOME, ids=lambda order: "".join(map(str, order)))
def test_any_order_of_doorbells_leads_to_the_same_end(order: tuple[int, ...]) -> None:
    """A pass runs after every ring, each sees a part."""
    world, mug, cup, woo_order = _busy_world()
    witness = Witness(world)
    names = {"mug": mug, "order": woo_order}
    for number, place in enumerate(order):
        _ring(world, number, RINGS[place], names)
        world.sync()
    assert _end(world, mug, cup) == EXPECTED
    del witness
    assert world.quiet().writes == 0


@pytest.mark.parametrize("times", [0, 1, 3])
def test_lost_and_repeated_doorbells_change_nothing(times: int) -> None:
    """None, one or three of each: a missed webhook costs time, never truth (I5)."""
    world, mug, cup, woo_order = _busy_world()
    names = {"mug": mug, "order": woo_order}
    for number in range(times):
        for ring in RINGS:
            _ring(world, number, ring, names)
    world.sync()
    assert _end(world, mug, cup) == EXPECTED
    assert world.quiet().writes == 0


def test_an_old_doorbell_of_a_product_that_is_gone_by_now_harms_nothing() -> None:
    """``product.updated`` arrives after the product was deleted for good; ``product.deleted`` for one never seen."""
    world, mug, cup, _ = _busy_world()
    world.sync()
    world.woo.acts["staff_delete"](cup)
    _ring(world, 1, ("woo", "product.updated", "cup"), {"cup": cup})
    _ring(world, 2, ("woo", "product.deleted", "cup"), {"cup": cup})
    _ring(world, 3, ("woo", "product.deleted", "never"), {"never": 987654})
    world.quiet()
    assert both(world, mug) == (7, 7)
    assert len(list(world.square.state.catalog.live_ids("ITEM"))) == 2

"""A shop with statuses of its own: steps at the till move orders along them, and such orders are orders like others."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bridge.config.model import Statuses
from bridge.domain.order import StatusWords
from bridge.engine.picklist import picklist
from tests.orders.mirror_stage import mirroring, only_order
from tests.orders.test_till_fulfilment import HOURS, at_till, customer_notes, status
from tests.orders.test_till_report import report, shop_total
from tests.scenarios.stage import both
from tests.scenarios.witness import Witness, open_writes, questions
from tests.world import World

OWN = StatusWords(in_progress="preparing", ready="ready-for-pickup", handed_over="collected", cancelled="cancelled")


def shop_with_own(words: StatusWords = OWN, *, known: bool = True) -> tuple[World, int, int, str]:
    """A paid pickup order at the till of a shop that has these statuses; (world, product, order, Square order)."""
    world, [mug] = mirroring("mug", status_words=words)
    if known:
        for word in ("preparing", "ready-for-pickup", "collected"):
            world.woo.acts["add_order_status"](word)
    for place in world.stores:
        world.square.state.locations[place]["business_hours"] = HOURS
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.quiet()
    return world, mug, order, str(only_order(world, order)["id"])


def test_each_step_at_the_till_takes_the_order_to_its_own_status() -> None:
    world, mug, order, square_order = shop_with_own()
    witness = Witness(world)
    for state, wanted in (("RESERVED", "preparing"), ("PREPARED", "ready-for-pickup"), ("COMPLETED", "collected")):
        at_till(world, square_order, state)
        assert status(world, order) == wanted
    world.quiet()
    [note] = customer_notes(world, order)
    assert "ready for pickup at Bergen" in note and "open until" in note
    assert both(world, mug) == (8, 8) and not witness.faults()
    assert not open_writes(world) and not questions(world)


def test_an_order_in_a_status_of_the_shops_own_counts_in_the_report_like_any_other() -> None:
    world, _, order, square_order = shop_with_own()
    before = report(world).whole.total
    at_till(world, square_order, "PREPARED")
    assert status(world, order) == "ready-for-pickup"
    world.clock.advance(60)
    assert report(world, first=date(2026, 2, 1)).whole.total == before == 2000


@pytest.mark.parametrize(("state", "listed"), [("RESERVED", True), ("PREPARED", False), ("COMPLETED", False)])
def test_what_is_prepared_or_handed_over_is_on_no_pick_list(state: str, listed: bool) -> None:
    world, _, order, square_order = shop_with_own()
    at_till(world, square_order, state)
    assert [one.order_id for one in picklist(world.bridge)] == ([str(order)] if listed else [])


@pytest.mark.parametrize(
    ("word", "state"), [("preparing", "RESERVED"), ("ready-for-pickup", "PREPARED"), ("collected", "COMPLETED")]
)
def test_a_status_of_its_own_that_staff_set_in_the_shop_moves_the_order_at_the_till(word: str, state: str) -> None:
    world, _, order, _ = shop_with_own()
    world.clock.advance(60)
    world.woo.acts["staff_order_status"](order, word)
    world.quiet()
    world.quiet()
    assert only_order(world, order)["fulfillments"][0]["state"] == state
    assert status(world, order) == word and not customer_notes(world, order)


def test_a_status_the_shop_does_not_know_is_asked_about_and_the_customer_is_told_all_the_same() -> None:
    world, _, order, square_order = shop_with_own(known=False)
    at_till(world, square_order, "PREPARED")
    world.quiet()
    assert status(world, order) == "processing"
    assert len(customer_notes(world, order)) == 1
    [asked] = questions(world, "refused")
    assert "status" in asked.question


def test_a_step_back_at_the_till_never_moves_the_order_back() -> None:
    world, _, order, square_order = shop_with_own()
    at_till(world, square_order, "COMPLETED")
    world.woo.acts["staff_order_status"](order, "completed")
    world.quiet()
    assert status(world, order) == "completed" and not open_writes(world)


def test_statuses_are_understood_as_wordpress_writes_them_too() -> None:
    assert Statuses(ready="wc-ready-for-pickup", handed_over=" collected ").model_dump() == {
        "in_progress": "", "ready": "ready-for-pickup", "handed_over": "collected", "cancelled": "cancelled",
    }  # fmt: skip


def test_the_note_names_place_address_and_closing_time_in_the_stores_own_zone() -> None:
    world, _, order, square_order = shop_with_own()
    bergen = world.square.state.locations[world.stores[1]]
    bergen["address"] = {"address_line_1": "Bryggen 1", "postal_code": "5003", "locality": "Bergen", "country": "NO"}
    bergen["timezone"] = "America/New_York"
    world.sync(full=True)
    at_till(world, square_order, "PREPARED")
    [note] = customer_notes(world, order)
    assert note.startswith("Your order is ready for pickup at Bergen, Bryggen 1, 5003, Bergen, open until 20:00 on")


def test_what_shop_and_till_add_up_to_stays_the_same_whatever_the_status() -> None:
    world, mug, order, square_order = shop_with_own()
    at_till(world, square_order, "PREPARED")
    lines: list[dict[str, Any]] = [{"variation_id": world.twin(mug), "quantity": "1"}]
    world.square.acts["return_items"](world.stores[2], square_order, lines)
    world.quiet()
    world.quiet()
    assert [str(one.amount) for one in world.woo.state.orders[order].refunds] == ["10.00"]
    assert status(world, order) == "ready-for-pickup" and both(world, mug) == (9, 9)
    assert report(world).whole.total == 1000 == shop_total(world)

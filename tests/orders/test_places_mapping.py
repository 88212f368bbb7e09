"""The store an order's pickup place means: by name, id, zone method, configuration or a person's answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.place import Pickup
from bridge.engine.answers import resolve
from bridge.engine.availability import cart_availability
from bridge.engine.place_check import place_findings, places_seen
from bridge.engine.place_map import said_by
from bridge.engine.settings import PlaceSettings, StoreSetting
from bridge.errors import InputError
from bridge.ledger import decisions
from bridge.ledger.promised import promised
from bridge.ledger.text import of_json
from bridge.remotes.port import WooOrder
from bridge.sim.square.locations import change_location
from tests.scenarios.stage import in_step, receive
from tests.world import TEST_SETTINGS, World

PLACES: list[dict[str, Any]] = [
    {"name": name, "address": {}, "details": "", "enabled": True} for name in ("oslo", "Bergen", "Trondheim", "Kiosk")
]

NAMED = {"key": "pickup_location_name", "value": "corner  Shop"}


def world_of(stock: int = 10, **settings: Any) -> tuple[World, int]:
    world = World(settings=replace(TEST_SETTINGS, **settings))
    world.woo.acts["set_pickup_locations"](PLACES)
    mug = world.simple("mug", stock)
    return in_step(world), mug


def store_named(world: World, name: str) -> str:
    return next(store for store, row in world.square.state.locations.items() if row["name"] == name)


def on_hand(world: World, mug: int, name: str) -> int:
    return int(world.on_hand(world.twin(mug), store_named(world, name)))


def asked(world: World) -> list[Any]:
    with world.db.reading() as conn:
        return [row for row in decisions.open_ones(conn) if row.kind == "place"]


def shipped_as(monkeypatch: pytest.MonkeyPatch, world: World, line: dict[str, Any]) -> None:
    """Every order the shop tells of carries this shipping line instead of its own."""
    read = world.bridge.woo.orders

    def changed(**how: Any) -> Any:
        for page in read(**how):
            yield [replace_line(order, line) for order in page]

    monkeypatch.setattr(world.bridge.woo, "orders", changed)


def replace_line(order: WooOrder, line: dict[str, Any]) -> WooOrder:
    return replace(order, pickup_place="", raw={**order.raw, "shipping_lines": [line]})


def test_a_pickup_is_given_by_the_store_of_that_name_whatever_its_case() -> None:
    world, mug = world_of()
    receive(world, world.twin(mug), 5, store=world.stores.index(store_named(world, "Oslo")))
    world.quiet()
    world.buy(mug, 2, pickup="oslo")
    world.quiet()
    assert on_hand(world, mug, "Oslo") == 3 and not asked(world)


def test_a_place_that_is_no_store_is_asked_about_once_and_the_answer_holds_for_later_orders() -> None:
    world, mug = world_of()
    world.buy(mug, 1, pickup="Kiosk")
    world.quiet()
    world.buy(mug, 1, pickup="Kiosk")
    world.quiet()
    [question] = asked(world)
    assert "Kiosk" in question.question and store_named(world, "Oslo") in of_json(question.choices_json)
    assert world.on_hand(world.twin(mug)) == 8, "their stock moves meanwhile"
    resolve(world.bridge, question.id, store_named(world, "Trondheim"))
    receive(world, world.twin(mug), 5, store=world.stores.index(store_named(world, "Trondheim")))
    world.quiet()
    world.buy(mug, 2, pickup="Kiosk")
    world.quiet()
    assert on_hand(world, mug, "Trondheim") == 3 and not asked(world)


def test_a_place_said_to_be_no_store_is_not_asked_about_again() -> None:
    world, mug = world_of()
    world.buy(mug, 1, pickup="Kiosk")
    world.quiet()
    [question] = asked(world)
    resolve(world.bridge, question.id, "policy")
    world.buy(mug, 1, pickup="Kiosk")
    world.quiet()
    assert not asked(world) and world.on_hand(world.twin(mug)) == 8


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("instance:7", {"method_id": "local_pickup", "instance_id": "7", "method_title": "Fetch it"}),
        ("id:31", {"method_id": "local_pickup_plus", "meta_data": [{"key": "_pickup_location_id", "value": "31"}]}),
        ("Corner shop", {"method_id": "local_pickup_plus", "meta_data": [NAMED]}),
    ],
)  # fmt: skip
def test_zone_methods_and_plugins_find_their_store_by_configuration(
    monkeypatch: pytest.MonkeyPatch, words: str, line: dict[str, Any]
) -> None:
    world, mug = world_of()
    trondheim = store_named(world, "Trondheim")
    receive(world, world.twin(mug), 5, store=world.stores.index(trondheim))
    world.quiet()
    world.use(places={words: trondheim})
    shipped_as(monkeypatch, world, line)
    world.buy(mug, 2)
    world.quiet()
    assert on_hand(world, mug, "Trondheim") == 3 and not asked(world)


def test_a_pickup_plugin_may_name_the_store_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    world, mug = world_of()
    trondheim = store_named(world, "Trondheim")
    meta = [{"key": "_pickup_location_id", "value": trondheim}]
    shipped_as(monkeypatch, world, {"method_id": "local_pickup_plus", "meta_data": meta})
    world.buy(mug, 2)
    world.quiet()
    assert on_hand(world, mug, "Trondheim") == -2


def test_with_one_store_every_pickup_is_there() -> None:
    world = World(stores=("Oslo",))
    world.woo.acts["set_pickup_locations"](PLACES)
    mug = world.simple("mug", 5)
    in_step(world)
    world.buy(mug, 1, pickup="Kiosk")
    world.quiet()
    assert on_hand(world, mug, "Oslo") == 4 and not asked(world)


def test_a_location_the_retailer_left_out_is_no_store() -> None:
    world, mug = world_of()
    world.use(stores=tuple(StoreSetting(store_named(world, name)) for name in ("Bergen", "Oslo")))
    world.buy(mug, 1, pickup="Trondheim")
    world.quiet()
    assert [row.subject for row in asked(world)] == ["trondheim"]


def test_the_doctor_lists_every_place_that_is_no_store() -> None:
    world, _ = world_of()
    seen, _ = places_seen(world.bridge)
    assert {one.pickup.name: bool(one.store_id) for one in seen} == {
        "oslo": True, "Bergen": True, "Trondheim": True, "Kiosk": False, "Local pickup": False,
    }  # fmt: skip
    assert ["Kiosk" in one.what for one in place_findings(world.bridge) if one.level == "warn"] == [True, False]


def test_an_answer_is_kept_under_the_most_certain_word_an_order_says() -> None:
    assert said_by(Pickup("local_pickup_plus", "Corner", "", "31")) == "id:31"
    assert said_by(Pickup("local_pickup", "Local pickup", "7", "")) == "instance:7"
    assert said_by(Pickup("pickup_location", "The  Kiosk", "", "")) == "the kiosk"


# -- availability -----------------------------------------------------------------------
def test_availability_counts_what_stores_have_less_what_is_promised() -> None:
    world, mug = world_of(stock=4)
    found = cart_availability(world.bridge, [("mug", Decimal(3))])
    assert [one.answer for one in found.answers] == ["now", "no", "no"]
    holder = found.answers[0].store_id
    world.square.faults.add("timeout_not_applied", method="POST", path=".*changes/batch-create", times=None)
    world.buy(mug, 2)
    world.sync()
    with world.db.reading() as conn:
        assert list(promised(conn, [1]).items()) == [((1, holder), Decimal(2))]
    assert [one.answer for one in cart_availability(world.bridge, [("mug", Decimal(3))]).answers] == ["no"] * 3
    world.square.faults.clear()
    world.quiet()
    assert cart_availability(world.bridge, [("mug", Decimal(2))]).answers[0].answer == "now"


def test_availability_sends_goods_from_other_stores_when_they_may_travel() -> None:
    world, _ = world_of(stock=4)
    world.use(pickup=PlaceSettings(transfer_hours=24))
    found = cart_availability(world.bridge, [("mug", Decimal(1)), ("mug", Decimal(2))])
    assert [one.answer for one in found.answers] == ["now", "later", "later"]
    giver = found.answers[0].store_id
    assert all(one.from_stores == (("1", giver, Decimal(3)),) for one in found.answers[1:])


def test_two_orders_of_one_pass_are_not_both_given_by_the_store_with_one_piece() -> None:
    world, mug = world_of(stock=1)
    receive(world, world.twin(mug), 1, store=2)
    world.quiet()
    world.buy(mug)
    world.buy(mug)
    world.quiet()
    assert [int(world.on_hand(world.twin(mug), store)) for store in world.stores] == [0, 0, 0]


def test_a_place_may_be_answered_with_the_stores_name() -> None:
    world, mug = world_of()
    world.buy(mug, 1, pickup="Kiosk")
    world.quiet()
    (question,) = asked(world)
    assert "Bergen or Oslo or Trondheim" in question.question
    with pytest.raises(InputError, match="no answer"):
        resolve(world.bridge, question.id, "Nowhere")
    assert "given to Trondheim" in resolve(world.bridge, question.id, "trondheim")
    receive(world, world.twin(mug), 5, store=world.stores.index(store_named(world, "Trondheim")))
    world.quiet()
    world.buy(mug, 2, pickup="Kiosk")
    world.quiet()
    assert on_hand(world, mug, "Trondheim") == 3 and not asked(world)


def test_availability_offers_half_hours_while_the_store_is_open_in_its_own_time() -> None:
    world, _ = world_of()
    periods = [{"day_of_week": "TUE", "start_local_time": "09:00:00", "end_local_time": "11:00:00"}]
    for place in world.stores:
        change_location(world.square, place, {"business_hours": {"periods": periods}})
    world.sync(full=True)
    found = cart_availability(world.bridge, [("mug", Decimal(1))])
    (store,) = [one for one in found.answers if one.answer == "now"]
    zone = ZoneInfo(found.zones[store.store_id])
    local = [slot.astimezone(zone).strftime("%a %H:%M") for slot in found.slots[store.store_id]]
    # the hour of preparing counts while the store is open: from ten on
    assert local == ["Tue 10:00", "Tue 10:30"]

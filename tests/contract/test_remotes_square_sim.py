"""The Square client against the simulated seller: every request checked against Square's schema."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from bridge.clock import VirtualClock
from bridge.domain.product import ShownProduct, ShownVariation
from bridge.errors import AccessRefused, RemoteDown
from bridge.remotes.pace import Pace
from bridge.remotes.port import Call, Done, Later, Outcome, Refused, SquareSide, SquareStockChange, Transport, Unknown
from bridge.remotes.square.client import SquareClient
from bridge.remotes.square.translate import add_variations, apply_fields, new_item
from bridge.remotes.square.transport import SdkTransport
from bridge.sim.kernel.direct import InProcessSquare
from bridge.sim.kernel.inprocess import httpx_transport
from bridge.sim.kernel.serve import LoopbackServer
from bridge.sim.square.account import FakeSquare
from tests.contract.square.schema import CheckedSquare

TOKEN = "sandbox-square-token"
VERSIONS = ("2025-08-20", "2026-09-16")
MUG = ShownProduct(
    "woo", "12", "Mug & Co", "<p>Good</p>", variations=(ShownVariation("12", sku="MUG", price=500, tracking="tracked"),)
)
SHIRT = ShownProduct(
    "woo",
    "31",
    "Shirt",
    "<p>Soft</p>",
    kind="variable",
    variations=tuple(
        ShownVariation(number, sku=f"S-{size}", title=size, options=(("Size", size),), price=900, tracking="tracked")
        for number, size in (("32", "S"), ("33", "L"))
    ),
)


def client(transport: Transport, version: str) -> SquareClient:
    hands = VirtualClock(datetime(2026, 11, 22, tzinfo=UTC))
    return SquareClient(transport, clock=hands, pace=Pace(hands, rate=float("inf")), version=version)


@pytest.fixture
def seller() -> FakeSquare:
    return FakeSquare()


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def square(seller: FakeSquare, version: str) -> Iterator[SquareClient]:
    """The client on a seller behind the schema check; ends by failing on any violation."""
    checked = CheckedSquare(seller)
    yield client(InProcessSquare(checked, TOKEN, version), version)
    checked.assert_clean()


def made(outcome: Outcome) -> tuple[dict[str, Any], list[dict[str, str]]]:
    assert isinstance(outcome, Done), outcome
    answer: tuple[dict[str, Any], list[dict[str, str]]] = outcome.answer
    return answer


def mug(square: SquareClient) -> dict[str, Any]:
    return made(square.upsert_item(new_item(MUG, currency="USD", category_ids=[]), "key-mug"))[0]


def variation_id(raw: dict[str, Any], place: int = 0) -> str:
    return str(raw["item_data"]["variations"][place]["id"])


def now(seller: FakeSquare) -> str:
    return seller.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def change(seller: FakeSquare, raw: dict[str, Any], cause: str, quantity: int, reference: str) -> SquareStockChange:
    store = next(iter(seller.state.locations))
    kind = "adjust" if cause else "count"
    return SquareStockChange(kind, variation_id(raw), store, Decimal(quantity), cause, reference, now(seller))


def test_a_client_is_what_the_engine_asks_for(square: SquareClient) -> None:
    side: SquareSide = square
    stores = side.stores()
    assert [store.name for store in stores] == ["Downtown", "Harbour", "Station"]
    assert {(store.currency, store.active) for store in stores} == {("USD", True)}


def test_products_become_items_that_read_back_the_same(square: SquareClient) -> None:
    categories = square.category_ids([("Home", "Mugs"), ("Gifts",)], "key-cat", create=True)
    items = [new_item(MUG, currency="USD", category_ids=categories), new_item(SHIRT, currency="USD", category_ids=[])]
    outcomes = square.upsert_items(items, "key-items")
    (first, mappings), (second, _) = map(made, outcomes)
    assert {row["client_object_id"] for row in mappings} == {"#woo-12", "#woo-12-12"}
    shown = square.translate(first)
    assert (shown.name, shown.description, shown.kind) == ("Mug & Co", "<p>Good</p>", "simple")
    assert shown.categories == (("Home", "Mugs"), ("Gifts",))
    assert [(row.sku, row.price, row.tracking) for row in shown.variations] == [("MUG", 500, "tracked")]
    assert [row.title for row in square.translate(second).variations] == ["S", "L"]
    listed = [row for rows in square.items() for row in rows]
    assert {row.remote_id for row in listed} == {first["id"], second["id"]}
    assert [row.remote_id for row in square.find_by_sku(["s-l"])] == [second["id"]]


def test_the_same_call_with_the_same_key_makes_nothing_twice(square: SquareClient) -> None:
    assert mug(square)["id"] == mug(square)["id"]
    assert sum(len(rows) for rows in square.items()) == 1


def test_options_are_reused_and_name_the_variations(square: SquareClient) -> None:
    options = square.item_options({"Size": ["S", "L"]}, "key-o", create=True)
    assert square.item_options({"size": ["s"]}, "key-p", create=True) == options
    item = new_item(SHIRT, currency="USD", category_ids=[], options_mode="options", options=options)
    raw, _ = made(square.upsert_item(item, "key-i"))
    shown = square.translate(raw)
    assert [row.options for row in shown.variations] == [(("Size", "S"),), (("Size", "L"),)]
    assert shown.option_names == ("Size",)


def test_a_change_keeps_what_it_does_not_name_and_a_stale_one_is_a_conflict(square: SquareClient) -> None:
    raw = mug(square)
    after, _ = made(
        square.upsert_item(
            apply_fields(raw, {"name": "Cup"}, {variation_id(raw): {"price": 700}}, currency="USD"), "k1"
        )
    )
    assert (after["item_data"]["name"], square.translate(after).variations[0].price) == ("Cup", 700)
    assert after["item_data"]["description_html"] == "<p>Good</p>"
    stale = square.upsert_item(apply_fields(raw, {"name": "Late"}, {}, currency="USD"), "k2")
    assert isinstance(stale, Refused) and stale.conflict
    assert made(square.upsert_item(add_variations(after, SHIRT, ["33"], currency="USD"), "k3"))[0]["id"] == raw["id"]
    assert [row.sku for row in square.translate(square.items_by_id([raw["id"]])[0].raw).variations] == ["MUG", "S-L"]


def test_one_stale_item_does_not_fail_its_batch(square: SquareClient) -> None:
    items = [new_item(MUG, currency="USD", category_ids=[]), new_item(SHIRT, currency="USD", category_ids=[])]
    (mug_raw, _), (shirt_raw, _) = map(made, square.upsert_items(items, "k1"))
    made(square.upsert_item(mug_raw, "k2"))  # the version moves on
    outcomes = square.upsert_items(
        [apply_fields(raw, {"name": "New"}, {}, currency="USD") for raw in (mug_raw, shirt_raw)], "k3"
    )
    assert isinstance(outcomes[0], Refused) and outcomes[0].conflict
    assert made(outcomes[1])[0]["item_data"]["name"] == "New"


def test_what_changed_since_a_mark_is_found_and_deletions_are_told(seller: FakeSquare, square: SquareClient) -> None:
    raw = mug(square)
    found, mark = square.items_changed("")
    assert found == [] and mark
    assert square.items_changed(mark) == ([], mark) or square.items_changed(mark)[0] == []
    seller.clock.advance(5)
    made(square.upsert_item(apply_fields(raw, {}, {variation_id(raw): {"sku": "M2"}}, currency="USD"), "k2"))
    found, later = square.items_changed(mark)
    assert [row.remote_id for row in found] == [raw["id"]] and later > mark


def test_a_deleted_item_is_told_as_gone(square: SquareClient) -> None:
    raw = mug(square)
    _, mark = square.items_changed("")
    square.caller.write(Call("DELETE", f"v2/catalog/object/{raw['id']}"))
    found, _ = square.items_changed(mark)
    assert [(row.remote_id, row.gone) for row in found] == [(raw["id"], True)]
    assert square.item(raw["id"]) is None
    outcome = square.upsert_item(raw, "key-revive")
    assert isinstance(outcome, Refused) and outcome.gone


def test_stock_changes_are_counted_and_told_with_their_reference(seller: FakeSquare, square: SquareClient) -> None:
    raw = mug(square)
    outcome, counts = square.change_inventory([change(seller, raw, "", 5, "bridge:1")], "s1")
    assert isinstance(outcome, Done) and [count.quantity for count in counts] == [Decimal(5)]
    outcome, counts = square.change_inventory([change(seller, raw, "sale", -2, "bridge:2")], "s2")
    assert isinstance(outcome, Done) and [count.quantity for count in counts] == [Decimal(3)]
    square.change_inventory([change(seller, raw, "restock", 1, "bridge:3")], "s3")
    square.change_inventory([change(seller, raw, "waste", -1, "bridge:4")], "s4")
    told = [(row.kind, row.quantity, row.reference) for rows in square.changes() for row in rows]
    assert told == [
        ("count", Decimal(5), "bridge:1"),
        ("sale", Decimal(-2), "bridge:2"),
        ("return", Decimal(1), "bridge:3"),
        ("waste", Decimal(-1), "bridge:4"),
    ]
    [[count]] = list(square.counts(variation_ids=[variation_id(raw)]))
    assert count.quantity == Decimal(3)


def test_an_unchanged_count_leaves_its_reference_all_the_same(seller: FakeSquare, square: SquareClient) -> None:
    raw = mug(square)
    for number in (1, 2):
        square.change_inventory([change(seller, raw, "", 5, f"bridge:{number}")], f"s{number}")
    assert [row.reference for rows in square.changes() for row in rows] == ["bridge:1", "bridge:2"]


def test_an_image_is_uploaded_and_attached(square: SquareClient) -> None:
    raw = mug(square)
    outcome = square.add_image(raw["id"], "mug.png", b"\x89PNG\r\n\x1a\n", "image/png", "key-image")
    assert isinstance(outcome, Done)
    item = square.item(raw["id"])
    assert item is not None and [image.remote_id for image in square.translate(item.raw).images] == [outcome.answer]
    [image] = square.images([outcome.answer])
    assert image.url


def test_an_unknown_item_is_none(square: SquareClient) -> None:
    assert square.item("NOPE") is None
    assert square.items_by_id(["NOPE"]) == []


# -- faults -------------------------------------------------------------------------------


@pytest.fixture
def plain(seller: FakeSquare) -> SquareClient:
    return client(InProcessSquare(seller, TOKEN), VERSIONS[1])


def test_empty_pages_and_a_lost_cursor_hide_no_item(seller: FakeSquare, plain: SquareClient) -> None:
    seller.seed_catalog(250)
    seller.faults.add("empty_page_with_cursor", path="/v2/catalog/list", skip=1)
    seller.faults.add("expired_cursor", path="/v2/catalog/list", skip=1)
    assert len({row.remote_id for rows in plain.items() for row in rows}) == 250


@pytest.mark.parametrize(
    "fault", ["timeout_applied", "reset_applied", "html_200_applied", "truncated_json", "empty_200"]
)
def test_a_lost_stock_change_is_found_by_its_reference_and_repeating_its_key_is_harmless(
    seller: FakeSquare, plain: SquareClient, fault: str
) -> None:
    raw = mug(plain)
    plain.change_inventory([change(seller, raw, "", 5, "bridge:1")], "s1")
    seller.faults.add(fault, path="/v2/inventory/changes/batch-create")
    lost = [change(seller, raw, "sale", -2, "bridge:2")]
    outcome, _ = plain.change_inventory(lost, "s2")
    assert isinstance(outcome, Unknown)
    assert "bridge:2" in {row.reference for rows in plain.changes() for row in rows}
    outcome, counts = plain.change_inventory(lost, "s2")
    assert isinstance(outcome, Done) and [count.quantity for count in counts] == [Decimal(3)]


def test_a_half_applied_batch_of_new_items_is_unknown(seller: FakeSquare, plain: SquareClient) -> None:
    seller.faults.add("catalog_partly_applied", path="/v2/catalog/batch-upsert")
    items = [new_item(product, currency="USD", category_ids=[]) for product in (MUG, SHIRT)]
    assert {type(outcome) for outcome in plain.upsert_items(items, "k")} == {Unknown}


def test_a_locked_catalog_is_tried_later(seller: FakeSquare, plain: SquareClient) -> None:
    raw = mug(plain)
    seller.acts["hold_catalog_lock"](seconds=30)
    assert isinstance(plain.upsert_item(raw, "k"), Later)


def test_a_wrong_token_is_an_access_problem_and_a_dead_square_is_down(seller: FakeSquare, plain: SquareClient) -> None:
    with pytest.raises(AccessRefused):
        client(InProcessSquare(seller, "wrong"), VERSIONS[1]).stores()
    seller.faults.add("html_200", times=None)
    with pytest.raises(RemoteDown):
        plain.stores()


# -- the official SDK's connection -----------------------------------------------------------


@pytest.mark.parametrize("way", ["in process", "loopback"])
def test_the_sdk_s_connection_gives_the_same(seller: FakeSquare, way: str) -> None:
    if way == "loopback":
        with LoopbackServer(seller) as server:
            _through_the_sdk(SdkTransport(TOKEN, server.url))
    else:
        http = httpx.Client(transport=httpx_transport(seller))
        _through_the_sdk(SdkTransport(TOKEN, "https://connect.squareup.test", httpx_client=http))


def _through_the_sdk(transport: SdkTransport) -> None:
    square = client(transport, VERSIONS[1])
    raw = mug(square)
    image = square.add_image(raw["id"], "mug.png", b"\x89PNG\r\n\x1a\n", "image/png", "key-image")
    assert isinstance(image, Done)
    assert [row.remote_id for rows in square.items() for row in rows] == [raw["id"]]
    assert len(square.stores()) == 3
    transport.close()

"""The WooCommerce client against the simulated shop: in-process, through requests, and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bridge.clock import VirtualClock
from bridge.domain.product import ShownProduct, ShownVariation
from bridge.errors import AccessRefused, RemoteDown
from bridge.remotes.pace import Pace
from bridge.remotes.port import Done, Outcome, Refused, Transport, Unknown, WooSide, WooStockChange
from bridge.remotes.woo.client import WooClient
from bridge.remotes.woo.translate import new_product, new_variations, parent_attributes
from bridge.remotes.woo.transport import RequestsTransport
from bridge.sim.kernel.direct import InProcessWoo
from bridge.sim.kernel.inprocess import SimAdapter
from bridge.sim.kernel.serve import LoopbackServer
from bridge.sim.woo.shop import DEFAULT_KEY, FakeWoo

KEY, SECRET = DEFAULT_KEY.key, DEFAULT_KEY.secret
SINCE = datetime(2020, 1, 1, tzinfo=UTC)
SHIRT: dict[str, Any] = {
    "name": "Shirt",
    "type": "variable",
    "attributes": [{"name": "Size", "options": ["S", "L"], "variation": True, "visible": True}],
}


def client(transport: Transport) -> WooClient:
    hands = VirtualClock(datetime(2026, 11, 22, tzinfo=UTC))
    return WooClient(transport, clock=hands, pace=Pace(hands, rate=float("inf")))


@pytest.fixture
def shop() -> FakeWoo:
    return FakeWoo()


@pytest.fixture(params=["direct", "https", "http", "loopback"])
def woo(request: pytest.FixtureRequest, shop: FakeWoo) -> Iterator[WooClient]:
    """The client over each way to the shop."""
    if request.param == "direct":
        yield client(InProcessWoo(shop, KEY, SECRET))
    elif request.param == "loopback":
        with LoopbackServer(shop) as server:
            yield client(RequestsTransport(server.url, KEY, SECRET))
    else:
        yield client(RequestsTransport(f"{request.param}://shop.test", KEY, SECRET, adapter=SimAdapter(shop)))


@pytest.fixture
def direct(shop: FakeWoo) -> WooClient:
    return client(InProcessWoo(shop, KEY, SECRET))


def made(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Done), outcome
    answer: dict[str, Any] = outcome.answer
    return answer


def mug(woo: WooClient, **more: Any) -> str:
    fields = {"name": "Mug & Co", "sku": "MUG/1", "regular_price": "5.00", "manage_stock": True, "stock_quantity": 4}
    return str(made(woo.create_product({**fields, **more}, "key-mug"))["id"])


def shirt(woo: WooClient) -> tuple[str, list[str]]:
    parent = str(made(woo.create_product(SHIRT, "key-shirt"))["id"])
    stock = {"regular_price": "9.00", "manage_stock": True, "stock_quantity": 2}
    rows = [{"sku": f"S-{size}", **stock, "attributes": [{"name": "Size", "option": size}]} for size in ("S", "L")]
    return parent, [str(made(outcome)["id"]) for outcome in woo.create_variations(parent, rows)]


def quantities(woo: WooClient, *pairs: tuple[str, str]) -> list[tuple[Decimal | None, str | None]]:
    return [(stock.quantity, stock.key) for stock in woo.stock_of(pairs)]


def test_a_client_is_what_the_engine_asks_for(direct: WooClient) -> None:
    side: WooSide = direct
    assert side.clock_skew() == 0.0


def test_a_delta_and_its_key_are_written_together_and_read_back(woo: WooClient) -> None:
    simple, (parent, (small, large)) = mug(woo), shirt(woo)
    outcomes = woo.change_stock(
        [
            WooStockChange(simple, "", -1, "k1"),
            WooStockChange(small, parent, 5, "k2"),
            WooStockChange(large, parent, -3, "k3"),
        ]
    )
    assert [type(outcome) for outcome in outcomes] == [Done, Done, Done]
    assert quantities(woo, (large, parent), (simple, ""), (small, parent)) == [
        (Decimal(-1), "k3"),
        (Decimal(3), "k1"),
        (Decimal(7), "k2"),
    ]


def test_listings_and_searches_agree_over_every_way(woo: WooClient) -> None:
    simple, (parent, children) = mug(woo), shirt(woo)
    assert [row.remote_id for rows in woo.products() for row in rows] == [simple, parent]
    assert [(row.remote_id, row.parent_id) for rows in woo.variations() for row in rows] == [
        (child, parent) for child in children
    ]
    assert {stock.variation_id for rows in woo.stock_rows() for stock in rows} == {simple, parent, *children}
    assert {holder.remote_id for holder in woo.find_by_sku(["mug/1", "s-l", "none"])} == {simple, children[1]}
    found = woo.find_by_key("key-shirt", since=SINCE)
    assert found is not None and found.remote_id == parent
    raw = woo.product(parent)
    assert raw is not None
    shown = woo.translate(raw.raw, [row.raw for row in woo.variations_of(parent)])
    assert [variation.title for variation in shown.variations] == ["S", "L"]


def test_a_shop_of_many_pages_is_listed_whole_and_in_order(shop: FakeWoo, direct: WooClient) -> None:
    shop.seed_catalog(130, 2)
    ids = [int(row.remote_id) for rows in direct.products() for row in rows]
    assert len(ids) == 130 and ids == sorted(ids)
    variations = [row.remote_id for rows in direct.variations() for row in rows]
    assert len(variations) == len(set(variations)) == 260


def test_a_row_deleted_while_paging_hides_no_other(shop: FakeWoo, direct: WooClient) -> None:
    shop.seed_catalog(150)
    pages = direct.products()
    first = next(pages)
    everything = set(shop.state.items)
    shop.acts["staff_delete"](id=int(first[0].remote_id))
    seen = {int(row.remote_id) for row in first} | {int(row.remote_id) for rows in pages for row in rows}
    assert seen == everything


def test_without_analytics_the_numbers_are_the_same(shop: FakeWoo, direct: WooClient) -> None:
    parent, children = shirt(direct)
    wide = {(stock.variation_id, stock.quantity) for rows in direct.stock_rows() for stock in rows}
    assert [row.parent_id for rows in direct.variations() for row in rows] == [parent] * len(children)
    shop.acts["set_setting"](name="woocommerce_analytics_enabled", value="no")
    shop.calls.clear()
    assert {(stock.variation_id, stock.quantity) for rows in direct.stock_rows() for stock in rows} == wide
    assert shop.calls["GET /wp-json/wc/v3/products"] == 1


def test_what_changed_since_is_found_by_product_and_variation(shop: FakeWoo, direct: WooClient) -> None:
    mug(direct)
    parent, (small, _) = shirt(direct)
    shop.clock.advance(3600)
    mark = shop.clock.now()
    shop.clock.advance(60)
    assert isinstance(direct.update_variation(parent, small, {"regular_price": "8.00"}), Done)
    assert [row.remote_id for rows in direct.variations(modified_after=mark) for row in rows] == [small]
    assert [row.remote_id for rows in direct.products(modified_after=mark) for row in rows] == [parent]
    assert list(direct.products(modified_after=mark + timedelta(hours=1))) == []


def test_a_doubled_sku_names_its_holder_even_from_the_trash(shop: FakeWoo, direct: WooClient) -> None:
    holder = mug(direct)
    doubled = direct.create_product({"name": "Other", "sku": "mug/1"}, "k2")
    assert isinstance(doubled, Refused) and doubled.holder == holder
    shop.acts["staff_trash"](id=int(holder))
    again = direct.create_product({"name": "Other", "sku": "MUG/1"}, "k3")
    assert isinstance(again, Refused)
    assert [(row.remote_id, row.gone) for row in direct.find_by_sku(["MUG/1"])] == [(holder, True)]
    trashed = direct.product(holder)
    assert trashed is not None and trashed.gone
    assert direct.stock_of([(holder, "")]) == []


def test_a_delta_of_an_uncounted_product_is_refused_and_moves_nothing(direct: WooClient) -> None:
    loose = mug(direct, manage_stock=False)
    [outcome] = direct.change_stock([WooStockChange(loose, "", 3, "k")])
    assert isinstance(outcome, Refused) and outcome.code == "not_tracked"
    [outcome] = direct.change_stock([WooStockChange(loose, "", 3, "k2", start_tracking=True)])
    assert isinstance(outcome, Done)
    assert quantities(direct, (loose, "")) == [(Decimal(3), "k2")]


@pytest.mark.parametrize(
    ("fault", "applied"),
    [
        ("timeout_applied", True),
        ("timeout_not_applied", False),
        ("reset_applied", True),
        ("html_200_applied", True),
        ("html_200", False),
        ("truncated_json", True),
        ("empty_200", True),
        ("server_error", False),
        ("server_error_applied", True),
    ],
)
def test_a_doubtful_write_is_unknown_and_its_key_tells_the_truth(
    shop: FakeWoo, direct: WooClient, fault: str, applied: bool
) -> None:
    simple = mug(direct)
    shop.faults.add(fault, method="PUT")
    [outcome] = direct.change_stock([WooStockChange(simple, "", -1, "k9")])
    assert isinstance(outcome, Unknown)
    assert quantities(direct, (simple, "")) == ([(Decimal(3), "k9")] if applied else [(Decimal(4), "key-mug")])


@pytest.mark.parametrize("fault", ["html_200", "html_503", "server_error", "truncated_json", "timeout_applied"])
def test_a_read_survives_one_fault_and_a_dead_shop_is_said_to_be_down(
    shop: FakeWoo, direct: WooClient, fault: str
) -> None:
    simple = mug(direct)
    shop.faults.add(fault, method="GET", times=1)
    assert direct.product(simple) is not None
    shop.faults.add(fault, method="GET", times=None)
    with pytest.raises(RemoteDown):
        direct.product(simple)


def test_a_wrong_secret_and_a_reading_key_are_access_problems(shop: FakeWoo) -> None:
    with pytest.raises(AccessRefused):
        list(client(InProcessWoo(shop, KEY, "cs_wrong")).products())
    shop.acts["add_key"](key="ck_r", secret="cs_r", permissions="read")
    reading = client(InProcessWoo(shop, "ck_r", "cs_r"))
    outcome = reading.create_product({"name": "X"}, "k")
    assert isinstance(outcome, Refused) and outcome.access


def test_an_order_shows_what_it_took_and_where_it_is_picked_up(shop: FakeWoo, direct: WooClient) -> None:
    simple = mug(direct)
    shop.acts["checkout"](lines=[{"id": int(simple), "quantity": 2}])
    [[order]] = list(direct.orders())
    assert [(line.variation_id, line.reduced) for line in order.lines] == [(simple, Decimal(2))]
    same = direct.order(order.order_id)
    assert same is not None and same.lines == order.lines
    assert direct.order("999999") is None


def test_categories_are_made_once_and_shown_by_path(direct: WooClient) -> None:
    ids = direct.category_ids([("Home & Garden", "Mugs"), ("Gifts",)], create=True)
    assert direct.category_ids([("home & garden", "MUGS")], create=False) == ids[:1]
    simple = mug(direct, categories=[{"id": ids[0]}])
    raw = direct.product(simple)
    assert raw is not None and direct.translate(raw.raw).categories == (("Home & Garden", "Mugs"),)


def test_a_square_item_becomes_a_product_that_reads_back_the_same(direct: WooClient) -> None:
    rows = tuple(
        ShownVariation(f"V{size}", sku=f"T-{size}", options=(("Size", size),), price=1990, tracking="tracked")
        for size in ("S", "M")
    )
    item = ShownProduct("square", "I", "Tee & more", "<p>Soft</p>", variations=rows)
    body = new_product(item, status="publish", category_ids=[], decimals=2, images=False)
    parent = made(direct.create_product(body, "k1"))
    outcomes = direct.create_variations(str(parent["id"]), new_variations(item, ["VS", "VM"]))
    raw = [made(outcome) for outcome in outcomes]
    shown = direct.translate(parent, raw)
    assert (shown.name, shown.kind, shown.visible) == ("Tee & more", "variable", True)
    assert [(row.sku, row.options, row.price, row.tracking, row.stock) for row in shown.variations] == [
        ("T-S", (("Size", "S"),), 1990, "tracked", Decimal(0)),
        ("T-M", (("Size", "M"),), 1990, "tracked", Decimal(0)),
    ]
    more = ShownProduct("square", "I", "Tee", variations=(ShownVariation("VL", options=(("Size", "L"),), price=1),))
    fields = parent_attributes(parent, more, ["VL"])
    assert isinstance(direct.update_product(str(parent["id"]), fields), Done)
    assert isinstance(direct.create_variations(str(parent["id"]), new_variations(more, ["VL"]))[0], Done)
    titles = [direct.translate_variation(row.raw).title for row in direct.variations_of(str(parent["id"]))]
    assert titles == ["S", "M", "L"]


def test_a_sale_started_by_its_date_changes_the_fingerprint(shop: FakeWoo, direct: WooClient) -> None:
    starts = (shop.clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    simple = mug(direct, sale_price="3.00", date_on_sale_from_gmt=starts)
    before = direct.product(simple)
    shop.clock.advance(2 * 3600)
    after = direct.product(simple)
    assert before is not None and after is not None
    assert direct.translate(after.raw).variations[0].price == 300
    assert before.fingerprint != after.fingerprint

"""WooCommerce's objects in our words and back."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.product import ShownImage, ShownProduct, ShownVariation
from bridge.remotes.woo.translate import (
    faults_of,
    new_product,
    new_variations,
    parent_attributes,
    product_fields,
    product_fingerprint,
    shown_product,
    shown_variation,
    stock_of_raw,
    variation_fields,
)


def simple(**more: Any) -> dict[str, Any]:
    return {
        "id": 11, "type": "simple", "name": "Espresso &amp; Beans", "status": "publish",
        "catalog_visibility": "visible",
        "description": "<p>Long</p>", "sku": "E-1", "global_unique_id": "4006381333931",
        "price": "4.00", "regular_price": "5.00", "sale_price": "4.00",
        "date_on_sale_from_gmt": "2026-11-01T00:00:00",
        "date_on_sale_to_gmt": None, "manage_stock": True, "stock_quantity": 20, "backorders": "no", "parent_id": 0,
        "categories": [], "attributes": [], "variations": [],
        "images": [{"id": 9, "src": "https://x/a.png", "alt": "A"}],
        "meta_data": [{"id": 1, "key": "_bridge_key", "value": "k"}],
        "date_modified_gmt": "2026-11-22T00:26:11", **more,
    }  # fmt: skip


def path_of(category_id: int, name: str) -> tuple[str, ...]:
    return ("Root", name)


def test_a_simple_product_is_shown_with_itself_as_its_only_variation() -> None:
    shown = shown_product(simple(categories=[{"id": 3, "name": "Tea &amp; Co"}]), (), path_of, 2)
    assert (shown.name, shown.kind, shown.visible, shown.sku) == ("Espresso & Beans", "simple", True, "E-1")
    assert shown.categories == (("Root", "Tea & Co"),)
    assert shown.images == (ShownImage("9", "https://x/a.png", "A"),)
    assert shown.modified == "2026-11-22T00:26:11Z"
    [variation] = shown.variations
    assert (variation.remote_id, variation.price, variation.regular_price, variation.sale_price) == (
        "11",
        400,
        500,
        400,
    )
    assert (variation.sale_from, variation.sale_to) == ("2026-11-01T00:00:00Z", "")
    assert (variation.tracking, variation.stock, variation.key) == ("tracked", Decimal(20), "k")


def test_a_variation_is_titled_by_its_options_whatever_its_route_calls_it() -> None:
    raw = simple(
        id=32, type="variation", parent_id=31, name="T-Shirt - Red, S", status="private", image=None,
        attributes=[{"id": 1, "name": "Color", "option": "Red &amp; White"}, {"id": 0, "name": "Size", "option": ""}],
    )  # fmt: skip
    shown = shown_variation(raw, 2)
    assert shown.title == "Red & White, Any"
    assert shown.options == (("Color", "Red & White"), ("Size", ""))
    assert shown.visible is False


def test_a_number_that_belongs_to_the_parent_is_not_the_variation_s() -> None:
    raw = simple(id=34, type="variation", parent_id=31, manage_stock="parent", stock_quantity=40)
    assert (shown_variation(raw, 2).tracking, shown_variation(raw, 2).stock) == ("parent", None)
    assert (stock_of_raw(raw).quantity, stock_of_raw(raw).parent_id) == (None, "31")


def test_a_simple_product_inside_a_grouped_one_keeps_its_own_address() -> None:
    assert stock_of_raw(simple(parent_id=87)).parent_id == ""


@pytest.mark.parametrize(
    ("kind", "word"), [("grouped", "grouped"), ("external", "another site"), ("bundle", "“bundle”")]
)
def test_what_square_cannot_hold_says_why(kind: str, word: str) -> None:
    assert word in shown_product(simple(type=kind), (), path_of, 2).unrepresentable.lower()


def test_a_shop_without_decimals_is_read_in_whole_units() -> None:
    assert shown_variation(simple(price="1200", regular_price="1200", sale_price=""), 0).price == 1200


# -- fingerprints -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x"), ("description", "x"), ("sku", "x"), ("price", "9"), ("sale_price", ""), ("status", "draft"),
        ("global_unique_id", ""), ("manage_stock", False), ("categories", [{"id": 4}]), ("images", []),
        ("attributes", [{"id": 0}]), ("variations", [5]),
    ],
)  # fmt: skip
def test_a_change_of_a_synced_field_changes_the_fingerprint(field: str, value: Any) -> None:
    assert product_fingerprint(simple(**{field: value})) != product_fingerprint(simple())


@pytest.mark.parametrize(
    ("field", "value"),
    [("stock_quantity", 3), ("date_modified_gmt", "2027-01-01T00:00:00"), ("meta_data", []), ("total_sales", 7)],
)
def test_stock_and_dates_do_not_change_the_fingerprint(field: str, value: Any) -> None:
    assert product_fingerprint(simple(**{field: value})) == product_fingerprint(simple())


def test_an_older_shop_without_gtins_still_shows_its_changes() -> None:
    old = simple()
    del old["global_unique_id"]
    assert product_fingerprint({**old, "name": "x"}) != product_fingerprint(old)


# -- new products -----------------------------------------------------------------------------


def square_item(*variations: ShownVariation, **more: Any) -> ShownProduct:
    return ShownProduct("square", "ITEM", "Mug", "<p>Good</p>", variations=variations, **more)


def test_an_item_with_one_variation_becomes_a_simple_product_that_begins_at_zero() -> None:
    item = square_item(
        ShownVariation("V", sku="M", gtin="4006381333931", title="Regular", price=599, tracking="tracked")
    )
    body = new_product(item, status="draft", category_ids=[7], decimals=2, images=False)
    assert body == {
        "type": "simple", "name": "Mug", "description": "<p>Good</p>", "status": "draft", "categories": [{"id": 7}],
        "regular_price": "5.99", "sku": "M", "global_unique_id": "4006381333931",
        "manage_stock": True, "stock_quantity": 0,
    }  # fmt: skip
    assert faults_of(body) == []


def test_an_uncounted_variation_stays_uncounted() -> None:
    body = new_product(
        square_item(ShownVariation("V", price=1)), status="draft", category_ids=[], decimals=2, images=False
    )
    assert "manage_stock" not in body and "stock_quantity" not in body


def test_names_without_options_become_one_attribute() -> None:
    item = square_item(ShownVariation("V1", title="Small", price=1), ShownVariation("V2", title="Large", price=2))
    body = new_product(item, status="publish", category_ids=[], decimals=2, images=False)
    [attribute] = body["attributes"]
    assert (body["type"], attribute["name"], attribute["options"]) == ("variable", "Variation", ["Small", "Large"])
    rows = new_variations(item, ["V2"])
    assert rows == [{"regular_price": "0.02", "attributes": [{"name": "Variation", "option": "Large"}]}]


def test_options_become_attributes_in_their_order() -> None:
    red_s = ShownVariation("1", options=(("Color", "Red"), ("Size", "S")), price=1)
    red_l = ShownVariation("2", options=(("Color", "Red"), ("Size", "L")), price=1)
    body = new_product(square_item(red_s, red_l), status="draft", category_ids=[], decimals=2, images=False)
    assert [(row["name"], row["options"]) for row in body["attributes"]] == [("Color", ["Red"]), ("Size", ["S", "L"])]


def test_a_new_variation_makes_its_parent_offer_its_option_and_keeps_the_shop_s_own() -> None:
    color = {"id": 1, "name": "Color", "options": ["Blue"], "variation": True, "position": 0, "visible": True}
    raw = {"attributes": [color, {"id": 0, "name": "Material", "options": ["Wool"], "variation": False}]}
    item = square_item(
        ShownVariation("1", options=(("color", "Red"),)), ShownVariation("2", options=(("color", "blue"),))
    )
    before = copy.deepcopy(raw)
    fields = parent_attributes(raw, item, ["1"])
    assert fields["attributes"][0] == {**color, "options": ["Blue", "Red"]}
    assert fields["attributes"][1] == raw["attributes"][1]
    assert parent_attributes(raw, item, ["2"]) == {}
    assert raw == before


def test_images_are_sent_by_address() -> None:
    item = square_item(ShownVariation("V", price=1), images=(ShownImage("I", "https://sq/i.png"), ShownImage("J")))
    body = new_product(item, status="draft", category_ids=[], decimals=2, images=True)
    assert body["images"] == [{"src": "https://sq/i.png"}]


# -- updates ------------------------------------------------------------------------------


def test_product_changes_become_fields_and_nothing_else() -> None:
    fields = product_fields(
        {"name": "New", "visible": False, "categories": ["A"], "images": ["x"]},
        category_ids=[3],
        images=[ShownImage("x", "https://sq/x.png", "alt")],
    )
    assert fields == {
        "name": "New",
        "status": "draft",
        "categories": [{"id": 3}],
        "images": [{"src": "https://sq/x.png", "alt": "alt"}],
    }
    assert product_fields({"visible": True}) == {"status": "publish"}


NOT_ON_SALE = ShownVariation("1", price=500, regular_price=500)
ON_SALE = ShownVariation("1", price=400, regular_price=500, sale_price=400)
SALE_AHEAD = ShownVariation("1", price=500, regular_price=500, sale_price=400)


@pytest.mark.parametrize(
    ("current", "price", "fields"),
    [
        (NOT_ON_SALE, 450, {"regular_price": "4.50"}),
        (ON_SALE, 350, {"sale_price": "3.50"}),
        (ON_SALE, 500, {"regular_price": "5.00", "sale_price": ""}),
        (ON_SALE, 600, {"regular_price": "6.00", "sale_price": ""}),
        (SALE_AHEAD, 450, {"regular_price": "4.50"}),
        (SALE_AHEAD, 350, {"regular_price": "3.50", "sale_price": ""}),
        (ShownVariation("1"), 350, {"regular_price": "3.50"}),
    ],
)
def test_one_price_from_square_finds_its_place_among_two(
    current: ShownVariation, price: int, fields: dict[str, str]
) -> None:
    assert variation_fields({"price": price}, current) == fields


def test_other_variation_changes_become_fields_and_a_title_does_not() -> None:
    fields = variation_fields(
        {"sku": "S", "gtin": "400 638", "title": "x", "image": "i", "visible": False},
        NOT_ON_SALE,
        image=ShownImage("i", "https://sq/i.png"),
    )
    assert fields == {
        "sku": "S",
        "global_unique_id": "400638",
        "image": {"src": "https://sq/i.png"},
        "status": "private",
    }


def test_a_code_that_is_no_gtin_is_not_sent_as_one() -> None:
    assert variation_fields({"gtin": "ABC"}, NOT_ON_SALE) == {"global_unique_id": ""}


# -- round trips --------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="&;<>"), min_size=1)


@given(words, words, st.integers(0, 10**9), st.sampled_from([0, 2, 3]), st.booleans())
def test_what_is_written_for_a_square_item_reads_back_the_same(
    name: str, sku: str, price: int, decimals: int, tracked: bool
) -> None:
    tracking: Any = "tracked" if tracked else "untracked"
    item = ShownProduct("square", "I", name, variations=(ShownVariation("V", sku=sku, price=price, tracking=tracking),))
    body = new_product(item, status="publish", category_ids=[], decimals=decimals, images=False)
    assert faults_of(body) == []
    stored = {**simple(), "sale_price": "", "global_unique_id": "", "manage_stock": False, **body}
    stored["price"] = stored["regular_price"]
    shown = shown_product(stored, (), path_of, decimals)
    [variation] = shown.variations
    assert (shown.name, variation.sku, variation.price, variation.tracking) == (name, sku, price, tracking)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 10**6))
def test_after_a_price_change_the_shopper_pays_square_s_price(regular: int, sale: int, price: int) -> None:
    on_sale = sale < regular
    current = ShownVariation(
        "1", price=sale if on_sale else regular, regular_price=regular, sale_price=sale if on_sale else None
    )
    fields = variation_fields({"price": price}, current)
    old_sale = f"{sale / 100:.2f}" if on_sale else ""
    raw = {**simple(), "regular_price": f"{regular / 100:.2f}", "sale_price": old_sale, **fields}
    shown = shown_variation({**raw, "price": raw["sale_price"] or raw["regular_price"]}, 2)
    assert shown.price == price
    assert shown.sale_price is None or (shown.regular_price or 0) > shown.sale_price

"""Square's objects in our words and back."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.product import ShownImage, ShownProduct, ShownVariation
from bridge.remotes.square.incoming import item_fingerprint, raw_item, shown_item
from bridge.remotes.square.outgoing import SquareOption, add_variations, apply_fields, new_item, quantity_text


def raw(**more: Any) -> dict[str, Any]:
    return {
        "type": "ITEM", "id": "I", "version": 5, "updated_at": "T", "present_at_all_locations": False,
        "present_at_location_ids": ["L1"], "custom_attribute_values": {"x": {"string_value": "y"}},
        "item_data": {
            "name": "Mug", "description": "Good", "description_html": "<p>Good</p>", "description_plaintext": "Good",
            "categories": [{"id": "C1", "ordinal": 3}, {"id": "C2"}], "image_ids": ["IMG"], "product_type": "REGULAR",
            "tax_ids": ["T1"], "modifier_list_info": [{"modifier_list_id": "M"}], "future_field": {"a": 1},
            "variations": [
                {
                    "type": "ITEM_VARIATION", "id": "V1", "version": 6, "present_at_all_locations": True,
                    "item_variation_data": {
                        "item_id": "I", "name": "Small", "sku": "M-S", "upc": "4006381333931",
                        "pricing_type": "FIXED_PRICING", "price_money": {"amount": 599, "currency": "USD"},
                        "track_inventory": True, "image_ids": ["IMG2"], "future_field": 7,
                        "location_overrides": [{"location_id": "L1", "sold_out": True}],
                    },
                }
            ],
        },
        **more,
    }  # fmt: skip


def data_of(item: dict[str, Any]) -> dict[str, Any]:
    return item["item_data"]["variations"][0]["item_variation_data"]  # type: ignore[no-any-return]


def path_of(category_id: str) -> tuple[str, ...]:
    return {"C1": ("Home", "Mugs"), "C2": ("Gifts",)}.get(category_id, ())


def option_of(option_id: str, value_id: str) -> tuple[str, str]:
    return option_id.title(), value_id.title()


def shown(item: dict[str, Any]) -> ShownProduct:
    return shown_item(item, path_of, option_of)


def test_an_item_is_shown_with_its_variations() -> None:
    product = shown(raw())
    assert (product.name, product.description, product.version, product.kind) == ("Mug", "<p>Good</p>", 5, "simple")
    assert product.categories == (("Home", "Mugs"), ("Gifts",))
    assert product.images == (ShownImage("IMG"),)
    assert product.visible and product.unrepresentable == ""
    [variation] = product.variations
    assert (variation.sku, variation.gtin, variation.title) == ("M-S", "4006381333931", "Small")
    assert (variation.price, variation.tracking, variation.version) == (599, "tracked", 6)
    assert variation.image == ShownImage("IMG2") and variation.price_varies_by_store is False


def test_an_archived_item_is_not_visible() -> None:
    item = raw()
    item["item_data"]["is_archived"] = True
    assert shown(item).visible is False and shown(item).status == "archived"


def test_a_price_asked_at_the_till_cannot_be_shown_in_a_shop() -> None:
    item = raw()
    data_of(item)["pricing_type"] = "VARIABLE_PRICING"
    assert "till" in shown(item).unrepresentable
    assert shown(item).variations[0].price is None


@pytest.mark.parametrize("kind", ["GIFT_CARD", "APPOINTMENTS_SERVICE", "DONATION"])
def test_what_is_no_ware_is_not_sold_in_the_shop(kind: str) -> None:
    item = raw()
    item["item_data"]["product_type"] = kind
    assert kind.split("_")[0].lower() in shown(item).unrepresentable


def test_a_store_s_own_price_and_counting_are_noticed() -> None:
    item = raw()
    data_of(item)["track_inventory"] = False
    data_of(item)["location_overrides"] = [{"location_id": "L1", "track_inventory": True, "price_money": {"amount": 1}}]
    [variation] = shown(item).variations
    assert variation.tracking == "tracked" and variation.price_varies_by_store


def test_options_are_named() -> None:
    item = raw()
    item["item_data"]["item_options"] = [{"item_option_id": "size"}]
    data_of(item)["item_option_values"] = [{"item_option_id": "size", "item_option_value_id": "small"}]
    product = shown(item)
    assert product.variations[0].options == (("Size", "Small"),)
    assert product.option_names == ("Size",) and product.kind == "variable"


# -- fingerprints -------------------------------------------------------------------------


def changed(**fields: Any) -> dict[str, Any]:
    item = raw()
    data_of(item).update(fields)
    return item


@pytest.mark.parametrize(
    "item",
    [
        changed(sku="x"),
        changed(price_money={"amount": 1}),
        changed(name="x"),
        changed(upc=""),
        changed(track_inventory=False),
        changed(location_overrides=[{"location_id": "L1", "price_money": {"amount": 5}}]),
    ],
)
def test_a_change_of_a_synced_field_changes_the_fingerprint(item: dict[str, Any]) -> None:
    assert item_fingerprint(item) != item_fingerprint(raw())


def test_versions_sold_out_marks_and_dates_do_not_change_the_fingerprint() -> None:
    item = raw(version=99, updated_at="later")
    data_of(item)["location_overrides"] = [{"location_id": "L1", "sold_out": False}]
    item["item_data"]["variations"][0]["version"] = 100
    same = raw()
    assert item_fingerprint(item) == item_fingerprint(same)


def test_a_deleted_item_is_gone() -> None:
    assert raw_item({"type": "ITEM", "id": "I", "is_deleted": True}).gone


# -- new items --------------------------------------------------------------------------------

SHIRT = ShownProduct(
    "woo",
    "31",
    "Shirt",
    "<p>Soft</p>",
    kind="variable",
    variations=(
        ShownVariation("32", sku="S-S", title="S", options=(("Size", "S"),), price=900, tracking="tracked"),
        ShownVariation("33", title="L", options=(("Size", "L"),), price=950),
    ),
)


def test_a_product_becomes_an_item_sold_everywhere_and_counted_where_the_shop_counts() -> None:
    item = new_item(SHIRT, currency="USD", category_ids=["C1"], reference="bridge:1")
    assert (item["id"], item["present_at_all_locations"]) == ("#woo-31", True)
    assert item["item_data"]["categories"] == [{"id": "C1"}]
    small, large = (row["item_variation_data"] for row in item["item_data"]["variations"])
    assert small == {
        "item_id": "#woo-31", "name": "S", "sku": "S-S", "pricing_type": "FIXED_PRICING",
        "price_money": {"amount": 900, "currency": "USD"}, "track_inventory": True, "user_data": "bridge:1",
    }  # fmt: skip
    assert large["name"] == "L" and "track_inventory" not in large and "sku" not in large
    assert [row["id"] for row in item["item_data"]["variations"]] == ["#woo-31-32", "#woo-31-33"]


def test_the_same_product_always_makes_the_same_item() -> None:
    assert new_item(SHIRT, currency="USD", category_ids=[]) == new_item(SHIRT, currency="USD", category_ids=[])


def test_in_the_options_mode_variations_refer_to_the_seller_s_options() -> None:
    size = SquareOption("O", "Size", {"s": "OS", "l": "OL"})
    item = new_item(SHIRT, currency="USD", category_ids=[], options_mode="options", options={"size": size})
    assert item["item_data"]["item_options"] == [{"item_option_id": "O"}]
    values = [row["item_variation_data"]["item_option_values"] for row in item["item_data"]["variations"]]
    assert values == [
        [{"item_option_id": "O", "item_option_value_id": "OS"}],
        [{"item_option_id": "O", "item_option_value_id": "OL"}],
    ]


def test_an_only_variation_has_square_s_own_name() -> None:
    item = new_item(ShownProduct("woo", "1", "Mug", variations=(ShownVariation("1"),)), currency="USD", category_ids=[])
    assert data_of(item)["name"] == "Regular" and data_of(item)["pricing_type"] == "VARIABLE_PRICING"


# -- changed items ------------------------------------------------------------------------


def test_changes_touch_only_what_they_name() -> None:
    before = raw()
    after = apply_fields(
        before,
        {"name": "Cup", "description": "<p>New</p>", "visible": False, "categories": ["Gifts"]},
        {"V1": {"sku": "N", "gtin": "1", "title": "Tall", "price": 700}, "V9": {"sku": "lost"}},
        currency="USD",
        category_ids=["C2", "C3"],
    )
    assert before == raw()
    expected = raw()
    item = expected["item_data"]
    item.update(name="Cup", description_html="<p>New</p>", is_archived=True, categories=[{"id": "C2"}, {"id": "C3"}])
    del item["description"], item["description_plaintext"]
    data_of(expected).update(sku="N", upc="1", name="Tall", price_money={"amount": 700, "currency": "USD"})
    assert after == expected


def test_no_change_leaves_the_item_as_it_was_read_to_the_last_unknown_field() -> None:
    assert apply_fields(raw(), {}, {}, currency="USD", category_ids=None) == raw()


def test_presence_is_never_touched() -> None:
    after = apply_fields(raw(), {"visible": True}, {"V1": {"price": 1}}, currency="USD")
    for name in ("present_at_all_locations", "present_at_location_ids"):
        assert after[name] == raw()[name]


def test_a_name_made_of_options_is_left_to_square() -> None:
    item = changed(item_option_values=[{"item_option_id": "O", "item_option_value_id": "S"}])
    assert data_of(apply_fields(item, {}, {"V1": {"title": "X"}}, currency="USD"))["name"] == "Small"


def test_new_variations_stand_behind_the_old_ones_and_are_sold_where_their_item_is() -> None:
    item = add_variations(raw(), SHIRT, ["33"], currency="USD")
    old, new = item["item_data"]["variations"]
    assert old == raw()["item_data"]["variations"][0]
    assert new["id"] == "#woo-31-33" and new["item_variation_data"]["item_id"] == "I"
    assert new["present_at_all_locations"] is False and new["present_at_location_ids"] == ["L1"]


# -- round trips --------------------------------------------------------------------------

names = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=80)


@given(names, names, st.integers(0, 10**9), st.booleans())
def test_what_is_written_for_a_product_reads_back_the_same(name: str, sku: str, price: int, tracked: bool) -> None:
    tracking: Any = "tracked" if tracked else "untracked"
    product = ShownProduct(
        "woo", "1", name, "d", variations=(ShownVariation("1", sku=sku, price=price, tracking=tracking),)
    )
    back = shown(new_item(product, currency="USD", category_ids=["C2"]))
    [variation] = back.variations
    assert (back.name, back.description, back.categories) == (name, "d", (("Gifts",),))
    assert (variation.sku, variation.price, variation.tracking) == (sku, price, tracking)


@given(st.dictionaries(st.sampled_from(["name", "description", "visible"]), names), st.integers(0, 9999))
def test_applying_changes_twice_is_applying_them_once(changes: dict[str, Any], price: int) -> None:
    once = apply_fields(copy.deepcopy(raw()), changes, {"V1": {"price": price}}, currency="USD")
    assert apply_fields(once, changes, {"V1": {"price": price}}, currency="USD") == once
    assert shown(once).variations[0].price == price


@given(st.decimals("-999999999", "999999999", places=5))
def test_quantities_are_plain_digits(quantity: Any) -> None:
    text = quantity_text(quantity)
    assert "E" not in text and len(text) <= 26 and text != "-0"
    assert quantity == type(quantity)(text)

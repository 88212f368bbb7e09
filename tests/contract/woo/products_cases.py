"""Recordings of products, variations, stock, SKUs, batches."""

from __future__ import annotations

from bridge.sim.woo.seed import place
from bridge.sim.woo.shop import FakeWoo
from tests.contract.woo.recorded_shop import MERCH, next_id, recorded_shop, stock
from tests.contract.woo.registry import Recording, checks, compare, replays, request_of


@replays(
    "product_get_simple",
    "product_get_variable",
    "variation_fetched_through_products_endpoint",
    "variation_get",
    "products_by_variation_sku_full",
    "products_page_beyond_end",
    "products_parent_filter",
    "products_per_page_101_400",
    "products_type_variation",
    "invalid_date_400",
    "invalid_enum_400",
    "error_404_unknown_id",
    "error_400_bad_json",
    "product_update_stock_absolute",
    "product_update_with_fields",
    "product_tax_fields",
    "sku_duplicate_create_400",
    "sku_duplicate_update_400",
    "stock_decimal",
    "stock_not_a_number_400",
    "stock_manage_parent_on_simple",
    "price_number_instead_of_string",
    "image_src_unreachable",
    "variable_parent_managed_stock",
    "variation_update_stock_absolute",
    "variation_disable_status_private",
    "variations_all_toplevel_route",
    "variations_list",
    "variations_of_a_simple_product",
    "products_batch_with_fields",
    "products_batch_over_limit_413",
    make=recorded_shop,
)
def as_it_was(shop: FakeWoo) -> None:
    """Nothing to prepare."""


@replays(
    "products_list_page2_headers",
    "products_fields_filter",
    ignore=("stock_quantity",),
    loose=("id", "sku"),
    make=recorded_shop,
)
def default_order_of_ties_is_anybodys_guess(shop: FakeWoo) -> None:
    """Which of the equally old products come is not repeatable on a real shop either."""


@checks("products_sku_csv_finds_variations")
def order_of_ties_does_not_count(recording: Recording) -> list[str]:
    answer = recorded_shop().handle(request_of(recording))
    found: list[str] = []
    wanted = sorted(recording.response["body"], key=lambda row: str(row["id"]))
    got = sorted(answer.json(), key=lambda row: str(row["id"]))
    compare(wanted, got, "", found, frozenset(), frozenset())
    return found


@replays("products_modified_after_gmt", make=recorded_shop)
def two_changed_later(shop: FakeWoo) -> None:
    for item in shop.state.items.values():
        item.modified = 1795307172
    shop.state.items[31].modified = shop.state.items[11].modified = 1795307282


@replays("create_form_encoded", make=recorded_shop)
def next_is_101(shop: FakeWoo) -> None:
    next_id(shop, 101)


@replays("product_create_variable")
def only_the_attribute(shop: FakeWoo) -> None:
    made = recorded_shop()
    state = shop.state
    state.categories, state.attributes = made.state.categories, made.state.attributes
    state.attribute_terms, state.option_names = made.state.attribute_terms, made.state.option_names
    next_id(shop, 31)


@replays("gtin_duplicate_400", make=recorded_shop)
def twelve_has_the_gtin(shop: FakeWoo) -> None:
    shop.state.set_gtin(shop.state.items[12], "0012345678905")


@replays("gtin_set", make=recorded_shop)
def twelve_has_51(shop: FakeWoo) -> None:
    stock(shop, 12, 51)


@replays("gtin_not_digits", make=recorded_shop)
def thirteen_is_sold_out(shop: FakeWoo) -> None:
    stock(shop, 13, 0)


@replays("products_batch_update_variation_id", make=recorded_shop)
def twelve_has_50(shop: FakeWoo) -> None:
    stock(shop, 12, 50)


@replays("image_src_ok", loose=("src", "name"), make=recorded_shop)
def next_is_275(shop: FakeWoo) -> None:
    stock(shop, 25, 34)
    next_id(shop, 275)


@replays("product_update_image_by_media_id", make=recorded_shop)
def the_picture_is_53(shop: FakeWoo) -> None:
    """The rebuilt shop has it."""


@replays("price_garbage", "price_sale_above_regular", make=recorded_shop)
def fourteen_has_3(shop: FakeWoo) -> None:
    stock(shop, 14, 3)


@replays("product_meta_data_write", make=recorded_shop)
def next_meta_is_990(shop: FakeWoo) -> None:
    stock(shop, 14, 3)
    shop.ids._next["meta"] = 990


def trash_me(shop: FakeWoo) -> None:
    shop.acts["seed"](
        [
            {
                "id": 55,
                "name": "Trash me",
                "sku": "TR-1",
                "regular_price": "1",
                "manage_stock": True,
                "stock_quantity": 4,
            }
        ]
    )
    shop.ids._next["meta"] = 899


replays("product_trash", make=recorded_shop)(trash_me)


@replays("product_trashed_get", "sku_reuse_of_trashed", "products_status_trash", loose=("value",), make=recorded_shop)
def fifty_five_is_trashed(shop: FakeWoo) -> None:
    trash_me(shop)
    shop.acts["staff_trash"](55)


@replays("product_untrash_by_status", loose=("value",), make=recorded_shop)
def to_be_revived(shop: FakeWoo) -> None:
    fifty_five_is_trashed(shop)


@replays("product_delete_force", loose=("value",), make=recorded_shop)
def revived(shop: FakeWoo) -> None:
    fifty_five_is_trashed(shop)
    shop.acts["staff_edit_product"](55, {"status": "publish"})


@replays("products_batch_mixed_with_errors", make=recorded_shop)
def next_is_54(shop: FakeWoo) -> None:
    next_id(shop, 54)


@replays("products_batch_delete", make=recorded_shop)
def fifty_four_exists(shop: FakeWoo) -> None:
    shop.acts["seed"]([{"id": 54, "name": "Batch New", "sku": "BN-1", "regular_price": "3"}])


@replays("products_batch_same_id_twice", make=recorded_shop)
def untouched(shop: FakeWoo) -> None:
    """Stock 23, then 1, then 2."""


@replays("products_batch_unvalidated_prices", make=recorded_shop)
def two_gifts(shop: FakeWoo) -> None:
    shop.state.items[29].stock = 38
    shop.state.items[28].meta = [{"id": 39298, "key": "zz", "value": "1795309012.8446739"}]
    assert shop.state.items[28].categories == [MERCH]


@replays("stock_inventory_delta_simple", make=recorded_shop)
def fifteen_has_20(shop: FakeWoo) -> None:
    stock(shop, 15, 20)


@replays("stock_batch_delta_decimal_negative_null", make=recorded_shop)
def fifteen_has_24(shop: FakeWoo) -> None:
    """-4 makes 20; the null leaves 27."""


@replays(
    "stock_negative_absolute",
    "stock_quantity_wins_over_delta",
    "stock_null",
    "stock_low_stock_amount",
    "stock_manage_off",
    make=recorded_shop,
)
def fifteen_has_17(shop: FakeWoo) -> None:
    stock(shop, 15, 17)


@replays("stock_status_write_while_managed", make=recorded_shop)
def fifteen_has_none(shop: FakeWoo) -> None:
    stock(shop, 15, 0)


@replays("stock_quantity_while_unmanaged_ignored", make=recorded_shop)
def fifteen_is_unmanaged(shop: FakeWoo) -> None:
    shop.acts["staff_edit_product"](15, {"manage_stock": False})


@replays("stock_inventory_delta_variation", make=recorded_shop)
def thirty_two_has_7(shop: FakeWoo) -> None:
    stock(shop, 32, 7)


@replays("stock_variation_batch_delta", make=recorded_shop)
def thirty_two_has_5(shop: FakeWoo) -> None:
    stock(shop, 32, 5)


@replays("variation_parent_managed_qty_write_ignored", make=recorded_shop)
def the_parent_manages(shop: FakeWoo) -> None:
    shop.acts["staff_edit_product"](31, {"manage_stock": True, "stock_quantity": 40})
    shop.acts["staff_edit_product"](34, {"manage_stock": False})


@replays("variations_with_parent_managed_stock", make=recorded_shop)
def the_parent_manages_and_four_are_left(shop: FakeWoo) -> None:
    the_parent_manages(shop)
    stock(shop, 33, 4)


@replays("variations_of_trashed_parent", make=recorded_shop)
def fifty_eight_is_trashed(shop: FakeWoo) -> None:
    child = {"id": 59, "sku": "TV-1", "regular_price": "2"}
    shop.acts["seed"]([{"id": 58, "name": "Trashed", "type": "variable", "variations": [child]}])
    shop.acts["staff_trash"](58)


@replays("variations_batch_mixed_with_errors", make=recorded_shop)
def next_is_whatever(shop: FakeWoo) -> None:
    """33 gets 12; every other item is refused."""


@replays("variations_batch_create", make=recorded_shop)
def a_bare_t_shirt(shop: FakeWoo) -> None:
    for number in range(32, 38):
        shop.state.drop_item(shop.state.items[number])
    next_id(shop, 32)


@replays("variation_create_no_attributes", make=recorded_shop)
def next_is_57(shop: FakeWoo) -> None:
    next_id(shop, 57)


@replays("variation_delete_force", loose=("value",), make=recorded_shop)
def fifty_seven_is_trashed(shop: FakeWoo) -> None:
    place(shop, {"id": 57, "sku": "TMPV", "regular_price": "3"}, 31)
    shop.ids._next["meta"] = 924
    shop.acts["staff_trash"](57)


@checks("products_options_schema", "variations_options_schema")
def schema_reduced_to_types(recording: Recording) -> list[str]:
    """The recording kept of each property only its type, default, enum and whether it is read-only."""
    answer = recorded_shop().handle(request_of(recording)).json()
    kept = ("type", "default", "enum", "readonly", "minimum", "maximum", "format")

    def reduced(fields: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        return {name: {k: v for k, v in field.items() if k in kept} for name, field in fields.items()}

    got = {
        "schema_properties": reduced(answer["schema"]["properties"]),
        "collection_args": reduced(answer["endpoints"][0]["args"]),
    }
    found: list[str] = []
    compare(recording.response["body"], got, "", found, frozenset({"format"}), frozenset())
    return found

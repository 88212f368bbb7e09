"""Recorded WooCommerce answers, read by the client: every error classified, every object translated."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from bridge.remotes.classify import classify_woo, woo_item
from bridge.remotes.port import Done, Later, Outcome, Refused, Reply, Unknown
from bridge.remotes.woo.translate import (
    product_fingerprint,
    shown_order,
    shown_product,
    shown_variation,
    stock_of_raw,
    variation_fingerprint,
)
from bridge.remotes.woo.webhook import is_genuine, is_ping, ring_of

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "woocommerce"
if not RECORDINGS.exists():
    pytest.skip("the recordings (../shared/recordings/woocommerce) are not here", allow_module_level=True)


def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return content


def body(name: str) -> Any:
    return load(name)["response"]["body"]


def reply(name: str) -> Reply:
    answer = load(name)["response"]
    said = answer["body"]
    raw = said.encode() if isinstance(said, str) else orjson.dumps(said)
    headers = {key.lower(): str(value) for key, value in answer.get("headers", {}).items()}
    return Reply(answer["status"], headers, raw)


def written(name: str) -> Outcome:
    return classify_woo(reply(name), True)


def every(kind: str) -> list[str]:
    names = [path.stem for path in sorted(RECORDINGS.glob("*.json"))]
    return [name for name in names if "response" in load(name) and kind in ("", load(name)["request"].get("method"))]


@pytest.mark.parametrize(
    ("name", "code", "marks"),
    [
        ("auth_unknown_key_401", "woocommerce_rest_cannot_view", {"access"}),
        ("auth_wrong_secret_401", "woocommerce_rest_authentication_error", {"access"}),
        ("auth_read_key_on_write_401", "woocommerce_rest_authentication_error", {"access"}),
        ("error_404_unknown_id", "woocommerce_rest_product_invalid_id", {"gone"}),
        ("error_404_no_route", "rest_no_route", set()),
        ("sku_duplicate_create_400", "product_invalid_sku", {"holder"}),
        ("sku_duplicate_update_400", "product_invalid_sku", {"holder"}),
        ("sku_reuse_of_trashed", "woocommerce_rest_product_not_created", set()),
        ("gtin_duplicate_400", "product_invalid_global_unique_id", {"holder"}),
        ("stock_not_a_number_400", "rest_invalid_param", set()),
        ("products_batch_over_limit_413", "woocommerce_rest_request_entity_too_large", set()),
        ("error_400_bad_json", "rest_invalid_json", set()),
        ("webhook_delete_without_force", "woocommerce_rest_trash_not_supported", set()),
    ],
)
def test_a_recorded_refusal_is_final_and_marked(name: str, code: str, marks: set[str]) -> None:
    outcome = written(name)
    assert isinstance(outcome, Refused)
    assert outcome.code == code and outcome.message
    assert {mark for mark in ("access", "gone", "conflict", "holder") if getattr(outcome, mark)} == marks


@pytest.mark.parametrize(
    "name",
    ["error_500_database_down", "error_500_php_fatal_in_rest", "refund_amount_too_big", "order_line_quantity_zero"],
)
def test_a_recorded_failure_inside_the_shop_may_have_taken_effect(name: str) -> None:
    assert isinstance(written(name), Unknown)
    assert isinstance(classify_woo(reply(name), False), Later)


def test_the_recorded_maintenance_page_certainly_did_nothing() -> None:
    outcome = written("error_503_maintenance_mode")
    assert isinstance(outcome, Later) and outcome.seconds <= 60


def test_every_recorded_answer_is_classified_by_its_status() -> None:
    names = every("")
    assert len(names) > 100
    for name in names:
        answer, outcome = reply(name), written(name)
        if answer.status < 300:
            assert isinstance(outcome, Done), name
        elif answer.status < 500:
            assert isinstance(outcome, Refused), name
        else:
            assert not isinstance(outcome, Done), name


def test_recorded_batch_items_are_told_apart() -> None:
    rows = body("products_batch_mixed_with_errors")
    created = [woo_item(row) for row in rows["create"]]
    updated = [woo_item(row) for row in rows["update"]]
    assert isinstance(created[0], Done) and isinstance(created[1], Refused) and created[1].holder == "11"
    assert isinstance(updated[0], Done) and isinstance(updated[1], Refused) and updated[1].gone


def test_the_recorded_products_are_translated() -> None:
    simple = shown_product(body("product_get_simple"), (), lambda _, name: (name,), 2)
    assert (simple.name, simple.kind, simple.categories) == ("Espresso Beans", "simple", (("Coffee",),))
    [only] = simple.variations
    assert (only.remote_id, only.sku, only.price, only.stock) == ("11", "SIMP-001", 500, Decimal(20))
    rows = body("variations_list")
    parent = shown_product(body("product_get_variable"), rows, lambda _, name: (name,), 2)
    assert parent.kind == "variable" and parent.option_names == ("Color", "Size")
    assert len(parent.variations) == len(rows)
    assert all(variation.title and variation.options for variation in parent.variations)


def test_the_three_recorded_routes_to_one_variation_agree() -> None:
    own, wide = body("variation_get"), body("analytics_variations_full_item")
    wide = wide[0] if isinstance(wide, list) else wide
    through = body("variation_fetched_through_products_endpoint")
    assert own["id"] == wide["id"] == through["id"] == 32
    assert variation_fingerprint(own) == variation_fingerprint(wide)
    views = [shown_variation(row, 2) for row in (own, wide, through)]
    assert {(view.sku, view.title, view.price, view.options) for view in views} == {
        ("VAR-TS-RS", "Red, S", 2500, (("Color", "Red"), ("Size", "S")))
    }
    assert {stock_of_raw(row).parent_id for row in (own, wide, through)} == {"31"}


def test_the_recorded_stock_report_gives_a_number_only_where_the_row_counts() -> None:
    rows = [row for row in body("analytics_reports_stock") if isinstance(row, dict)]
    for row, stock in zip(rows, map(stock_of_raw, rows), strict=True):
        assert stock.key is None
        assert (stock.quantity is None) == (row["manage_stock"] is not True)
        assert (stock.parent_id == "") == (not row["parent_id"])


def test_a_variation_whose_parent_counts_gives_no_number_of_its_own() -> None:
    rows = {row["id"]: stock_of_raw(row) for row in body("variations_with_parent_managed_stock")}
    assert rows[34].tracking == "parent" and rows[34].quantity is None
    assert rows[33].quantity == Decimal(4)


def test_the_recorded_pickup_order_is_translated() -> None:
    order = shown_order(body("order_get_from_checkout_pickup_cod"))
    assert (order.status, order.created_via, order.pickup_place) == ("processing", "store-api", "Uptown Store")
    assert [(line.variation_id, line.quantity, line.reduced) for line in order.lines] == [
        ("22", Decimal(2), Decimal(2)),
        ("36", Decimal(1), Decimal(1)),
    ]


def test_every_recorded_order_and_product_is_translated() -> None:
    orders = products = 0
    for name in every(""):
        said = body(name)
        if not isinstance(said, dict) or load(name)["response"]["status"] >= 300:
            continue
        if "line_items" in said and "created_via" in said:
            assert shown_order(said).order_id == str(said["id"])
            orders += 1
        elif "catalog_visibility" in said:
            assert shown_product(said, (), lambda _, label: (label,), 2).remote_id == str(said["id"])
            assert len(product_fingerprint(said)) == 16
            products += 1
    assert orders > 10 and products > 10


def test_a_recorded_delta_moves_the_number_and_not_the_fingerprint() -> None:
    after = body("stock_inventory_delta_simple")
    assert stock_of_raw(after).tracking == "tracked"
    moved = {**after, "stock_quantity": after["stock_quantity"] + 5, "date_modified_gmt": "2027-01-01T00:00:00"}
    assert product_fingerprint(moved) == product_fingerprint(after)


def test_every_recorded_delivery_is_genuine_and_says_what_to_look_at() -> None:
    rung = 0
    for path in sorted(RECORDINGS.glob("webhook_delivery_*.json")):
        content = load(path.stem)
        headers = {name.lower(): value for name, value in content["delivery"]["headers"]}
        raw = content["delivery"]["body_raw"].encode()
        if path.stem == "webhook_delivery_ping":
            assert is_ping(headers, raw)
            continue
        assert is_genuine(raw, headers["x-wc-webhook-signature"], [content["secret"]]), path.stem
        ring = ring_of(headers, raw)
        assert ring is not None and ring.topic == headers["x-wc-webhook-topic"]
        rung += ring.kind != ""
    assert rung > 8

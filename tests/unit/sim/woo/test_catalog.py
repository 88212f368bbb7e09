"""Lists, paging, dates, SKUs, the trash, pictures, sales and breakdowns of the simulated shop."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.sim.kernel.exchange import SimRequest
from bridge.sim.woo.auth import oauth_signature, signature_base
from bridge.sim.woo.shop import DEFAULT_KEY, FakeWoo
from tests.unit.sim.woo.calls import ADMIN, NOON, call, frozen_shop, get, post, put

SAMPLE = Path(__file__).resolve().parents[5] / "shared" / "data" / "sample_products.csv"
IN_ORDER = "orderby=id&order=asc"


def of_one_second(count: int = 23) -> FakeWoo:
    shop = frozen_shop()
    shop.acts["seed"]([{"name": f"P{n}", "sku": f"P-{n}", "regular_price": "1"} for n in range(count)])
    return shop


def walk(shop: FakeWoo, query: str, size: int) -> list[int]:
    found: list[int] = []
    for page in range(1, 100):
        rows = get(shop, f"/wc/v3/products?per_page={size}&page={page}&{query}")
        if not rows:
            break
        found += [row["id"] for row in rows]
    return found


@pytest.mark.parametrize("query", ["", "orderby=date&order=asc", "orderby=modified"])
def test_walking_pages_by_date_loses_products_and_doubles_others(query: str) -> None:
    found = walk(of_one_second(), query, 3)
    assert len(found) == 23
    assert len(set(found)) < 23


@pytest.mark.parametrize("query", [IN_ORDER, "orderby=id&order=desc", "orderby=title&order=asc"])
def test_walking_pages_by_id_or_title_is_exact(query: str) -> None:
    found = walk(of_one_second(), query, 3)
    assert len(found) == len(set(found)) == 23


def test_links_lead_to_the_pages_around_this_one() -> None:
    answer = call(of_one_second(), "GET", f"/wc/v3/products?per_page=10&page=2&{IN_ORDER}&_fields=id,sku")
    assert answer.headers["X-WP-TotalPages"] == "3"
    base = "https://shop.test/wp-json/wc/v3/products?per_page=10&page={}&orderby=id&order=asc&_fields=id%2Csku"
    assert answer.headers["Link"] == f'<{base.format(1)}>; rel="prev", <{base.format(3)}>; rel="next"'


def changed_at_noon() -> tuple[FakeWoo, int]:
    shop = of_one_second(3)
    shop.clock.advance(3600)
    number = shop.state.product_ids[0]
    put(shop, f"/wc/v3/products/{number}", {})
    return shop, number


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("modified_after=2026-11-22T12:59:59Z", True),
        ("modified_after=2026-11-22T13:00:00Z", False),
        ("modified_after=2026-11-22T12:59:59.500Z", True),
        ("modified_after=2026-11-22T12:59:59&dates_are_gmt=true", True),
        ("modified_after=2026-11-22T13:00:00&dates_are_gmt=true", False),
        ("modified_after=2026-11-22T07:59:59", True),
        ("modified_after=2026-11-22T08:00:00", False),
        ("modified_after=2026-11-22T07:59:59-05:00", True),
        # an offset and dates_are_gmt together shift twice: far too much is delivered
        ("modified_after=2026-11-22T17:59:59Z&dates_are_gmt=true", True),
    ],
)
def test_modified_after_is_exclusive_and_knows_three_clocks(query: str, finds: bool) -> None:
    shop, number = changed_at_noon()
    found = [row["id"] for row in get(shop, f"/wc/v3/products?{query}&_fields=id")]
    assert found == ([number] if finds else [])


def test_a_variation_that_changes_marks_its_parent_modified() -> None:
    shop = frozen_shop()
    shop.seed_catalog(2, 2)
    parent = shop.state.product_ids[0]
    child = shop.state.children[parent][0]
    shop.clock.advance(60)
    put(shop, f"/wc/v3/products/{parent}/variations/{child}", {"description": "new"})
    found = get(shop, "/wc/v3/products?modified_after=2026-11-22T12:00:00Z&_fields=id")
    assert found == [{"id": parent}]


def test_dates_have_a_local_and_a_gmt_twin() -> None:
    shop = of_one_second(1)
    shown = get(shop, "/wc/v3/products")[0]
    assert (shown["date_created"], shown["date_created_gmt"]) == ("2026-11-22T07:00:00", "2026-11-22T12:00:00")


def test_a_sale_begins_and_ends_by_the_clock() -> None:
    shop = frozen_shop()
    body = {
        "name": "Lamp",
        "regular_price": "20",
        "sale_price": "15",
        "date_on_sale_from_gmt": "2026-11-22T13:00:00",
        "date_on_sale_to_gmt": "2026-11-22T14:00:00",
    }
    path = f"/wc/v3/products/{post(shop, '/wc/v3/products', body)['id']}"
    prices = []
    for hours in (0, 1.5, 3):
        shop.clock.freeze(NOON + timedelta(hours=hours))
        shown = get(shop, path)
        prices.append((shown["price"], shown["on_sale"]))
    assert prices == [("20", False), ("15", True), ("20", False)]


def test_names_come_back_escaped() -> None:
    shop = frozen_shop()
    made = post(shop, "/wc/v3/products", {"name": "Salt & <b>Pepper</b>"})
    assert (made["name"], made["slug"]) == ("Salt &amp; <b>Pepper</b>", "salt-pepper")


def test_a_sku_is_unique_whatever_its_case_and_over_variations_too() -> None:
    shop = frozen_shop()
    shop.seed_catalog(1, 2)
    answer = call(shop, "POST", "/wc/v3/products", {"name": "Twin", "sku": "sku-000001-002"})
    assert (answer.status, answer.json()["code"]) == (400, "product_invalid_sku")
    assert answer.json()["data"]["resource_id"] == shop.state.variation_ids[1]


def test_trashing_a_variable_product_hides_its_variations_but_they_answer_by_id() -> None:
    shop = frozen_shop()
    shop.seed_catalog(1, 2)
    parent, child = shop.state.product_ids[0], shop.state.variation_ids[0]
    assert call(shop, "DELETE", f"/wc/v3/products/{parent}").status == 200
    assert get(shop, "/wc/v3/products") == []
    assert get(shop, "/wc-analytics/variations") == []
    assert get(shop, f"/wc/v3/products/{child}")["status"] == "trash"
    assert call(shop, "DELETE", f"/wc/v3/products/{parent}").status == 410
    shop.acts["staff_untrash"](parent)
    assert [row["status"] for row in get(shop, f"/wc/v3/products/{parent}/variations")] == ["publish"] * 2
    assert call(shop, "DELETE", f"/wc/v3/products/{parent}?force=true").status == 200
    assert call(shop, "GET", f"/wc/v3/products/{child}").status == 404


def test_each_send_of_an_address_makes_a_new_copy_of_the_picture() -> None:
    shop = of_one_second(1)
    shop.acts["add_media"]("https://shop.test/wp-content/uploads/2026/11/mug.png", "bXVn")
    path = f"/wc/v3/products/{shop.state.product_ids[0]}"
    body = {"images": [{"src": "https://shop.test/wp-content/uploads/2026/11/mug.png"}]}
    first, second = (put(shop, path, body)["images"][0] for _ in range(2))
    assert first["id"] != second["id"]
    assert second["src"].endswith("/2026/11/mug-2.png")
    served = shop.handle(SimRequest.from_url("GET", second["src"]))
    assert (served.status, served.body, served.headers["Content-Type"]) == (200, b"mug", "image/png")
    answer = call(shop, "PUT", path, {"images": [{"id": 999}]})
    assert answer.json()["code"] == "woocommerce_product_invalid_image_id"


def test_an_upload_needs_an_application_password() -> None:
    shop = frozen_shop()
    name = {"content-disposition": 'attachment; filename="a.png"', "content-type": "image/png"}
    url = "https://shop.test/wp-json/wp/v2/media"
    refused = shop.handle(SimRequest.from_url("POST", url, name, b"png"))
    made = shop.handle(SimRequest.from_url("POST", url, {**name, **ADMIN}, b"png"))
    assert (refused.status, made.status) == (401, 201)
    assert shop.state.files["2026/11/a.png"] == b"png"


def test_meta_is_upserted_by_key_and_removed_by_null() -> None:
    shop = of_one_second(1)
    path = f"/wc/v3/products/{shop.state.product_ids[0]}"
    for value in (1, {"a": [1]}):
        shown = put(shop, path, {"meta_data": [{"key": "k", "value": value}]})["meta_data"]
        assert [(m["key"], m["value"]) for m in shown] == [("k", value)]
    assert put(shop, path, {"meta_data": [{"key": "k", "value": None}]})["meta_data"] == []


def test_a_stale_read_answers_what_was_before_the_last_write() -> None:
    shop = of_one_second(1)
    path = f"/wc/v3/products/{shop.state.product_ids[0]}"
    put(shop, path, {"regular_price": "2"})
    put(shop, path, {"regular_price": "3"})
    shop.faults.add("stale_read", times=1)
    assert [get(shop, path)["price"] for _ in range(2)] == ["2", "3"]


def test_a_fatal_after_the_write_leaves_the_write_done() -> None:
    shop = of_one_second(1)
    path = f"/wc/v3/products/{shop.state.product_ids[0]}"
    shop.faults.add("php_fatal", method="PUT", options={"applied": True})
    answer = call(shop, "PUT", path, {"regular_price": "2"})
    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/html; charset=UTF-8")
    assert get(shop, path)["price"] == "2"


def test_stock_report_goes_away_with_analytics_and_variations_stay() -> None:
    shop = frozen_shop()
    shop.seed_catalog(1, 2)
    path = "/wc-analytics/reports/stock?" + IN_ORDER
    assert [row["sku"] for row in get(shop, path)] == ["", "SKU-000001-001", "SKU-000001-002"]
    ids = ",".join(str(n) for n in shop.state.variation_ids)
    assert len(get(shop, f"{path}&include={ids}")) == 2
    shop.acts["set_setting"]("woocommerce_analytics_enabled", "no")
    assert call(shop, "GET", path).status == 404
    assert len(get(shop, "/wc-analytics/variations")) == 2


def signed(shop: FakeWoo, nonce: str, *, secret: str = DEFAULT_KEY.secret) -> SimRequest:
    request = SimRequest.from_url("GET", "http://shop.test/wp-json/wc/v3/products?per_page=1&search=a%20b")
    request.query += [
        ("oauth_consumer_key", DEFAULT_KEY.key),
        ("oauth_timestamp", str(shop.now())),
        ("oauth_nonce", nonce),
        ("oauth_signature_method", "HMAC-SHA256"),
    ]
    base = signature_base("GET", "http://shop.test/wp-json/wc/v3/products", request.query)
    given = {"oauth_signature_method": "HMAC-SHA256"}
    request.query.append(("oauth_signature", oauth_signature(base, secret, given)))
    return request


def test_oauth_signatures_are_checked_and_a_nonce_works_once() -> None:
    shop = frozen_shop()
    assert shop.handle(signed(shop, "a")).status == 200
    again, wrong = shop.handle(signed(shop, "a")), shop.handle(signed(shop, "b", secret="cs_no"))
    assert (again.status, wrong.status) == (401, 401)
    assert "nonce" in again.json()["message"].lower()
    assert "signature" in wrong.json()["message"].lower()


def test_a_proxy_that_says_https_makes_basic_auth_work() -> None:
    shop = frozen_shop()
    plain = SimRequest.from_url("GET", "http://shop.test/wp-json/wc/v3/products", ADMIN)
    assert shop.handle(plain).status == 401
    plain.headers["x-forwarded-proto"] = "https"
    assert shop.handle(plain).status == 200


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the sample CSV (../shared/data) is not here")
def test_the_sample_csv_loads_whole_and_survives_a_round_trip() -> None:
    shop = frozen_shop()
    counts = shop.acts["load_csv"](SAMPLE.read_text("utf-8"))
    assert counts == {"variable": 2, "simple": 14, "grouped": 1, "external": 1, "variation": 7}
    hoodie = get(shop, "/wc/v3/products?sku=woo-hoodie")[0]
    assert len(hoodie["variations"]) == 4
    assert [c["name"] for c in hoodie["categories"]] == ["Hoodies"]
    assert [(a["name"], a["options"], a["variation"]) for a in hoodie["attributes"]] == [
        ("Color", ["Blue", "Green", "Red"], True),
        ("Logo", ["Yes", "No"], True),
    ]
    assert len(hoodie["images"]) == 4
    album = get(shop, "/wc/v3/products?sku=woo-album")[0]
    assert (album["downloadable"], album["virtual"], len(album["downloads"])) == (True, True, 2)
    logo = get(shop, "/wc/v3/products?sku=logo-collection")[0]
    assert (logo["type"], len(logo["grouped_products"])) == ("grouped", 3)
    again = frozen_shop()
    assert again.acts["load_csv"](shop.acts["dump_csv"]()) == counts
    fields = "_fields=sku,type,name,price,attributes,description,weight,stock_status"
    one, other = (walk_rows(s, f"{IN_ORDER}&{fields}") for s in (shop, again))
    assert one == other


def walk_rows(shop: FakeWoo, query: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = get(shop, f"/wc/v3/products?per_page=100&{query}")
    return rows


def test_pages_of_a_hundred_stay_quick_with_a_hundred_thousand_variations() -> None:
    shop = frozen_shop()
    shop.seed_catalog(10_000, 10)
    for path in ("/wc/v3/products", "/wc-analytics/variations", "/wc-analytics/reports/stock"):
        url = f"{path}?per_page=100&{IN_ORDER}"
        get(shop, url)
        spent = []
        for page in (3, 40, 90):
            begun = time.perf_counter()
            assert len(get(shop, f"{url}&page={page}")) == 100
            spent.append(time.perf_counter() - begun)
        # 1-3 ms where this was written; the bound leaves room for a busy machine
        assert min(spent) < 0.05, (path, spent)

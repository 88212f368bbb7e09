"""Recordings of access, errors, terms, media, analytics, settings and what the shop says about itself."""

from __future__ import annotations

import re
from typing import Any

from bridge.sim.woo.auth import oauth_signature, signature_base
from bridge.sim.woo.shop import FakeWoo
from tests.contract.woo.recorded_shop import recorded_shop
from tests.contract.woo.registry import (
    ADMIN_KEY,
    Recording,
    checks,
    compare,
    differences,
    new_shop,
    replays,
    request_of,
    short,
)


@replays(
    "auth_app_password_over_http",
    "auth_consumer_key_on_wp_v2",
    "auth_http_basic_rejected",
    "auth_read_key_on_write_401",
    "auth_unknown_key_401",
    "auth_write_key_on_read_401",
    "auth_wrong_secret_401",
    "error_404_no_route",
    "rest_route_query_keys",
    "rest_route_without_pretty_permalinks",
    make=recorded_shop,
)
def as_it_was(shop: FakeWoo) -> None:
    """Nothing to prepare."""


@replays("auth_app_password_on_wc_v3", "auth_https_query_string_ok", loose=("id",), make=recorded_shop)
def one_of_the_newest(shop: FakeWoo) -> None:
    """Any of the equally new products."""


@checks("auth_http_oauth1_ok")
def signed_anew(recording: Recording) -> list[str]:
    """The recording does not keep the signed query; the shop's answer to a freshly signed one must agree."""
    shop = recorded_shop()
    request = request_of(recording)
    request.query += [
        ("oauth_consumer_key", ADMIN_KEY.key),
        ("oauth_timestamp", str(shop.now())),
        ("oauth_nonce", "n1"),
        ("oauth_version", "1.0"),
        ("oauth_signature_method", "HMAC-SHA256"),
    ]
    base = signature_base("GET", "http://shop.test/wp-json/wc/v3/products", request.query)
    signature = oauth_signature(base, ADMIN_KEY.secret, {"oauth_signature_method": "HMAC-SHA256"})
    request.query.append(("oauth_signature", signature))
    return differences(recording, shop.handle(request), (), ("id", "sku"))


@replays("error_503_maintenance_mode", make=recorded_shop)
def under_maintenance(shop: FakeWoo) -> None:
    shop.faults.add("maintenance")


@replays("error_500_php_fatal_in_rest", make=recorded_shop)
def php_dies(shop: FakeWoo) -> None:
    shop.faults.add("php_fatal")


@replays("error_500_database_down", make=recorded_shop)
def no_database(shop: FakeWoo) -> None:
    shop.faults.add("database_down")


@replays("attribute_create_global")
def an_empty_shop(shop: FakeWoo) -> None:
    """The first attribute."""


@replays("attribute_terms_batch", make=recorded_shop)
def no_colours_yet(shop: FakeWoo) -> None:
    shop.state.attribute_terms[1] = {}
    shop.state.items.clear()
    shop.state.product_ids.clear()
    shop.ids._next["term"] = 20


@replays("categories_list", make=recorded_shop)
def five_categories(shop: FakeWoo) -> None:
    """Four of the shop's own and the one for everything else."""


@replays("data_currency_current", make=recorded_shop)
def us_dollars(shop: FakeWoo) -> None:
    """As every new shop."""


# -- analytics -------------------------------------------------------------------------
@replays("analytics_variations_all", make=recorded_shop)
def ten_of_each(shop: FakeWoo) -> None:
    """Eighteen variations."""


@replays("analytics_variations_full_item", make=recorded_shop)
def seven_red_ones(shop: FakeWoo) -> None:
    shop.state.items[32].stock = 7


@replays("analytics_variations_modified_after", make=recorded_shop)
def one_changed_later(shop: FakeWoo) -> None:
    for item in shop.state.items.values():
        item.modified = 1795307172
    shop.state.items[32].modified = 1795307282


@checks("analytics_variations_when_analytics_disabled")
def still_answers(recording: Recording) -> list[str]:
    shop = new_shop()
    child = {
        "regular_price": "5",
        "manage_stock": True,
        "stock_quantity": 54,
    }
    rows = [
        {"id": 2277 + n, "sku": f"BV-{n:03d}", "attributes": [{"name": "N", "option": f"n{n}"}], **child}
        for n in range(100)
    ]
    parent = {
        "id": 2276,
        "name": "Bulk variable",
        "type": "variable",
        "attributes": [{"name": "N", "variation": True, "options": [f"n{n}" for n in range(100)]}],
    }
    shop.acts["seed"]([{**parent, "variations": rows}])
    shop.acts["set_setting"]("woocommerce_analytics_enabled", "no")
    report = request_of(recording)
    report.path = "/wp-json/wc-analytics/reports/stock"
    refused = shop.handle(report)
    found = [] if refused.status == 404 else [f"reports/stock answers {refused.status}"]
    return found + differences(recording, shop.handle(request_of(recording)))


@checks("analytics_reports_stock")
def first_rows_of_many(recording: Recording) -> list[str]:
    """The recording kept five rows of a hundred, on a shop of 2,143."""
    shop = recorded_shop()
    for number, quantity in ((11, 90), (12, 61), (13, 61), (14, 61), (15, 85)):
        shop.state.items[number].stock = quantity
    shop.seed_catalog(2143 - len(shop.state.items), 0, prefix="MORE")
    answer = shop.handle(request_of(recording))
    rows, found = answer.json(), []
    if len(rows) != 100 or answer.headers["X-WP-Total"] != "2143":
        found.append(f"{len(rows)} rows of {answer.headers['X-WP-Total']}")
    if answer.headers["Link"] != recording.response["headers"]["Link"]:
        found.append(f"Link {answer.headers['Link']}")
    compare(recording.response["body"][:5], rows[:5], "", found, frozenset(), frozenset())
    return found


# -- settings and status -----------------------------------------------------------------
def named(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by their id."""
    return {str(row["id"]): row for row in rows}


@checks("settings_general", "settings_tax")
def same_settings_in_other_words(recording: Recording) -> list[str]:
    """Same options, types and defaults; labels and the lists of countries are the simulator's own."""
    shop = recorded_shop()
    shop.state.options["woocommerce_store_address"] = "1 Test Street"
    shop.state.options["woocommerce_store_city"] = "New York"
    answer = shop.handle(request_of(recording))
    found: list[str] = []
    wordy = frozenset({"label", "description", "tip", "options"})
    compare(named(recording.response["body"]), named(answer.json()), "", found, frozenset(), wordy)
    return found


@replays("setting_put", loose=("label", "description", "tip", "options"), make=recorded_shop)
def any_currency(shop: FakeWoo) -> None:
    shop.state.options["woocommerce_currency"] = "EUR"


@replays("settings_groups", loose=("description",), make=recorded_shop)
def the_groups(shop: FakeWoo) -> None:
    """The same in every shop."""


@checks("system_status")
def same_shape_of_status(recording: Recording) -> list[str]:
    """Names and types; the plugins and tables of that machine are its own."""
    answer = recorded_shop().handle(request_of(recording)).json()
    wanted = recording.response["body"]
    found: list[str] = []
    own = {"database_tables", "database_size", "overrides", "mu_plugins", "active_plugins"}
    same_types(wanted, answer, "", found, own)
    for part, name in (
        ("environment", "version"),
        ("environment", "wp_version"),
        ("settings", "currency"),
        ("settings", "HPOS_enabled"),
        ("settings", "number_of_decimals"),
    ):
        if wanted[part][name] != answer[part][name]:
            found.append(f"{part}.{name}: {answer[part][name]}")
    same_types(wanted["active_plugins"][0], answer["active_plugins"][0], "plugin", found, set())
    return found


def same_types(wanted: Any, got: Any, path: str, found: list[str], skip: set[str]) -> None:
    """Same field names and types all the way down."""
    if type(wanted) is not type(got):
        found.append(f"{path}: {short(got)}, recorded {short(wanted)}")
    elif isinstance(wanted, dict):
        if wanted.keys() != got.keys():
            found.append(f"{path}: names differ: {sorted(wanted.keys() ^ got.keys())}")
        for name in wanted.keys() & got.keys() - skip:
            same_types(wanted[name], got[name], f"{path}.{name}", found, skip)
    elif isinstance(wanted, list) and wanted and got:
        same_types(wanted[0], got[0], f"{path}[0]", found, skip)


@checks("system_status_tools")
def the_same_tools(recording: Recording) -> list[str]:
    """The recording kept ids and names."""
    answer = recorded_shop().handle(request_of(recording)).json()
    got = [{"id": row["id"], "name": row["name"]} for row in answer]
    found: list[str] = []
    compare(recording.response["body"], got, "", found, frozenset(), frozenset())
    return found


@checks("wp_json_index")
def the_index(recording: Recording) -> list[str]:
    """Same fields; of the namespaces those the simulator serves (the recording only counted the routes)."""
    shop = recorded_shop()
    shop.state.options["blogname"] = "Bridge Test Shop"
    shop.clock.freeze(shop.clock.now().replace(year=2026, month=11, day=22))
    answer = shop.handle(request_of(recording))
    body, wanted = answer.json(), recording.response["body"]
    found = [f"namespace {space} is new" for space in set(body["namespaces"]) - set(wanted["namespaces"])]
    if not isinstance(body["routes"], dict):
        found.append("routes is no object")
    compare(wanted, body, "", found, frozenset({"routes", "namespaces"}), frozenset())
    return found


@checks("namespace_routes")
def routes_and_methods(recording: Recording) -> list[str]:
    """Every route the simulator lists is one the shop lists, with the same methods (patterns apart)."""
    answer = recorded_shop().handle(request_of(recording))
    wanted = recording.response["body"]["routes_and_methods"]
    plain = {re.sub(r"\(\?P<[^/]*", "*", route): methods for route, methods in wanted.items()}
    found = []
    for route, row in answer.json()["routes"].items():
        bare = re.sub(r"\(\?P<[^/]*", "*", route)
        if bare not in plain:
            found.append(f"{route} is not a route of the shop")
        elif sorted(row["methods"]) != plain[bare]:
            found.append(f"{route}: {sorted(row['methods'])}, recorded {plain[bare]}")
    return found

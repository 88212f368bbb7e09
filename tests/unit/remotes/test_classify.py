"""What answers mean: one table per side, one row per kind of answer."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from bridge.remotes.classify import classify_square, classify_woo, retry_after, woo_item
from bridge.remotes.port import Done, Later, NoReply, Refused, Reply, Unknown

HTML = {"content-type": "text/html; charset=UTF-8"}
JSON = {"content-type": "application/json; charset=UTF-8"}
MAINTENANCE = b"<!DOCTYPE html><title>Maintenance</title>Briefly unavailable for scheduled maintenance."


def said(status: int, value: Any, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, {**JSON, **named}, orjson.dumps(value))


def page(status: int, body: bytes = b"<html><body>Oops</body></html>", **headers: str) -> Reply:
    return Reply(status, {**HTML, **{name.replace("_", "-"): text for name, text in headers.items()}}, body)


def error(code: str, status: int, **data: Any) -> Reply:
    return said(status, {"code": code, "message": "Said by the shop.", "data": {"status": status, **data}})


WOO = [
    ("an object", said(200, {"id": 1}), Done, Done),
    ("a list", said(200, []), Done, Done),
    ("a page with 200", page(200), Unknown, Later),
    ("nothing with 200", Reply(200, JSON, b""), Unknown, Later),
    ("half an answer", Reply(200, JSON, b'{"id": 1, "na'), Unknown, Later),
    ("the word null", said(200, None), Unknown, Later),
    ("no connection", NoReply("no connection", sent=False), Later, Later),
    ("no answer in time", NoReply("timeout", sent=True), Unknown, Later),
    ("an unknown key", error("woocommerce_rest_cannot_view", 401), Refused, Refused),
    ("a firewall's page", page(403), Refused, Refused),
    ("an unknown id", error("woocommerce_rest_product_invalid_id", 404), Refused, Refused),
    ("an unknown route", error("rest_no_route", 404), Refused, Refused),
    ("a page with 404", page(404), Later, Later),
    ("a redirect", Reply(301, {"location": "https://other.test/x?key=1"}, b""), Refused, Refused),
    ("too many calls", said(429, {}, retry_after="7"), Later, Later),
    ("a fatal inside", error("internal_server_error", 500), Unknown, Later),
    ("a page with 500", page(500), Unknown, Later),
    ("a refund that failed after taking effect",
     said(500, {"code": "woocommerce_rest_cannot_create_order_refund", "message": "x", "data": 500}), Unknown, Later),
    ("maintenance", page(503, MAINTENANCE, retry_after="600"), Later, Later),
    ("a proxy's 503", page(503, retry_after="5"), Unknown, Later),
    ("a gateway that gave up", page(504), Unknown, Later),
    ("not implemented", error("woocommerce_rest_trash_not_supported", 501), Refused, Refused),
    ("too many items", error("woocommerce_rest_request_entity_too_large", 413), Refused, Refused),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "written", "read"), [row[1:] for row in WOO], ids=[row[0] for row in WOO])
def test_a_woocommerce_answer_means(reply: Reply | NoReply, written: type, read: type) -> None:
    assert type(classify_woo(reply, True)) is written
    assert type(classify_woo(reply, False)) is read


def test_a_doubled_sku_names_its_holder() -> None:
    outcome = classify_woo(error("product_invalid_sku", 400, resource_id=11, unique_sku="A-1"), True)
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.holder, outcome.gone) == ("product_invalid_sku", "11", False)
    assert "already uses this SKU" in outcome.message


def test_an_unknown_id_is_gone_and_an_unknown_route_is_not() -> None:
    gone = classify_woo(error("woocommerce_rest_product_invalid_id", 404), True)
    route = classify_woo(error("rest_no_route", 404), True)
    assert isinstance(gone, Refused) and gone.gone
    assert isinstance(route, Refused) and not route.gone and "permalinks" in route.message


@pytest.mark.parametrize("reply", [error("woocommerce_rest_authentication_error", 401), page(403)])
def test_a_key_problem_is_an_access_problem(reply: Reply) -> None:
    outcome = classify_woo(reply, True)
    assert isinstance(outcome, Refused) and outcome.access


def test_a_redirect_tells_the_right_address_without_what_was_asked() -> None:
    outcome = classify_woo(Reply(301, {"location": "https://new.test/shop?consumer_secret=cs_x"}, b""), True)
    assert isinstance(outcome, Refused) and outcome.access
    assert "https://new.test/shop" in outcome.message and "cs_x" not in outcome.message


def test_a_bad_parameter_is_named_in_words() -> None:
    reply = error("rest_invalid_param", 400, params={"per_page": "per_page must be between 1 and 100"})
    outcome = classify_woo(reply, False)
    assert isinstance(outcome, Refused) and "must be between 1 and 100" in outcome.message


def test_maintenance_is_asked_again_within_a_minute() -> None:
    outcome = classify_woo(page(503, MAINTENANCE, retry_after="600"), True)
    assert isinstance(outcome, Later) and outcome.seconds == 60


def test_the_shop_s_own_pause_is_kept() -> None:
    outcome = classify_woo(said(429, {}, retry_after="7"), True)
    assert isinstance(outcome, Later) and outcome.seconds == 7


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"id": 5}, Done),
        ({"id": 0, "error": {"code": "product_invalid_sku", "message": "x", "data": {"status": 400}}}, Refused),
        ({"id": 5, "error": {"code": "db", "message": "x", "data": {"status": 500}}}, Unknown),
        (None, Unknown),
    ],
)
def test_an_item_of_a_batch_means(item: Any, kind: type) -> None:
    assert type(woo_item(item)) is kind


def test_an_unknown_item_of_a_batch_is_gone_whatever_its_status() -> None:
    row = {"id": 9, "error": {"code": "woocommerce_rest_product_invalid_id", "message": "", "data": {"status": 400}}}
    outcome = woo_item(row)
    assert isinstance(outcome, Refused) and outcome.gone


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 3.0),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "soon"}, 3.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:01:00 GMT", "date": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "999999"}, 900.0),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers, 3.0) == seconds


# -- Square ---------------------------------------------------------------------------


def problem(code: str, status: int, detail: str = "", category: str = "INVALID_REQUEST_ERROR", **more: Any) -> Reply:
    return said(
        status,
        {
            "errors": [{"category": category, "code": code, "detail": detail, **more}],
        },
    )


AUTH = "AUTHENTICATION_ERROR"
SQUARE = [
    ("an object", said(200, {"catalog_object": {}}), Done, Done),
    ("an empty object", said(200, {}), Unknown, Done),
    ("a page with 200", page(200), Unknown, Later),
    ("half an answer", Reply(200, JSON, b'{"obj'), Unknown, Later),
    ("nothing with 200", Reply(200, JSON, b""), Unknown, Later),
    ("no connection", NoReply("no connection", sent=False), Later, Later),
    ("a lost answer", NoReply("reset", sent=True), Unknown, Later),
    ("an expired token", problem("ACCESS_TOKEN_EXPIRED", 401, category=AUTH), Refused, Refused),
    ("a missing scope", problem("INSUFFICIENT_SCOPES", 403, category=AUTH), Refused, Refused),
    ("a version clash", problem("VERSION_MISMATCH", 400), Refused, Refused),
    ("a version clash as 409", problem("VERSION_MISMATCH", 409), Refused, Refused),
    ("a busy store", problem("CONFLICT", 409), Later, Later),
    ("a locked catalog", problem("RATE_LIMITED", 429, "Catalog locked by prior request."), Later, Later),
    ("not found", problem("NOT_FOUND", 404), Refused, Refused),
    ("a page with 404", page(404), Later, Later),
    ("a server error", problem("INTERNAL_SERVER_ERROR", 500, category="API_ERROR"), Unknown, Later),
    ("a gateway that gave up", page(504), Unknown, Later),
    ("a refusal inside a success", problem("INVALID_VALUE", 200), Refused, Later),
    ("trouble inside a success", problem("INTERNAL_SERVER_ERROR", 200, category="API_ERROR"), Unknown, Later),
    ("half a success", said(200, {"objects": [], "errors": [{"category": "INVALID_REQUEST_ERROR", "code": "X"}]}),
     Unknown, Later),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "written", "read"), [row[1:] for row in SQUARE], ids=[row[0] for row in SQUARE])
def test_a_square_answer_means(reply: Reply | NoReply, written: type, read: type) -> None:
    assert type(classify_square(reply, True)) is written
    assert type(classify_square(reply, False)) is read


def test_a_batch_that_creates_may_be_half_done_behind_a_429() -> None:
    locked = problem("RATE_LIMITED", 429, "Catalog locked by prior request.", "RATE_LIMIT_ERROR")
    assert isinstance(classify_square(locked, True, partial=True), Unknown)
    assert isinstance(classify_square(locked, True), Later)


def test_a_version_clash_asks_for_a_fresh_look() -> None:
    outcome = classify_square(problem("VERSION_MISMATCH", 400, "Object version does not match."), True)
    assert isinstance(outcome, Refused) and outcome.conflict and not outcome.gone


def test_an_update_of_a_deleted_item_is_gone() -> None:
    detail = "Invalid Object with Id: X Received request to update nonexistent object X."
    outcome = classify_square(problem("INVALID_REQUEST_ERROR", 400, detail), True)
    assert isinstance(outcome, Refused) and outcome.gone


def test_a_token_problem_is_an_access_problem_in_plain_words() -> None:
    outcome = classify_square(problem("ACCESS_TOKEN_EXPIRED", 401, category=AUTH), False)
    assert isinstance(outcome, Refused) and outcome.access and "connect Square again" in outcome.message

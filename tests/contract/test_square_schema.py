"""The schema checker itself: it lets true traffic pass and catches what is not Square's."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.sim.kernel.exchange import SimRequest, SimResponse
from tests.contract.square.account import NOON, open_account, variation
from tests.contract.square.schema import CheckedSquare, call, spec


class Canned:
    """A service that always gives one answer."""

    def __init__(self, status: int, body: Any) -> None:
        self.answer = SimResponse.of_json(status, body)

    def handle(self, request: SimRequest) -> SimResponse:
        return self.answer


def violations(method: str, target: str, sent: Any, status: int, answer: Any, **headers: str) -> list[str]:
    checked = CheckedSquare(Canned(status, answer))
    call(checked, method, target, sent, **headers)
    return checked.violations


def test_a_wrong_type_deep_in_an_answer_is_caught() -> None:
    row = {"catalog_object_id": "V", "state": "IN_STOCK", "location_id": "L", "quantity": 5}
    (problem,) = violations("GET", "/v2/inventory/V", None, 200, {"counts": [row]})
    assert "counts/0/quantity" in problem


def test_an_unknown_enum_value_in_an_answer_is_caught() -> None:
    item = {"type": "ITEM", "id": "I", "item_data": {"name": "x", "product_type": "HOLOGRAM"}}
    (problem,) = violations("GET", "/v2/catalog/object/I", None, 200, {"object": item})
    assert "HOLOGRAM" in problem


def test_an_error_body_must_be_squares() -> None:
    assert violations("GET", "/v2/catalog/info", None, 500, {"error": "no"})
    good = {"errors": [{"category": "API_ERROR", "code": "INTERNAL_SERVER_ERROR"}]}
    assert violations("GET", "/v2/catalog/info", None, 500, good) == []


def test_a_misspelt_property_of_a_request_is_caught_at_any_depth() -> None:
    wrong = variation("#v", "S")
    wrong["item_variation_data"]["prise_money"] = {"amount": 1, "currency": "USD"}
    item = {"type": "ITEM", "id": "#i", "item_data": {"name": "x", "variations": [wrong]}}
    (problem,) = violations("POST", "/v2/catalog/object", {"idempotency_key": "k", "object": item}, 200, {})
    assert "prise_money" in problem


def test_unknown_parameters_operations_and_missing_fields_are_caught() -> None:
    assert violations("GET", "/v2/catalog/list?type=ITEM", None, 200, {})
    assert violations("GET", "/v2/catalogue", None, 200, {})
    assert violations("POST", "/v2/catalog/object", {"object": {"type": "ITEM", "id": "#i"}}, 200, {})


def test_the_retired_location_of_an_adjustment_is_known_only_to_the_older_version() -> None:
    adjustment = {"catalog_object_id": "V", "from_state": "NONE", "to_state": "IN_STOCK", "quantity": "1"}
    adjustment |= {"location_id": "L", "occurred_at": NOON.isoformat()}
    body = {"idempotency_key": "k", "changes": [{"type": "ADJUSTMENT", "adjustment": adjustment}]}
    target = "/v2/inventory/changes/batch-create"
    assert violations("POST", target, body, 200, {}, square_version="2025-08-20") == []
    (problem,) = violations("POST", target, body, 200, {}, square_version="2026-09-16")
    assert "location_id" in problem


def test_a_sparse_order_update_needs_no_location() -> None:
    body = {"order": {"version": 1, "state": "CANCELED"}}
    assert violations("PUT", "/v2/orders/O", body, 200, {}) == []
    assert violations("POST", "/v2/orders", {"order": {"state": "OPEN"}}, 200, {})


def test_an_answer_on_which_a_fault_was_acted_out_is_not_judged() -> None:
    account = open_account()
    account.new_item()
    for fault in ("unknown_object_type", "unknown_enum", "html_200"):
        account.square.faults.add(fault, path="/v2/catalog/search")
        status = account.checked.handle(
            SimRequest.from_url(
                "POST",
                "http://127.0.0.1/v2/catalog/search",
                {"authorization": "Bearer sandbox-square-token"},
                b'{"object_types":["ITEM"]}',
            )
        ).status
        assert status == 200
    account.checked.assert_clean()


@pytest.mark.parametrize("version", ["2025-08-20", "2026-09-16"])
def test_every_route_of_the_simulator_is_an_operation_of_the_specification(version: str) -> None:
    account = open_account()
    missing = [
        f"{route.method} {route.template}"
        for route in account.square.router.routes
        if spec(version).operation(route.method, route.template) is None and "/transfers/" not in route.template
    ]
    assert missing == []


def test_every_refusal_of_the_front_door_has_squares_error_body() -> None:
    account = open_account()
    checked, token = account.checked, account.square.state.tokens["sandbox-square-token"]
    assert call(checked, "GET", "/v2/catalog/info", authorization="Bearer wrong")[0] == 401
    assert call(checked, "GET", "/v2/catalog/info", square_version="yesterday")[0] == 400
    assert call(checked, "GET", "/v2/catalog/list?cursor=nonsense")[0] == 400
    token.scopes = frozenset({"INVENTORY_READ"})
    status, body = call(checked, "GET", "/v2/catalog/info")
    assert (status, body["errors"][0]["code"]) == (403, "INSUFFICIENT_SCOPES")
    token.revoked = True
    assert call(checked, "GET", "/v2/catalog/info")[1]["errors"][0]["code"] == "ACCESS_TOKEN_REVOKED"
    account.checked.assert_clean()

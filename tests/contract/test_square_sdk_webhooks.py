"""The official SDK on webhook subscriptions and the Events API; deliveries verified with its own helper."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from square.core.api_error import ApiError
from square.utils.webhooks_helper import verify_signature

from tests.contract.square.account import VERSIONS, Account, open_account
from tests.contract.square.schema import call, spec

URL = "http://127.0.0.1:9999/square"
ONCE: Any = {"max_retries": 0}
SENT = list[tuple[str, dict[str, str], bytes]]


@pytest.fixture(params=VERSIONS)
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    made = open_account(request.param)
    yield made
    made.checked.assert_clean()


def subscribed(account: Account, *types: str) -> Any:
    return account.client.webhooks.subscriptions.create(
        idempotency_key=account.key(),
        subscription={"name": "bridge", "event_types": list(types), "notification_url": URL},
    ).subscription


def delivered(account: Account, status: int = 200) -> SENT:
    sent: SENT = []

    def send(url: str, headers: dict[str, str], body: bytes) -> int:
        sent.append((url, headers, body))
        return status

    account.square.deliver_due(send)
    return sent


def genuine(headers: dict[str, str], body: bytes, key: str) -> bool:
    return verify_signature(
        request_body=body.decode(),
        signature_header=headers["x-square-hmacsha256-signature"],
        signature_key=key,
        notification_url=URL,
    )


def test_a_till_sale_is_told_by_payment_and_stock_events_only(account: Account) -> None:
    (kid,) = account.new_item().item_data.variations
    hook = subscribed(account, *spec(account.version).document["x-webhook-events"])
    account.square.acts["sell"](account.places[0], [{"variation_id": kid.id, "quantity": 1}])
    sent = delivered(account)
    kinds = [json.loads(body)["type"] for _, _, body in sent]
    assert sorted(set(kinds)) == ["inventory.count.updated", "payment.created"]
    assert all(genuine(headers, body, hook.signature_key) for _, headers, body in sent)


def test_every_event_has_the_shape_square_describes(account: Account) -> None:
    (kid,) = account.new_item().item_data.variations
    book = spec(account.version)
    subscribed(account, *book.document["x-webhook-events"])
    square, places = account.square, account.places
    order = account.client.orders.create(
        order={
            "location_id": places[0],
            "line_items": [{"catalog_object_id": kid.id, "quantity": "1"}],
            "fulfillments": [
                {
                    "type": "PICKUP",
                    "pickup_details": {
                        "recipient": {"display_name": "Ada"},
                        "schedule_type": "ASAP",
                        "prep_time_duration": "PT10M",
                    },
                }
            ],
        }
    ).order
    square.acts["fulfillment"](order.id, "PREPARED")
    sale = square.acts["sell"](places[0], [{"variation_id": kid.id, "quantity": 1}])
    square.acts["refund_amount"](sale["payment_id"], 100)
    square.trade.refund_outcome = "PENDING"
    card = account.client.payments.create(
        idempotency_key="c", source_id="cnon:ok", amount_money={"amount": 100, "currency": "USD"}
    ).payment
    pending = account.client.refunds.refund_payment(
        idempotency_key="r", payment_id=card.id, amount_money={"amount": 100, "currency": "USD"}
    ).refund
    square.acts["settle_refund"](pending.id)
    ids = [account.client.customers.create(given_name=name).customer.id for name in ("A", "B")]
    account.client.customers.update(ids[0], note="x")
    square.acts["merge_customers"](ids)
    account.client.locations.create(location={"name": "New"})
    square.acts["deactivate_location"](places[2])
    square.acts["edit_price"](kid.id, 900)
    square.acts["revoke_token"]("nobody")
    events = [json.loads(body) for _, _, body in delivered(account)]
    schemas = book.document["x-webhook-events"]
    assert {event["type"] for event in events} == set(schemas)
    for event in events:
        schema = {"$ref": f"#/components/schemas/{schemas[event['type']]}"}
        assert list(book.errors(schema, event)) == []
    merged = [event for event in events if "event_context" in event["data"].get("object", {})]
    assert sorted(event["type"] for event in merged) == ["customer.created", "customer.deleted", "customer.deleted"]


def test_a_failed_delivery_comes_again_with_retry_headers_on_squares_schedule(account: Account) -> None:
    hook = subscribed(account, "payment.created")
    account.square.acts["sell"](account.places[0], [{"name": "Mug", "quantity": 1, "price": 100}])
    (first,) = delivered(account, status=500)
    assert "square-retry-number" not in first[1]
    minutes = [1, 2, 4, 8, 16, 32, 60, 120, 240, 480, 480]
    for number, wait in enumerate(minutes, start=1):
        account.square.clock.advance(wait * 60 - 1)
        assert delivered(account) == []
        account.square.clock.advance(1)
        ((_, headers, body),) = delivered(account, status=0 if number == 1 else 500)
        assert headers["square-retry-number"] == str(number)
        assert headers["square-retry-reason"] == ("http_error" if number != 2 else "http_timeout")
        assert headers["square-initial-delivery-timestamp"] == first[1]["square-initial-delivery-timestamp"]
        assert body == first[2]
    account.square.clock.advance(86400)
    assert delivered(account) == []
    assert account.client.webhooks.subscriptions.get(hook.id).subscription.enabled is True


def test_three_weeks_without_an_answer_switch_a_subscription_off(account: Account) -> None:
    hook = subscribed(account, "payment.created")
    for _ in range(23):
        account.square.acts["sell"](account.places[0], [{"name": "Mug", "quantity": 1, "price": 100}])
        delivered(account, status=503)
        account.square.clock.advance(86400)
    assert account.client.webhooks.subscriptions.get(hook.id).subscription.enabled is False
    assert list(account.client.webhooks.subscriptions.list()) == []
    (kept,) = account.client.webhooks.subscriptions.list(include_disabled=True)
    assert kept.id == hook.id


def test_a_new_signature_key_is_in_force_at_once(account: Account) -> None:
    hook = subscribed(account, "payment.created")
    account.square.acts["sell"](account.places[0], [{"name": "Mug", "quantity": 1, "price": 100}])
    fresh = account.client.webhooks.subscriptions.update_signature_key(hook.id, idempotency_key="rot").signature_key
    ((_, headers, body),) = delivered(account)
    assert fresh != hook.signature_key
    assert genuine(headers, body, fresh)
    assert not genuine(headers, body, hook.signature_key)


def test_a_subscription_can_be_changed_tested_and_deleted(account: Account) -> None:
    hooks = account.client.webhooks.subscriptions
    hook = subscribed(account, "payment.created", "order.created")
    assert hook.api_version == account.version
    changed = hooks.update(hook.id, subscription={"name": "other", "enabled": False}).subscription
    assert (changed.name, changed.enabled, changed.notification_url) == ("other", False, URL)
    hooks.update(hook.id, subscription={"enabled": True})
    account.square.hooks.sender = lambda url, headers, body: 204
    result = hooks.test(hook.id, event_type="order.created").subscription_test_result
    assert result.status_code == 204
    with pytest.raises(ApiError):
        hooks.test(hook.id, event_type="refund.created", request_options=ONCE)
    hooks.delete(hook.id)
    with pytest.raises(ApiError) as refused:
        hooks.get(hook.id, request_options=ONCE)
    assert refused.value.status_code == 404


def test_only_https_or_loopback_urls_and_known_events_are_taken(account: Account) -> None:
    create = account.client.webhooks.subscriptions.create
    for fields in (
        {"name": "n", "event_types": ["payment.created"], "notification_url": "http://example.com/x"},
        {"name": "n", "event_types": ["payment.dreamt"], "notification_url": URL},
        {"name": "n", "event_types": ["payment.created"]},
    ):
        with pytest.raises(ApiError) as refused:
            create(subscription=fields, request_options=ONCE)
        assert refused.value.status_code == 400


def test_a_sellers_oauth_token_may_not_touch_subscriptions(account: Account) -> None:
    token = account.square.acts["add_token"]()
    bearer = f"Bearer {token}"
    status, _ = call(account.checked, "GET", "/v2/webhooks/subscriptions", authorization=bearer)
    assert status == 403


def test_events_are_kept_while_switched_on_and_for_28_days(account: Account) -> None:
    def sell() -> str:
        sale = account.square.acts["sell"](account.places[0], [{"name": "Mug", "quantity": 1, "price": 100}])
        return str(sale["payment_id"])

    def ids(**more: Any) -> list[str]:
        return [event.data.id for event in account.client.events.search_events(**more).events or []]

    sell()
    account.client.events.enable_events()
    first = sell()
    account.square.clock.advance(60)
    second = sell()
    account.client.events.disable_events()
    sell()
    wanted: Any = {"filter": {"event_types": ["payment.created"]}}
    assert ids(query=wanted) == [second, first]
    assert ids(query={**wanted, "sort": {"order": "ASC"}}, limit=1) == [first]
    late: Any = {"filter": {"created_at": {"start_at": "2026-10-01T12:00:30Z"}}}
    assert ids(query=late) == [second]
    account.square.clock.advance(28 * 86400 - 30)
    assert ids(query=wanted) == [second]
    assert "payment.created" in account.client.events.list_event_types().event_types

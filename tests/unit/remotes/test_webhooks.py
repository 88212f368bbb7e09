"""Genuine and forged deliveries, and what they say to look at."""

from __future__ import annotations

import hmac
from base64 import b64encode
from hashlib import sha256

import orjson
import pytest

from bridge.remotes.square import webhook as square
from bridge.remotes.woo import webhook as woo

BODY = b'{"id":11,"type":"simple","parent_id":0}'
HEADERS = {"x-wc-webhook-topic": "product.updated"}


def signed(secret: str, body: bytes) -> str:
    return b64encode(hmac.new(secret.encode(), body, sha256).digest()).decode()


def test_a_delivery_is_genuine_under_any_of_our_secrets() -> None:
    assert woo.is_genuine(BODY, signed("new", BODY), ["old", "new"])
    assert woo.is_genuine(BODY, signed("old", BODY), ["old", "new"])


@pytest.mark.parametrize("signature", [None, "", "x", "ü", signed("other", BODY), signed("old", BODY + b" ")])
def test_a_forged_or_unsigned_delivery_is_not_genuine(signature: str | None) -> None:
    assert not woo.is_genuine(BODY, signature, ["old"])
    assert not square.is_genuine(BODY, signature, ["old"], "https://bridge.test/square")


def test_an_empty_secret_never_fits() -> None:
    assert not woo.is_genuine(BODY, signed("", BODY), [""])


def test_a_product_rings_with_its_id_and_a_variation_with_its_parent_too() -> None:
    ring = woo.ring_of(HEADERS, BODY)
    assert ring is not None and (ring.kind, ring.remote_id, ring.parent_id) == ("product", "11", "")
    ring = woo.ring_of(HEADERS, b'{"id":32,"type":"variation","parent_id":31}')
    assert ring is not None and (ring.remote_id, ring.parent_id) == ("32", "31")


def test_moved_stock_rings_with_the_id_it_passes_and_an_object_says_nothing() -> None:
    topic = {"x-wc-webhook-topic": "action.woocommerce_updated_product_stock"}
    ring = woo.ring_of(topic, b'{"action":"woocommerce_updated_product_stock","arg":26}')
    assert ring is not None and (ring.kind, ring.remote_id) == ("product", "26")
    ring = woo.ring_of({"x-wc-webhook-topic": "action.woocommerce_product_set_stock"}, b'{"action":"x","arg":[]}')
    assert ring is not None and (ring.kind, ring.remote_id) == ("", "")


def test_two_deliveries_are_one_only_when_topic_and_body_agree() -> None:
    one, again = woo.ring_of(HEADERS, BODY), woo.ring_of(HEADERS, BODY)
    other = woo.ring_of({"x-wc-webhook-topic": "product.created"}, BODY)
    assert one is not None and again is not None and other is not None
    assert one.fingerprint == again.fingerprint != other.fingerprint


@pytest.mark.parametrize(("headers", "body"), [(HEADERS, b"{"), (HEADERS, b"[]"), ({}, BODY)])
def test_what_cannot_be_read_rings_nothing(headers: dict[str, str], body: bytes) -> None:
    assert woo.ring_of(headers, body) is None
    assert square.ring_of(b"[]") is None and square.ring_of(b"{") is None and square.ring_of(b"{}") is None


def test_the_ping_of_a_new_webhook_is_known() -> None:
    assert woo.is_ping({}, b"webhook_id=3") and not woo.is_ping(HEADERS, BODY)


def test_square_s_published_vector_is_genuine() -> None:
    signature = "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og="
    url = "https://example.com/webhook"
    assert square.is_genuine(b'{"hello":"world"}', signature, ["asdf1234"], url)
    assert not square.is_genuine(b'{"hello":"world"}', signature, ["asdf1234"], url + "/")


def test_square_counts_ring_with_their_variations() -> None:
    rows = [{"catalog_object_id": "V1"}, {"catalog_object_id": "V1"}, {"catalog_object_id": "V2"}]
    body = {
        "merchant_id": "M", "type": "inventory.count.updated", "event_id": "E",
        "data": {"type": "inventory_counts", "id": "X", "object": {"inventory_counts": rows}},
    }  # fmt: skip
    ring = square.ring_of(orjson.dumps(body))
    assert ring is not None
    assert (ring.kind, ring.event_id, ring.variation_ids) == ("inventory", "E", ("V1", "V2"))


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("catalog.version.updated", "catalog"),
        ("order.updated", "order"),
        ("order.fulfillment.updated", "order"),
        ("payment.created", "payment"),
        ("refund.updated", "refund"),
        ("oauth.authorization.revoked", "access"),
        ("customer.created", ""),
    ],
)
def test_other_square_events_ring_by_their_kind(event: str, kind: str) -> None:
    ring = square.ring_of(orjson.dumps({"type": event, "event_id": "E", "data": {"id": ""}}))
    assert ring is not None and ring.kind == kind

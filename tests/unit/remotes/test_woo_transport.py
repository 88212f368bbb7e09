"""What goes over the wire to WooCommerce, and what comes back when the wire breaks."""

from __future__ import annotations

import hmac
import socket
from base64 import b64decode, b64encode
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests
import responses

from bridge.remotes.port import Call, NoReply
from bridge.remotes.woo.transport import RequestsTransport
from tests.unit.remotes.counting_server import counting_server
from tests.unit.remotes.script import clock

KEY, SECRET = "ck_key", "cs_secret"


def https() -> RequestsTransport:
    return RequestsTransport("https://shop.test/", KEY, SECRET)


@responses.activate
def test_over_https_the_key_travels_by_basic_authentication_and_not_in_the_address() -> None:
    responses.get("https://shop.test/wp-json/wc/v3/products", json=[], headers={"X-WP-Total": "0"})
    reply = https().send(Call("GET", "wc/v3/products", (("per_page", "1"),)))
    sent = responses.calls[0].request
    assert b64decode(sent.headers["Authorization"].removeprefix("Basic ")).decode() == f"{KEY}:{SECRET}"
    assert SECRET not in (sent.url or "")
    assert reply.headers["x-wp-total"] == "0" and reply.body == b"[]"


@responses.activate
def test_a_shop_in_a_subdirectory_is_reached_there() -> None:
    responses.get("https://shop.test/boutique/wp-json/wc/v3/products", json=[])
    RequestsTransport("https://shop.test/boutique", KEY, SECRET).send(Call("GET", "wc/v3/products"))
    assert len(responses.calls) == 1


@responses.activate
def test_a_write_is_json_and_a_redirect_is_not_followed() -> None:
    responses.put(
        "https://shop.test/wp-json/wc/v3/products/1", status=301, headers={"Location": "https://www.shop.test/"}
    )
    reply = https().send(Call("PUT", "wc/v3/products/1", body={"name": "Tasse"}))
    assert reply.status == 301 and len(responses.calls) == 1
    assert responses.calls[0].request.body == b'{"name":"Tasse"}'
    assert responses.calls[0].request.headers["Content-Type"] == "application/json"


def signature(method: str, url: str) -> tuple[str, str]:
    """The signature in a URL and the one WooCommerce computes for it (OAuth 1.0a as in its PHP source)."""
    parts = urlsplit(url)
    sent = dict(parse_qsl(parts.query))
    claimed = sent.pop("oauth_signature")
    encode = lambda text: quote(text, safe="~")  # noqa: E731
    pairs = [f"{encode(encode(name))}%3D{encode(encode(value))}" for name, value in sorted(sent.items())]
    base = f"{method}&{encode(f'{parts.scheme}://{parts.netloc}{parts.path}')}&" + "%26".join(pairs)
    made = hmac.new(f"{SECRET}&".encode(), base.encode(), sha256).digest()
    return claimed, b64encode(made).decode()


@responses.activate
@pytest.mark.parametrize("sku", ["MUG", "A/B 1,Ü", "x+y"])
def test_over_http_the_call_is_signed_as_woocommerce_checks_it(sku: str) -> None:
    responses.get("http://shop.test/wp-json/wc/v3/products", json=[])
    transport = RequestsTransport("http://shop.test", KEY, SECRET, clock=clock())
    transport.send(Call("GET", "wc/v3/products", (("sku", sku), ("orderby", "id"))))
    sent = responses.calls[0].request
    claimed, made = signature("GET", sent.url or "")
    assert claimed == made
    assert "Authorization" not in sent.headers and SECRET not in (sent.url or "")
    assert ("oauth_timestamp", str(int(clock().now().timestamp()))) in parse_qsl(urlsplit(sent.url or "").query)


def test_calls_share_one_connection() -> None:
    with counting_server() as server:
        transport = RequestsTransport(server.url, KEY, SECRET)
        for number in range(5):
            transport.send(Call("PUT", f"wc/v3/products/{number}", body={"id": number}))
        transport.close()
    assert len(server.requests) == 5
    assert server.connections == 1


def test_a_refused_connection_certainly_did_nothing() -> None:
    with socket.socket() as taken:  # bound but not listening: connecting is refused
        taken.bind(("127.0.0.1", 0))
        transport = RequestsTransport(f"http://127.0.0.1:{taken.getsockname()[1]}", KEY, SECRET)
        with pytest.raises(NoReply) as lost:
            transport.send(Call("PUT", "wc/v3/products/1", body={}))
    assert lost.value.sent is False


@responses.activate
@pytest.mark.parametrize(
    "broken",
    [requests.exceptions.ReadTimeout("read timed out"), requests.exceptions.ConnectionError("connection reset")],
)
def test_a_connection_that_breaks_afterwards_may_have_done_it(broken: Exception) -> None:
    responses.put("https://shop.test/wp-json/wc/v3/products/1", body=broken)
    with pytest.raises(NoReply) as lost:
        https().send(Call("PUT", "wc/v3/products/1", body={}))
    assert lost.value.sent is True


def test_what_broke_is_told_without_the_signed_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        transport = RequestsTransport(f"http://127.0.0.1:{taken.getsockname()[1]}", KEY, SECRET)
        with pytest.raises(NoReply) as lost:
            transport.send(Call("GET", "wc/v3/products"))
    assert KEY not in str(lost.value) and "oauth" not in str(lost.value)
    assert lost.value.__cause__ is None

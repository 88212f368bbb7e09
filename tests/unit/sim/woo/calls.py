"""Calls a simulated shop with its default key."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import orjson

from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.woo.shop import DEFAULT_ADMIN, DEFAULT_KEY, FakeWoo

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def basic(name: str, secret: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{name}:{secret}".encode()).decode()}


KEY = basic(DEFAULT_KEY.key, DEFAULT_KEY.secret)
ADMIN = basic(DEFAULT_ADMIN.user, DEFAULT_ADMIN.password)


def frozen_shop(**how: Any) -> FakeWoo:
    """A shop whose clock stands at noon UTC."""
    return FakeWoo(clock=SimClock(NOON), **how)


def call(shop: FakeWoo, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> SimResponse:
    raw = orjson.dumps(body) if body is not None else b""
    sent = {"content-type": "application/json", **(KEY if headers is None else headers)}
    return shop.handle(SimRequest.from_url(method, f"https://shop.test/wp-json{path}", sent, raw))


def get(shop: FakeWoo, path: str) -> Any:
    answer = call(shop, "GET", path)
    assert answer.status == 200, answer.body
    return answer.json()


def put(shop: FakeWoo, path: str, body: dict[str, Any]) -> Any:
    answer = call(shop, "PUT", path, body)
    assert answer.status == 200, answer.body
    return answer.json()


def post(shop: FakeWoo, path: str, body: dict[str, Any]) -> Any:
    answer = call(shop, "POST", path, body)
    assert answer.status in (200, 201), answer.body
    return answer.json()

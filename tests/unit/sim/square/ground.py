"""Calling a simulated Square account without the SDK, on a clock that stands still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson

from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.exchange import SimRequest, SimResponse
from bridge.sim.square.account import FakeSquare

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
Json = dict[str, Any]


class Till:
    """A frozen-clock account and short ways to call it."""

    def __init__(self, **settings: Any) -> None:
        self.square = FakeSquare(clock=SimClock(NOON), **settings)
        self.places = list(self.square.state.locations)
        self.version = "2025-08-20"
        self.told: list[tuple[str, Any]] = []
        self._keys = 0

    def raw(self, method: str, path: str, body: Any = None, query: Json | None = None, **headers: str) -> SimResponse:
        url = f"http://127.0.0.1{path}" + (f"?{urlencode(query)}" if query else "")
        sent = {"authorization": "Bearer sandbox-square-token", "square-version": self.version}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.square.handle(SimRequest.from_url(method, url, sent, b"" if body is None else orjson.dumps(body)))

    def ok(self, method: str, path: str, body: Any = None, query: Json | None = None) -> Json:
        answer = self.raw(method, path, body, query)
        assert answer.status == 200, answer.body
        found: Json = answer.json()
        return found

    def refused(self, method: str, path: str, body: Any = None, query: Json | None = None) -> tuple[int, str]:
        answer = self.raw(method, path, body, query)
        assert answer.status >= 400, answer.body
        return answer.status, answer.json()["errors"][0]["code"]

    def key(self) -> str:
        self._keys += 1
        return f"key-{self._keys}"

    def upsert(self, obj: Json, key: str | None = None) -> Json:
        body = {"idempotency_key": key or self.key(), "object": obj}
        found: Json = self.ok("POST", "/v2/catalog/object", body)["catalog_object"]
        return found

    def item(self, *skus: str, name: str = "Shirt", **data: Any) -> Json:
        return self.upsert(new_item(name, *(skus or ("S-1",)), **data))

    def counts(self, **body: Any) -> dict[tuple[str, str], str]:
        rows = self.ok("POST", "/v2/inventory/counts/batch-retrieve", body).get("counts", [])
        return {(row["catalog_object_id"], row["location_id"]): row["quantity"] for row in rows}

    def change(self, variation_id: str, kind: str, quantity: str, place: str | None = None, **more: Any) -> SimResponse:
        """``kind``: "count" or "FROM>TO"."""
        at = (self.square.clock.now() - timedelta(seconds=more.pop("age", 1))).isoformat()
        inner = {"catalog_object_id": variation_id, "location_id": place or self.places[0], "quantity": quantity}
        inner |= {"occurred_at": at, **more}
        if kind == "count":
            change = {"type": "PHYSICAL_COUNT", "physical_count": {**inner, "state": "IN_STOCK"}}
        else:
            from_state, to_state = kind.split(">")
            states = {"from_state": from_state, "to_state": to_state}
            change = {"type": "ADJUSTMENT", "adjustment": {**inner, **states}}
        body = {"idempotency_key": self.key(), "changes": [change]}
        return self.raw("POST", "/v2/inventory/changes/batch-create", body)


def new_variation(object_id: str, sku: str, **data: Any) -> Json:
    inner = {"name": sku, "sku": sku, "price_money": {"amount": 1500, "currency": "USD"}, "track_inventory": True}
    return {"type": "ITEM_VARIATION", "id": object_id, "item_variation_data": {**inner, **data}}


def new_item(name: str, *skus: str, **data: Any) -> Json:
    kids = [new_variation(f"#{name}-{index}", sku) for index, sku in enumerate(skus)]
    return {"type": "ITEM", "id": f"#{name}", "item_data": {"name": name, "variations": kids, **data}}


def kid_ids(item: Json) -> list[str]:
    return [kid["id"] for kid in item["item_data"]["variations"]]

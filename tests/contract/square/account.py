"""A small Square account for contract tests: the official SDK on a checked simulator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from square import Square

from bridge.sim.kernel.clock import SimClock
from bridge.sim.kernel.inprocess import httpx_transport
from bridge.sim.square.account import FakeSquare
from tests.contract.square.schema import CheckedSquare

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
VERSIONS = ("2025-08-20", "2026-09-16")


@dataclass
class Account:
    """The simulator, the checker around it and the SDK that talks to it."""

    square: FakeSquare
    checked: CheckedSquare
    client: Square
    version: str

    @property
    def places(self) -> list[str]:
        """Location ids, main location first."""
        return list(self.square.state.locations)

    def key(self) -> str:
        """A fresh idempotency key."""
        return f"key-{self.square.ids.number('test_key')}"

    def new_item(self, name: str = "Shirt", skus: tuple[str, ...] = ("S-1",), **data: Any) -> Any:
        """Create a tracked item with one variation per SKU through the SDK; the response's object."""
        variations = [variation(f"#{sku}", sku) for sku in skus]
        made = self.client.catalog.object.upsert(
            idempotency_key=self.key(),
            object={"type": "ITEM", "id": "#item", "item_data": {"name": name, "variations": variations, **data}},
        )
        return made.catalog_object


def variation(object_id: str, sku: str, amount: int = 1500, **data: Any) -> dict[str, Any]:
    """A tracked variation as a request writes it."""
    money = {"amount": amount, "currency": "USD"}
    inner = {"name": sku, "sku": sku, "pricing_type": "FIXED_PRICING", "price_money": money, "track_inventory": True}
    return {"type": "ITEM_VARIATION", "id": object_id, "item_variation_data": {**inner, **data}}


def open_account(version: str = "2025-08-20") -> Account:
    """A frozen-clock account at noon with the SDK pinned to ``version``."""
    square = FakeSquare(clock=SimClock(NOON))
    checked = CheckedSquare(square)
    client = Square(
        token="sandbox-square-token",
        base_url="http://127.0.0.1",
        version=version,
        httpx_client=httpx.Client(transport=httpx_transport(checked)),
    )
    return Account(square, checked, client, version)

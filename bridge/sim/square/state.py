"""Everything one simulated Square seller owns: stores, catalog, stock, sales, people, hooks, tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridge.sim.square.auth import DEFAULT_TOKEN, Token
from bridge.sim.square.catalog_store import CatalogStore
from bridge.sim.square.inventory_store import InventoryStore

Json = dict[str, Any]


@dataclass(slots=True)
class StoredFile:
    """The bytes of an uploaded image and the type they are served with."""

    content: bytes
    content_type: str


@dataclass
class SellerState:
    """The seller's records by id, as the JSON Square would show unless a store says otherwise."""

    merchant: Json
    application_id: str = "sandbox-sq0idb-bridge"
    application_name: str = "bridge"
    application_secret: str = "sandbox-application-secret"
    locations: dict[str, Json] = field(default_factory=dict)
    catalog: CatalogStore = field(default_factory=CatalogStore)
    inventory: InventoryStore = field(default_factory=InventoryStore)
    files: dict[str, StoredFile] = field(default_factory=dict)
    orders: dict[str, Json] = field(default_factory=dict)
    payments: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    customers: dict[str, Json] = field(default_factory=dict)
    subscriptions: dict[str, Json] = field(default_factory=dict)
    events: list[Json] = field(default_factory=list)
    # authorization code -> (PKCE challenge or "", its end); PKCE refresh token -> its end
    codes: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    refresh_tokens: dict[str, datetime] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=lambda: {DEFAULT_TOKEN: Token(DEFAULT_TOKEN)})

    @property
    def currency(self) -> str:
        """The seller's currency, fixed by country."""
        return str(self.merchant["currency"])

    @property
    def main_location_id(self) -> str:
        """The location that calls without a location fall back to."""
        return str(self.merchant["main_location_id"])


def new_merchant(merchant_id: str, currency: str = "USD") -> Json:
    """A merchant record; its main location is set with the first location."""
    return {
        "id": merchant_id,
        "business_name": "Demo Outfitters",
        "country": "US",
        "language_code": "en-US",
        "currency": currency,
        "status": "ACTIVE",
        "main_location_id": "",
        "created_at": "2020-01-01T00:00:00.000Z",
    }

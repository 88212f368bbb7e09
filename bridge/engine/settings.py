"""What the retailer decided, in the engine's words (the configuration file is read elsewhere)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from bridge.domain.brakes import Limits
from bridge.domain.hours import Span
from bridge.domain.order import StatusWords
from bridge.domain.rules import DEFAULT_OWNERS, FieldRules
from bridge.domain.stock import Buffers


@dataclass(frozen=True, slots=True)
class StoreSetting:
    """One store: whether its stock is sold online, and how early it is asked for goods (1 = first)."""

    store_id: str
    online: bool = True
    priority: int = 100
    pickup_place: str = ""


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """Pickup places: kept in step with Square's locations or not, and what Square does not know of them.

    ``transfer_hours`` is how long goods take from store to store, ``None`` when they never travel; ``holidays`` are
    other opening hours (none = closed) by day, of one store or ("" as its id) of all.
    """

    sync: bool = False
    transfer_hours: float | None = None
    holidays: Mapping[str, Mapping[date, tuple[Span, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CustomerSettings:
    """Whether customers are recognised in full passes, and made known to Square; ``country`` reads phone numbers."""

    sync: bool = False
    create_at_square: bool = False
    country: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """All choices. ``stores`` empty means that every active location sells online, in the order Square names them.

    ``opening`` names the side whose number is true at first contact; ``overlap_seconds`` is how far every
    incremental reading reaches back behind its cursor; ``settle_after`` is how old an unanswered write must be
    before "not found" may be read as "did not happen". ``till``: whether Square's orders and refunds are read in every
    pass, when a doorbell or a feature asks for it (``auto``), or never. ``delivered_by``: shipping methods of the shop
    (``method_id``) that the stores' own people drive out.
    """

    stores: tuple[StoreSetting, ...] = ()
    stock_enabled: bool = True
    products_enabled: bool = True
    opening: Literal["ask", "square", "woo"] = "ask"
    staff_edits: Literal["apply", "report", "revert"] = "apply"
    staff_edit_store: str = ""
    buffers: Buffers = field(default_factory=lambda: Buffers(0, {}, {}, {}))
    owners: FieldRules = field(default_factory=lambda: FieldRules(DEFAULT_OWNERS, {}))
    create_in_square: bool = True
    create_in_woo: Literal["draft", "publish", "off"] = "draft"
    options_mode: Literal["names", "options"] = "names"
    follow_hide: Literal["ask", "follow", "off"] = "ask"
    images: bool = True
    allocate: tuple[Literal["single", "priority", "most"], ...] = ("single", "priority", "most")
    may_split: bool = True
    orders_mode: Literal["stock", "mirror_pickups", "mirror"] = "stock"
    pickup_lead_minutes: int = 60
    limits: Limits = field(default_factory=Limits)
    currency: str = "USD"
    decimals: int = 2
    overlap_seconds: int = 120
    look_back_days: int = 30
    settle_after: float = 20.0
    rounds: int = 8
    places: Mapping[str, str] = field(default_factory=dict)
    pickup: PlaceSettings = field(default_factory=PlaceSettings)
    customers: CustomerSettings = field(default_factory=CustomerSettings)
    till: Literal["auto", "always", "never"] = "auto"
    till_sales_in_woo: bool = False
    delivered_by: tuple[str, ...] = ()
    status_words: StatusWords = field(default_factory=StatusWords)

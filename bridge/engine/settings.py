"""What the retailer decided, in the engine's words (the configuration file is read elsewhere)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bridge.domain.brakes import Limits
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
class Settings:
    """All choices. ``stores`` empty means that every active location sells online, in the order Square names them.

    ``opening`` names the side whose number is true at first contact; ``overlap_seconds`` is how far every
    incremental reading reaches back behind its cursor; ``settle_after`` is how old an unanswered write must be
    before "not found" may be read as "did not happen". ``till``: whether Square's orders and refunds are read in every
    pass, when a doorbell or a feature asks for it (``auto``), or never.
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
    limits: Limits = field(default_factory=Limits)
    currency: str = "USD"
    decimals: int = 2
    overlap_seconds: int = 120
    look_back_days: int = 30
    settle_after: float = 20.0
    rounds: int = 8
    places: Mapping[str, str] = field(default_factory=dict)
    till: Literal["auto", "always", "never"] = "auto"
    till_sales_in_woo: bool = False
    status_words: StatusWords = field(default_factory=StatusWords)

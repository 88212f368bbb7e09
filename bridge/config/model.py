"""What can be configured: every key, its default and what it is for.

``config.example.yaml`` shows the same keys to people; a test keeps the two together.
"""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from bridge.config.fields import (
    Address,
    FilePath,
    Listen,
    Name,
    PerSecond,
    Pieces,
    Seconds,
    SecretField,
    Section,
    Share,
    TimeOfDay,
    Wait,
    Zone,
    at,
)
from bridge.config.operations import Alerts, OAuth
from bridge.config.secrets import Secret
from bridge.config.tokens import TokenFile
from bridge.config.trade import Customers, Places

Rule = Literal["woo", "square", "newest", "ask", "woo_only", "square_only", "off"]
"""Who owns a field; the same words as ``bridge.domain.merge.Rule``."""
SQUARE_ADDRESSES = {
    "production": "https://connect.squareup.com",
    "sandbox": "https://connect.squareupsandbox.com",
}
WEB_SECRETS = ("token", "woo_secret", "woo_secret_before", "square_key", "square_app_token")
Policy = Literal["single", "priority", "most"]


class Woo(Section):
    """The WooCommerce shop."""

    url: Address
    key: SecretField = at("env:BRIDGE_WOO_KEY")
    secret: SecretField = at("env:BRIDGE_WOO_SECRET")
    ca_file: FilePath | None = None
    timeout: Seconds = 30
    batch_size: Annotated[int, Field(ge=1, le=100)] = 50
    app_user: Name | None = None
    app_password: SecretField | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Woo:
        if (self.app_user is None) != (self.app_password is None):
            raise ValueError("needs `app_user` and `app_password` together, or neither")
        return self


class Square(Section):
    """The Square account."""

    token: SecretField = at("env:BRIDGE_SQUARE_TOKEN")
    environment: Literal["production", "sandbox"] = "production"
    base_url: Address | None = None
    version: Annotated[str, Field(pattern=r"^20\d\d-\d\d-\d\d$")] = "2026-09-16"
    timeout: Seconds = 15
    oauth: OAuth = Field(default_factory=dict, validate_default=True)

    @property
    def address(self) -> str:
        """Where Square is called: ``base_url`` or the environment's own address."""
        return self.base_url or SQUARE_ADDRESSES[self.environment]

    def access_token(self) -> str:
        """The token in force, read now: the one kept by ``bridge auth``, else ``token``; raises ``SecretMissing``."""
        return TokenFile(self.oauth.tokens).access_token() if self.oauth.on else self.token.reveal()


class Ledger(Section):
    """The bridge's own memory."""

    path: FilePath = Path("bridge.sqlite")


class Store(Section):
    """One Square location."""

    id: Name
    name: str = ""
    online: bool = True
    priority: Annotated[int, Field(ge=0, le=1000)] = 1
    pickup_place: str = ""
    buffer: Pieces = 0


class Buffer(Section):
    """Pieces kept back from the shop."""

    default: Pieces = 0
    by_category: dict[str, Pieces] = {}
    by_sku: dict[str, Pieces] = {}


class Stock(Section):
    """How stock numbers are kept together."""

    enabled: bool = True
    opening: Literal["ask", "square", "woo"] = "ask"
    buffer: Buffer = Buffer()
    staff_edits: Literal["apply", "report", "revert"] = "apply"
    staff_edit_store: Name | None = None
    returns_to: Literal["origin", "store"] = "origin"
    returns_store: Name | None = None

    @model_validator(mode="after")
    def _a_store_for_returns(self) -> Stock:
        if self.returns_to == "store" and self.returns_store is None:
            raise ValueError("needs `returns_store` when `returns_to` is `store`")
        return self


class Owners(Section):
    """Who owns each field; a field not named keeps the bridge's default owner."""

    name: Rule | None = None
    description: Rule | None = None
    categories: Rule | None = None
    images: Rule | None = None
    visible: Rule | None = None
    sku: Rule | None = None
    gtin: Rule | None = None
    title: Rule | None = None
    price: Rule | None = None
    image: Rule | None = None

    def chosen(self) -> dict[str, Rule]:
        """Only the fields the retailer named."""
        return {field: rule for field, rule in self if rule is not None}


class Products(Section):
    """How products are kept together."""

    enabled: bool = True
    owners: Owners = Owners()
    by_category: dict[str, Owners] = {}
    create_in_square: bool = True
    create_in_woo: Literal["draft", "publish", "off"] = "draft"
    options: Literal["names", "options"] = "names"
    follow_hide: Literal["ask", "follow", "off"] = "ask"
    images: bool = True


class Statuses(Section):
    """The shop's order status for each step at the till; empty: the status stays, only a note is written."""

    in_progress: str = ""
    ready: str = ""
    handed_over: str = "completed"
    cancelled: str = "cancelled"

    @field_validator("*")
    @classmethod
    def _as_rest_says(cls, word: str) -> str:
        """WordPress knows a status as ``wc-ready``, its REST interface as ``ready``."""
        return word.strip().removeprefix("wc-")


class Orders(Section):
    """What an online order does at Square, and what the till's orders and refunds do in the shop."""

    allocate: Annotated[tuple[Policy, ...], Field(min_length=1)] = ("single", "priority", "most")
    may_split: bool = False
    mode: Literal["stock", "mirror_pickups", "mirror"] = "stock"
    till: Literal["auto", "always", "never"] = "auto"
    till_sales_in_woo: bool = False
    delivered_by: tuple[Name, ...] = ()
    statuses: Statuses = Statuses()

    @model_validator(mode="after")
    def _each_once(self) -> Orders:
        if len(set(self.allocate)) != len(self.allocate):
            raise ValueError("names a policy twice in `allocate`")
        return self


class Brakes(Section):
    """The limits that stop a run before it changes too much."""

    zero_share: Share = 0.2
    zero_at_least: Annotated[int, Field(ge=1)] = 5
    price_jump: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.5
    shrink_share: Share = 0.5


class Pace(Section):
    """How fast each side is called at most."""

    woo_per_second: PerSecond = 5
    square_per_second: PerSecond = 4


class Logs(Section):
    """What is logged and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    as_json: bool = Field(default=False, alias="json")


class Web(Section):
    """The doorbells' server, and how the two sides reach it."""

    listen: Listen = "127.0.0.1:8085"
    public_url: Address | None = None
    token: SecretField | None = None
    woo_secret: SecretField | None = None
    woo_secret_before: SecretField | None = None
    square_key: SecretField | None = None
    square_key_before: SecretField | None = None
    square_app_token: SecretField | None = None

    @model_validator(mode="after")
    def _keys_fit(self) -> Web:
        if self.square_key_before is not None and self.square_key is None:
            raise ValueError("needs `square_key` beside `square_key_before`; without both the key is asked of Square")
        return self

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where the server listens."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class Timetable(Section):
    """How often the daemon looks by itself (seconds), and when it rests."""

    when_silent: Wait = 20
    when_unsure: Wait = 60
    when_alive: Wait = 180
    longest: Wait = 900
    quiet_from: TimeOfDay | None = None
    quiet_until: TimeOfDay | None = None
    zone: Zone = "UTC"
    full_at: TimeOfDay = time(3, 10)
    drain_seconds: Annotated[float, Field(ge=0, le=300, allow_inf_nan=False)] = 20

    @model_validator(mode="after")
    def _in_order(self) -> Timetable:
        if not self.when_silent <= self.when_unsure <= self.when_alive <= self.longest:
            raise ValueError("needs `when_silent` <= `when_unsure` <= `when_alive` <= `longest`")
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("needs `quiet_from` and `quiet_until` together, or neither")
        return self


class Config(Section):
    """The whole configuration; only ``woo`` has no default."""

    woo: Woo
    square: Square = Field(default_factory=dict, validate_default=True)
    ledger: Ledger = Field(default_factory=dict, validate_default=True)
    stores: tuple[Store, ...] = ()
    stock: Stock = Stock()
    products: Products = Products()
    orders: Orders = Orders()
    places: Places = Places()
    customers: Customers = Customers()
    brakes: Brakes = Brakes()
    pace: Pace = Pace()
    web: Web = Web()
    timetable: Timetable = Timetable()
    alerts: Alerts = Alerts()
    logs: Logs = Logs()

    @model_validator(mode="after")
    def _stores_fit(self) -> Config:
        ids = [store.id for store in self.stores]
        for position, store in enumerate(ids):
            if store in ids[:position]:
                raise ValueError(f"names the store `{store}` twice in `stores`")
        for key in ("staff_edit_store", "returns_store"):
            chosen = getattr(self.stock, key)
            if ids and chosen is not None and chosen not in ids:
                raise ValueError(f"has `stock.{key}: {chosen}`, which is not in `stores`")
        named = {*self.places.map.values(), *(store for day in self.places.holidays for store in day.stores)}
        if ids and (foreign := sorted(named - set(ids))):
            raise ValueError(f"names the store `{foreign[0]}` in `places`, which is not in `stores`")
        return self

    def secrets(self) -> dict[str, Secret]:
        """Every secret the configuration refers to, by its dotted key."""
        found: dict[str, Secret | None] = {"woo.key": self.woo.key, "woo.secret": self.woo.secret}
        found["woo.app_password"] = self.woo.app_password
        if self.square.oauth.on:
            found["square.oauth.application_secret"] = self.square.oauth.application_secret
        else:
            found["square.token"] = self.square.token
        found |= {f"web.{name}": getattr(self.web, name) for name in WEB_SECRETS}
        found |= {f"alerts.{name}": getattr(self.alerts, name) for name in ("webhook", "apprise", "dead_man")}
        found["alerts.mail.password"] = self.alerts.mail.password
        return {key: secret for key, secret in found.items() if secret is not None}

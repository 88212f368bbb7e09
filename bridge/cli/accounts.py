"""Looks at both accounts by reading only: do they answer, to whom do they belong, what can the key see?"""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clock import Clock
from bridge.config.model import Config
from bridge.remotes.calls import Caller
from bridge.remotes.pace import Pace
from bridge.remotes.port import Call

ATTEMPTS = 2
"""A person waits for the answer: one retry is patience enough."""


@dataclass(frozen=True, slots=True)
class ShopSeen:
    """What the shop says of itself."""

    products: int
    currency: str


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """A Square location."""

    id: str
    name: str
    active: bool
    currency: str


def look_at_shop(config: Config, clock: Clock) -> ShopSeen:
    """Count the products and ask for the currency; raises ``AccessRefused``, ``RemoteDown``, ``RemoteRefused``."""
    from bridge.remotes.classify import classify_woo
    from bridge.remotes.woo.transport import RequestsTransport

    woo = config.woo
    transport = RequestsTransport(
        woo.url,
        woo.key.reveal(),
        woo.secret.reveal(),
        ca_file=str(woo.ca_file) if woo.ca_file else None,
        timeout=woo.timeout,
        clock=clock,
    )
    caller = Caller(transport, Pace(clock), clock, classify_woo, side="WooCommerce", attempts=ATTEMPTS)
    try:
        _, headers = caller.read_page(Call("GET", "wc/v3/products", (("per_page", "1"), ("_fields", "id"))))
        currency = caller.read(Call("GET", "wc/v3/data/currencies/current"))
    finally:
        transport.close()
    return ShopSeen(int(headers.get("x-wp-total", "0")), str(currency.get("code", "")))


def look_at_square(config: Config, clock: Clock) -> list[StoreSeen]:
    """List the locations; raises ``AccessRefused``, ``RemoteDown``, ``RemoteRefused``."""
    from bridge.remotes.classify import classify_square
    from bridge.remotes.square.transport import SdkTransport

    square = config.square
    transport = SdkTransport(square.access_token, square.address, version=square.version, timeout=square.timeout)
    caller = Caller(transport, Pace(clock), clock, classify_square, side="Square", attempts=ATTEMPTS)
    try:
        answer = caller.read(Call("GET", "v2/locations"))
    finally:
        transport.close()
    return [
        StoreSeen(row["id"], row.get("name", ""), row.get("status") == "ACTIVE", row.get("currency", ""))
        for row in answer.get("locations", [])
    ]

"""What the engine needs of the two sides for orders, payments, refunds, pickup places and people.

Words as in ``bridge.remotes.port``. Reads raise ``RemoteDown``, ``AccessRefused`` or ``RemoteRefused``; writes return
outcomes and are made once. Amounts are minor units; times are RFC 3339 text as the side sent them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bridge.remotes.port import JSON, Outcome


# -- Square: what is read -------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TillOrder:
    """An order at Square. ``version`` is ``None`` for one made at a till: it cannot be updated.

    ``fulfillment`` is (uid, type, state) of its fulfillment, empty texts without one; ``paid`` means nothing is due and
    something was paid; ``returns_of`` are the sales a return order takes back.
    """

    order_id: str
    store_id: str
    state: str
    version: int | None
    created_at: str
    updated_at: str
    source: str
    reference: str
    customer_id: str
    total: int
    paid: bool
    fulfillment: tuple[str, str, str] = ("", "", "")
    returns_of: tuple[str, ...] = ()
    raw: JSON = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TillPayment:
    """A payment at Square; ``refunded`` is what was given back of it so far, ``kind`` EXTERNAL, CASH, CARD …"""

    payment_id: str
    order_id: str
    store_id: str
    amount: int
    refunded: int
    status: str
    kind: str
    note: str
    reference: str
    updated_at: str
    raw: JSON = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TillRefund:
    """A refund at Square; ``order_id`` is the return order's, ``payment_id`` "" when it refunds no known payment."""

    refund_id: str
    payment_id: str
    order_id: str
    store_id: str
    amount: int
    status: str
    reason: str
    updated_at: str
    raw: JSON = field(default_factory=dict)


class SquareOrderSide(Protocol):
    """Square's orders, payments and refunds as the engine uses them."""

    def changed(self, store_ids: Sequence[str], since: datetime) -> Iterator[list[TillOrder]]:
        """Pages of orders of these stores updated since then (overlap included), each state of each once."""
        ...

    def order(self, order_id: str) -> TillOrder | None:
        """One order now; ``None`` when unknown."""
        ...

    def orders(self, order_ids: Sequence[str]) -> list[TillOrder]:
        """Several orders now; unknown ones are left out."""
        ...

    def calculate(self, order: JSON) -> JSON:
        """The priced order for an order body; nothing is written."""
        ...

    def create(self, order: JSON, key: str) -> Outcome:
        """Create an order; ``Done.answer`` is a ``TillOrder``."""
        ...

    def find_created(self, store_id: str, reference: str, since: datetime) -> TillOrder | None:
        """The order of that reference made since then: the read-back of an unanswered ``create``."""
        ...

    def move_fulfillment(self, order: TillOrder, state: str, key: str) -> Outcome:
        """Take an order's fulfillment to ``state`` (and close the order where that ends it)."""
        ...


class SquarePaymentSide(Protocol):
    """Square's payments and refunds as the engine uses them."""

    def changed(self, store_ids: Sequence[str], since: datetime) -> Iterator[list[TillPayment]]:
        """Pages of payments of these stores updated since then (overlap included)."""
        ...

    def payment(self, payment_id: str) -> TillPayment | None:
        """One payment now; ``None`` when unknown."""
        ...

    def refunds_changed(self, since: datetime) -> Iterator[list[TillRefund]]:
        """Pages of refunds of all stores updated since then (overlap included)."""
        ...

    def refund(self, refund_id: str) -> TillRefund | None:
        """One refund now; ``None`` when unknown."""
        ...

    def pay_external(self, order: TillOrder, paid_with: str, reference: str, key: str) -> Outcome:
        """Note that an order was paid elsewhere; ``Done.answer`` is a ``TillPayment``, ``None`` for a zero order."""
        ...

    def refund_payment(self, payment_id: str, amount: int, currency: str, reason: str, key: str) -> Outcome:
        """Refund part of a payment (of an external one: record it); ``Done.answer`` is a ``TillRefund``."""
        ...


class SquarePeopleSide(Protocol):
    """Square's customer directory as the engine uses it."""

    def by_email(self, email: str) -> list[JSON]:
        """Customers with this address."""
        ...

    def by_phone(self, e164: str) -> list[JSON]:
        """Customers with this number (E.164)."""
        ...

    def customers(self) -> Iterator[list[JSON]]:
        """Pages of all customers, oldest first."""
        ...

    def by_reference(self, reference: str) -> list[JSON]:
        """Customers carrying this reference: the read-back of an unanswered ``create`` (the index lags)."""
        ...

    def customer(self, customer_id: str) -> JSON | None:
        """One customer now; ``None`` when unknown."""
        ...

    def create(self, fields: JSON, key: str) -> Outcome:
        """Create a customer; ``Done.answer`` is the raw customer. Square never looks for a double."""
        ...

    def update(self, customer_id: str, fields: JSON) -> Outcome:
        """Change the named fields only; ``Done.answer`` is the raw customer."""
        ...

    def delete(self, customer_id: str) -> Outcome:
        """Erase a customer."""
        ...


# -- WooCommerce ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PickupList:
    """The shop's pickup locations, whole, and whether local pickup is switched on at all."""

    enabled: bool
    places: tuple[JSON, ...]


class WooOrderSide(Protocol):
    """What the engine writes to the shop's orders, and how it reads back what it wrote."""

    def set_status(self, order_id: str, status: str, key: str) -> Outcome:
        """Move an order, leaving our key on it; ``Done.answer`` is the raw order."""
        ...

    def key_on(self, order_id: str) -> tuple[str, str]:
        """(status, last key of ours) of an order now; empty texts when it is gone."""
        ...

    def add_note(self, order_id: str, text: str, *, customer: bool) -> Outcome:
        """Write a note; ``customer`` ones are mailed by the shop. Notes carry no key: see ``has_note``."""
        ...

    def has_note(self, order_id: str, text: str) -> bool:
        """Whether exactly this note stands on the order."""
        ...

    def refunds(self, order_id: str) -> list[JSON]:
        """The raw refunds of an order, oldest first."""
        ...

    def create_refund(self, order_id: str, body: JSON) -> Outcome:
        """Record a refund (body of ``shop_refund_body``); ``Done.answer`` is the raw refund."""
        ...

    def find_refund(self, order_id: str, body: JSON) -> JSON | None:
        """The refund made of this body, if it was made: by its key, else by its marked reason and amount."""
        ...

    def create_order(self, fields: JSON, key: str) -> Outcome:
        """Create an order of our own ``created_via`` carrying our key; ``Done.answer`` is the raw order."""
        ...

    def find_order(self, created_via: str, key: str, since: datetime) -> JSON | None:
        """The order with that key created since then."""
        ...


class WooPlaceSide(Protocol):
    """The shop's pickup locations and shipping zones."""

    def pickup_list(self) -> PickupList | None:
        """The pickup locations; ``None`` without an application password."""
        ...

    def write_places(self, places: Sequence[JSON]) -> Outcome:
        """Replace the whole list; ``Done.answer`` is the list the shop now has."""
        ...

    def zone_methods(self) -> list[JSON]:
        """Every shipping method of every zone, with its ``zone_id`` and ``zone_name``."""
        ...


class WooPeopleSide(Protocol):
    """The shop's registered customers; guests exist on orders only."""

    def by_email(self, email: str) -> list[JSON]:
        """Customers of any role with this address."""
        ...

    def customer(self, customer_id: str) -> JSON | None:
        """One customer now; ``None`` when unknown."""
        ...

    def customers(self) -> Iterator[list[JSON]]:
        """Pages of all customers by id."""
        ...

    def orders_of(self, customer_id: str, email: str) -> Iterator[list[JSON]]:
        """Pages of the orders of a customer ("" for none) and of those under an e-mail address ("" for none)."""
        ...

"""What an order's states mean on the other side: legal moves, notes, who paid how, which till refund is whose.

A WooCommerce order only ever moves forward through the bridge, along the moves WooCommerce's own screens allow; a
closed order is left alone and a person is asked. Square's fulfillments go PROPOSED, RESERVED, PREPARED, COMPLETED or
end CANCELED/FAILED.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bridge.domain.hours import zone_of

JSON = dict[str, Any]
Paid = Literal["paid", "on_delivery", "unpaid", "square"]
Clerk = Literal["in_progress", "ready", "handed_over", "cancelled"]

SQUARE_GATEWAYS = frozenset({"square_credit_card", "square_cash_app_pay", "square_ach", "gift_cards_pay"})
"""Payment methods of Square's own gateway in the shop: their money is at Square already."""
ON_DELIVERY = frozenset({"cod"})
TILL_VIA = "bridge-till"
"""``created_via`` of the shop's orders the bridge makes of till sales: their goods left the shelf at the till."""
CLOSED = frozenset({"cancelled", "refunded", "trash", "failed"})
DRAFTS = frozenset({"checkout-draft", "auto-draft"})

LEGAL: Mapping[str, frozenset[str]] = {
    "pending": frozenset({"on-hold", "processing", "completed", "cancelled", "failed"}),
    "on-hold": frozenset({"pending", "processing", "completed", "cancelled", "failed", "refunded"}),
    "processing": frozenset({"on-hold", "completed", "cancelled", "failed", "refunded"}),
    "completed": frozenset({"refunded", "cancelled"}),
    "failed": frozenset({"pending", "on-hold", "processing", "completed", "cancelled"}),
    "cancelled": frozenset(),
    "refunded": frozenset(),
    "trash": frozenset(),
}
"""Moves of a WooCommerce order the bridge may make; a status of the shop's own stands beside ``processing``."""

_CLERK: Mapping[str, Clerk] = {
    "RESERVED": "in_progress",
    "PREPARED": "ready",
    "COMPLETED": "handed_over",
    "CANCELED": "cancelled",
    "FAILED": "cancelled",
}
_TILL_RANK = {"PROPOSED": 0, "RESERVED": 1, "PREPARED": 2, "COMPLETED": 3, "CANCELED": 4, "FAILED": 4}


# -- payment ------------------------------------------------------------------------------
def paid_how(raw: JSON) -> Paid:
    """How a raw order stands with its money: ``processing`` does not mean paid (cash on delivery)."""
    if raw.get("payment_method") in SQUARE_GATEWAYS and raw.get("transaction_id"):
        return "square"
    if raw.get("date_paid_gmt") or raw.get("date_paid"):
        return "paid"
    placed = raw.get("status") not in DRAFTS | CLOSED | {"pending"}
    return "on_delivery" if placed and raw.get("payment_method") in ON_DELIVERY else "unpaid"


def square_payment_of(raw: JSON) -> str:
    """The Square payment an order was paid with through Square's own gateway; "" for any other payment."""
    return str(raw.get("transaction_id") or "") if paid_how(raw) == "square" else ""


def by_square_gateway(raw: JSON) -> bool:
    """Whether Square's own gateway in the shop took the order; the gateway itself makes its order at Square."""
    return raw.get("payment_method") in SQUARE_GATEWAYS


def may_be_mirrored(raw: JSON, *, ours: Iterable[str] = (TILL_VIA,)) -> bool:
    """Whether an order belongs at a till: placed, not closed, not taken by Square's gateway, not made by the bridge.

    ``ours`` are values of ``created_via`` that mark orders the bridge made itself of till sales.
    """
    status = str(raw.get("status") or "")
    if status in CLOSED | DRAFTS | {"pending"} or raw.get("created_via") in set(ours):
        return False
    return not by_square_gateway(raw) and paid_how(raw) in ("paid", "on_delivery")


# -- till to shop -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class StatusWords:
    """The shop's status for what happens at the till; "" leaves the status and only writes the note."""

    in_progress: str = ""
    ready: str = ""
    handed_over: str = "completed"
    cancelled: str = "cancelled"

    def of(self, clerk: Clerk) -> str:
        """The status for a step."""
        return str(getattr(self, clerk))


@dataclass(frozen=True, slots=True)
class ShopMove:
    """What a step at the till does to the shop's order: a new ``status`` ("" for none) and a step to tell of.

    ``tell`` is whether the customer should hear of it; ``ask`` is "" or what a person must decide.
    """

    clerk: Clerk
    status: str = ""
    tell: bool = False
    ask: str = ""


def shop_move(raw: JSON, before: str, now: str, words: StatusWords | None = None) -> ShopMove | None:
    """What a fulfillment going from ``before`` to ``now`` means for its order; ``None`` when nothing.

    ``before`` "" stands for a fulfillment not seen yet. Steps back are ignored: Square does not take them either.
    """
    words = words or StatusWords()
    if now == before or now not in _CLERK or _TILL_RANK[now] < _TILL_RANK.get(before, 0):
        return None
    clerk, status = _CLERK[now], str(raw.get("status") or "")
    wanted = words.of(clerk)
    if status == wanted:
        return None
    if status in CLOSED | DRAFTS:
        if clerk == "cancelled":
            return None
        return ShopMove(clerk, ask=f"The till says “{clerk.replace('_', ' ')}”, but the shop's order is {status}.")
    money = "" if clerk != "cancelled" or paid_how(raw) != "paid" else "The till cancelled an order that is paid."
    if not wanted or not may_move(status, wanted, words):
        return ShopMove(clerk, tell=clerk == "ready", ask=money)
    return ShopMove(clerk, wanted, tell=clerk in ("ready", "cancelled"), ask=money)


def may_move(status: str, wanted: str, words: StatusWords | None = None) -> bool:
    """Whether the bridge may move a shop's order so: forward only, and never out of a closed status."""
    words = words or StatusWords()
    named = "processing", words.in_progress, words.ready, words.handed_over, "completed"
    steps = [step for step in dict.fromkeys(named) if step]
    if status in steps and wanted in steps:
        return steps.index(status) < steps.index(wanted)
    if wanted in steps and status in ("pending", "on-hold"):
        return True
    return wanted in LEGAL.get(status, LEGAL["processing"]) and wanted != status


def ready_note(store: str, until: datetime | None, zone: str, address: str = "") -> str:
    """The customer's note when goods are ready; ``until`` is when the store closes next (UTC), in its own time."""
    where = f"{store}, {address}" if address else store
    if until is None:
        return f"Your order is ready for pickup at {where}."
    local = until.astimezone(zone_of(zone))
    return f"Your order is ready for pickup at {where}, open until {local:%H:%M} on {local:%d %B}."


def step_note(clerk: Clerk, store: str) -> str:
    """The note on an order for every other step."""
    said = {
        "in_progress": f"{store} has started preparing this order.",
        "ready": f"{store} has prepared this order.",
        "handed_over": f"Handed over at {store}.",
        "cancelled": f"Cancelled at {store}.",
    }
    return said[clerk]


# -- shop to till -------------------------------------------------------------------------
def till_state(raw: JSON, fulfillment: str, words: StatusWords | None = None) -> str:
    """The state a fulfillment should take because of the shop's order; "" when it stays as it is."""
    wanted = _till_states(words or StatusWords()).get(str(raw.get("status") or ""), "")
    return wanted if wanted and may_fulfil(fulfillment, wanted) else ""


def moves_till(status: str, words: StatusWords | None = None) -> bool:
    """Whether a status of the shop's order may move its fulfillment."""
    return status in _till_states(words or StatusWords())


def _till_states(words: StatusWords) -> dict[str, str]:
    """Status → state. Of WooCommerce's own only its ends tell: an order on hold or processing is not in progress."""
    own = {words.in_progress: "RESERVED", words.ready: "PREPARED", words.handed_over: "COMPLETED"}
    told = {status: state for status, state in own.items() if status and status not in LEGAL}
    return told | {"completed": "COMPLETED"} | dict.fromkeys(("cancelled", "refunded", "trash", "failed"), "CANCELED")


def may_fulfil(state: str, wanted: str) -> bool:
    """Whether Square lets a fulfillment go there: forward, steps may be skipped, ends are final."""
    if state in ("COMPLETED", "CANCELED", "FAILED"):
        return False
    return _TILL_RANK.get(wanted, -1) > _TILL_RANK.get(state, 0)


# -- whose refund is it ---------------------------------------------------------------------
_NUMBER = re.compile(
    r"(?i)(?:#|\b(?:order|web|woo|online|bestellung|commande|pedido)\b)[\s:#.-]*(?:order|no|nr)?[\s:#.-]*"
    r"(\d{1,12})\b"
)


def order_numbers_in(text: str) -> list[str]:
    """Order numbers staff typed into a note or reason: ``#123``, ``web order 123``, ``woo-123``, or just ``123``."""
    bare = text.strip()
    if bare.isdecimal() and len(bare) <= 12:
        return [bare]
    return list(dict.fromkeys(_NUMBER.findall(text)))


@dataclass(frozen=True, slots=True)
class Recognised:
    """The online order behind a refund at a till: ``order_id`` by link, or the typed ``number`` to look up."""

    how: Literal["order", "payment", "number"]
    order_id: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Several online orders could be meant; a person decides."""

    numbers: tuple[str, ...]


def recognise_refund(
    refund: JSON,
    return_order: JSON | None,
    *,
    by_square_order: Mapping[str, str],
    by_payment: Mapping[str, str],
    sale: JSON | None = None,
) -> Recognised | Doubtful | None:
    """Which online order a refund at a till belongs to; ``None`` for a refund of an ordinary till sale.

    The maps lead from ids at Square to the shop's order id. Without a link, what staff typed counts: the refund's
    reason, and notes and reference of the return order and of the ``sale`` it returns. A typed number is a hint: the
    caller checks that the order exists and that the amount can be owed.
    """
    sources = [str(r.get("source_order_id") or "") for r in (return_order or {}).get("returns") or ()]
    for square_id in (*sources, str(refund.get("order_id") or "")):
        if square_id and square_id in by_square_order:
            return Recognised("order", by_square_order[square_id])
    payment = str(refund.get("payment_id") or "")
    if payment and payment in by_payment:
        return Recognised("payment", by_payment[payment])
    numbers = list(dict.fromkeys(n for text in _texts(refund, return_order, sale) for n in order_numbers_in(text)))
    if len(numbers) > 1:
        return Doubtful(tuple(numbers))
    return Recognised("number", number=numbers[0]) if numbers else None


def _texts(refund: JSON, *orders: JSON | None) -> Iterable[str]:
    yield str(refund.get("reason") or "")
    returned = orders[0] if orders else None
    yield from (str(one.get("reason") or "") for one in (returned or {}).get("refunds") or ())
    for order in orders:
        if order is not None:
            # not the ticket's name: tills number their tickets, too
            yield from (str(order.get(name) or "") for name in ("reference_id", "note"))
            yield from (str(tender.get("note") or "") for tender in order.get("tenders") or ())
            for returned in order.get("returns") or ():
                yield from (str(line.get("note") or "") for line in returned.get("return_line_items") or ())

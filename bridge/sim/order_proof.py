"""Judges what a bridge did with orders: each at the tills once, at its store, for its money, handed over and refunded.

Like ``proof`` it believes the simulators' own state and journals alone, and recognises things by itself: a Square order
of the shop's by its reference, the image of a refund by the origin written into it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bridge.domain.order import SQUARE_GATEWAYS, TILL_VIA
from bridge.sim.proof import ZERO, Opening
from bridge.sim.square.account import FakeSquare
from bridge.sim.square.order_book import is_paid
from bridge.sim.woo.order_state import HOLDING, Order, Refund, meta_number, meta_value
from bridge.sim.woo.shop import FakeWoo

JSON = dict[str, Any]
_ORIGIN = "_bridge_origin"
_IMAGE = re.compile(r"\[woo:([^\]\s]+)\]")
_TYPED = re.compile(r"(?i)(?:order|woo|#)[\s:#-]*(\d+)")
_GONE = frozenset({"cancelled", "refunded", "trash", "failed"})
_ENDED = frozenset({"COMPLETED", "CANCELED", "FAILED"})


def order_complaints(
    woo: FakeWoo,
    square: FakeSquare,
    opening: Opening,
    *,
    mirrors: Callable[[Order], bool],
    excused: Collection[int | str] = (),
    digits: int = 2,
) -> list[str]:
    """One sentence for everything that is wrong with an order placed after the opening, in a calm world.

    ``mirrors`` says whether an order is of the kind the retailer wants at the tills (all, pickups, none); whether it is
    placed and paid is judged here. ``excused`` are ids of orders, and of refunds at Square, that a person was asked
    about: of them only what is made, paid or recorded twice is wrong. ``digits`` are the currency's decimals.
    """
    court = _Court(woo, square, opening, mirrors, frozenset(excused), digits)
    told = list(court.made_twice())
    for order in court.orders():
        told += _twice(court, order)
        if order.id not in court.excused:
            told += _about(court, order)
    return told


def came_back_twice(
    woo: FakeWoo, square: FakeSquare, opening: Opening, excused: Collection[int | str] = ()
) -> dict[tuple[int, str], Decimal]:
    """Units of an order that a till took back into stock and the shop gave back once more, by order and stock id.

    Nobody can bring back more than was sold: as long as the order's lines still hold what tills took back, the shop
    gave back other units. A refund at Square that is ``excused`` is of no order until it stands in the shop.
    """
    court = _Court(woo, square, opening, lambda _: False, frozenset(excused), 2)
    recorded = {origin_of(one.meta).removeprefix("square:") for order in court.shop_orders() for one in order.refunds}
    of_refund = {
        name: number
        for number, rows in court.returned.items()
        for row in rows
        if row["id"] in recorded or row["id"] not in court.excused
        for name in (row["id"], row.get("exchange"))
        if name
    }
    names = {pair.square_id: pair.woo_id for pair in opening.stock}
    back: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for event in square.journal.since(opening.square_seq):
        said = event.detail if event.kind != "sale" else {}
        number = of_refund.get(str(said.get("refund_id") or ""), 0) or of_refund.get(str(said.get("transaction_id")), 0)
        if number and event.stock_id in names:
            back[number, names[event.stock_id]] += event.delta
    found = {(number, one): units - court.held(number, one) for (number, one), units in back.items()}
    return {name: units for name, units in found.items() if units > 0}


@dataclass
class _Court:
    """Both worlds, sorted by the shop's order they belong to."""

    woo: FakeWoo
    square: FakeSquare
    opening: Opening
    mirrors: Callable[[Order], bool]
    excused: frozenset[int | str]
    digits: int
    made: dict[int, list[JSON]] = field(default_factory=lambda: defaultdict(list))
    """Square orders a program made for an order of the shop."""
    payments: dict[str, list[JSON]] = field(default_factory=lambda: defaultdict(list))
    """Completed payments by Square order."""
    returned: dict[int, list[JSON]] = field(default_factory=lambda: defaultdict(list))
    """Refunds at Square that are of an order of the shop: by its Square order, its till sale, or a typed number."""
    images: dict[str, list[JSON]] = field(default_factory=lambda: defaultdict(list))
    """Refunds at Square that are images, by the id of the shop's refund."""

    def __post_init__(self) -> None:
        self.owner: dict[str, int] = {}
        for row in self.square.state.orders.values():
            name = str(row.get("reference_id") or "")
            if row.get("version") is not None and name.startswith("woo-") and name[4:].isdecimal():
                self.made[int(name[4:])].append(row)
                self.owner[row["id"]] = int(name[4:])
        for order in self.shop_orders():
            if order.created_via == TILL_VIA:
                self.owner[origin_of(order.meta).removeprefix("square:")] = order.id
        for payment in self.square.state.payments.values():
            if payment["status"] == "COMPLETED":
                self.payments[str(payment.get("order_id"))].append(payment)
        self.given: dict[str, JSON] = {}
        for refund in (*self.square.state.refunds.values(), *self._exchanged()):
            if not self._is_exchange(refund["order_id"]) or "exchange" in refund:
                self.given[refund["id"]] = refund
                self._sort(refund)

    def _is_exchange(self, order_id: str) -> bool:
        row = self.square.state.orders.get(order_id) or {}
        return bool(row.get("line_items") and row.get("returns"))

    def _exchanged(self) -> Iterator[JSON]:
        """Each return of an exchange, as if it were a refund: what Square itself gives back there is the difference."""
        told = {refund["order_id"]: refund for refund in self.square.state.refunds.values()}
        for order_id, row in self.square.state.orders.items():
            for at, one in enumerate(row.get("returns") or () if self._is_exchange(order_id) else ()):
                own = told.get(order_id, {})
                yield {
                    "id": f"{order_id}:{at}" if at else order_id,
                    "exchange": own.get("id") or order_id,
                    "order_id": order_id,
                    "sources": [str(one.get("source_order_id") or "")],
                    "created_at": row["created_at"],
                    "status": "COMPLETED",
                    "reason": "" if one.get("source_order_id") else own.get("reason", ""),
                    "amount_money": one["return_amounts"]["total_money"],
                }

    def _sort(self, refund: JSON) -> None:
        if refund["status"] != "COMPLETED" or refund["id"] in self.opening.refunds:
            return
        image = _IMAGE.search(str(refund.get("reason") or ""))
        if image:
            self.images[image[1]].append(refund)
        number = self._whose(refund)
        if number:
            self.returned[number].append(refund)

    def _whose(self, refund: JSON) -> int:
        sources = [str((self.square.state.payments.get(refund.get("payment_id", "")) or {}).get("order_id") or "")]
        back = self.square.state.orders.get(str(refund.get("order_id") or "")) or {}
        sources += refund.get("sources") or [str(one.get("source_order_id") or "") for one in back.get("returns") or ()]
        linked = next((self.owner[one] for one in sources if one in self.owner), 0)
        said = str(refund.get("reason") or "").strip()
        typed = {int(said)} if said.isdecimal() else {int(one) for one in _TYPED.findall(said)}
        return linked or (typed.pop() if len(typed) == 1 else 0)

    def shop_orders(self) -> Iterator[Order]:
        return (one for one in self.woo.state.orders.values() if isinstance(one, Order))

    def orders(self) -> list[Order]:
        """What was placed after the opening."""
        return [order for order in self.shop_orders() if order.id not in self.opening.orders]

    def at_till(self, order: Order) -> JSON | None:
        """The Square order of an order: the live one, else the last that was closed."""
        rows = self.made.get(order.id, [])
        return next((row for row in rows if row["state"] != "CANCELED"), rows[-1] if rows else None)

    def minor(self, value: Decimal) -> int:
        return int(value.scaleb(self.digits).to_integral_value())

    def changed(self, order: Order) -> bool:
        """Whether its lines were edited: a Square order keeps the money it was made with."""
        name = f"order:{order.id}"
        events = self.woo.journal.since(self.opening.woo_seq)
        return any(event.kind == "line_edit" and event.reference == name for event in events)

    def given_after(self, order: Order, rest: list[JSON]) -> int:
        """What tills gave on an order after all was given back: that is theirs to settle."""
        last = max((str(row["created_at"]) for row in rest), default="9")
        recorded = {origin_of(refund.meta).removeprefix("square:") for refund in order.refunds}
        rows = [row for row in self.returned.get(order.id, ()) if row["id"] in recorded and row["created_at"] > last]
        return sum(int(row["amount_money"]["amount"]) for row in rows)

    def carried_to(self, order: Order) -> set[str]:
        """The stores that gave an order's goods by adjustments."""
        mark = f"bridge:order:{order.id}:"
        return {
            event.place
            for event in self.square.journal.since(self.opening.square_seq)
            if str(event.detail.get("reference_id", "")).startswith(mark) and event.delta < 0
        }

    def held(self, number: int, stock_id: str) -> Decimal:
        """What an order's lines still hold of a product."""
        order = self.woo.state.orders.get(number)
        if not isinstance(order, Order) or order.created_via == TILL_VIA:
            return Decimal("Infinity")  # its goods are the till's own business
        mine = [line for line in order.lines if str(line.variation_id or line.product_id) == stock_id]
        return sum((Decimal(meta_number(line.meta, "_reduced_stock")) for line in mine), ZERO)

    def made_twice(self) -> Iterator[str]:
        """Orders of the shop made more than once of one till sale."""
        sold = Counter(origin_of(one.meta) for one in self.shop_orders() if one.created_via == TILL_VIA)
        yield from (f"The till sale {name} stands in the shop {n} times." for name, n in sold.items() if n > 1)


def origin_of(meta: list[dict[str, Any]]) -> str:
    """The origin written on an order or refund the bridge made ("" for what people made)."""
    return str(meta_value(meta, _ORIGIN) or "")


# -- what nothing excuses ---------------------------------------------------------------
def _twice(court: _Court, order: Order) -> Iterator[str]:
    live = [row for row in court.made.get(order.id, ()) if row["state"] != "CANCELED"]
    if len(live) > 1:
        yield f"Order {order.id} stands at the tills {len(live)} times."
    for row in live:
        paid = len(court.payments.get(row["id"], ()))
        if paid > 1:
            yield f"Order {order.id} was paid {paid} times at Square."
    recorded = Counter(origin_of(refund.meta) for refund in order.refunds)
    for name, times in recorded.items():
        if name and times > 1:
            yield f"The till's refund {name} was recorded {times} times on order {order.id}."
    for name in (*(str(refund.id) for refund in order.refunds), f"cancelled-{order.id}"):
        if len(court.images.get(name, ())) > 1:
            yield f"The shop's refund {name} of order {order.id} was made {len(court.images[name])} times at Square."


# -- one order ----------------------------------------------------------------------------
def _about(court: _Court, order: Order) -> Iterator[str]:
    made = court.at_till(order)
    if made is None:
        if _belongs(court, order) and order.status in HOLDING and _placed(order) and len(court.carried_to(order)) < 2:
            yield f"Order {order.id} ({order.status}) is not at the tills."
    elif not _belongs(court, order):
        yield f"Order {order.id} is at the tills, where it does not belong."
    else:
        yield from _store(court, order, made)
        yield from _money(court, order, made)
        yield from _handed_over(order, made)
    yield from _refunds_in_shop(court, order)
    if order.status != "trash":
        yield from _refunds_at_square(court, order, made)


def _belongs(court: _Court, order: Order) -> bool:
    paid_at_square = order.payment_method in SQUARE_GATEWAYS and bool(order.transaction_id)
    return court.mirrors(order) and order.created_via != TILL_VIA and not paid_at_square


def _placed(order: Order) -> bool:
    return order.paid is not None or order.payment_method == "cod"


def _store(court: _Court, order: Order, made: JSON) -> Iterator[str]:
    """Pickup places are named like their stores; one with a name of its own is judged by nobody here."""
    places = [str(meta_value(line.meta, "pickup_location") or "") for line in order.shipping_lines]
    stores = {str(one["name"]).casefold(): store_id for store_id, one in court.square.state.locations.items()}
    for place in places:
        if stores.get(place.casefold(), made["location_id"]) != made["location_id"]:
            yield f"Order {order.id} is to be fetched at {place}, but is at the till of another store."


def _money(court: _Court, order: Order, made: JSON) -> Iterator[str]:
    total, due = int(made["total_money"]["amount"]), court.minor(order.total)
    if total != due and not court.changed(order):
        yield f"Order {order.id} is {due} in the shop and {total} at Square."
    paid = court.payments.get(made["id"], [])
    if any(int(one["amount_money"]["amount"]) != total for one in paid):
        yield f"Order {order.id} is {total} at Square, but was paid otherwise there."
    if order.paid is not None and order.status in HOLDING and not is_paid(court.square, made):
        yield f"Order {order.id} is paid in the shop, but not at Square."


def _handed_over(order: Order, made: JSON) -> Iterator[str]:
    state = next((str(one["state"]) for one in made.get("fulfillments") or ()), "")
    status = order.status
    over = state == "COMPLETED" and status not in {"completed", *_GONE}
    dropped = state in ("CANCELED", "FAILED") and status not in _GONE
    waiting = bool(state) and state not in _ENDED and status in {"completed", *_GONE}
    if over or dropped or waiting:
        yield f"Order {order.id} is {status} in the shop and {state} at the till."


# -- refunds ------------------------------------------------------------------------------
def _refunds_in_shop(court: _Court, order: Order) -> Iterator[str]:
    """Every refund a till made of this order stands in the shop, for as much; and nothing that a till did not make."""
    mine = {origin_of(refund.meta).removeprefix("square:"): refund for refund in order.refunds}
    given = {row["id"]: row for row in court.returned.get(order.id, ())}
    for refund_id, row in given.items():
        if refund_id not in mine and refund_id not in court.excused and not _is_image(row):
            yield f"The till's refund {refund_id} of order {order.id} is not in the shop."
    for refund_id, refund in mine.items():
        if not refund_id:
            continue
        made = court.given.get(refund_id)
        if made is None or made["status"] != "COMPLETED":
            yield f"Order {order.id} has a refund of a till that no till made ({refund_id})."
        elif _is_image(made):
            yield f"The shop's own refund came back from the till to order {order.id} ({refund_id})."
        elif int(made["amount_money"]["amount"]) != court.minor(refund.amount):
            yield f"The till's refund {refund_id} is another amount on order {order.id}."


def _is_image(row: JSON) -> bool:
    return bool(_IMAGE.search(str(row.get("reason") or "")))


def _refunds_at_square(court: _Court, order: Order, made: JSON | None) -> Iterator[str]:
    """Every refund the shop made of a paid Square order stands there, for as much; what is cancelled is given back."""
    paid = made is not None and bool(court.payments.get(made["id"]))
    for refund in order.refunds:
        rows = court.images.get(str(refund.id), [])
        if origin_of(refund.meta):
            if rows:
                yield f"The till's own refund came back from order {order.id} ({refund.id})."
        elif paid and refund.amount > 0:
            yield from _pair(court, order, refund, rows)
    if made is not None and paid and order.status == "cancelled":
        rest = court.images.get(f"cancelled-{order.id}", [])
        back = sum(int(row["amount_money"]["amount"]) for row in rest) + court.minor(order.refunded)
        back -= court.given_after(order, rest)
        if back != int(made["total_money"]["amount"]):
            yield f"Order {order.id} is cancelled, but {back} of {made['total_money']['amount']} was given back."


def _pair(court: _Court, order: Order, refund: Refund, rows: list[JSON]) -> Iterator[str]:
    if not rows:
        yield f"The shop's refund {refund.id} of order {order.id} is not at Square."
    elif int(rows[0]["amount_money"]["amount"]) != court.minor(refund.amount):
        yield f"The shop's refund {refund.id} of order {order.id} is another amount at Square."

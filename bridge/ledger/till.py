"""What was seen of the tills: orders, payments and refunds as Square shows them, and what became of each in the shop.

An order is ``new`` until it is decided whether the shop gets an order of it (``none``, ``planned``, ``done``). A refund
is ``new`` until it is known whose it is: ``none`` (an ordinary till refund), ``image`` (recorded there by the bridge),
``asked`` (a person must say), ``planned`` and ``done`` (recorded in the shop).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from bridge.domain.times import normal_time
from bridge.ledger.schema import till_order, till_payment, till_refund
from bridge.ledger.text import of_json, to_json

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OrderAtTill:
    """A stored order; ``told`` is the fulfillment's state the shop knows of, ``woo_id`` the shop's order made of it."""

    order_id: str
    store_id: str
    fulfillment: str
    told: str
    state: str
    woo_id: str
    body: JSON
    seen_at: str


@dataclass(frozen=True, slots=True)
class RefundAtTill:
    """A stored refund; ``order_id`` is its return order's, ``woo_id`` the online order it belongs to.

    Each return of an exchange is stored as a refund of its own, named after the exchange's order.
    """

    refund_id: str
    payment_id: str
    order_id: str
    amount: int
    status: str
    state: str
    woo_id: str
    body: JSON

    @property
    def exchanged(self) -> bool:
        """True for a return of an exchange, which no refund of Square's stands for."""
        return self.refund_id.partition(":")[0] == self.order_id

    @property
    def place(self) -> int:
        """Which of its exchange's returns it is, from 0."""
        return int(self.refund_id.partition(":")[2] or 0)


_PUT_ORDER = insert(till_order)
_PUT_ORDER = _PUT_ORDER.on_conflict_do_update(
    index_elements=["order_id"],
    set_={
        **{name: _PUT_ORDER.excluded[name] for name in ("store_id", "updated_at", "fulfillment", "body_json")},
        "seen_at": till_order.c.seen_at,
    },
    where=_PUT_ORDER.excluded.updated_at >= till_order.c.updated_at,
)
_PUT_PAYMENT = insert(till_payment)
_PUT_PAYMENT = _PUT_PAYMENT.on_conflict_do_update(
    index_elements=["payment_id"],
    set_={name: _PUT_PAYMENT.excluded[name] for name in ("amount", "refunded", "status", "updated_at")},
    where=_PUT_PAYMENT.excluded.updated_at >= till_payment.c.updated_at,
)
_PUT_REFUND = insert(till_refund)
_PUT_REFUND = _PUT_REFUND.on_conflict_do_update(
    index_elements=["refund_id"],
    set_={name: _PUT_REFUND.excluded[name] for name in ("amount", "status", "updated_at", "body_json")},
    where=_PUT_REFUND.excluded.updated_at >= till_refund.c.updated_at,
)
_ORDERS = select(till_order).where(till_order.c.order_id.in_(bindparam("ids", expanding=True)))
_NEW_ORDERS = select(till_order).where(till_order.c.state == "new").order_by(till_order.c.updated_at)
_MOVED = select(till_order).where(till_order.c.fulfillment != till_order.c.told).order_by(till_order.c.updated_at)
_NEW_REFUNDS = select(till_refund).where(till_refund.c.state == "new").order_by(till_refund.c.updated_at)


_ABOUT_PEOPLE = ("fulfillments", "customer_id")


# -- storing ------------------------------------------------------------------------------
def put_order(
    conn: Connection,
    order_id: str,
    *,
    store_id: str,
    updated_at: str,
    fulfillment: str,
    body: JSON,
    state: str,
    now: str,
) -> None:
    """Store an order as seen now; ``state`` counts only for one not seen before, an older reading changes nothing.

    Who fetches or receives it stays at the two sides: nobody needs names and addresses in here.
    """
    conn.execute(
        _PUT_ORDER,
        {
            "order_id": order_id,
            "store_id": store_id,
            "updated_at": normal_time(updated_at),
            "fulfillment": fulfillment,
            "told": "",
            "state": state,
            "body_json": to_json({name: body[name] for name in body if name not in _ABOUT_PEOPLE}),
            "seen_at": now,
        },
    )


def put_payment(
    conn: Connection,
    payment_id: str,
    *,
    order_id: str,
    store_id: str,
    amount: int,
    refunded: int,
    status: str,
    updated_at: str,
    now: str,
) -> None:
    """Store a payment as seen now."""
    conn.execute(
        _PUT_PAYMENT,
        {
            "payment_id": payment_id,
            "order_id": order_id,
            "store_id": store_id,
            "amount": amount,
            "refunded": refunded,
            "status": status,
            "updated_at": normal_time(updated_at),
            "seen_at": now,
        },
    )


def put_refund(conn: Connection, seen: RefundAtTill, *, updated_at: str, now: str) -> None:
    """Store a refund as seen now; its ``state`` counts only when it was not seen before."""
    conn.execute(
        _PUT_REFUND,
        {
            "refund_id": seen.refund_id,
            "payment_id": seen.payment_id,
            "order_id": seen.order_id,
            "amount": seen.amount,
            "status": seen.status,
            "updated_at": normal_time(updated_at),
            "state": seen.state,
            "body_json": to_json(seen.body),
            "seen_at": now,
        },
    )


# -- orders -------------------------------------------------------------------------------
def _order(row: Any) -> OrderAtTill:
    return OrderAtTill(
        row.order_id, row.store_id, row.fulfillment, row.told, row.state, row.woo_id or "", of_json(row.body_json),
        row.seen_at,
    )  # fmt: skip


def orders(conn: Connection, ids: Iterable[str]) -> dict[str, OrderAtTill]:
    """Orders by id; unknown ones are left out."""
    wanted, found = [one for one in dict.fromkeys(ids) if one], {}
    for start in range(0, len(wanted), 400):
        for row in conn.execute(_ORDERS, {"ids": wanted[start : start + 400]}):
            found[row.order_id] = _order(row)
    return found


def versions(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    """When each known order was last updated."""
    found = select(till_order.c.order_id, till_order.c.updated_at).where(till_order.c.order_id.in_(list(ids)))
    return {row.order_id: row.updated_at for row in conn.execute(found)}


def new_orders(conn: Connection) -> list[OrderAtTill]:
    """Orders nobody decided about yet, in order of their last change."""
    return [_order(row) for row in conn.execute(_NEW_ORDERS)]


def moved_orders(conn: Connection) -> list[OrderAtTill]:
    """Orders whose fulfillment has moved since the shop was told."""
    return [_order(row) for row in conn.execute(_MOVED)]


def made_of(conn: Connection, order_ids: Iterable[str]) -> dict[str, str]:
    """Square order id → the shop's order made of it."""
    return {one.order_id: one.woo_id for one in orders(conn, order_ids).values() if one.woo_id}


def sale_of(conn: Connection, woo_id: str) -> str:
    """The till sale an order of the shop was made of, "" when it was made of none."""
    return str(conn.execute(select(till_order.c.order_id).where(till_order.c.woo_id == woo_id)).scalar() or "")


def told(conn: Connection, order_id: str, state: str) -> None:
    """The shop knows of this state of the fulfillment."""
    conn.execute(update(till_order).where(till_order.c.order_id == order_id).values(told=state))


def order_is(conn: Connection, order_id: str, state: str, woo_id: str = "") -> None:
    """Note what becomes of an order in the shop."""
    values: JSON = {"state": state} | ({"woo_id": woo_id} if woo_id else {})
    conn.execute(update(till_order).where(till_order.c.order_id == order_id).values(**values))


# -- refunds ------------------------------------------------------------------------------
def _refund(row: Any) -> RefundAtTill:
    return RefundAtTill(
        row.refund_id, row.payment_id, row.order_id, row.amount, row.status, row.state, row.woo_id,
        of_json(row.body_json),
    )  # fmt: skip


def refund(conn: Connection, refund_id: str) -> RefundAtTill | None:
    """One refund."""
    row = conn.execute(select(till_refund).where(till_refund.c.refund_id == refund_id)).first()
    return _refund(row) if row else None


def refund_versions(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    """When each known refund was last updated."""
    found = select(till_refund.c.refund_id, till_refund.c.updated_at).where(till_refund.c.refund_id.in_(list(ids)))
    return {row.refund_id: row.updated_at for row in conn.execute(found)}


def new_refunds(conn: Connection) -> list[RefundAtTill]:
    """Refunds nobody decided about yet, in order of their last change."""
    return [_refund(row) for row in conn.execute(_NEW_REFUNDS)]


def undecided_refunds(conn: Connection) -> list[RefundAtTill]:
    """Refunds of which nobody knows yet whether they are of an order of the shop."""
    found = select(till_refund).where(till_refund.c.state.in_(("new", "asked")))
    return [_refund(row) for row in conn.execute(found.order_by(till_refund.c.updated_at))]


def refunds_of(conn: Connection, woo_id: str) -> list[RefundAtTill]:
    """The till's refunds known to belong to an order of the shop."""
    found = select(till_refund).where(till_refund.c.woo_id == woo_id, till_refund.c.woo_id != "")
    return [_refund(row) for row in conn.execute(found.order_by(till_refund.c.updated_at))]


def refunds_on(conn: Connection, payment_id: str) -> list[RefundAtTill]:
    """What was given back on a payment, as far as it was seen: at tills and by the bridge."""
    found = select(till_refund).where(
        till_refund.c.payment_id == payment_id,
        till_refund.c.payment_id != "",
        till_refund.c.status.not_in(("FAILED", "REJECTED")),
    )
    return [_refund(row) for row in conn.execute(found.order_by(till_refund.c.updated_at))]


def returns_in_shop(conn: Connection) -> dict[str, str]:
    """Return order, or return of an exchange → the shop's order, of refunds that stand in the shop, too ("" for one
    nobody knows).
    """
    rows = (_refund(row) for row in conn.execute(select(till_refund).where(till_refund.c.state.in_(("done", "image")))))
    return {(one.refund_id if one.exchanged else one.order_id): one.woo_id for one in rows}


def refund_is(conn: Connection, refund_id: str, state: str, woo_id: str = "") -> None:
    """Note what becomes of a refund in the shop."""
    values: JSON = {"state": state} | ({"woo_id": woo_id} if woo_id else {})
    conn.execute(update(till_refund).where(till_refund.c.refund_id == refund_id).values(**values))


def payment_orders(conn: Connection, payment_ids: Iterable[str]) -> dict[str, str]:
    """Payment id → the order it paid."""
    wanted = [one for one in dict.fromkeys(payment_ids) if one]
    found = select(till_payment.c.payment_id, till_payment.c.order_id).where(till_payment.c.payment_id.in_(wanted))
    return {row.payment_id: row.order_id for row in conn.execute(found) if row.order_id}

"""Which Square order and payment stand for which order of the shop, and which refunds are the same refund (I3).

States of a link: ``wanted`` (to be made at Square, its goods are held back meanwhile), ``sent`` (being made), ``open``
(there, unpaid), ``gateway`` (paid through Square's own gateway in the shop, to be looked up), ``counting`` (paid there,
Square's own decrement not seen yet), ``paid`` (Square took the goods itself), ``stock`` (not mirrored: adjustments
carry its goods), ``ended`` (cancelled there unpaid). A ``plain`` order has lines that are no catalog items: its goods
were carried by adjustments before it reached the till.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from bridge.ledger.schema import order_link, refund_link

HOLDING = ("wanted", "sent", "open", "gateway", "counting")
"""States in which what an order takes waits for Square's own decrement."""
PAID = ("counting", "paid")
"""States in which it is known that the Square order is paid."""


@dataclass(slots=True)
class OrderLink:
    """One order of the shop and its counterpart; ids are "" as long as there are none, ``total`` is minor units."""

    order_id: str
    number: str
    store_id: str
    state: str
    reason: str = ""
    plain: bool = False
    attempt: int = 1
    square_order_id: str = ""
    payment_id: str = ""
    total: int = 0
    paid_at: str = ""
    created: str = ""
    dirty: bool = True
    made_at: str = ""
    changed_at: str = ""

    @property
    def holds(self) -> bool:
        """Whether its goods wait for Square's own decrement."""
        return self.state in HOLDING and not self.plain


def _of_row(row: Any) -> OrderLink:
    values = dict(row._mapping)
    for name in ("square_order_id", "payment_id"):
        values[name] = values[name] or ""
    return OrderLink(**{**values, "plain": bool(values["plain"]), "dirty": bool(values["dirty"])})


_GET = select(order_link).where(order_link.c.order_id == bindparam("o"))
_DIRTY = select(order_link).where(order_link.c.dirty == 1).order_by(order_link.c.made_at, order_link.c.order_id)
_IN_STATES = select(order_link).where(order_link.c.state.in_(bindparam("states", expanding=True)))
_IN_STATES = _IN_STATES.order_by(order_link.c.made_at, order_link.c.order_id)


def get(conn: Connection, order_id: str) -> OrderLink | None:
    """The link of an order of the shop."""
    row = conn.execute(_GET, {"o": order_id}).first()
    return _of_row(row) if row else None


def add(conn: Connection, link: OrderLink, *, now: str) -> None:
    """Store a new link."""
    link.made_at = link.changed_at = now
    conn.execute(insert(order_link).values(order_id=link.order_id, **_values(link)))


def save(conn: Connection, link: OrderLink, *, now: str) -> None:
    """Write back what changed of a link."""
    link.changed_at = now
    conn.execute(update(order_link).where(order_link.c.order_id == link.order_id).values(**_values(link)))


def _values(link: OrderLink) -> dict[str, Any]:
    return {
        "number": link.number,
        "store_id": link.store_id,
        "state": link.state,
        "reason": link.reason,
        "plain": int(link.plain),
        "attempt": link.attempt,
        "square_order_id": link.square_order_id or None,
        "payment_id": link.payment_id or None,
        "total": link.total,
        "paid_at": link.paid_at,
        "created": link.created,
        "dirty": int(link.dirty),
        "made_at": link.made_at,
        "changed_at": link.changed_at,
    }


def mark(conn: Connection, order_id: str) -> None:
    """The shop's order changed: its link is to be looked at."""
    conn.execute(update(order_link).where(order_link.c.order_id == order_id).values(dirty=1))


def dirty(conn: Connection) -> list[OrderLink]:
    """Links whose order changed in the shop, oldest first."""
    return [_of_row(row) for row in conn.execute(_DIRTY)]


def in_states(conn: Connection, states: Sequence[str]) -> list[OrderLink]:
    """Links in some states, oldest first."""
    return [_of_row(row) for row in conn.execute(_IN_STATES, {"states": list(states)})]


def every(conn: Connection, *, most: int = 200) -> list[OrderLink]:
    """The newest links."""
    found = select(order_link).order_by(order_link.c.made_at.desc(), order_link.c.order_id.desc()).limit(most)
    return [_of_row(row) for row in conn.execute(found)]


def by_square(conn: Connection, ids: Iterable[str]) -> dict[str, OrderLink]:
    """Links by the Square orders and payments named: both kinds of id lead to the link."""
    wanted = [one for one in dict.fromkeys(ids) if one]
    found: dict[str, OrderLink] = {}
    for start in range(0, len(wanted), 400):
        some = wanted[start : start + 400]
        rows = conn.execute(
            select(order_link).where(or_(order_link.c.square_order_id.in_(some), order_link.c.payment_id.in_(some)))
        )
        for link in map(_of_row, rows):
            found |= {one: link for one in (link.square_order_id, link.payment_id) if one}
    return {one: found[one] for one in wanted if one in found}


# -- refunds ----------------------------------------------------------------------------
def pair_refunds(
    conn: Connection, order_id: str, *, origin: str, woo_id: str, square_id: str, amount: int, now: str
) -> bool:
    """Both ends of one refund; False when one of them is known already."""
    row = conn.execute(
        insert(refund_link)
        .values(
            order_id=order_id, origin=origin, woo_id=woo_id or None, square_id=square_id or None, amount=amount, at=now
        )
        .on_conflict_do_nothing()
        .returning(refund_link.c.id)
    ).first()
    return row is not None


def refunds_of(conn: Connection, order_id: str) -> list[Any]:
    """The paired refunds of an order of the shop, oldest first."""
    found = select(refund_link).where(refund_link.c.order_id == order_id).order_by(refund_link.c.id)
    return list(conn.execute(found))


def carried_names(conn: Connection, order_id: str) -> set[str]:
    """Both ends of every pair of an order, as ``bridge.domain.refund`` names them: ``woo:273``, ``square:XYZ``."""
    names: set[str] = set()
    for row in refunds_of(conn, order_id):
        names |= {f"{side}:{one}" for side, one in (("woo", row.woo_id), ("square", row.square_id)) if one}
    return names


def paired(conn: Connection, square_id: str) -> Any | None:
    """The pair a refund at Square belongs to."""
    return conn.execute(select(refund_link).where(refund_link.c.square_id == square_id)).first()

"""Who of the shop's customers is who at Square; the ledger keeps ids and digests, never names or addresses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from bridge.domain.customer import JSON, Person, normal_email, shop_person
from bridge.ledger.schema import person

_PUT = insert(person)
_PUT = _PUT.on_conflict_do_update(
    index_elements=["key"],
    set_={name: _PUT.excluded[name] for name in ("square_id", "state", "how", "print", "changed_at")},
)


@dataclass(slots=True)
class Known:
    """One customer of the shop. ``state``: linked, review (asked), unknown (nobody there), wanted (being made known
    to Square), erased (never looked up again); ``print`` is a digest of what was compared.
    """

    key: str
    state: str
    square_id: str = ""
    how: str = ""
    print: str = ""


def guest_key(email: str) -> str:
    """The key of a guest, "" without a usable address: a digest, so that the address itself is not kept."""
    address = normal_email(email)
    return f"guest:{digest(address)}" if address else ""


def key_of(one: Person) -> str:
    """The key of a customer of the shop; "" for a guest without an e-mail address."""
    return f"id:{one.remote_id}" if one.remote_id not in ("", "0") else guest_key(one.email)


def digest(*texts: str) -> str:
    """A digest that tells whether something is still the same, not what it was."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:32]


def _of_row(row: Any) -> Known:
    return Known(row.key, row.state, row.square_id or "", row.how, row.print)


def get(conn: Connection, key: str) -> Known | None:
    """One customer by key."""
    row = conn.execute(select(person).where(person.c.key == key)).first()
    return _of_row(row) if row else None


def every(conn: Connection) -> dict[str, Known]:
    """All known customers by key."""
    return {row.key: _of_row(row) for row in conn.execute(select(person))}


def put(conn: Connection, one: Known, *, now: str) -> None:
    """Store a customer."""
    values = {"key": one.key, "state": one.state, "how": one.how, "print": one.print}
    conn.execute(_PUT, {**values, "square_id": one.square_id or None, "made_at": now, "changed_at": now})


def holder_of(conn: Connection, square_id: str) -> str:
    """The key of the customer linked to a Square customer, "" when none is."""
    return str(conn.execute(select(person.c.key).where(person.c.square_id == square_id)).scalar() or "")


def move(conn: Connection, old: str, new: str, *, now: str) -> None:
    """A guest registered: what was known of the guest is known of the account."""
    conn.execute(delete(person).where(person.c.key == new))
    conn.execute(update(person).where(person.c.key == old).values(key=new, changed_at=now))


def square_customer_of(conn: Connection, raw_order: JSON) -> str:
    """Square's customer for a raw order of the shop, "" when nobody is linked."""
    one = shop_person(raw_order)
    for key in (key_of(one), guest_key(one.email)):
        known = get(conn, key) if key else None
        if known is not None and known.square_id:
            return known.square_id
    return ""


def of_ids(conn: Connection, keys: Iterable[str], square_ids: Iterable[str]) -> list[Known]:
    """Customers by any of their ids."""
    found = select(person).where(or_(person.c.key.in_(list(keys)), person.c.square_id.in_(list(square_ids))))
    return [_of_row(row) for row in conn.execute(found)]

"""Everything known of one person, to be handed out or erased; what has to stay is said with its reason.

The ledger itself keeps ids and digests of people. Names and addresses come into it only inside what was received
(doorbells), what was sent (the outbox) and questions; there they are looked for in every table that could hold them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Connection, Table, Text, or_, select, update

from bridge.domain.customer import JSON, Person, e164, normal_email, shop_person, square_person
from bridge.engine.context import Bridge
from bridge.errors import InputError
from bridge.ledger import decisions, outbox, people
from bridge.ledger.people import Known, guest_key
from bridge.ledger.schema import inbox, metadata, movement, order_seen, person
from bridge.ledger.schema import outbox as outbox_table

ERASED = "erased"
_NOBODYS = {
    *("meta", "lease", "cursor", "run", "store", "place_name", "place_left", "person"),
    *("product", "variation", "shown_product", "shown_variation", "stock", "on_hand", "image"),
}
"""Tables about things, and the one that holds only ids and digests."""
_STAYS = (
    ("orders, stock movements and sales figures", "bookkeeping and stock need them; they hold numbers and ids only"),
    ("backups of the ledger made before", "they are files of yours: delete those older than you need"),
    ("WooCommerce and Square", "erase the person there too: WooCommerce › Tools › Erase personal data, and Square › "
     "Customers"),
    ("a mark that this customer was erased", "so that they are not recognised again; it holds no personal data"),
)  # fmt: skip

_FREED = (
    "what was overwritten, in unused parts of the ledger's file",
    "another program was reading it, or the disk has no room for a copy: stop `bridge run` and erase again",
)


@dataclass(slots=True)
class PersonFound:
    """One person: what both sides hold of them, and the words by which the ledger is searched."""

    asked: str
    keys: set[str] = field(default_factory=set)
    square_ids: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    terms: set[str] = field(default_factory=set)
    order_ids: set[str] = field(default_factory=set)
    in_shop: list[JSON] = field(default_factory=list)
    orders: list[JSON] = field(default_factory=list)
    at_square: list[JSON] = field(default_factory=list)

    def add(self, one: Person) -> None:
        """Words of a side's own record of them."""
        self.emails |= {normal_email(one.email)} - {""}
        words = {one.email, one.phone, e164(one.phone, one.country)}
        words |= {one.name} if " " in one.name else set()
        self.terms |= {word.strip() for word in words if len(word.strip()) >= 5}

    def add_address(self, raw: JSON) -> None:
        """Streets of a raw address."""
        names = ("address_1", "address_2", "address_line_1", "address_line_2")
        streets = (str(raw.get(name) or "").strip() for name in names)
        self.terms |= {street for street in streets if len(street) >= 5}


def find_in_all(bridge: Bridge, asked: str, *, ask_sides: bool = True) -> PersonFound:
    """The person meant by an e-mail address, a telephone number, ``woo:17`` or ``square:ID``.

    Raises ``InputError`` for other words, and when nobody is found. Without ``ask_sides`` only the ledger is asked.
    """
    found = _asked_for(bridge, asked.strip())
    if ask_sides:
        _ask_square(bridge, found)
        _ask_shop(bridge, found)
        _ask_square(bridge, found)
    found.keys |= {guest_key(email) for email in found.emails}
    with bridge.db.reading() as conn:
        for one in people.of_ids(conn, found.keys, found.square_ids):
            found.keys.add(one.key)
            found.square_ids |= {one.square_id} - {""}
    found.terms |= found.square_ids
    return found


def _asked_for(bridge: Bridge, asked: str) -> PersonFound:
    found = PersonFound(asked)
    side, colon, number = asked.partition(":")
    phone = e164(asked, bridge.settings.customers.country)
    if normal_email(asked):
        found.emails.add(normal_email(asked))
        found.terms.add(asked)
    elif colon and side == "woo" and number.isdigit():
        found.keys.add(f"id:{number}")
    elif colon and side == "square" and number:
        found.square_ids.add(number)
    elif phone:
        found.terms |= {asked, phone}
    else:
        raise InputError(
            f"“{asked}” is no person.", advice="Give an e-mail address, a telephone number, woo:ID or square:ID."
        )
    return found


def _ask_square(bridge: Bridge, found: PersonFound) -> None:
    rows = [raw for email in sorted(found.emails) for raw in bridge.square.people.by_email(email)]
    if e164(found.asked, bridge.settings.customers.country):
        rows += bridge.square.people.by_phone(e164(found.asked, bridge.settings.customers.country))
    with bridge.db.reading() as conn:
        linked = {one.square_id for one in people.of_ids(conn, found.keys, ())} - {""}
    known = {str(raw["id"]) for raw in rows}
    more = (bridge.square.people.customer(one) for one in sorted((found.square_ids | linked) - known))
    have = {str(raw["id"]) for raw in found.at_square}
    for raw in [*rows, *(raw for raw in more if raw is not None)]:
        if str(raw["id"]) not in have:
            have.add(str(raw["id"]))
            found.at_square.append(raw)
            found.square_ids.add(str(raw["id"]))
            found.add(square_person(raw))
            found.add_address(raw.get("address") or {})


def _ask_shop(bridge: Bridge, found: PersonFound) -> None:
    with bridge.db.reading() as conn:
        found.keys |= {one.key for one in people.of_ids(conn, (), found.square_ids)}
    ids = {key.removeprefix("id:") for key in found.keys if key.startswith("id:")}
    rows = [raw for number in sorted(ids) if (raw := bridge.woo.people.customer(number)) is not None]
    emails = found.emails | {normal_email(shop_person(raw).email) for raw in rows} - {""}
    rows += [raw for email in sorted(emails) for raw in bridge.woo.people.by_email(email)]
    for raw in {str(raw["id"]): raw for raw in rows}.values():
        found.in_shop.append(raw)
        found.keys.add(f"id:{raw['id']}")
        _learn(found, raw)
    asked = [(str(raw["id"]), "") for raw in found.in_shop] + [("", email) for email in sorted(emails)]
    for customer_id, email in asked:
        for page in bridge.woo.people.orders_of(customer_id, email):
            for raw in page:
                if str(raw["id"]) not in found.order_ids:
                    found.order_ids.add(str(raw["id"]))
                    found.orders.append(raw)
                    _learn(found, raw)


def _learn(found: PersonFound, raw: JSON) -> None:
    found.add(shop_person(raw))
    for part in ("billing", "shipping"):
        found.add_address(raw.get(part) or {})
    note = str(raw.get("customer_note") or "").strip()
    found.terms |= {note} if len(note) >= 5 else set()


# -- the ledger -------------------------------------------------------------------------
def _mentions(conn: Connection, found: PersonFound) -> Iterator[tuple[Table, list[Any]]]:
    """Rows of every table that say one of the person's words, or belong to their orders or account."""
    for table in metadata.sorted_tables:
        if table.name in _NOBODYS:
            continue
        columns = _text_columns(table)
        said = [column.contains(term, autoescape=True) for column in columns for term in sorted(found.terms)]
        if table is inbox:
            accounts = [key.removeprefix("id:") for key in found.keys if key.startswith("id:")]
            of_order = inbox.c.topic.startswith("order") & inbox.c.object_id.in_(sorted(found.order_ids))
            said += [of_order, inbox.c.topic.startswith("customer") & inbox.c.object_id.in_(accounts)]
        if said:
            left = [inbox.c.body != ""] if table is inbox else []
            rows = list(conn.execute(select(table).where(or_(*said), *left)))
            if rows:
                yield table, rows


def _text_columns(table: Table) -> list[Column[Any]]:
    own = {column.name for column in table.primary_key}
    return [column for column in table.columns if isinstance(column.type, Text) and column.name not in own]


def _plain(row: Any) -> dict[str, Any]:
    """A row with names that are plain text, for JSON."""
    return {str(name): value for name, value in row._mapping.items()}


def export(bridge: Bridge, asked: str, *, ask_sides: bool = True) -> dict[str, Any]:
    """Everything known of one person as JSON values: at both sides, and in the ledger."""
    found = find_in_all(bridge, asked, ask_sides=ask_sides)
    with bridge.db.reading() as conn:
        ledger: dict[str, Any] = {
            str(table.name): [_plain(row) for row in rows] for table, rows in _mentions(conn, found)
        }
        links = select(person).where(or_(person.c.key.in_(found.keys), person.c.square_id.in_(found.square_ids)))
        ledger["links"] = [_plain(row) for row in conn.execute(links)]
        of_orders = select(order_seen).where(order_seen.c.order_id.in_(found.order_ids))
        ledger["orders"] = [_plain(row) for row in conn.execute(of_orders)]
        ledger["movements"] = [
            _plain(row)
            for order_id in sorted(found.order_ids)
            for row in conn.execute(select(movement).where(movement.c.cause.startswith(f"order:{order_id}:")))
        ]
    return {
        "asked": asked,
        "asked_both_sides": ask_sides,
        "shop": {"customers": found.in_shop, "orders": found.orders},
        "square": {"customers": found.at_square},
        "ledger": ledger,
    }


# -- erasing ----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased (rows by table), and what stays with the reason."""

    rows: dict[str, int]
    stays: tuple[tuple[str, str], ...]


def erase(bridge: Bridge, asked: str, *, ask_sides: bool = True) -> Erased:
    """Erase one person's data from the ledger; neither side is changed."""
    found = find_in_all(bridge, asked, ask_sides=ask_sides)
    rows: dict[str, int] = {}
    stays = list(_STAYS)
    with bridge.db.transaction() as conn:
        # what is overwritten must not linger in the file's free pages
        conn.exec_driver_sql("PRAGMA secure_delete = ON")
        for table, hits in _mentions(conn, found):
            ended = [row for row in hits if table is not outbox_table or row.state not in outbox.OPEN]
            for row in ended:
                _scrub(conn, table, row, found)
            if ended:
                rows[str(table.name)] = len(ended)
            if len(ended) < len(hits):
                under_way = f"{len(hits) - len(ended)} writes that are under way"
                stays.append((under_way, "they are needed until they have ended: run `bridge sync`, then erase again"))
        rows["person"] = _forget_links(bridge, conn, found)
    if not bridge.db.rewrite():
        stays.append(_FREED)
    return Erased({name: number for name, number in rows.items() if number}, tuple(stays))


def _scrub(conn: Connection, table: Table, row: Any, found: PersonFound) -> None:
    """Overwrite the person's words in one row; a doorbell's body goes as a whole, nothing needs it any more."""
    if table is inbox:
        conn.execute(update(inbox).where(inbox.c.id == row.id).values(body=""))
        return
    words = re.compile("|".join(re.escape(term) for term in sorted(found.terms, key=len, reverse=True)), re.IGNORECASE)
    values = {column.name: getattr(row, column.name) for column in _text_columns(table)}
    changed = {name: new for name, text in values.items() if text and (new := words.sub(ERASED, text)) != text}
    if changed:
        own = [column == getattr(row, column.name) for column in table.primary_key]
        conn.execute(update(table).where(*own).values(**changed))


def _forget_links(bridge: Bridge, conn: Connection, found: PersonFound) -> int:
    """Leave a mark by which the person is not recognised again, and withdraw what is asked about them."""
    known = people.of_ids(conn, found.keys, found.square_ids)
    keys = {one.key for one in known} | found.keys
    for key in sorted(keys):
        decisions.withdraw(conn, "person", key, now=bridge.now())
        people.put(conn, Known(key, "erased"), now=bridge.now())
    return len(known)

"""Explain one order from the ledger alone: what it took and gave back, where, and what became of it at the till."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, or_, select

from bridge.domain.money import format_amount
from bridge.engine.causes import movement_text, write_text
from bridge.engine.context import MARK, Bridge
from bridge.engine.explanation import Step
from bridge.errors import InputError
from bridge.ledger import chains, links, order_links, outbox, subjects
from bridge.ledger.order_links import OrderLink
from bridge.ledger.outbox import HELD, Action
from bridge.ledger.schema import decision, movement, order_seen, variation
from bridge.ledger.schema import outbox as outbox_table
from bridge.ledger.stores import all_stores
from bridge.ledger.text import of_json

_STATES = {
    "wanted": "is to be made at the till",
    "sent": "is being made at the till",
    "open": "stands at the till, not paid yet",
    "gateway": "was paid through Square's own gateway; its payment is being looked up",
    "counting": "is paid at Square; its goods are about to be taken there",
    "paid": "stands at Square and is paid; Square took its goods from stock itself",
    "stock": "is not at the till; its goods were taken from stock by adjustments",
    "ended": "was cancelled at the till",
}
_SHORT = {
    "wanted": "to be made",
    "sent": "being made",
    "open": "there, unpaid",
    "gateway": "Square's gateway",
    "counting": "there, paid",
    "paid": "there, paid",
    "stock": "not there",
    "ended": "cancelled there",
}


@dataclass(frozen=True, slots=True)
class OrderExplanation:
    """Everything the ledger knows about an order; ``link`` is empty for an order without a counterpart at Square."""

    order_id: str
    number: str
    status: str
    created: str
    link: dict[str, Any]
    lines: tuple[dict[str, Any], ...]
    refunds: tuple[dict[str, Any], ...]
    chain: tuple[Step, ...]
    decisions: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def lines_for_people(self) -> list[str]:
        """A line each: how it stands, what it holds and where, what happened."""
        said = [f"Order {self.number} ({self.order_id}), {self.status}, placed {self.created[:16].replace('T', ' ')}"]
        if self.link:
            said.append(f"It {self.link['text']}" + (f" ({self.link['reason']})" if self.link["reason"] else "") + ".")
        said += [f"{row['sku']}: {row['taken']} from {row['store']}" for row in self.lines]
        said += [f"Refund {row['woo'] or '?'} in the shop is {row['square'] or '?'} at Square" for row in self.refunds]
        said += [f"To be decided by you: {one}" for one in self.decisions]
        if self.chain:
            said += ["", "What happened:"]
        for step in self.chain:
            state = f" [{step.state}]" if step.state not in ("", "done") else ""
            said.append(f"{step.at[:19].replace('T', ' ')}  {step.what}{state}  {step.key or step.cause}")
        return said


def explain_order(bridge: Bridge, text: str) -> OrderExplanation:
    """Explain an order named by its number or id (a leading # is allowed); ``InputError`` when none is known."""
    with bridge.db.reading() as conn:
        row = find_order(conn, text)
        if row is None:
            raise InputError(
                f"No order “{text}” is known.",
                advice="`bridge orders list` shows the latest; `bridge sync` reads them.",
            )
        link = order_links.get(conn, row.order_id)
        stores = {one.store_id: one.name for one in all_stores(conn)}
        return OrderExplanation(
            row.order_id, row.number or row.order_id, row.status, row.created,
            link_json(link, bridge.settings.decimals) if link else {},
            _taken(conn, row, stores),
            tuple(
                {"woo": one.woo_id or "", "square": one.square_id or "", "amount": one.amount}
                for one in order_links.refunds_of(conn, row.order_id)
            ),
            _chain(conn, row.order_id, stores, bridge.settings.decimals),
            _questions(conn, row.order_id),
        )  # fmt: skip


def is_order(bridge: Bridge, text: str) -> bool:
    """Whether a word names an order: with a # before it, or when no SKU is called so and an order is."""
    if text.strip().startswith("#"):
        return True
    with bridge.db.reading() as conn:
        is_sku = bool(links.variations_by_sku(conn, text)) or bool(chains.shown_with_sku(conn, text))
        return not is_sku and find_order(conn, text) is not None


def find_order(conn: Connection, text: str) -> Any | None:
    """The order of that id, else of that number."""
    name = text.strip().lstrip("#")
    found = select(order_seen).where(or_(order_seen.c.order_id == name, order_seen.c.number == name))
    rows = conn.execute(found).all()
    return next((row for row in rows if row.order_id == name), rows[0] if rows else None)


def link_json(link: OrderLink, decimals: int) -> dict[str, Any]:
    """A link for programs, with its state in words."""
    return {
        "state": link.state,
        "text": _STATES[link.state],
        "reason": link.reason,
        "store": link.store_id,
        "square_order": link.square_order_id,
        "payment": link.payment_id,
        "total": format_amount(link.total, decimals),
    }


def _taken(conn: Connection, row: Any, stores: dict[str, str]) -> tuple[dict[str, Any], ...]:
    lines, found = of_json(row.lines_json), []
    for line_id, shares in of_json(row.taken_json).items():
        one = conn.execute(select(variation).where(variation.c.woo_id == str(lines[line_id][0]))).first()
        sku = subjects.sku_as_shown(conn, one) if one else str(lines[line_id][0])
        for store_id, quantity in shares.items():
            found.append({"line": line_id, "sku": sku, "store": stores.get(store_id, store_id), "taken": quantity})
    return tuple(found)


def _chain(conn: Connection, order_id: str, stores: dict[str, str], decimals: int) -> tuple[Step, ...]:
    begin, end = f"order:{order_id}:", f"order:{order_id};"
    steps = [
        Step(moved.at, moved.side, movement_text(moved, stores), stores.get(moved.store_id, ""), moved.cause)
        for moved in conn.execute(select(movement).where(movement.c.cause >= begin, movement.c.cause < end))
    ]
    for action in _writes(conn, order_id):
        if action.kind == HELD and action.state == "dropped":
            continue
        what = _order_words(action, decimals) or write_text(action, stores)
        at = action.done_at or action.sent_at or action.due_at
        steps.append(Step(at, action.side, what, key=action.key, state=action.state))
    return tuple(sorted(steps, key=lambda step: (step.at, bool(step.key))))


def _order_words(action: Action, decimals: int) -> str:
    """A write about an order as such in words; "" for one about its goods."""
    said = action.payload
    match action.kind:
        case "create_order":
            return "we made it at the till"
        case "pay_order":
            return "we noted its payment at Square"
        case "move_order":
            return f"we moved it along at the till ({str(said['state']).lower()})"
        case "refund_payment":
            return f"we noted a refund at Square: {format_amount(int(said['amount']), decimals)}"
        case "shop_refund":
            return f"we noted a refund in the shop: {format_amount(int(said['amount']), decimals)}"
        case "order_status":
            return f"we set the shop's order to {said['status']}"
        case "order_note":
            return f"we wrote {'to the customer' if said['customer'] else 'a note on the order'}: “{said['text']}”"
    return ""


def _writes(conn: Connection, order_id: str) -> list[Action]:
    """Every write about an order: those naming it, and adjustments whose reference does."""
    payload = outbox_table.c.payload_json
    found = select(outbox_table).where(
        or_(
            payload.contains(f'"order_id":"{order_id}"', autoescape=True),
            payload.contains(f'"reference":"{MARK}order:{order_id}:', autoescape=True),
            payload.contains(f'"reference":"{MARK}till:{order_id}:', autoescape=True),
        )
    )
    return [outbox.of_row(row) for row in conn.execute(found.order_by(outbox_table.c.id))]


def _questions(conn: Connection, order_id: str) -> tuple[str, ...]:
    kinds = ("mirror", "shortage", "order_edited")
    found = select(decision).where(
        decision.c.state == "open", decision.c.subject == order_id, decision.c.kind.in_(kinds)
    )
    return tuple(f"{row.id}: {row.question}" for row in conn.execute(found.order_by(decision.c.id)))


def latest_orders(bridge: Bridge, *, most: int = 50) -> list[dict[str, Any]]:
    """The newest orders the ledger knows, with what they stand for at Square."""
    with bridge.db.reading() as conn:
        stores = {one.store_id: one.name for one in all_stores(conn)}
        found = []
        newest = select(order_seen).order_by(order_seen.c.created.desc(), order_seen.c.order_id.desc()).limit(most)
        for row in conn.execute(newest):
            link = order_links.get(conn, row.order_id)
            given = {store for shares in of_json(row.taken_json).values() for store in shares}
            found.append(
                {
                    "order": row.order_id,
                    "number": row.number or row.order_id,
                    "status": row.status,
                    "created": row.created,
                    "stores": sorted(stores.get(one, one) for one in given),
                    "till": link.state if link else "",
                    "text": _SHORT[link.state] if link else "",
                    "reason": link.reason if link else "",
                }
            )
    return found


def retry_order(bridge: Bridge, text: str) -> str:
    """Let an order that did not get to the till be tried again; what will happen, in words.

    Its goods were carried by adjustments, so its lines are made without catalog items: stock never moves twice.
    """
    with bridge.db.transaction() as conn:
        row = find_order(conn, text)
        if row is None:
            raise InputError(f"No order “{text}” is known.", advice="`bridge orders list` shows the latest.")
        again = [one for one in _writes(conn, row.order_id) if one.state == "refused"]
        for action in again:
            action.state, action.due_at, action.batch, action.error = "due", bridge.now(), "", ""
        outbox.save(conn, again)
        link = order_links.get(conn, row.order_id)
        if link is None or link.state != "stock":
            if again:
                return f"{len(again)} refused writes of order {row.number} are sent again by the next run."
            raise InputError(f"Nothing of order {row.number or row.order_id} failed.")
        link.state, link.reason, link.plain = "wanted", "", True
        link.attempt, link.dirty = link.attempt + 1, True
        order_links.save(conn, link, now=bridge.now())
        conn.execute(
            decision.update()
            .where(decision.c.kind == "mirror", decision.c.subject == row.order_id, decision.c.state == "open")
            .values(state="dismissed", answer="tried again", resolved_at=bridge.now())
        )
        store = next((one.name for one in all_stores(conn) if one.store_id == link.store_id), link.store_id)
    return (
        f"Order {row.number or row.order_id} is made at the till of {store} by the next run, its lines without catalog "
        "items. Square may take its fee on it."
    )

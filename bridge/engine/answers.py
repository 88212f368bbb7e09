"""Take a person's answer to an open question, so that the next run acts on it; neither side is called here.

An answer changes what the next decision starts from (a base, a released brake, a number to be believed), never a side
directly: it is as safe against crashes as any other decision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from bridge.domain.fields import Value, is_empty, product_values, variation_values
from bridge.domain.merge import NEVER_EMPTIED
from bridge.engine.context import Bridge
from bridge.engine.numbers import EDIT_ANSWER
from bridge.engine.place_map import KIND as PLACE
from bridge.engine.place_map import store_called, take_answer
from bridge.engine.refusals import answer_refused
from bridge.engine.sync_customers import take_person
from bridge.engine.till_refunds import KIND as TILL_REFUND
from bridge.engine.till_refunds import answer_till_refund
from bridge.errors import InputError
from bridge.ledger import cursors, decisions, links, outbox, shown, stock
from bridge.ledger.outbox import Action
from bridge.ledger.text import of_json

SIDES = {"woo": "the shop", "square": "Square"}
_OTHER = {"woo": "square", "square": "woo"}
_CHOSEN: Value = ["a person chose the other value"]
"""Stands in a base where a side is to count as changed: no side ever shows this."""

Taker = Callable[[Bridge, Connection, Any, str], str]


def resolve(bridge: Bridge, decision_id: int, answer: str) -> str:
    """Take an answer; what it will lead to, in words.

    Raises ``InputError`` for a question that is not open, or an answer it does not have (naming the answers it has).
    """
    with bridge.db.transaction() as conn:
        row = decisions.get(conn, decision_id)
        if row is None:
            raise InputError(f"There is no decision {decision_id}.", advice="`bridge decisions` lists the open ones.")
        if row.state != "open":
            raise InputError(f"Decision {decision_id} is no longer open: {row.answer}.")
        choices = of_json(row.choices_json)
        if answer not in choices and row.kind == PLACE:
            answer = store_called(conn, answer, choices)
        if answer not in choices:
            raise InputError(f"“{answer}” is no answer to decision {decision_id}; it can be {' or '.join(choices)}.")
        told = _TAKERS[row.kind](bridge, conn, row, answer)
        decisions.close(conn, decision_id, answer, now=bridge.now(), dismissed=answer == "dismiss")
        return told


# -- fields ---------------------------------------------------------------------------


def _conflict(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    """Let the chosen side count as the only one that changed since both agreed."""
    detail = of_json(row.detail_json)
    now = _values(conn, row.pid, row.vid, detail["field"])
    if now is None:
        raise InputError("That product is no longer shown on both sides; there is nothing to choose any more.")
    chosen, other = now if answer == "woo" else (now[1], now[0])
    if detail["field"] in NEVER_EMPTIED and is_empty(chosen) and not is_empty(other):
        raise InputError(
            f"{SIDES[answer].capitalize()} has no {detail['field']}, and it is never emptied on the other side.",
            advice=f"Enter it in {SIDES[answer]}, or answer `{_OTHER[answer]}`.",
        )
    pair = (_CHOSEN, now[1]) if answer == "woo" else (now[0], _CHOSEN)
    _put_base(conn, row.pid, row.vid, detail["field"], pair)
    if now == (detail["woo"], detail["square"]):
        _release_chosen(conn, row, detail["field"])
    links.set_dirty(conn, row.pid, True)
    return f"{detail['field']} of {SIDES[answer]} will be written to {SIDES[_OTHER[answer]]} by the next run."


def _release_chosen(conn: Connection, row: Any, field: str) -> None:
    """Both values were before the person's eyes: no brake needs to ask once more."""
    brake = {"price": "price_jump", "visible": "hide"}.get(field)
    if brake:
        cursors.note_fact(conn, f"release:{brake}:{row.subject}", "chosen")


def _values(conn: Connection, pid: int, vid: int | None, field: str) -> tuple[Value, Value] | None:
    """What both sides show now of a field of a linked product; ``None`` when one of them shows it no longer."""
    product = links.product_row(conn, pid)
    if product is None:
        return None
    woo = shown.product_shown(conn, "woo", product.woo_id or "")
    square = shown.product_shown(conn, "square", product.square_id or "")
    if woo is None or square is None:
        return None
    if vid is None:
        return product_values(woo)[field], product_values(square)[field]
    link = links.variation_row(conn, vid)
    on_woo = {v.remote_id: v for v in woo.variations}
    on_square = {v.remote_id: v for v in square.variations}
    if link is None or link.woo_id not in on_woo or link.square_id not in on_square:
        return None
    return variation_values(on_woo[link.woo_id])[field], variation_values(on_square[link.square_id])[field]


def _put_base(conn: Connection, pid: int, vid: int | None, field: str, pair: tuple[Value, Value]) -> None:
    row = links.product_row(conn, pid)
    if row is not None:
        links.put_base(conn, pid, {**links.base_of(row), (vid, field): pair})


def _keep_both(conn: Connection, pid: int, vid: int | None, field: str) -> None:
    """What both sides show now is how it should be."""
    now = _values(conn, pid, vid, field)
    if now is not None:
        _put_base(conn, pid, vid, field, now)


def _hide(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    if answer == "keep":
        _keep_both(conn, row.pid, None, "visible")
        return "It stays visible there; the question comes back only when its visibility changes again."
    cursors.note_fact(conn, f"release:hide:{row.subject}", "asked for")
    links.set_dirty(conn, row.pid, True)
    to = of_json(row.detail_json).get("to", "square")
    return f"It will be hidden in {SIDES[to]} by the next run."


def _gone(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    """Hide what is left of a product that vanished on the other side, or leave it (see ``decide_products``)."""
    left = _OTHER[of_json(row.detail_json)["gone"]]
    if answer == "keep":
        return f"It stays in {SIDES[left]} as it is, and is not asked about again."
    product = links.product_row(conn, row.pid)
    if product is None or outbox.has_open_for_product(conn, row.pid):
        raise InputError("A write of this product is still under way.", advice="Run `bridge sync`, then answer again.")
    outbox.add(conn, hiding(bridge, product, left, "a person asked for it"), now=bridge.now(), run_id=None)
    return f"It will be hidden in {SIDES[left]} by the next run."


def hiding(bridge: Bridge, product: Any, side: str, why: str) -> Action:
    """The write that hides a product on one side (archived in Square, a draft in the shop)."""
    payload = {
        "product_id": product.woo_id,
        "item_id": product.square_id,
        "fields": {"visible": [False, True]},
        "variations": {},
        "vids": {},
        "add": [],
        "why": why,
    }
    kind = "update_product" if side == "woo" else "update_item"
    return Action(key=bridge.ids(), side=side, kind=kind, payload=payload, pid=product.pid)


# -- numbers --------------------------------------------------------------------------


def _opening(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    cursors.note_fact(conn, f"opening:{row.subject}", answer)
    stock.mark(conn, [row.vid], dirty=1)
    return f"The number of {SIDES[answer]} is taken as the opening count by the next run."


def _staff_edit(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    """The next close look books the edit, if it is still the same one: orders may have moved since the question."""
    gap = of_json(row.detail_json)["gap"]
    cursors.note_fact(conn, f"{EDIT_ANSWER}{row.subject}", f"{answer}:{gap}")
    stock.mark(conn, [row.vid], suspect=1, dirty=1)
    if answer == "apply":
        return f"The stores' stock will be changed by {gap:+d} by the next run."
    return f"The shop's stock will be changed back by {-gap:+d} by the next run; the stores stay as they are."


def _fractional(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    return "Noted. The shop's number is kept in step again as soon as Square's count is whole."


def _noted(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    return "Noted."


# -- brakes and refusals --------------------------------------------------------------


def _brake(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    detail = of_json(row.detail_json)
    name, concerned = detail.get("brake", row.subject), detail.get("subjects", [])
    if answer == "keep":
        if name != "price_jump":
            return "Nothing is written. It is asked again as long as a run would do the same."
        for pid, vid, field in (subject.split(":", 2) for subject in concerned):
            _keep_both(conn, int(pid), int(vid) if vid else None, field)
        return "Both prices stay as they are."
    cursors.note_fact(conn, f"release:{row.subject}", "asked for")
    if name == "mass_zero":
        stock.mark(conn, [int(vid) for vid in concerned], dirty=1)
    elif name == "price_jump":
        for subject in concerned:
            links.set_dirty(conn, int(subject.split(":", 1)[0]), True)
    return "Released: the next run writes what was held back."


def _refused(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    return answer_refused(bridge, conn, row, answer)


def _place(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    return take_answer(conn, row.subject, answer)


def _person(bridge: Bridge, conn: Connection, row: Any, answer: str) -> str:
    return take_person(bridge, conn, row.subject, answer)


_TAKERS: dict[str, Taker] = {
    "conflict": _conflict,
    "hide": _hide,
    "gone": _gone,
    "opening": _opening,
    "staff_edit": _staff_edit,
    "fractional": _fractional,
    "brake": _brake,
    "refused": _refused,
    "fulfilment": _noted,
    "till_order": _noted,
    TILL_REFUND: answer_till_refund,
    PLACE: _place,
    "person": _person,
    **dict.fromkeys(("shortage", "mirror", "order_edited", "refund"), _noted),
}

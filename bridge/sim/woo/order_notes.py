"""Notes on orders over REST: text only; neither the order nor any webhook notices them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.sim.kernel.exchange import SimResponse
from bridge.sim.woo.order_state import Note, Order
from bridge.sim.woo.order_stock import add_note
from bridge.sim.woo.params import Param, checked
from bridge.sim.woo.rest_lists import must_force
from bridge.sim.woo.routes import Call, Router, WooError
from bridge.sim.woo.times import gmt_text, local_text

if TYPE_CHECKING:
    from bridge.sim.woo.shop import FakeWoo

_LIST = {"type": Param(enum=("any", "customer", "internal"), default="any")}
_NEW = {"note": Param(), "customer_note": Param("boolean"), "added_by_user": Param("boolean")}


def register(router: Router) -> None:
    """Add the routes of notes."""
    router.add("GET", "/wc/v3/orders/<order_id>/notes", list_notes, needs="list")
    router.add("POST", "/wc/v3/orders/<order_id>/notes", create_note, needs="create")
    router.add("GET", "/wc/v3/orders/<order_id>/notes/<id>", get_note, needs="view")
    router.add("DELETE", "/wc/v3/orders/<order_id>/notes/<id>", delete_note, needs="delete")


def _order(shop: FakeWoo, call: Call) -> Order:
    order = shop.state.orders.get(int(call.args["order_id"]))
    if not isinstance(order, Order):
        raise WooError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")
    return order


def note_json(shop: FakeWoo, order: Order, note: Note, base: str) -> dict[str, Any]:
    """A note as JSON."""
    here = f"{base}/wp-json/wc/v3/orders/{order.id}"
    links = {"allow": ["GET", "DELETE"]}
    return {
        "id": note.id,
        "author": note.author,
        "date_created": local_text(note.created, shop.state.timezone),
        "date_created_gmt": gmt_text(note.created),
        "note": note.text,
        "customer_note": note.customer_note,
        "_links": {
            "self": [{"href": f"{here}/notes/{note.id}", "targetHints": links}],
            "collection": [{"href": f"{here}/notes"}],
            "up": [{"href": here}],
        },
    }


def list_notes(shop: FakeWoo, call: Call) -> SimResponse:
    """All notes of an order, newest first; not paged."""
    order, kind = _order(shop, call), checked(_LIST, call.params)["type"]
    notes = [note for note in reversed(order.notes) if kind == "any" or note.customer_note == (kind == "customer")]
    return call.reply([note_json(shop, order, note, call.base) for note in notes])


def create_note(shop: FakeWoo, call: Call) -> SimResponse:
    """A new note."""
    order, body = _order(shop, call), checked(_NEW, call.params, defaults=False)
    if "note" not in body:
        raise WooError(400, "rest_missing_callback_param", "Missing parameter(s): note", {"params": ["note"]})
    note = add_note(shop, order, str(body["note"]))
    note.customer_note = bool(body.get("customer_note"))
    return call.created(note_json(shop, order, note, call.base))


def _note(shop: FakeWoo, call: Call) -> tuple[Order, Note]:
    order = _order(shop, call)
    note = next((held for held in order.notes if held.id == int(call.args["id"])), None)
    if note is None:
        raise WooError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
    return order, note


def get_note(shop: FakeWoo, call: Call) -> SimResponse:
    """One note."""
    order, note = _note(shop, call)
    return call.reply(note_json(shop, order, note, call.base))


def delete_note(shop: FakeWoo, call: Call) -> SimResponse:
    """Delete a note (only with ``force``)."""
    order, note = _note(shop, call)
    must_force(call, "Webhooks do not support trashing.")  # the shop's own slip: notes say "Webhooks" too
    order.notes.remove(note)
    return call.reply(note_json(shop, order, note, call.base))

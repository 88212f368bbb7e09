"""``bridge availability``: which stores can fill a cart now, later, or not."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, Cli

if TYPE_CHECKING:
    from bridge.domain.availability import StoreAnswer
    from bridge.engine.availability import CartAnswer


@click.command(
    cls=BridgeCommand,
    examples=("bridge availability 0012", "bridge availability 0012=2 W-1", "bridge availability 0012 --json"),
)
@click.argument("skus", metavar="SKU...", nargs=-1, required=True)
@click.pass_obj
def availability(cli: Cli, /, skus: tuple[str, ...]) -> None:
    """Tell which stores can fill a cart now, later, or not.

    Later means that goods come from other stores first; when they are ready is told in each store's own time, and
    --json also gives the times at which they can be fetched. Name a SKU for one piece, SKU=3 for three. Reads only the
    ledger: what stores keep for themselves and what online orders were promised is not offered again;
    `places.lead_minutes` and `places.transfer_hours` say how long it takes.
    """
    from bridge.cli.opened import opened
    from bridge.engine.availability import cart_availability

    with opened(cli, remotes=False) as bridge:
        found = cart_availability(bridge, [_wanted(word) for word in skus])
    rows = [_row(one, found) for one in found.answers]
    if rows:
        cli.output.table(("Store", "Answer", "Ready", "Open now", "Missing", "Comes from"), rows)
        cli.output.line(
            f"\nSquare's counts are of {found.newest[:19] or 'never'}{'Z' if found.newest else ''} or later."
        )
    else:
        cli.output.line("No store hands out pickups.")
    answers = [_told(one, found) for one in found.answers]
    cart = [{"sku": sku, "quantity": quantity} for sku, quantity in found.cart]
    cli.output.result({"cart": cart, "stores": answers, "counted_at": found.newest})


def _wanted(word: str) -> tuple[str, Decimal]:
    sku, equals, number = word.rpartition("=")
    if equals and sku and number.isdigit():
        return sku, Decimal(number)
    return word, Decimal(1)


def _row(one: StoreAnswer, found: CartAnswer) -> tuple[object, ...]:
    from bridge.domain.hours import zone_of

    missing = ", ".join(f"{quantity} × {found.skus[vid]}" for vid, quantity in one.missing)
    sent = ", ".join(f"{n} × {found.skus[vid]}: {found.names[store]}" for vid, store, n in one.from_stores)
    ready = f"{one.ready.astimezone(zone_of(found.zones[one.store_id])):%a %d %b %H:%M}" if one.ready else None
    return one.name, one.answer, ready, one.open_now, missing or None, sent or None


def _told(one: StoreAnswer, found: CartAnswer) -> dict[str, Any]:
    return {
        "store": one.store_id,
        "name": one.name,
        "answer": one.answer,
        "ready": one.ready.isoformat() if one.ready else None,
        "slots": [slot.isoformat() for slot in found.slots.get(one.store_id, ())],
        "open_now": one.open_now,
        "missing": [{"sku": found.skus[vid], "quantity": quantity} for vid, quantity in one.missing],
        "from": [
            {"sku": found.skus[vid], "store": store, "quantity": quantity} for vid, store, quantity in one.from_stores
        ],
    }

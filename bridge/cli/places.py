"""``bridge places``: which store each pickup place of the shop is, and what a sync of places would change."""

from __future__ import annotations

import click

from bridge.cli.options import BridgeCommand, Cli


@click.command(cls=BridgeCommand, examples=("bridge places", "bridge places --json", "bridge sync places"))
@click.pass_obj
def places(cli: Cli, /) -> int:
    """Show which store each pickup place is, and what a sync would change.

    That is what `bridge sync places` writes to the shop's pickup locations. Both sides are read, nothing is written.
    Without an application password (`woo.app_password`) it prints what to type into the shop instead.
    Exit code 3: a place means no store.
    """
    return show_places(cli)


def show_places(cli: Cli) -> int:
    """The table of places, what would change, and the exit code."""
    from bridge.cli.opened import opened, steps
    from bridge.cli.told import DRIFT, OK
    from bridge.engine.place_check import places_seen
    from bridge.engine.sync_places import look

    with steps(cli, "Reading") as step, opened(cli) as bridge:
        step("pickup places")
        seen, names = places_seen(bridge)
        ahead = look(bridge)
    rows = [(one.pickup.text, one.where, names.get(one.store_id, one.store_id), one.how or "no store") for one in seen]
    if rows:
        cli.output.table(("Pickup place", "Seen in", "Store", "By"), rows)
    else:
        cli.output.line("The shop shows no pickup places.")
    for change in ahead.changes:
        cli.output.line(f"bridge sync places would {change.kind} {change.name}")
    for one in ahead.kept:
        cli.output.line(f"left alone: {one}")
    if ahead.paste:
        cli.output.line(f"\n{ahead.paste}")
    if not ahead.pickup_on:
        cli.output.line("\nLocal pickup is switched off in the shop (WooCommerce › Settings › Shipping).")
    code = DRIFT if any(not one.how for one in seen) else OK
    told = [dict(zip(("place", "seen_in", "store", "by"), row, strict=True)) for row in rows]
    changes = [{"kind": change.kind, "name": change.name, "store": change.store_id} for change in ahead.changes]
    cli.output.result({"places": told, "changes": changes, "kept": ahead.kept, "paste": ahead.paste}, ok=code == OK)
    return code

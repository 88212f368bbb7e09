"""``bridge orders``: online orders and what became of them at the stores."""

from __future__ import annotations

import click

from bridge.cli.options import BridgeCommand, Cli, ListingGroup


@click.group(cls=ListingGroup, examples=("bridge orders", "bridge orders show 1042", "bridge orders retry 1042"))
def orders() -> None:
    """List and show online orders and their counterparts; try one again."""


@orders.command("list", cls=BridgeCommand, examples=("bridge orders list", "bridge orders list --most 200 --json"))
@click.option("--most", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most.")
@click.pass_obj
def list_(cli: Cli, /, most: int) -> None:
    """List the newest online orders: their status, the stores that give their goods, how they stand at the till.

    Reads only the ledger.
    """
    from bridge.cli.opened import opened
    from bridge.engine.explain_order import latest_orders

    with opened(cli, remotes=False) as bridge:
        found = latest_orders(bridge, most=most)
    if found:
        rows = [
            (row["number"], row["created"][:16].replace("T", " "), row["status"], ", ".join(row["stores"]) or "-",
             row["text"] or "-", row["reason"])
            for row in found
        ]  # fmt: skip
        cli.output.table(("Order", "Placed", "Status", "Goods from", "At the till", "Why"), rows)
    else:
        cli.output.line("No online order is known yet: bridge sync")
    cli.output.result({"orders": found})


@orders.command(cls=BridgeCommand, examples=("bridge orders show 1042", "bridge orders show '#1042' --json"))
@click.argument("order", metavar="ORDER")
@click.pass_obj
def show(cli: Cli, /, order: str) -> None:
    """Show one order, by number or id, with everything that happened to it.

    Reads only the ledger.
    """
    from bridge.cli.opened import opened
    from bridge.engine.explain_order import explain_order

    with opened(cli, remotes=False) as bridge:
        found = explain_order(bridge, order)
    for line in found.lines_for_people():
        cli.output.line(line)
    cli.output.result(found.to_json())


@orders.command(cls=BridgeCommand, examples=("bridge orders retry 1042", "bridge orders retry 1042 --json"))
@click.argument("order", metavar="ORDER")
@click.pass_obj
def retry(cli: Cli, /, order: str) -> None:
    """Try again what failed about an order; the next run does it.

    An order whose goods were already taken from stock is made at the till with plain lines: stock never moves twice.
    """
    from bridge.cli.opened import opened
    from bridge.engine.explain_order import retry_order

    with opened(cli, writes_as="orders", remotes=False) as bridge:
        told = retry_order(bridge, order)
    cli.output.line(told)
    cli.output.result({"order": order, "told": told})

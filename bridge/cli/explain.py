"""``bridge explain``: the chain of causes behind a SKU's numbers, or behind what became of an order."""

from __future__ import annotations

import click

from bridge.cli.options import BridgeCommand, Cli


@click.command(
    cls=BridgeCommand,
    examples=("bridge explain 0012", "bridge explain 0012 --store Oslo", "bridge explain '#1042'"),
)
@click.argument("sku", metavar="SKU|ORDER")
@click.option("--store", default="", metavar="STORE", help="Only what happened in this store (id or name).")
@click.pass_obj
def explain(cli: Cli, /, sku: str, store: str) -> None:
    """Tell where a SKU's numbers come from, cause by cause.

    Also tells what became of an order, named by its number, best with a # before it: a number
    alone is a SKU where there is one.

    Reads only the ledger: neither side is called, and every number says how old it is.
    """
    from bridge.cli.opened import opened
    from bridge.engine.explain import explain as look_up
    from bridge.engine.explain_order import explain_order, is_order

    with opened(cli, remotes=False) as bridge:
        if is_order(bridge, sku):
            order = explain_order(bridge, sku)
            said, values = order.lines_for_people(), order.to_json()
        else:
            found = look_up(bridge, sku, store=store)
            said, values = found.lines(), found.to_json()
    for line in said:
        cli.output.line(line)
    cli.output.result(values)

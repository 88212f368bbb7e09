"""``bridge explain``: the chain of causes behind a SKU's numbers."""

from __future__ import annotations

import click

from bridge.cli.options import BridgeCommand, Cli


@click.command(
    cls=BridgeCommand,
    examples=("bridge explain 0012", "bridge explain 0012 --store Oslo", "bridge explain 0012 --json"),
)
@click.argument("sku", metavar="SKU")
@click.option("--store", default="", metavar="STORE", help="Only what happened in this store (id or name).")
@click.pass_obj
def explain(cli: Cli, /, sku: str, store: str) -> None:
    """Tell where a SKU's numbers come from, cause by cause.

    Reads only the ledger: neither side is called, and every number says how old it is.
    """
    from bridge.cli.opened import opened
    from bridge.engine.explain import explain as look_up

    with opened(cli, remotes=False) as bridge:
        found = look_up(bridge, sku, store=store)
    for line in found.lines():
        cli.output.line(line)
    cli.output.result(found.to_json())

"""``bridge picklist``: what each store has to prepare, to read or to print."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

import click

from bridge.cli.options import BridgeCommand, Cli

if TYPE_CHECKING:
    from bridge.engine.picklist import PickOrder

_HANDOVER = {"PICKUP": "pickup", "SHIPMENT": "to be shipped", "DELIVERY": "to be delivered", "": "nothing to hand over"}
_STYLE = (
    "body{font:14px/1.4 sans-serif;margin:2em}section{break-after:page}article{break-inside:avoid;"
    "border-top:1px solid #999;padding:.6em 0}table{border-collapse:collapse}td{padding:.15em .8em .15em 0}"
    "td:first-child{width:1.2em;height:1.2em;border:1px solid #333;padding:0}.note{font-style:italic}"
)


@click.command(
    cls=BridgeCommand,
    examples=("bridge picklist", "bridge picklist --store Oslo", "bridge picklist --format html > picklist.html"),
)
@click.option("--store", default="", metavar="STORE", help="Only this store (id or name).")
@click.option(
    "--format", "form", type=click.Choice(["text", "html"]), default="text", show_default=True,
    help="html prints one store per page.",
)  # fmt: skip
@click.pass_obj
def picklist(cli: Cli, /, store: str, form: str) -> None:
    """List what each store has to prepare, to read or to print.

    Reads the shop's orders now; the stores that give the goods come from the ledger.
    """
    from bridge.cli.opened import opened
    from bridge.engine.explain import store_named
    from bridge.engine.picklist import picklist as look_up

    with opened(cli) as bridge:
        with bridge.db.reading() as conn:
            store_id = store_named(conn, store) if store else ""
        found = look_up(bridge, store_id=store_id)
    if form == "html":
        cli.output.line(html_of(found))
    else:
        for line in text_of(found):
            cli.output.line(line)
    cli.output.result({"orders": [one.to_json() for one in found]})


def text_of(found: Sequence[PickOrder]) -> list[str]:
    """The list for a screen, store by store."""
    if not found:
        return ["No open order waits to be prepared."]
    lines: list[str] = []
    for store, some in groupby(found, key=lambda one: one.store):
        lines += [*([""] if lines else []), store, "=" * len(store)]
        for one in some:
            lines.append(f"Order {one.number}, {_about(one)}")
            lines += [
                f"  [ ] {line.quantity} × {line.name}{f'  ({line.sku})' if line.sku else ''}" for line in one.lines
            ]
            if one.note:
                lines.append(f"      Note: {one.note}")
    return lines


def _about(one: PickOrder) -> str:
    parts = [_HANDOVER[one.handover], one.customer, one.phone, "" if one.paid else "NOT PAID"]
    return ", ".join(part for part in parts if part)


def html_of(found: Sequence[PickOrder]) -> str:
    """The list as one page per store, ready to be printed; every text of a shopper is escaped."""
    parts = [f"<!doctype html><html><head><meta charset='utf-8'><title>Pick list</title><style>{_STYLE}</style></head>"]
    parts.append("<body>" if found else "<body><p>No open order waits to be prepared.</p>")
    for store, some in groupby(found, key=lambda one: one.store):
        parts.append(f"<section><h1>{escape(store)}</h1>")
        parts += [_article(one) for one in some]
        parts.append("</section>")
    return "".join([*parts, "</body></html>"])


def _article(one: PickOrder) -> str:
    rows = "".join(
        f"<tr><td></td><td>{escape(line.quantity)} ×</td><td>{escape(line.name)}</td><td>{escape(line.sku)}</td></tr>"
        for line in one.lines
    )
    note = f"<p class='note'>{escape(one.note)}</p>" if one.note else ""
    return (
        f"<article><h2>Order {escape(one.number)}</h2><p>{escape(_about(one))}</p><table>{rows}</table>{note}</article>"
    )

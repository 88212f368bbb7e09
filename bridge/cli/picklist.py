"""``bridge picklist``: what each store has to prepare, to read or to print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

import click

from bridge.cli.options import BridgeCommand, Cli

if TYPE_CHECKING:
    from bridge.engine.picklist import PickOrder

_HANDOVER = {"PICKUP": "pickup", "SHIPMENT": "to be shipped", "DELIVERY": "to be delivered", "": "nothing to hand over"}
_STYLE = (
    "@page{size:A4;margin:15mm}body{font:12pt/1.4 sans-serif;margin:0 auto;max-width:180mm}"
    "section+section{break-before:page}h1{margin:0}h2{font-size:1.1em;margin:.2em 0}p{margin:.2em 0}"
    "article{break-inside:avoid;border-top:1px solid #999;padding:.6em 0}table{border-collapse:collapse;width:100%}"
    "td{padding:.2em .8em .2em 0;vertical-align:top}td.box{width:1.1em;height:1.1em;border:1px solid #333;padding:0}"
    "td.many{white-space:nowrap;text-align:right}td.name{width:100%;padding-left:.8em}.note{font-style:italic}"
    ".unpaid{font-weight:bold;border:1px solid #333;padding:0 .3em}"
)


@click.command(
    cls=BridgeCommand,
    examples=("bridge picklist", "bridge picklist --store Oslo", "bridge picklist --format html > picklist.html"),
)
@click.option("--store", default="", metavar="STORE", help="Only this store (id or name).")
@click.option(
    "--format", "form", type=click.Choice(["text", "html"]), default="text", show_default=True,
    help="html is a page to print or to save as PDF, each store beginning a new sheet.",
)  # fmt: skip
@click.pass_obj
def picklist(cli: Cli, /, store: str, form: str) -> None:
    """List what each store has to prepare, to read or to print.

    Every open order of the shop is on it, paid or to be paid on delivery; those waiting for their money are not. Reads
    the shop's orders now; the stores that give the goods come from the ledger.
    """
    from bridge.cli.opened import opened
    from bridge.clock import SystemClock
    from bridge.engine.explain import store_named
    from bridge.engine.picklist import picklist as look_up

    with opened(cli) as bridge:
        with bridge.db.reading() as conn:
            store_id = store_named(conn, store) if store else ""
        found = look_up(bridge, store_id=store_id)
    if form == "html":
        cli.output.line(html_of(found, made_at=SystemClock().now()))
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
            lines.append(f"Order {one.number}, {_about(one)}{'' if one.paid else ', NOT PAID'}")
            lines += [
                f"  [ ] {line.quantity} × {line.name}{f'  ({line.sku})' if line.sku else ''}" for line in one.lines
            ]
            lines += [f"      {said}" for said in _remarks(one)]
    return lines


def _about(one: PickOrder) -> str:
    due = f"ready by {_when(one.ready_by)}" if one.ready_by else ""
    elsewhere = one.place and one.place.casefold() != one.store.casefold()
    handover = f"{_HANDOVER[one.handover]} at {one.place}" if elsewhere else _HANDOVER[one.handover]
    parts = [handover, due, one.customer, one.phone]
    return ", ".join(part for part in parts if part)


def _when(text: str) -> str:
    return f"{datetime.fromisoformat(text):%a %d %b %H:%M}"


def _remarks(one: PickOrder) -> list[str]:
    """What stands below the goods of an order."""
    return [
        *([f"To: {one.ship_to}"] if one.ship_to else []),
        *([f"The rest of it is at {', '.join(one.others)}."] if one.others else []),
        *([f"Note: {one.note}"] if one.note else []),
    ]


def html_of(found: Sequence[PickOrder], *, made_at: datetime) -> str:
    """The list as one sheet per store, ready to be printed; every text of a shopper is escaped."""
    head = "<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>Pick list</title>"
    parts = [f"<!doctype html><html lang='en'><head>{head}<style>{_STYLE}</style></head>"]
    parts.append("<body>" if found else "<body><p>No open order waits to be prepared.</p>")
    for store, some in groupby(found, key=lambda one: one.store):
        orders = list(some)
        count = f"{len(orders)} order{'s' if len(orders) > 1 else ''}, as of {made_at:%Y-%m-%d %H:%M} UTC"
        parts += [f"<section><h1>{escape(store)}</h1><p>{count}</p>", *map(_article, orders), "</section>"]
    return "".join([*parts, "</body></html>"])


def _article(one: PickOrder) -> str:
    rows = "".join(
        f"<tr><td class='box'></td><td class='many'>{escape(line.quantity)} ×</td>"
        f"<td class='name'>{escape(line.name)}</td><td>{escape(line.sku)}</td></tr>"
        for line in one.lines
    )
    unpaid = "" if one.paid else " <span class='unpaid'>NOT PAID</span>"
    remarks = "".join(f"<p class='note'>{escape(said)}</p>" for said in _remarks(one))
    return (
        f"<article><h2>Order {escape(one.number)}{unpaid}</h2><p>{escape(_about(one))}</p>"
        f"<table>{rows}</table>{remarks}</article>"
    )

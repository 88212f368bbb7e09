"""``bridge report``: what was sold, in both channels."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeGroup, Cli

if TYPE_CHECKING:
    from bridge.report.sales import SalesReport

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_COLUMNS = ("store", "channel", "day", "product", "fulfilled")
_NUMBERS = ("quantity", "sold", "refunded", "total", "tax")


@click.group(cls=BridgeGroup, examples=("bridge report sales", "bridge report sales --by store --csv > sales.csv"))
def report() -> None:
    """Tell what was sold, both channels in one table."""


@report.command(
    examples=(
        "bridge report sales",
        "bridge report sales --by store --by day --from 2026-11-01 --to 2026-11-30",
        "bridge report sales --by channel --by fulfilled",
        "bridge report sales --by product --csv > products.csv",
    ),
)
@click.option("--by", multiple=True, type=click.Choice(_COLUMNS), help="Column to group by; several make finer groups.")
@click.option("--from", "first", type=_DAY, metavar="DAY", help="First day (YYYY-MM-DD); 30 days ago when left out.")
@click.option("--to", "last", type=_DAY, metavar="DAY", help="Last day, included; today when left out.")
@click.option("--csv", "as_csv", is_flag=True, help="Write the table as CSV.")
@click.option("--offline", is_flag=True, help="Call neither side: what was read before is told.")
@click.pass_obj
def sales(
    cli: Cli, /, by: tuple[str, ...], first: datetime | None, last: datetime | None, as_csv: bool, offline: bool
) -> None:
    """Tell what was sold and given back, each sale and refund counted once.

    `store` is who sold: a till's store, or `online`; `fulfilled` is the store whose goods went out. Days are those of
    each store's own calendar; online sales take the first store's. Amounts include tax.
    """
    from bridge.clock import SystemClock
    from bridge.errors import InputError

    today = SystemClock().now().date()
    until = last.date() if last else today + timedelta(days=1)
    since = first.date() if first else today - timedelta(days=30)
    if since > until:
        raise InputError("The first day is after the last one.")
    made, digits = _make(cli, by, since, until, offline=offline)
    if as_csv:
        _write_csv(made, digits)
    else:
        _tell(cli, made, digits)
        cli.output.result(as_json(made))


def _make(cli: Cli, by: tuple[str, ...], first: date, last: date, *, offline: bool) -> tuple[SalesReport, int]:
    from bridge.cli.opened import opened
    from bridge.engine.till_book import read_sales
    from bridge.report.sales import sales_report

    columns: Any = by or ("channel", "store")
    with opened(cli, writes_as="" if offline else "report", remotes=not offline) as bridge:
        if not offline:
            read_sales(bridge, first)
        with bridge.db.reading() as conn:
            return sales_report(conn, by=columns, first=first, last=last), bridge.settings.decimals


def _cells(row: Any, digits: int) -> list[object]:
    from bridge.domain.money import format_amount

    money = [format_amount(getattr(row, name), digits) for name in _NUMBERS[1:]]
    return [*row.key, f"{row.quantity.normalize():f}", *money]


def _tell(cli: Cli, made: SalesReport, digits: int) -> None:
    from dataclasses import replace

    from bridge.domain.money import format_amount

    headings = [name.capitalize() for name in (*made.by, *_NUMBERS)]
    whole = replace(made.whole, key=("all", *("" for _ in made.by[1:])))
    cli.output.table(headings, [_cells(row, digits) for row in (*made.groups, whole)])
    for side, words in zip(made.sides, ("The shop's", "Square's"), strict=True):
        own, here = format_amount(side.own, digits), format_amount(side.counted, digits)
        rest = f", {format_amount(side.elsewhere, digits)} on the other side" if side.elsewhere else ""
        cli.output.line(f"{words} own total: {own} ({here} counted here{rest}).")


def as_json(made: SalesReport) -> dict[str, Any]:
    """The report as JSON values; money in minor units."""
    return {
        "by": list(made.by),
        "rows": [
            {**dict(zip(made.by, row.key, strict=True)), **{name: getattr(row, name) for name in _NUMBERS}}
            for row in made.groups
        ],
        "all": {name: getattr(made.whole, name) for name in _NUMBERS},
        "sides": {
            one.side: {"own": one.own, "counted": one.counted, "counted_on_the_other_side": one.elsewhere}
            for one in made.sides
        },
    }


def _write_csv(made: SalesReport, digits: int) -> None:
    import csv

    from bridge.cli.output import safe_text

    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow([*made.by, *_NUMBERS])
    for row in made.groups:
        out.writerow([_harmless(safe_text(str(cell))) for cell in _cells(row, digits)])


def _harmless(text: str) -> str:
    """A cell no spreadsheet takes for a formula; numbers stay numbers."""
    is_number = text.lstrip("-").replace(".", "", 1).isdigit()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") and not is_number else text

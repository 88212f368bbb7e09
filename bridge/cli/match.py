"""``bridge match``: the first-day report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli.options import BridgeCommand, Cli
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.cli.output import Output
    from bridge.domain.match import MatchReport, MatchRow
    from bridge.engine.first_day import FirstDay

MOST = 20
LARGEST = 256 * 1024 * 1024
_WORDS = {
    "pairs": "belong together",
    "by_hand": "… linked already or by hand",
    "by_sku": "… by SKU",
    "by_gtin": "… by GTIN",
    "different": "… but differ in something",
    "alone_woo": "only in the shop",
    "alone_square": "only at Square",
    "look_alikes": "look alike (a hint, never linked)",
    "missing_sku": "without a SKU",
    "doubled": "SKUs that stand twice on one side",
    "split": "products split differently on the two sides",
    "unrepresentable": "cannot be bridged",
    "refused_by_hand": "links by hand that fit nothing",
}


@click.command(
    cls=BridgeCommand,
    examples=("bridge match", "bridge match --out match.csv", "bridge match --in match.csv", "bridge match --json"),
)
@click.option("--out", metavar="FILE.csv", help="Write every variation of both sides with a column for your decision.")
@click.option("--in", "sheet", metavar="FILE.csv", help="Take your decisions from such a file; all of them or none.")
@click.pass_obj
def match(cli: Cli, /, out: str | None, sheet: str | None) -> int:
    """Show which products belong together, before anything is written.

    Reads both sides only. In the CSV file the column `decision` may hold link, ignore, opening: woo or
    opening: square (several separated by a semicolon); the next run acts on it. Exit code 3: something stands in the
    way and waits for you.
    """
    if out and sheet:
        raise InputError("--out and --in exclude each other.")
    return _take(cli, Path(sheet)) if sheet else _show(cli, Path(out) if out else None)


def _show(cli: Cli, out: Path | None) -> int:
    from bridge.cli.opened import opened, steps
    from bridge.cli.told import DRIFT, OK
    from bridge.engine.first_day import first_day

    with opened(cli) as bridge, steps(cli, "Matching") as step:
        found = first_day(bridge, step=step)
        decimals = bridge.settings.decimals
    if out:
        _write(out, found, decimals)
    _tell(cli.output, found.report)
    if out:
        cli.output.line(f"\nEvery variation is in {out}. Write your decisions there, then: bridge match --in {out}")
    waits = _waits(found.report)
    cli.output.result({**report_json(found.report), "file": out}, ok=not waits)
    return DRIFT if waits else OK


def _take(cli: Cli, path: Path) -> int:
    from bridge.cli.opened import opened, steps
    from bridge.engine.first_day import first_day
    from bridge.engine.sheet import keep, read_sheet

    text = _read(path)
    with opened(cli, writes_as="match") as bridge:
        with steps(cli, "Reading both sides") as step:
            found = first_day(bridge, step=step)
        taken = read_sheet(text, found)
        keep(bridge, taken)
    counts = {"links": len(taken.links), "ignored": len(taken.ignored), "openings": len(taken.openings)}
    cli.output.line(", ".join(f"{number} {name}" for name, number in counts.items()) + " taken.")
    cli.output.line("The next run acts on it: bridge sync")
    cli.output.result(counts)
    return 0


def _write(out: Path, found: FirstDay, decimals: int) -> None:
    from bridge.engine.sheet import write_sheet

    try:
        out.write_text(write_sheet(found, decimals=decimals), encoding="utf-8", newline="")
    except OSError as problem:
        raise InputError(f"{out} cannot be written: {problem.strerror or problem}.") from None


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than a sheet can be.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror or problem}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text.", advice="Save it as “CSV UTF-8”. Nothing was taken.") from None


def _waits(report: MatchReport) -> bool:
    return bool(report.doubled or report.missing_sku or report.split or report.refused_by_hand)


def _tell(output: Output, report: MatchReport) -> None:
    counts = report.counts()
    output.table(("Variations", "How many"), [(_WORDS[name], number) for name, number in counts.items() if number])
    if not any(counts.values()):
        output.line("Neither side shows a product.")
    _rows(
        output, "SKUs that stand twice", [f"{d.side}: {d.sku} ({', '.join(d.variation_ids)})" for d in report.doubled]
    )
    _rows(output, "Without a SKU", [_said(row) for row in report.missing_sku])
    alike = sorted(report.look_alikes, key=lambda one: -one.score)
    _rows(output, "Look alike", [f"{_said(one.woo)} ~ {_said(one.square)} ({one.score:.2f})" for one in alike])
    _rows(output, "Cannot be bridged", [f"{_said(row)}: {row.unrepresentable}" for row in report.unrepresentable])
    apart = [pair for pair in report.pairs if pair.differences]
    _rows(output, "Differ", [f"{_said(pair.woo)}: {', '.join(pair.differences)}" for pair in apart])
    splits = [
        f"{', '.join(s.woo_products)} in the shop, {', '.join(s.square_products)} at Square" for s in report.split
    ]
    _rows(output, "Split differently", splits)
    _rows(output, "Links by hand that fit nothing", [f"{woo} = {square}" for woo, square in report.refused_by_hand])


def _rows(output: Output, label: str, rows: list[str]) -> None:
    if not rows:
        return
    output.line(f"\n{label}:")
    for row in rows[:MOST]:
        output.line(f"  {row}")
    if len(rows) > MOST:
        output.line(f"  … and {len(rows) - MOST} more: bridge match --out match.csv")


def _said(row: MatchRow) -> str:
    name = f"{row.name} {row.title}".strip()
    return f"{row.sku or row.variation_id} {name}".strip()


def report_json(report: MatchReport) -> dict[str, Any]:
    """The report for programs: counts, and everything that is not a plain pair."""
    from dataclasses import asdict

    return {
        "counts": report.counts(),
        "different": [
            {"woo": asdict(pair.woo), "square": asdict(pair.square), "by": pair.by, "differences": pair.differences}
            for pair in report.pairs
            if pair.differences
        ],
        "doubled": [asdict(one) for one in report.doubled],
        "missing_sku": [asdict(one) for one in report.missing_sku],
        "look_alikes": [asdict(one) for one in report.look_alikes],
        "alone": [asdict(one) for one in report.alone],
        "unrepresentable": [asdict(one) for one in report.unrepresentable],
        "split": [asdict(one) for one in report.split],
        "refused_by_hand": report.refused_by_hand,
    }

"""The doctor's checks of products, ledger and machine: SKU quality, untracked stock, health and space."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bridge.domain.match import MatchReport
from bridge.domain.times import parse_time
from bridge.engine.context import Bridge
from bridge.engine.doctor import Finding
from bridge.engine.first_day import FirstDay
from bridge.ledger import history, outbox, rewind
from bridge.ledger.backup import problems
from bridge.ledger.schema import stock

SPACE_BAD, SPACE_WARN = 50 << 20, 500 << 20
STALE = timedelta(days=2)
_NAMED = 10


# -- products -------------------------------------------------------------------------


def sku_quality(found: FirstDay) -> Iterator[Finding]:
    """SKUs are how products are told apart: missing and doubled ones link nothing."""
    report = found.report
    for side, where in (("woo", "the shop"), ("square", "Square")):
        total = len(found.woo if side == "woo" else found.square)
        missing = [row.variation_id for row in report.missing_sku if row.side == side]
        doubled = [one.sku for one in report.doubled if one.side == side]
        if missing:
            what = f"{len(missing)} of {total} variations in {where} have no SKU ({_some(missing)})"
            yield Finding("products", "warn", what, "Give each a SKU of its own, or link it by hand: bridge match")
        if doubled:
            what = f"{len(doubled)} SKUs stand twice in {where} ({_some(doubled)})"
            yield Finding("products", "warn", what, "Make them different, or link them by hand: bridge match")
        if not missing and not doubled:
            yield Finding("products", "ok", f"every one of {total} variations in {where} has a SKU of its own")
    yield from _unbridgeable(report)


def _unbridgeable(report: MatchReport) -> Iterator[Finding]:
    if report.unrepresentable:
        ids = [row.sku or row.variation_id for row in report.unrepresentable]
        advice = "They stay as they are, on their own side: bridge match tells why."
        yield Finding("products", "warn", f"{len(ids)} variations cannot be bridged ({_some(ids)})", advice)
    if report.split:
        advice = "Bring the same variations together under one product on both sides."
        yield Finding("products", "warn", f"{len(report.split)} products are split differently on the sides", advice)


def untracked(found: FirstDay) -> Iterator[Finding]:
    """Products whose stock a side does not count cannot be kept in step."""
    pairs = [pair for pair in found.report.pairs if pair.woo.stock is None]
    if pairs:
        names = [pair.woo.sku or pair.woo.variation_id for pair in pairs]
        advice = "Switch on “track stock” in the shop for those that should be kept in step."
        yield Finding("products", "warn", f"the shop does not track {len(pairs)} variations ({_some(names)})", advice)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


# -- the ledger -----------------------------------------------------------------------


def ledger_health(bridge: Bridge) -> Iterator[Finding]:
    """Structure, what waits, what was refused, and whether anybody works at all."""
    with bridge.db.reading() as conn:
        wrong = problems(conn)
        counts = outbox.counts(conn)
        restored = rewind.restored_at(conn)
        latest = next((row for row in history.runs(conn, 50) if row.state == "done"), None)
        off = conn.execute(select(func.count()).select_from(stock).where(stock.c.state == "off")).scalar() or 0
    for one in wrong[:_NAMED]:
        yield Finding("ledger", "bad", one, "Stop the bridge and restore the newest backup: bridge restore FILE")
    if not wrong:
        yield Finding("ledger", "ok", "its structure is whole")
    if restored:
        yield Finding("ledger", "warn", f"it was put back from the past ({restored})", "The next run looks afresh.")
    if counts.get("refused"):
        advice = "See what and why, then retry or drop: bridge decisions"
        yield Finding("ledger", "warn", f"{counts['refused']} writes were refused", advice)
    if off:
        yield Finding("ledger", "ok", f"{off} variations are left alone because a side does not track them")
    yield from _last_run(bridge, latest)


def _last_run(bridge: Bridge, latest: Any) -> Iterator[Finding]:
    if latest is None:
        yield Finding("ledger", "warn", "no run has come to its end yet", "bridge match, then bridge sync")
    elif bridge.clock.now() - parse_time(latest.started_at) > STALE:
        what = f"the last good run was on {latest.started_at[:10]}"
        yield Finding("ledger", "warn", what, "Run `bridge sync`, or keep the daemon running.")
    else:
        yield Finding("ledger", "ok", f"the last good run began at {latest.started_at[:19]}Z")


def ledger_file(path: Path) -> Iterator[Finding]:
    """Its file: rights and room to grow."""
    if path.exists() and path.stat().st_mode & 0o077:
        what = f"other users of this machine can read {path}"
        yield Finding("ledger", "warn", what, f"chmod 600 {path}")
    folder = path.parent
    if not folder.is_dir():
        yield Finding("ledger", "bad", f"the folder {folder} does not exist", "Make it, or correct `ledger.path`.")
        return
    free = shutil.disk_usage(folder).free
    what = f"{free / (1 << 20):,.0f} MB are free beside the ledger"
    if free < SPACE_WARN:
        yield Finding("ledger", "bad" if free < SPACE_BAD else "warn", what, "Free some space on that disk.")
    else:
        yield Finding("ledger", "ok", what)

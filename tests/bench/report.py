"""Figures as a table for the terminal and as a page for the documentation."""

from __future__ import annotations

from typing import Any

Told = dict[str, Any]
Budget = tuple[str, str, str, bool, bool]
"""(what, budget, measured, held, whether the machine has no say in it)"""


def budgets(told: Told) -> list[Budget]:
    """Every budget with what was measured."""
    rows: list[Budget] = []
    for one in told["unchanged"]:
        size = f"{one['variations']:,} variations"
        rows += [
            (
                f"full pass, nothing changed, {size}: calls",
                f"≤ {one['pages']} pages + 10",
                f"{one['calls']}",
                one["calls_over_pages"] <= 10,
                True,
            ),
            (f"… {size}: writes", "0", f"{one['writes']}", one["writes"] == 0, True),
            (
                f"… {size}: wall time over the bare download",
                "≤ 1.15 ×",
                _times(one["seconds"], one["download_seconds"]),
                one["ratio"] <= 1.15,
                False,
            ),
        ]
        if "latency_ratio" in one:
            slow = _times(one["latency_seconds"], one["latency_download_seconds"])
            what = f"… {size}: the same, each answer {one['latency_milliseconds']:.0f} ms later"
            rows.append((what, "≤ 1.15 ×", slow, one["latency_ratio"] <= 1.15, False))
    small, large = told["unchanged"][0], told["unchanged"][-1]
    growth = large["peak_kilobytes"] / small["peak_kilobytes"]
    memory = f"{growth:.2f} × ({small['peak_kilobytes'] / 1024:.0f} → {large['peak_kilobytes'] / 1024:.0f} MB)"
    sizes = f"{small['variations']:,} → {large['variations']:,} variations"
    rows.append((f"peak memory, {sizes}", "≤ 1.3 ×", memory, growth <= 1.3, False))
    for row in told["incremental"]:
        if not row["changes"]:
            what = f"incremental pass, nothing new, {row['variations']:,} variations: calls"
            rows.append((what, "≤ 6", f"{row['calls']}", row["calls"] <= 6, True))
    start = told["start"]
    rows += [
        ("bridge --help", "< 150 ms", f"{start['help_milliseconds']:.0f} ms", start["help_milliseconds"] < 150, False),
        (
            "start to the end of the first incremental pass",
            "< 3 s",
            f"{start['restart_seconds']:.1f} s",
            start["restart_seconds"] < 3,
            False,
        ),
    ]
    return rows


def _times(seconds: float, bare: float) -> str:
    return f"{seconds / bare:.2f} × ({seconds:.2f} s / {bare:.2f} s)"


def _changes(told: Told) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("after", "variations", "calls", "writes", "seconds", "left open")]
    for row in told["incremental"]:
        what = f"{row['changes']} × {row['kind']}" if row["changes"] else row["kind"]
        size, seconds = f"{row['variations']:,}", f"{row['seconds']:.2f}"
        rows.append((what, size, str(row["calls"]), str(row["writes"]), seconds, str(row["open"])))
    return rows


def _first(told: Told) -> str:
    one = told["first"]
    return (
        f"First sync of {one['variations']:,} variations into an empty Square account, opening counts included: "
        f"{one['seconds']:.0f} s ({one['cpu_seconds']:.0f} s of them computing), {one['calls']:,} calls "
        f"({one['calls_per_1000']:.0f} per 1,000 variations), {one['variations_counted']:,} variations counted, "
        f"{one['open']} things left open, at most {one['peak_kilobytes'] / 1024:.0f} MB."
    )


def _computing(told: Told) -> str:
    parts = [
        f"{one['cpu_milliseconds_per_1000_variations']:.0f} ms per 1,000 variations at {one['variations']:,}"
        for one in told["unchanged"]
    ]
    return f"Processor time a full pass needs beyond downloading and parsing: {', '.join(parts)}."


def table(told: Told) -> str:
    """Everything for the terminal."""
    rows: list[tuple[str, ...]] = [("what", "budget", "measured", "")]
    rows += [(what, budget, got, "ok" if held else "MISSED") for what, budget, got, held, _ in budgets(told)]
    parts = [_aligned(rows), _aligned(_changes(told)), _first(told), _computing(told)]
    return "\n\n".join([*parts, f"Took {told['took_seconds']:.0f} s."])


def _aligned(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)


def _markdown(rows: list[tuple[str, ...]]) -> str:
    head, *body = ("| " + " | ".join(row) + " |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def page(told: Told) -> str:
    """Everything as ``docs/performance.md``."""
    rows: list[tuple[str, ...]] = [("what", "budget", "measured", "held")]
    rows += [(what, budget, got, "yes" if held else "no") for what, budget, got, held, _ in budgets(told)]
    which = "`python -m tests.bench --quick`" if told["quick"] else "`python -m tests.bench`"
    return "\n\n".join(
        [
            "# Performance",
            _HOW,
            f"Written by {which} in {told['took_seconds']:.0f} s.",
            "## Budgets",
            _markdown(rows),
            _computing(told),
            "## Incremental passes",
            _CHANGES,
            _markdown(_changes(told)),
            "## First sync",
            _first(told),
            "## Reading the figures",
            _READING,
            "## The daemon",
            _DAEMON,
            "",
        ]
    )


_HOW = """\
One command measures everything side by side and prints a table:

    python -m tests.bench            # 10,000 and 100,000 variations
    python -m tests.bench --quick    # 2,000 and 10,000
    python -m tests.bench --write docs/performance.md

Both simulators run in one process of their own and answer over loopback HTTP; each measured pass is a process of its
own. Calls are counted by the simulators, stock movements are read from their journals. The download that a full pass
is compared with fetches the same pages over the same transports, parses them and does nothing else; downloads and
passes take turns, and the least disturbed of three rounds counts. The bridge's own politeness (its limits of calls
per second) is switched off."""

_CHANGES = """\
An hour goes by, then people make k changes, then one incremental pass follows. Till sales and price changes are of
different products, each online order has one line."""

_DAEMON = """\
Doorbells under load, restart, the way of a sale to the other side, long queues and strangers at the door are measured
by themselves: [performance-daemon.md](performance-daemon.md)."""

_READING = """\
- Calls and writes do not depend on the machine: `tests/bench/test_budgets.py` holds them to the budget in every test
  run. Times are reported, not asserted.
- The simulators answer a page in a few milliseconds, a real shop takes some hundred: the next page of a listing is
  fetched while the current one is compared, so that against real services comparing costs no time of its own. On
  loopback it does, above all when the machine has no idle core for the simulators beside the bridge.
- Memory: pages are forgotten once compared; of what a listing named, eight bytes per product stay until its end."""

"""The measurements, each against one pair of simulators; every figure is a plain value in a dictionary."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.changes import KINDS
from tests.bench.world import Services, services

Figures = dict[str, Any]
Say = Callable[[str], None]
HOUR = 3600.0
ADOPT_FROM = 10_000
"""Larger catalogs are linked and opened by a few statements, not by the engine: that is not what is measured."""
LATENCY = 0.05
"""Seconds; recorded shops take 0.2 to 2.2 for a page of a hundred rows."""


def unchanged(
    folder: Path, variations: int, *, rounds: int, say: Say, kinds: bool = True
) -> tuple[Figures, list[Figures]]:
    """A full pass over an unchanged catalog beside merely downloading the same pages; then incremental passes."""
    with services(folder, variations, twin=True) as world:
        say(f"{variations:,} variations: linking and opening both sides once")
        world.work("first" if variations <= ADOPT_FROM else "adopt")
        world.later(HOUR)
        world.work("full")
        full, bare = [], []
        for number in range(rounds):
            say(f"{variations:,} variations: download beside full pass, round {number + 1} of {rounds}")
            bare.append(world.work("download"))
            full.append(world.work("full"))
        figures = compared(variations, full, bare)
        if kinds:
            say(f"{variations:,} variations: the same with answers that take {LATENCY * 1000:.0f} ms longer")
            figures |= _with_latency(world)
        say(f"{variations:,} variations: incremental passes")
        return figures, incremental(world, kinds=kinds)


def _with_latency(world: Services) -> Figures:
    """A download and a full pass while every answer takes a while, as a real service's does."""
    for side in ("woo", "square"):
        world.act(side, "slow", seconds=LATENCY)
    bare, full = world.work("download"), world.work("full")
    for side in ("woo", "square"):
        world.act(side, "slow", seconds=0)
    return {
        "latency_milliseconds": LATENCY * 1000,
        "latency_seconds": full["seconds"],
        "latency_download_seconds": bare["seconds"],
        "latency_ratio": full["seconds"] / bare["seconds"],
    }


def compared(variations: int, full: list[Figures], bare: list[Figures]) -> Figures:
    """Full passes against downloads: the least disturbed of each."""
    best, least = min(full, key=_seconds), min(bare, key=_seconds)
    cpu, bare_cpu = min(one["cpu_seconds"] for one in full), min(one["cpu_seconds"] for one in bare)
    return {
        "variations": variations,
        "pages": least["pages"],
        "calls": max(one["calls_total"] for one in full),
        "calls_over_pages": max(one["calls_total"] for one in full) - least["pages"],
        "seconds": best["seconds"],
        "download_seconds": least["seconds"],
        "ratio": best["seconds"] / least["seconds"],
        "cpu_ratio": cpu / bare_cpu,
        "cpu_milliseconds_per_1000_variations": (cpu - bare_cpu) * 1e6 / variations,
        "writes": max(one["writes"] + one["journaled"] for one in full),
        "peak_kilobytes": max(one["peak_kilobytes"] for one in full),
    }


def _seconds(one: Figures) -> float:
    return float(one["seconds"])


def incremental(world: Services, *, kinds: bool) -> list[Figures]:
    """Calls and seconds of an incremental pass with nothing new, and after k changes of each kind."""
    world.later(HOUR)
    rows = [_pass(world, "nothing new", 0)]
    ids = iter(world.access["sold_as"])
    for kind, change in KINDS.items() if kinds else ():
        for many in (1, 10, 100):
            world.later(HOUR)
            world.work("incremental")
            world.later(HOUR)
            change(world, [next(ids) for _ in range(many)])
            rows.append(_pass(world, kind, many))
    return rows


def _pass(world: Services, kind: str, changes: int) -> Figures:
    told = world.work("incremental")
    return {
        "kind": kind,
        "changes": changes,
        "calls": told["calls_total"],
        "writes": told["writes"],
        "seconds": told["seconds"],
        "open": told["open"] + told["waiting"],
    }


def first_sync(folder: Path, variations: int, *, say: Say) -> Figures:
    """A shop meets an empty Square account: everything is made there, with opening counts."""
    say(f"first sync of {variations:,} variations into an empty account")
    with services(folder, variations, twin=False) as world:
        told = world.work("first")
    return {
        "variations": variations,
        "seconds": told["seconds"],
        "cpu_seconds": told["cpu_seconds"],
        "calls": told["calls_total"],
        "calls_per_1000": told["calls_total"] * 1000 / variations,
        "variations_counted": told["counts"].get("opening counts", 0),
        "open": told["open"] + told["waiting"],
        "peak_kilobytes": told["peak_kilobytes"],
    }


def starting(folder: Path, *, say: Say) -> Figures:
    """``bridge --help``, and a new process on an existing ledger until its first pass is done."""
    say("start of the program")
    help_seconds = min(_ran([sys.executable, "-m", "bridge.cli.main", "--help"]) for _ in range(5))
    with services(folder, 1000, twin=True) as world:
        world.work("first")
        restarts = []
        for _ in range(3):
            began = time.perf_counter()
            world.work("incremental")
            restarts.append(time.perf_counter() - began)
    return {"help_milliseconds": help_seconds * 1000, "restart_seconds": min(restarts)}


def _ran(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return time.perf_counter() - began

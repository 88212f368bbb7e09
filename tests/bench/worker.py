"""One measured piece of work in a process of its own, so that its time and its peak memory are its alone.

``download`` fetches and parses every page a full pass needs, over the same transports, and does nothing else.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from bridge.clock import SystemClock
from bridge.engine.context import Bridge, Run
from bridge.engine.observe_catalog import observe_square, observe_woo
from bridge.engine.observe_square import observe_stores
from bridge.engine.settings import Settings
from bridge.engine.sync import Report, Scope, sync
from bridge.ledger import history
from bridge.ledger.database import Database
from bridge.remotes.ahead import read_ahead
from bridge.remotes.pace import Pace
from bridge.remotes.port import Call, Transport
from bridge.remotes.square.client import SquareClient
from bridge.remotes.square.transport import SdkTransport
from bridge.remotes.woo.client import WooClient
from bridge.remotes.woo.transport import RequestsTransport
from tests.bench.services import COUNTED

Access = dict[str, Any]
SETTINGS = Settings(opening="woo", settle_after=0.0, images=False, create_in_woo="publish")


class ShiftedClock(SystemClock):
    """The machine's clock, moved: the simulators' clocks are moved as far, so that hours pass in no time."""

    def __init__(self, seconds: float) -> None:
        self._shift = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self._shift


@contextmanager
def transports(access: Access, clock: ShiftedClock) -> Iterator[tuple[RequestsTransport, SdkTransport]]:
    """The real transports to both simulators, their libraries loaded."""
    woo = RequestsTransport(access["woo_url"], access["woo_key"], access["woo_secret"], clock=clock)
    square = SdkTransport(access["square_token"], access["square_url"])
    square.sdk()
    try:
        yield woo, square
    finally:
        woo.close()
        square.close()


@contextmanager
def opened(access: Access, ledger: Path, clock: ShiftedClock) -> Iterator[Bridge]:
    """A bridge without a pace: what is measured is the bridge, not its politeness."""
    with transports(access, clock) as (woo, square), Database.open(ledger, clock=clock, ids=_ids()) as db:
        yield Bridge(
            db=db,
            woo=WooClient(woo, clock=clock, pace=Pace(clock, rate=math.inf)),
            square=SquareClient(square, clock=clock, pace=Pace(clock, rate=math.inf)),
            clock=clock,
            settings=SETTINGS,
            ids=_ids(),
            ahead=read_ahead,
        )


def _ids() -> Callable[[], str]:
    return lambda: str(uuid.uuid4())


# -- the pieces -----------------------------------------------------------------------


def download(access: Access, ledger: Path, clock: ShiftedClock) -> Iterator[dict[str, Any]]:
    """The pages of a full pass, fetched one after the other and parsed."""
    with transports(access, clock) as (woo, square):
        yield {}
        pages = _woo_pages(woo, "wc/v3/products") + _woo_pages(woo, "wc-analytics/variations")
        pages += _square_pages(square, "v2/catalog/list", {"types": "ITEM"}, post=False)
        body = {"states": ["IN_STOCK"], "limit": 1000}
        pages += _square_pages(square, "v2/inventory/counts/batch-retrieve", body, post=True)
        yield {"pages": pages}


def _woo_pages(woo: Transport, path: str) -> int:
    page = 0
    while True:
        page += 1
        query = (("per_page", "100"), ("orderby", "id"), ("order", "asc"), ("page", str(page)))
        reply = woo.send(Call("GET", path, query))
        orjson.loads(reply.body)
        if page >= int(reply.headers["x-wp-totalpages"]):
            return page


def _square_pages(square: Transport, path: str, query: dict[str, Any], *, post: bool) -> int:
    pages, cursor = 0, ""
    while True:
        asked = {**query, "cursor": cursor} if cursor else query
        call = Call("POST", path, body=asked) if post else Call("GET", path, tuple(asked.items()))
        answer = orjson.loads(square.send(call).body)
        pages += 1
        cursor = answer.get("cursor") or ""
        if not cursor:
            return pages


def one_pass(access: Access, ledger: Path, clock: ShiftedClock, *, full: bool) -> Iterator[dict[str, Any]]:
    """One pass, full or incremental."""
    with opened(access, ledger, clock) as bridge:
        yield {}
        yield _told(sync(bridge, Scope(full=full)))


def until_quiet(access: Access, ledger: Path, clock: ShiftedClock) -> Iterator[dict[str, Any]]:
    """One full pass: everything found is linked, made, opened and written."""
    with opened(access, ledger, clock) as bridge:
        yield {}
        yield _told(sync(bridge))


def adopt(access: Access, ledger: Path, clock: ShiftedClock) -> Iterator[dict[str, Any]]:
    """Read both sides, then link and open everything at one stroke: a large catalog's past, made in a minute.

    What stands in the ledger afterwards is what the engine's own linking and opening would have left there.
    """
    with opened(access, ledger, clock) as bridge:
        yield {}
        with bridge.db.transaction() as conn:
            run = Run(history.begin_run(conn, "full", now=bridge.now()), "full")
        observe_stores(bridge, run)
        observe_square(bridge, run, full=True)
        observe_woo(bridge, run, full=True)
        with bridge.db.transaction() as conn:
            for statement in _ADOPT:
                conn.exec_driver_sql(statement, {"now": bridge.now()} if ":now" in statement else {})
            for store_id, counted in zip(access["stores"], COUNTED, strict=True):
                count = "INSERT INTO on_hand SELECT vid, :store, :counted, :now FROM variation"
                conn.exec_driver_sql(count, {"store": store_id, "counted": counted, "now": bridge.now()})
            history.end_run(conn, run.id, "done", dict(run.counts), now=bridge.now())
        yield {"counts": dict(run.counts), "writes": 0, "open": 0, "waiting": 0}


_ADOPT = (
    """INSERT INTO product (woo_id, square_id, state, made_by, made_at, dirty)
        SELECT w.product_id, min(s.product_id), 'linked', 'sku', :now, 0
        FROM shown_variation w JOIN shown_variation s ON s.side = 'square' AND s.sku = w.sku
        WHERE w.side = 'woo' GROUP BY w.product_id""",
    """INSERT INTO variation (pid, woo_id, woo_parent, square_id, sku, made_by, made_at)
        SELECT p.pid, w.remote_id, CASE WHEN w.remote_id = w.product_id THEN '' ELSE w.product_id END,
            s.remote_id, w.sku, 'sku', :now
        FROM shown_variation w JOIN shown_variation s ON s.side = 'square' AND s.sku = w.sku
        JOIN product p ON p.woo_id = w.product_id WHERE w.side = 'woo'""",
    """INSERT INTO stock (vid, state, woo_expected, dirty, opened_at, opened_by)
        SELECT vid, 'open', 20, 0, :now, 'both agree' FROM variation""",
    "DELETE FROM meta WHERE name = 'link_wanted'",
)


def _told(report: Report) -> dict[str, Any]:
    return {"writes": report.writes, "counts": report.counts, "open": report.open_decisions, "waiting": report.waiting}


def peak_kilobytes() -> int:
    """The most memory this process ever held (``VmHWM``: unlike ``ru_maxrss`` it starts anew with the program)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


WORK: dict[str, Callable[[Access, Path, ShiftedClock], Iterator[dict[str, Any]]]] = {
    "download": download,
    "full": lambda access, ledger, clock: one_pass(access, ledger, clock, full=True),
    "incremental": lambda access, ledger, clock: one_pass(access, ledger, clock, full=False),
    "first": until_quiet,
    "adopt": adopt,
}


def measured(what: str, access: Access, ledger: Path, clock: ShiftedClock) -> dict[str, Any]:
    """Run one piece; seconds are counted from when everything is open and loaded."""
    work = WORK[what](access, ledger, clock)
    next(work)
    wall, cpu = time.perf_counter(), time.process_time()
    told = next(work)
    told |= {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
    told["peak_kilobytes"] = peak_kilobytes()
    next(work, None)
    return told


def main() -> None:
    """Do one piece and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=sorted(WORK))
    parser.add_argument("access", type=Path)
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--shift", type=float, default=0.0)
    parser.add_argument("--profile", type=Path)
    options = parser.parse_args()
    access = json.loads(options.access.read_text())
    if options.profile:
        import cProfile

        with cProfile.Profile() as profile:
            told = measured(options.what, access, options.ledger, ShiftedClock(options.shift))
        profile.dump_stats(options.profile)
    else:
        told = measured(options.what, access, options.ledger, ShiftedClock(options.shift))
    print(json.dumps(told))


if __name__ == "__main__":
    main()

"""``bridge run`` in virtual time: the daemon as it is composed, turned by a town that says when.

``python -m tests.soak.engine CONFIG URL URL``. Each line of JSON on standard input is one turn (``now``, ``wrong_by``);
each answer tells how long nothing will be due. Only the clock and the timetable's hands differ from ``bridge run``.
"""

from __future__ import annotations

import gc
import json
import math
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import bridge.app_daemon as composed
from bridge.config.load import load_config
from bridge.engine.bells import HOOKS
from bridge.engine.systemd_notify import Notify
from bridge.engine.timetable import Job, usual_jobs
from bridge.errors import LedgerBusy
from bridge.report.logs import set_up_logs
from tests.daemon.stage import Crank
from tests.soak.clock import TownClock

HOOKS_SECONDS = 600.0
"""Looking after webhooks once a minute is most of what a quiet day consists of; every ten minutes shows the same."""


def tell(**what: Any) -> None:
    """One line of JSON to the town."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main(config_path: str, *planes: str) -> int:
    """Turn as told until standard input ends."""
    set_up_logs("info")
    clock = TownClock(planes)
    setattr(composed, "DrainingClock", lambda _: clock)  # noqa: B010  (a name of the module, not of its type)
    config = load_config(Path(config_path))
    with composed.open_daemon(config, notify=Notify({})) as running:
        jobs = [
            job if job.word != HOOKS else Job(HOOKS, seconds=HOOKS_SECONDS)
            for job in usual_jobs(full_at=config.timetable.full_at, zone=config.timetable.zone, hooks=True)
        ]
        crank = Crank(tuple(jobs), running.bells, clock.now())
        running.daemon.around.timetable = crank
        tell(event="started", url=running.url)
        while True:
            try:
                with running.daemon.around.hold() as lease:
                    _turns(running, crank, clock, lease)
                    return 0
            except LedgerBusy:
                tell(event="standby")
                if not sys.stdin.readline():
                    return 0


def _turns(running: composed.Running, crank: Crank, clock: TownClock, lease: Any) -> None:
    daemon = running.daemon
    for line in sys.stdin:
        asked = json.loads(line)
        clock.wrong_by = timedelta(seconds=asked["wrong_by"])
        clock.is_now(datetime.fromisoformat(asked["now"]))
        if asked.get("census"):
            gc.collect()
            tell(event="census", kinds=Counter(type(one).__name__ for one in gc.get_objects()).most_common(12))
            continue
        crank.ring_due(clock.now())
        before = daemon.pulse.passes
        daemon.turn(lease)
        crank.now = clock.now()
        wait = min(daemon.pause(glance=math.inf), crank.seconds_until_next(), 86400.0)
        pulse = daemon.pulse
        tell(
            event="turned",
            wait=0.0 if daemon.around.bells._rung else wait,
            passes=pulse.passes - before,
            waiting=pulse.waiting,
            state=pulse.state,
            problem=pulse.problem,
            failures=pulse.failures,
            rung=dict(running.doorbell.counts) if running.doorbell is not None else {},
        )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

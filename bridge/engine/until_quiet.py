"""Repeat passes while writes wait for a short moment (a busy side, an answer to be read back), then stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bridge.domain.times import parse_time
from bridge.engine.context import Bridge
from bridge.engine.sync import Report, Scope, Step, sync
from bridge.ledger import outbox

PATIENCE = 60.0
"""Seconds a person at a prompt is made to wait for stragglers; the daemon's timetable takes care of the rest."""
_SHORTEST = 0.5


@dataclass(frozen=True, slots=True)
class Settled:
    """Several passes told as one: ``first`` is the number of the first run, ``report`` holds the sums."""

    first: int
    report: Report
    passes: int


def sync_until_quiet(
    bridge: Bridge, scope: Scope, *, patience: float = PATIENCE, step: Step = lambda _: None
) -> Settled:
    """One pass, then incremental ones as long as something waits that is due within ``patience`` seconds in all."""
    report = sync(bridge, scope, step=step)
    return follow_up(bridge, replace(scope, full=False), report, patience=patience, step=step)


def follow_up(
    bridge: Bridge, scope: Scope, report: Report, *, patience: float = PATIENCE, step: Step = lambda _: None
) -> Settled:
    """The passes after a first one whose ``report`` is given."""
    first, passes = report.run_id, 1
    deadline = bridge.clock.monotonic() + patience
    while report.waiting:
        wait = seconds_until_due(bridge)
        if wait is None or bridge.clock.monotonic() + wait > deadline:
            break
        step("waiting for what is due")
        bridge.clock.sleep(wait)
        report = together(report, sync(bridge, scope, step=step))
        passes += 1
    return Settled(first, report, passes)


def seconds_until_due(bridge: Bridge) -> float | None:
    """Seconds until the next open write can go on; ``None`` when none ever will by itself."""
    with bridge.db.reading() as conn:
        waiting = outbox.in_states(conn, ("due", "sent", "unknown"))
    if not waiting:
        return None
    moments = [_next_moment(bridge, action) for action in waiting]
    return max(_SHORTEST, (min(moments) - bridge.clock.now()).total_seconds())


def _next_moment(bridge: Bridge, action: outbox.Action) -> datetime:
    if action.state == "due":
        return parse_time(action.due_at)
    # an unanswered write that is not found may be called "not happened" only after this long
    return parse_time(action.sent_at) + timedelta(seconds=bridge.settings.settle_after)


def together(before: Report, after: Report) -> Report:
    """Two passes as one: what was done adds up, what was found is the newer, and reasons are not counted twice."""
    return Report(
        run_id=after.run_id,
        counts=_added(before.counts, after.counts),
        notes=list(dict.fromkeys([*before.notes, *after.notes])),
        open_decisions=after.open_decisions,
        waiting=after.waiting,
    )


def _added(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    sums = dict(before)
    for name, number in after.items():
        is_level = name in LEVELS or name.startswith(("skipped: ", "match: ", "brake: "))
        sums[name] = max(number, sums.get(name, 0)) if is_level else number + sums.get(name, 0)
    return sums


LEVELS = frozenset({"stores", "woo products", "square items", "held by a brake", "conflicts"})
"""Counts that say how much there is, not how much happened."""

"""How the bridge is doing, in one reading: what the ledger knows, and what only the running process knows.

``Probe`` takes the reading; metrics, health pages, alerts and ``bridge status`` all speak of the same ``Vitals``.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from bridge.domain.times import parse_time
from bridge.engine.context import Bridge
from bridge.errors import AccessRefused, BridgeError, LedgerError
from bridge.ledger import cursors, rewind
from bridge.ledger.lease import holder_of
from bridge.ledger.schema import decision, inbox, outbox, run
from bridge.ledger.text import of_json, to_json
from bridge.report.drift import Drift, drift

SIDES = ("woo", "square")
_NAMES = {"woo": "WooCommerce", "square": "Square"}
STUCK_SECONDS = 300.0
"""A worker that showed no sign of life for so long is stuck."""
SideState = Literal["unknown", "up", "down", "refused"]
BACKUP = "backup_at"
_SIDE = "side:"
_WAITING = ("due", "sent", "unknown")
_OPEN = (*_WAITING, "held")


@dataclass(frozen=True, slots=True)
class Pulse:
    """Writes towards one side. Ages are seconds of the oldest one, 0 when there is none.

    ``lag`` is how long the oldest news on its way to this side has waited: a doorbell of the other side nobody
    looked at yet, or a write not confirmed.
    """

    waiting: int = 0
    in_doubt: int = 0
    in_doubt_age: float = 0.0
    held: int = 0
    refused: int = 0
    lag: float = 0.0


@dataclass(frozen=True, slots=True)
class SideHealth:
    """One side: does it answer, since when, why not; how long its webhooks are silent (``None``: never heard)."""

    state: SideState = "unknown"
    since: str = ""
    reason: str = ""
    silent: float | None = None
    calls: int = 0
    protests: int = 0
    rate: float = 0.0
    pulse: Pulse = Pulse()


@dataclass(frozen=True, slots=True)
class TokenLife:
    """Square's OAuth token: seconds until it ends (negative: ended), and why renewing it failed ("" when not)."""

    seconds_left: float
    trouble: str = ""
    needs_person: bool = False


@dataclass(frozen=True, slots=True)
class Vitals:
    """One reading. Ages are seconds; ``None`` means that it never happened (or, for the disk, is not known).

    ``ledger`` is "" when the ledger can be read, else why not; everything read from it is then empty.
    """

    at: datetime
    ledger: str = ""
    sides: Mapping[str, SideHealth] = field(default_factory=lambda: {side: SideHealth() for side in SIDES})
    doorbells: int = 0
    decisions: Mapping[str, int] = field(default_factory=dict)
    decision_age: float = 0.0
    drift: Drift = field(default_factory=Drift)
    working: str = ""
    pass_age: float | None = None
    last_pass: str = ""
    restored: str = ""
    backup_age: float | None = None
    disk_free: int | None = None
    ledger_bytes: int = 0
    token: TokenLife | None = None
    heartbeat_age: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    hook_problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def brakes(self) -> int:
        """How many brakes are on."""
        return self.decisions.get("brake", 0)

    @property
    def open_decisions(self) -> int:
        """How many questions wait for a person, brakes included."""
        return sum(self.decisions.values())


def note_side(bridge: Bridge, side: str, problem: BridgeError | None) -> None:
    """Remember whether a side answers, for every process that looks: call it after a pass, or when one failed.

    ``None`` means that it answers. Only a change is written. Raises ``LedgerError`` when it cannot be.
    """
    state: SideState = "up" if problem is None else "refused" if isinstance(problem, AccessRefused) else "down"
    reason = "" if problem is None else str(problem)[:500]
    with bridge.db.reading() as conn:
        known = of_json(cursors.read_fact(conn, _SIDE + side) or "{}")
    if known.get("state") == state and known.get("reason") == reason:
        return
    since = known.get("since") if known.get("state") == state else None
    told = {"state": state, "since": since or bridge.now(), "reason": reason}
    with bridge.db.transaction() as conn:
        cursors.note_fact(conn, _SIDE + side, to_json(told))


class Probe:
    """Takes readings. ``token`` tells of Square's OAuth token (``None`` when there is none). The daemon gives
    ``heartbeat``, the seconds since its worker showed a sign of life, and ``counts``, what it counted since its start
    (names of two parts: ``doorbell stored``, ``pass full``), and ``hooks``, why a side's webhooks cannot be kept.
    """

    def __init__(
        self,
        bridge: Bridge,
        *,
        heartbeat: Callable[[], float | None] = lambda: None,
        token: Callable[[], TokenLife | None] = lambda: None,
        counts: Callable[[], Mapping[str, int]] = dict,
        hooks: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self.bridge = bridge
        self._heartbeat, self._token, self._counts, self._hooks = heartbeat, token, counts, hooks

    def __call__(self) -> Vitals:
        """Read now; never raises for a ledger that cannot be read, because that is what must be told."""
        known = self._of_process()
        try:
            with self.bridge.db.reading() as conn:
                known |= self._of_ledger(conn)
        except LedgerError as problem:
            known["ledger"] = str(problem)
            known["sides"] = {side: SideHealth(**self.calls(side)) for side in SIDES}
        return Vitals(**known)

    def _of_process(self) -> dict[str, Any]:
        path = self.bridge.db.path
        known: dict[str, Any] = {"at": self.bridge.clock.now(), "token": self._token()}
        known |= {"heartbeat_age": self._heartbeat(), "counts": self._counts(), "hook_problems": self._hooks()}
        if path is not None:
            # a folder that cannot be looked at is told by the ledger's own reading
            with suppress(OSError):
                known |= {"disk_free": shutil.disk_usage(path.parent).free, "ledger_bytes": path.stat().st_size}
        return known

    def _of_ledger(self, conn: Connection) -> dict[str, Any]:
        now = self.bridge.clock.now()
        kinds = conn.execute(
            select(decision.c.kind, func.count(), func.min(decision.c.opened_at))
            .where(decision.c.state == "open")
            .group_by(decision.c.kind)
        ).all()
        bells = _doorbells(conn, now)
        good = conn.execute(select(func.max(run.c.ended_at)).where(run.c.state == "done")).scalar()
        newest = conn.execute(select(run.c.state).order_by(run.c.id.desc()).limit(1)).scalar()
        backup = cursors.read_fact(conn, BACKUP)
        holder = holder_of(conn, self.bridge.now())
        return {
            "sides": {side: self._side(conn, side, bells) for side in SIDES},
            "doorbells": sum(number for number, _, _ in bells.values()),
            "decisions": {row[0]: int(row[1]) for row in kinds},
            "decision_age": max((_age(row[2], now) for row in kinds), default=0.0),
            "drift": drift(conn),
            "working": str(holder) if holder else "",
            "pass_age": _age(good, now) if good else None,
            "last_pass": newest or "",
            "restored": rewind.restored_at(conn),
            "backup_age": _age(backup, now) if backup else None,
        }

    def _side(self, conn: Connection, side: str, bells: Mapping[str, tuple[int, float, float | None]]) -> SideHealth:
        told = of_json(cursors.read_fact(conn, _SIDE + side) or "{}")
        other = "square" if side == "woo" else "woo"
        return SideHealth(
            state=told.get("state", "unknown"),
            since=told.get("since", ""),
            reason=told.get("reason", ""),
            silent=bells[side][2],
            pulse=_pulse(conn, side, self.bridge.clock.now(), news=bells[other][1]),
            **self.calls(side),
        )

    def calls(self, side: str) -> dict[str, Any]:
        """Calls made, protests heard and calls a second allowed at a side, by this process; empty before any client."""
        caller = getattr(getattr(self.bridge, side), "caller", None)
        if caller is None:
            return {}
        return {"calls": caller.pace.calls, "protests": caller.pace.protests, "rate": caller.pace.rate}


def _doorbells(conn: Connection, now: datetime) -> dict[str, tuple[int, float, float | None]]:
    """For each side: unread doorbells, seconds the oldest of them waits, seconds since the last one of all."""
    found: dict[str, tuple[int, float, float | None]] = {}
    for side in SIDES:
        unread = select(func.count(), func.min(inbox.c.received_at)).where(inbox.c.state == "new", inbox.c.side == side)
        number, oldest = conn.execute(unread).one()
        last = select(inbox.c.received_at).where(inbox.c.side == side).order_by(inbox.c.id.desc()).limit(1)
        heard = conn.execute(last).scalar()
        found[side] = (int(number), _age(oldest, now) if oldest else 0.0, _age(heard, now) if heard else None)
    return found


def _pulse(conn: Connection, side: str, now: datetime, *, news: float) -> Pulse:
    rows = conn.execute(
        select(outbox.c.state, func.count(), func.min(outbox.c.created_at), func.min(outbox.c.sent_at))
        .where(outbox.c.side == side, outbox.c.state.in_(_OPEN))
        .group_by(outbox.c.state)
    ).all()
    by_state = {row[0]: row for row in rows}
    waiting = [by_state[state] for state in _WAITING if state in by_state]
    doubtful = [row for row in waiting if row[0] in ("sent", "unknown")]
    refused = select(func.count()).select_from(outbox).where(outbox.c.side == side, outbox.c.state == "refused")
    return Pulse(
        waiting=sum(row[1] for row in waiting),
        in_doubt=sum(row[1] for row in doubtful),
        in_doubt_age=max((_age(row[3] or row[2], now) for row in doubtful), default=0.0),
        held=by_state["held"][1] if "held" in by_state else 0,
        refused=int(conn.execute(refused).scalar() or 0),
        lag=max(news, max((_age(row[2], now) for row in waiting), default=0.0)),
    )


def _age(text: str, now: datetime) -> float:
    return max(0.0, (now - parse_time(text)).total_seconds())


# -- judged ------------------------------------------------------------------------------
def stuck(vitals: Vitals) -> list[str]:
    """Why the process should be started anew; empty when it lives. A remote or a disk is no reason: that passes."""
    if vitals.heartbeat_age is not None and vitals.heartbeat_age > STUCK_SECONDS:
        return [f"the worker has been stuck for {vitals.heartbeat_age:.0f} s"]
    return []


def not_ready(vitals: Vitals) -> list[str]:
    """Why the sides are not being kept in step now; without words of the services, which may name anything."""
    why = stuck(vitals)
    if vitals.ledger:
        return [*why, "the ledger cannot be read"]
    if vitals.pass_age is None:
        why.append("no pass has ended yet")
    for side in SIDES:
        state = vitals.sides[side].state
        if state in ("down", "refused"):
            why.append(f"{_NAMES[side]} {'does not answer' if state == 'down' else 'refuses our key or token'}")
    if vitals.brakes:
        why.append("a brake is on")
    return why


# -- in words ---------------------------------------------------------------------------
_STATES = {
    "unknown": "not called yet",
    "up": "answers",
    "down": "does not answer",
    "refused": "refuses our key or token",
}


def span(seconds: float) -> str:
    """A length of time as people say it: ``40 s``, ``12 min``, ``3 h``, ``9 days``."""
    for size, word in ((86400, " days"), (3600, " h"), (60, " min")):
        if seconds >= size * (2 if size == 86400 else 1):
            return f"{seconds / size:.0f}{word}"
    return f"{seconds:.0f} s"


def in_words(vitals: Vitals) -> list[tuple[str, str]]:
    """The reading for a person, one line each; what is as it should be is said shortly."""
    if vitals.ledger:
        return [("Ledger", vitals.ledger)]
    lines = [("Last whole pass", f"{span(vitals.pass_age)} ago" if vitals.pass_age is not None else "none yet")]
    for side, health in vitals.sides.items():
        lines += _side_in_words(side, health)
    compared = vitals.drift.compared_at
    found = f"{vitals.drift.found} of {vitals.drift.checked} at {compared[:16]}" if compared else "never compared"
    lines.append(("Drift", f"{vitals.drift.suspects} being looked into; whole comparison: {found}"))
    lines.append(("Last backup", f"{span(vitals.backup_age)} ago" if vitals.backup_age is not None else "none yet"))
    if vitals.token is not None:
        left = vitals.token.seconds_left
        ends = f"ends in {span(left)}" if left > 0 else f"ended {span(-left)} ago"
        lines.append(("Square token", ends + (f"; {vitals.token.trouble}" if vitals.token.trouble else "")))
    if vitals.disk_free is not None:
        lines.append(("Disk", f"{vitals.disk_free / 1e9:.1f} GB free, ledger {vitals.ledger_bytes / 1e6:.1f} MB"))
    return lines


def _side_in_words(side: str, health: SideHealth) -> list[tuple[str, str]]:
    name, pulse = _NAMES[side], health.pulse
    state = _STATES[health.state] + (f": {health.reason}" if health.reason else "")
    lines = [(name, state)]
    if pulse.waiting:
        doubt = f", {pulse.in_doubt} in doubt" if pulse.in_doubt else ""
        lines.append((f"Towards {name}", f"{pulse.waiting} writes wait, the oldest {span(pulse.lag)}{doubt}"))
    elif pulse.lag:
        lines.append((f"Towards {name}", f"a doorbell waits {span(pulse.lag)}"))
    if pulse.refused:
        lines.append((f"Refused by {name}", f"{pulse.refused} writes"))
    lines.append((f"Webhooks of {name}", "none yet" if health.silent is None else f"heard {span(health.silent)} ago"))
    return lines

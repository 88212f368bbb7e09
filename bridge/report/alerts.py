"""What needs a person, said in full: what happened, what the bridge did, what to do.

``conditions`` reads the troubles out of one reading; ``as_text`` and ``as_json`` word a message about one of them.
When it is told is decided elsewhere (``bridge.domain.alerting``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bridge.config.secrets import redact
from bridge.domain.alerting import Condition, Message
from bridge.report.health import SideHealth, Vitals, span

_NAMES = {"woo": "WooCommerce", "square": "Square"}
_OTHER = {"woo": "Square", "square": "WooCommerce"}
SHORTLY = timedelta(minutes=2)
ASKED = timedelta(hours=1)
"""Questions come in bunches: they are told together."""
REBASELINE = timedelta(minutes=30)
STALE_SECONDS = 3600.0
BACKUP_SECONDS = 3 * 86400.0
TOKEN_SECONDS = 8 * 86400.0
LEAST_DISK = 500_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """``patience``: how long what may pass by itself must last; ``lag``: seconds news may wait."""

    patience: timedelta = timedelta(minutes=10)
    lag: float = 900.0


def conditions(vitals: Vitals, limits: Limits) -> list[Condition]:
    """Everything that needs a person now."""
    if vitals.ledger:
        return [*_ledger(vitals), *_disk(vitals), *_token(vitals)]
    found: list[Condition] = []
    for side, health in vitals.sides.items():
        found += _side(side, health, limits)
    parts = (_stale, _brake, _decisions, _token, _hooks, _drift, _disk, _backup, _restored)
    return [*found, *(one for part in parts for one in part(vitals))]


def _ledger(vitals: Vitals) -> Iterator[Condition]:
    yield Condition(
        "ledger",
        "the bridge cannot read its own memory",
        vitals.ledger,
        "It writes nothing to either side and answers webhooks with 503, so that Square keeps them. What it "
        "acknowledged before is safe in the ledger's file.",
        "Look at the disk and at the rights of the ledger's folder (`bridge doctor`). If the file is damaged, put the "
        "newest backup back: `bridge restore FILE`.",
        SHORTLY,
    )


def _side(side: str, health: SideHealth, limits: Limits) -> Iterator[Condition]:
    name, pulse = _NAMES[side], health.pulse
    if health.state == "down":
        yield Condition(
            f"{side} down",
            f"{name} does not answer",
            f"{name} has not answered since {_when(health.since)}. {health.reason}".strip(),
            f"It asks again with growing pauses. Everything meant for {name} waits in the ledger "
            f"({pulse.waiting} writes now); nothing is lost.",
            f"If {name} does not work for you either, get it running (your host, or its status page). The bridge goes "
            "on by itself.",
            limits.patience,
        )
    elif health.state == "refused":
        yield _refused(side, health)
    elif pulse.in_doubt_age > limits.lag:
        yield Condition(
            f"{side} in doubt",
            f"{pulse.in_doubt} writes to {name} are in doubt",
            f"{name} did not say what became of {pulse.in_doubt} writes; the oldest is {span(pulse.in_doubt_age)} old.",
            "It reads back what became of them before it writes to these products again, so that nothing is done "
            "twice.",
            "Usually nothing. If it lasts for hours: `bridge status`, then `bridge doctor`.",
        )
    elif pulse.lag > limits.lag:
        yield Condition(
            f"{side} lag",
            f"news for {name} are {span(pulse.lag)} late",
            f"What changed in {_OTHER[side]} {span(pulse.lag)} ago is not in {name} yet; {pulse.waiting} writes wait.",
            f"It goes on writing, at most {health.rate:.1f} calls a second: as fast as {name} allows.",
            "After a large change just wait. Otherwise look at `bridge status` and at the daemon's log.",
        )


def _refused(side: str, health: SideHealth) -> Condition:
    name = _NAMES[side]
    todo = (
        "Make a new key in WooCommerce (Settings, Advanced, REST API; read and write), put it where the configuration "
        "says, `systemctl restart bridge`, then look with `bridge doctor`."
        if side == "woo"
        else "With an application of your own: `bridge auth url`, and follow it. With a personal token: put a new one "
        "where the configuration says, then `systemctl restart bridge`. Look with `bridge doctor`."
    )
    return Condition(
        f"{side} refused",
        f"{name} refuses our key or token",
        f"Since {_when(health.since)} {name} refuses access. {health.reason}".strip(),
        "It writes nothing and goes on asking now and then. What is due waits in the ledger; nothing is lost, and it "
        "goes on by itself once access works.",
        todo,
        SHORTLY,
    )


def _stale(vitals: Vitals) -> Iterator[Condition]:
    if vitals.pass_age is None or vitals.pass_age <= STALE_SECONDS:
        return
    if any(health.state in ("down", "refused") for health in vitals.sides.values()):
        return  # told by its cause
    working = vitals.working or "no bridge is running"
    yield Condition(
        "stale",
        "the sides are not being kept in step",
        f"The last whole pass ended {span(vitals.pass_age)} ago; now working: {working}.",
        "Nothing is lost: the next pass picks up everything that happened meanwhile.",
        "Start it again: `systemctl restart bridge`. If that does not help, see `bridge doctor` and "
        "`journalctl -u bridge`.",
    )


def _brake(vitals: Vitals) -> Iterator[Condition]:
    if vitals.brakes:
        yield Condition(
            "brake",
            "a brake is on",
            f"A run would have changed more than the limits allow ({vitals.brakes} brakes).",
            "It stopped before writing any of it. Everything else goes on.",
            "See what it would have done: `bridge decisions`. Release the brake there if that is what you want.",
        )


def _decisions(vitals: Vitals) -> Iterator[Condition]:
    number = vitals.open_decisions - vitals.brakes
    if number:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(vitals.decisions.items()) if kind != "brake")
        yield Condition(
            "decisions",
            f"{number} decisions wait for you",
            f"There are questions only you can answer ({kinds}); the oldest is {span(vitals.decision_age)} old.",
            "It leaves those products and orders as they are until you answer. Everything else goes on.",
            "`bridge decisions` lists them, `bridge decisions resolve NUMBER ANSWER` answers one.",
            ASKED,
        )


def _token(vitals: Vitals) -> Iterator[Condition]:
    token = vitals.token
    if token is None or not token.trouble or not (token.needs_person or token.seconds_left < TOKEN_SECONDS):
        return
    ends = f"ends in {span(token.seconds_left)}" if token.seconds_left > 0 else "has ended"
    yield Condition(
        "token",
        f"Square's token cannot be renewed and {ends}",
        f"Renewing Square's access token failed: {token.trouble}",
        "It tries again every hour. The present token works until its end; after that everything due waits in the "
        "ledger, and nothing is lost.",
        "Log in again: `bridge auth url`, open the address, agree, then `bridge auth finish`.",
        timedelta(0) if token.needs_person else ASKED,
    )


def _hooks(vitals: Vitals) -> Iterator[Condition]:
    for side, problem in sorted(vitals.hook_problems.items()):
        yield Condition(
            f"{side} hooks",
            f"{_NAMES[side]}'s webhooks cannot be looked after",
            f"Registering or repairing them failed. {problem}",
            "It looks by itself instead of being rung for, so news take minutes instead of seconds; nothing is missed.",
            "`bridge webhooks test` says what is wrong, `bridge webhooks repair` tries again now.",
            ASKED,
        )


def _drift(vitals: Vitals) -> Iterator[Condition]:
    if vitals.drift.found:
        yield Condition(
            "drift",
            f"{vitals.drift.found} stock numbers differ from what they should be",
            f"Comparing both whole sides at {_when(vitals.drift.compared_at)} found {vitals.drift.found} differences "
            f"among {vitals.drift.checked} variations.",
            "It heals what it can explain in its passes; a comparison alone changes nothing.",
            "`bridge reconcile` shows each with its likely cause, `bridge reconcile --fix` heals them.",
        )


def _disk(vitals: Vitals) -> Iterator[Condition]:
    if vitals.disk_free is not None and vitals.disk_free < LEAST_DISK:
        yield Condition(
            "disk",
            "the disk is nearly full",
            f"{vitals.disk_free / 1e6:.0f} MB are free where the ledger lies (it takes {vitals.ledger_bytes / 1e6:.0f} "
            "MB).",
            "It goes on working. Should the disk fill up, it acknowledges nothing it could not store, and goes on by "
            "itself once there is room.",
            "Free some space; old backups are kept by number, see `bridge backup --keep`.",
        )


def _backup(vitals: Vitals) -> Iterator[Condition]:
    if vitals.backup_age is not None and vitals.backup_age > BACKUP_SECONDS:
        yield Condition(
            "backup",
            f"the last backup is {span(vitals.backup_age)} old",
            "Backups were made before, and no longer are.",
            "It goes on working without them.",
            "`systemctl status bridge-backup.timer` and `journalctl -u bridge-backup` say why; `bridge backup` makes "
            "one now.",
        )


def _restored(vitals: Vitals) -> Iterator[Condition]:
    if vitals.restored:
        yield Condition(
            "restored",
            "an older ledger was put back and not yet compared",
            f"The ledger was put back from the past at {_when(vitals.restored)}.",
            "It looks at both sides afresh before it writes; that has not come to its end yet.",
            "If this lasts: `bridge status`, then the daemon's log.",
            REBASELINE,
        )


def _when(text: str) -> str:
    return f"{text[:10]} {text[11:16]} UTC" if text else "a while"


# -- the words of a message -----------------------------------------------------------------


def subject(message: Message, name: str) -> str:
    """One line without anything a mail header must not have."""
    over = {"raised": "", "reminder": "still: ", "recovered": "over: ", "missed": "was, and is over: "}[message.kind]
    line = redact(f"[bridge {name}] {over}{message.title}")
    return "".join(char if char.isprintable() else " " for char in line)[:200]


def as_text(message: Message) -> str:
    """The body for people."""
    since = f"{message.since:%Y-%m-%d %H:%M} UTC"
    found = message.condition
    if found is None:
        missed = "\n\nIt could not be told while it lasted." if message.kind == "missed" else ""
        return f"This is over: {message.title} (since {since}).{missed}\n\nNothing needs to be done.\n"
    parts = (f"What happened: {found.happened}", f"What the bridge did: {found.did}", f"What to do: {found.todo}")
    return _plain("\n\n".join(parts) + f"\n\nSince {since}. You are told again while it lasts, and when it is over.\n")


def as_json(message: Message, name: str, at: datetime) -> dict[str, Any]:
    """The same for programs; ``text`` is what most chat services show."""
    found = message.condition
    told = {
        "text": f"{subject(message, name)}\n\n{as_text(message)}",
        "bridge": name,
        "kind": message.kind,
        "key": message.key,
        "title": message.title,
        "since": message.since.isoformat(),
        "at": at.isoformat(),
    }
    if found is not None:
        told |= {"happened": found.happened, "did": found.did, "todo": found.todo}
    return {key: _plain(value) for key, value in told.items()}


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\n" else " " for char in redact(text))


def overview(found: Iterable[Condition]) -> list[tuple[str, str]]:
    """(key, title) of each condition, for a table."""
    return [(one.key, one.title) for one in found]

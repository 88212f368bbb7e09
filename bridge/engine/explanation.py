"""An explanation of a SKU's numbers: a value, as JSON, and as lines for a person."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from bridge.domain.times import parse_time

_UNITS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "minute"))


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: ``what`` in words, ``because`` of which causes; ``key`` when we wrote it ourselves."""

    at: str
    side: str
    what: str
    store: str = ""
    cause: str = ""
    key: str = ""
    state: str = ""
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything known about one SKU's stock.

    ``shop`` has shown, expected, state, reason and read_at; ``stores`` one row per store with quantity, online and
    read_at; ``target`` the parts of what the shop should show (numbers as text where they may be fractional), empty
    when nothing is counted. ``notes`` say why a SKU is not kept in step.
    """

    sku: str
    name: str
    shop: dict[str, Any]
    stores: tuple[dict[str, Any], ...]
    target: dict[str, Any]
    chain: tuple[Step, ...]
    waiting: tuple[str, ...]
    decisions: tuple[str, ...]
    notes: tuple[str, ...]
    now: str = field(default="", compare=False)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For a person, a line each."""
        return lines_of(self)


def lines_of(found: Explanation) -> list[str]:
    """Numbers with their age, the formula, what waits, then the chain of causes, oldest first."""
    lines = [f"{found.sku}  {found.name}".rstrip()]
    lines += found.notes
    if found.shop:
        lines += _numbers(found)
    if found.target:
        lines += _formula(found.target)
    lines += [f"Under way: {one}" for one in found.waiting]
    lines += [f"To be decided by you: {one}" for one in found.decisions]
    if found.chain:
        lines += ["", "What happened:"]
        for step in found.chain:
            lines += _step(step)
    return lines


def _numbers(found: Explanation) -> list[str]:
    shop = found.shop
    lines = [f"The shop shows {shop['shown']} (read {age(found.now, shop['read_at'])})"]
    if shop["expected"] is not None and shop["expected"] != shop["shown"]:
        lines[0] += f"; {shop['expected']} was expected"
    for row in found.stores:
        online = "" if row["online"] else ", not sold online"
        lines.append(f"{row['store']} counts {row['quantity']} (read {age(found.now, row['read_at'])}{online})")
    return lines


def _formula(target: dict[str, Any]) -> list[str]:
    parts = [f"{target['counted']} in the stores that sell online"]
    if target["pending"] not in ("0", ""):
        parts.append(f"{target['pending']} on its way to them")
    if target["buffer"]:
        parts.append(f"less {target['buffer']} kept back")
    if target["refusal"]:
        return [f"The shop should show: {'; '.join(parts)} — but that is {target['refusal']}, so it is left alone"]
    line = f"The shop should show {target['quantity']}: {', '.join(parts)}"
    if target["debt"] not in ("0", ""):
        line += f"; {target['debt']} more are owed"
    return [line]


def _step(step: Step) -> list[str]:
    state = f" [{step.state}]" if step.state not in ("", "done") else ""
    head = f"{step.at[:19].replace('T', ' ')}  {step.what}{state}"
    mark = step.key or step.cause
    return [head + (f"  {mark}" if mark else ""), *(f"{'':21}because: {why}" for why in step.because)]


def age(now: str, then: str) -> str:
    """How long ago, in words."""
    seconds = seconds_since(now, then)
    if seconds is None:
        return "never"
    for size, word in _UNITS:
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {word}{'s' if number > 1 else ''} ago"
    return "just now"


def seconds_since(now: str, then: str) -> float | None:
    """Age of a moment in seconds, ``None`` when it never was."""
    return (parse_time(now) - parse_time(then)).total_seconds() if now and then else None

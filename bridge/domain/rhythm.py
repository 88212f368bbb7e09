"""How long the bridge waits before it looks again by itself: pure decisions from what webhooks have proved.

A webhook proves itself by ringing, and is in doubt when a look without a ring finds what it should have told. While
all hooks are proved, looking slows down; when one is silent, it quickens; at night it may rest; and a side that
answers slowly is given more time between two passes, so that the bridge is never the load a shop suffers from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Trust = Literal["proved", "unproved", "silent"]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The retailer's wishes, in seconds between looks.

    ``quick`` while a hook is silent, ``usual`` while nothing is known, ``slow`` while all hooks are proved;
    ``quiet_factor`` stretches all of them within the quiet hours; no wait is ever longer than ``longest``.
    ``busy_share`` is the share of time a pass may take: a pass of 20 s and 0.2 means at least 100 s from start to
    start. ``trusted_for`` is how long one ring proves a hook.
    """

    quick: float = 20.0
    usual: float = 60.0
    slow: float = 180.0
    longest: float = 900.0
    quiet_factor: float = 4.0
    quiet_from: time | None = None
    quiet_until: time | None = None
    zone: str = "UTC"
    busy_share: float = 0.2
    trusted_for: float = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Hook:
    """What is known of one side's webhooks. Moments are UTC; ``None`` means never.

    ``rang``: a genuine delivery came. ``missed``: a look found what no delivery had told in time. ``expected`` is
    False for a side without webhooks (none configured). ``doubted``: a look found something, and whether a delivery
    still tells of it is not known yet.
    """

    rang: datetime | None = None
    missed: datetime | None = None
    expected: bool = True
    doubted: datetime | None = None


SLOW_ANSWER = 2.0
"""Seconds: a side that takes longer for an answer, in the mean, has enough to do."""
LONGEST_REST = 10.0


def is_slow(answer_seconds: float) -> bool:
    """True when a side should be asked one thing at a time."""
    return answer_seconds > SLOW_ANSWER


def rest_after(answer_seconds: float) -> float:
    """Seconds to leave a slow side alone after each answer: it is then ours for half of the time at most."""
    return min(LONGEST_REST, answer_seconds) if is_slow(answer_seconds) else 0.0


LEAD = timedelta(seconds=120)
"""A ring this shortly before a look has told of what the look found."""
GRACE = timedelta(seconds=240)
"""How late a ring may come: WooCommerce sends once a minute while the site has traffic, Square within a minute."""


def after_look(hook: Hook, *, rang: datetime | None, found: bool, now: datetime) -> Hook:
    """What is known after a look. ``rang`` is the newest delivery, ``found`` whether people had changed something."""
    doubted, missed = hook.doubted, hook.missed
    if doubted is not None and rang is not None and rang >= doubted - LEAD:
        doubted = None
    elif doubted is not None and now - doubted > GRACE:
        doubted, missed = None, now
    if found and doubted is None and not (rang is not None and rang >= now - LEAD):
        doubted = now
    return replace(hook, rang=rang, missed=missed, doubted=doubted)


def trust(hook: Hook, now: datetime, trusted_for: float) -> Trust:
    """Whether a side's webhooks can be relied on just now."""
    if not hook.expected:
        return "unproved"
    if hook.missed is not None and (hook.rang is None or hook.missed >= hook.rang):
        return "silent"
    if hook.rang is not None and (now - hook.rang).total_seconds() <= trusted_for:
        return "proved"
    return "unproved"


def is_quiet(rhythm: Rhythm, now: datetime) -> bool:
    """True within the quiet hours, by the shop's own clock; they may run over midnight."""
    begin, end = rhythm.quiet_from, rhythm.quiet_until
    if begin is None or end is None or begin == end:
        return False
    local = now.astimezone(ZoneInfo(rhythm.zone)).time()
    return begin <= local < end if begin < end else local >= begin or local < end


def wait_until_next(rhythm: Rhythm, hooks: Iterable[Hook], now: datetime, last_pass_seconds: float = 0.0) -> float:
    """Seconds from the end of a pass to the next look that nobody rang for."""
    trusts = [trust(hook, now, rhythm.trusted_for) for hook in hooks]
    if "silent" in trusts:
        wait = rhythm.quick
    elif trusts and all(one == "proved" for one in trusts):
        wait = rhythm.slow
    else:
        wait = rhythm.usual
    if is_quiet(rhythm, now):
        wait *= rhythm.quiet_factor
    wait = max(wait, last_pass_seconds * (1 / rhythm.busy_share - 1))
    return min(wait, rhythm.longest)

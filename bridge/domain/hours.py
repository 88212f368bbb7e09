"""Opening hours of a store, and from them: open or closed, ready by when, which times to offer for pickup.

Hours are wall-clock times in the store's own zone; everything else is UTC. On the day clocks change, a wall time that
does not exist is taken as the moment after the gap, one that exists twice as its first for opening and its second for
closing: a store is never shorter open than its door says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
LOOK_AHEAD = timedelta(days=400)
"""How far a store's next opening is looked for: a holiday shop may be closed for most of a year."""


@dataclass(frozen=True, slots=True)
class Span:
    """Open from ``start`` to ``end``, local time; an end at or before the start lies on the next day."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Hours:
    """When a store is open: spans per weekday (0 = Monday), and other spans (none = closed) on single days.

    No spans on any weekday means the hours are not known; such a store counts as always open.
    """

    zone: str
    week: Mapping[int, Sequence[Span]] = field(default_factory=dict)
    holidays: Mapping[date, Sequence[Span]] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether any opening hours are given."""
        return any(self.week.values())

    def spans_on(self, day: date) -> Sequence[Span]:
        """The spans that begin on a local day."""
        if day in self.holidays:
            return self.holidays[day]
        return self.week.get(day.weekday(), ()) if self.known else (Span(time(0), time(0)),)


def hours_of_square(
    business_hours: Mapping[str, Any] | None, zone: str, holidays: Mapping[date, Sequence[Span]] | None = None
) -> Hours:
    """Hours from a Square location's ``business_hours``; an unknown zone is read as UTC."""
    week: dict[int, list[Span]] = {}
    for period in (business_hours or {}).get("periods") or ():
        day = str(period.get("day_of_week", ""))
        if day in DAYS and period.get("start_local_time") and period.get("end_local_time"):
            span = Span(_time(period["start_local_time"]), _time(period["end_local_time"]))
            week.setdefault(DAYS.index(day), []).append(span)
    return Hours(zone, week, holidays or {})


def _time(text: str) -> time:
    hour, minute = str(text).split(":")[:2]
    return time(int(hour) % 24, int(minute))


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name, UTC when it is not known."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def utc_of(day: date, at: time, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """The moment of a wall-clock time; ``last`` takes the second of two, and a gap gives the moment after it."""
    wall = datetime.combine(day, at)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return second if last else first
    # a time that does not exist: read with the old clock it lies after the change, with the new one before it
    return _clock_change(second, first, zone)


def _clock_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between two at which the zone's clock changes, to the second."""
    new = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == new:
            after = middle
        else:
            before = middle
    return after


# -- open and closed --------------------------------------------------------------------
def open_spans(hours: Hours, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The stretches within [``since``, ``until``) in which the store is open, in UTC, in order, never touching."""
    zone = zone_of(hours.zone)
    day = since.astimezone(zone).date() - timedelta(days=1)  # a night's span may have begun the day before
    last = until.astimezone(zone).date()
    current: tuple[datetime, datetime] | None = None
    while day <= last:
        for start, end in _day_spans(hours, day, zone):
            start, end = max(start, since), min(end, until)
            if start >= end:
                continue
            if current is not None and start <= current[1]:
                current = current[0], max(current[1], end)
                continue
            if current is not None:
                yield current
            current = start, end
        day += timedelta(days=1)
    if current is not None:
        yield current


def _day_spans(hours: Hours, day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    found = []
    for span in hours.spans_on(day):
        ends_on = day if span.end > span.start else day + timedelta(days=1)
        found.append((utc_of(day, span.start, zone), utc_of(ends_on, span.end, zone, last=True)))
    return sorted(found)


def is_open(hours: Hours, at: datetime) -> bool:
    """Whether the store is open at a moment."""
    return next(open_spans(hours, at, at + timedelta(seconds=1)), None) is not None


def open_until(hours: Hours, at: datetime) -> datetime | None:
    """When the store closes next after ``at``; ``None`` when it is closed, always open or open for over a week."""
    within = at + timedelta(days=8)
    first = next(open_spans(hours, at, within), None)
    return first[1] if first is not None and first[0] == at and first[1] < within else None


# -- pickups ----------------------------------------------------------------------------
def ready_by(hours: Hours, placed: datetime, lead: timedelta, *, while_closed: bool = False) -> datetime | None:
    """When goods ordered at ``placed`` can be fetched: ``lead`` of opening time later.

    With ``while_closed`` the lead runs around the clock and the goods are ready at the first open moment after it.
    ``None`` when the store does not open long enough within ``LOOK_AHEAD``.
    """
    if while_closed:
        placed, lead = placed + lead, timedelta(0)
    left = lead
    for start, end in open_spans(hours, placed, placed + LOOK_AHEAD):
        if end - start > left:  # ready at closing time is ready the next morning
            return start + left
        left -= end - start
    return None


def pickup_slots(
    hours: Hours, ready: datetime, *, every: timedelta = timedelta(minutes=30), days: int = 7, most: int = 200
) -> list[datetime]:
    """Times to offer for pickup from ``ready`` on: whole steps of the store's own clock while it is open."""
    zone = zone_of(hours.zone)
    step = max(1, int(every.total_seconds()) // 60)
    slots: dict[datetime, None] = {}
    for start, end in open_spans(hours, ready, ready + timedelta(days=days)):
        day = start.astimezone(zone).date()
        while day <= end.astimezone(zone).date():
            for minute in range(0, 24 * 60, step):
                at = utc_of(day, time(minute // 60, minute % 60), zone)
                if start <= at < end:
                    slots[at] = None
                    if len(slots) == most:
                        return sorted(slots)
            day += timedelta(days=1)
    return sorted(slots)

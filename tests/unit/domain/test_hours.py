"""Opening hours, in zones whose clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.hours import (
    Hours,
    Span,
    hours_of_square,
    is_open,
    open_spans,
    open_until,
    pickup_slots,
    ready_by,
    utc_of,
    zone_of,
)
from tests.unit.domain.laws import law

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu", "UTC")
NINE_TO_FIVE = [Span(time(9), time(17))]
WEEK = dict.fromkeys(range(5), NINE_TO_FIVE)
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


spans = st.builds(
    Span,
    st.times(min_value=time(0), max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0)),
    st.times(min_value=time(0), max_value=time(23, 59)).map(lambda t: t.replace(second=0, microsecond=0)),
)
weeks = st.dictionaries(st.integers(0, 6), st.lists(spans, max_size=2), max_size=7)
near_changes = st.sampled_from(
    ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04", "2026-09-06", "2026-06-15"]
).flatmap(lambda day: st.integers(-3000, 3000).map(lambda minutes: at(day) + timedelta(minutes=minutes)))
stores = st.builds(Hours, st.sampled_from(ZONES), weeks)


def test_square_hours_are_read_by_day() -> None:
    said = {
        "periods": [
            {"day_of_week": "MON", "start_local_time": "09:00:00", "end_local_time": "17:00"},
            {"day_of_week": "TUE"},
            {"day_of_week": "SAT", "start_local_time": "22:00", "end_local_time": "02:00"},
        ]
    }
    hours = hours_of_square(said, "Europe/Berlin")
    assert hours.week == {0: NINE_TO_FIVE, 5: [Span(time(22), time(2))]}
    assert is_open(hours, at("2026-06-15T07:00")) and not is_open(hours, at("2026-06-15T15:00"))
    assert is_open(hours, at("2026-06-13T23:30")) and not is_open(hours, at("2026-06-14T00:30"))


def test_a_store_without_known_hours_counts_as_open() -> None:
    hours = hours_of_square(None, "Nowhere/Atall")
    assert not hours.known and zone_of("Nowhere/Atall") == ZoneInfo("UTC")
    assert is_open(hours, at("2026-06-15T03:00")) and open_until(hours, at("2026-06-15T03:00")) is None
    assert ready_by(hours, at("2026-06-15T23:30"), HOUR) == at("2026-06-16T00:30")


def test_a_holiday_closes_the_store_and_a_special_day_opens_it() -> None:
    hours = Hours("Europe/Berlin", WEEK, {date(2026, 12, 25): (), date(2026, 12, 27): [Span(time(12), time(14))]})
    assert not is_open(hours, at("2026-12-25T10:00"))
    assert ready_by(hours, at("2026-12-24T15:30"), HOUR) == at("2026-12-27T11:30")


def test_lead_time_runs_while_the_store_is_open_or_around_the_clock() -> None:
    hours = Hours("Europe/Berlin", WEEK)
    friday = at("2026-06-12T14:30")  # 16:30 in Berlin, half an hour to closing
    assert ready_by(hours, friday, HOUR) == at("2026-06-15T07:30")
    assert ready_by(hours, friday, HOUR, while_closed=True) == at("2026-06-15T07:00")
    assert ready_by(hours, friday, timedelta(minutes=30)) == at("2026-06-15T07:00")
    assert open_until(hours, friday) == at("2026-06-12T15:00")


def test_a_store_that_never_opens_is_never_ready() -> None:
    closed = {date(2026, 1, 1) + timedelta(days=n): () for n in range(900)}
    assert ready_by(Hours("UTC", WEEK, closed), at("2026-06-12T14:30"), HOUR) is None


@pytest.mark.parametrize(
    ("day", "clock", "last", "moment"),
    [
        ("2026-03-29", time(2, 30), False, "2026-03-29T01:00"),  # skipped: the moment after the gap
        ("2026-03-29", time(3, 0), False, "2026-03-29T01:00"),
        ("2026-10-25", time(2, 30), False, "2026-10-25T00:30"),  # twice: the first
        ("2026-10-25", time(2, 30), True, "2026-10-25T01:30"),  # or the second
    ],
)
def test_wall_times_around_a_clock_change(day: str, clock: time, last: bool, moment: str) -> None:
    assert utc_of(date.fromisoformat(day), clock, ZoneInfo("Europe/Berlin"), last=last) == at(moment)


def test_a_day_of_clock_change_has_an_hour_less_or_more_to_work_in() -> None:
    night = Hours("Europe/Berlin", {day: [Span(time(22), time(6))] for day in range(7)})
    worked = {
        day: sum(
            (end - start for start, end in open_spans(night, at(f"{day}T12:00"), at(f"{day}T12:00") + 24 * HOUR)),
            0 * HOUR,
        )
        for day in ("2026-03-28", "2026-06-15", "2026-10-24")
    }
    assert list(worked.values()) == [7 * HOUR, 8 * HOUR, 9 * HOUR]


@law
@given(stores, near_changes)
def test_open_spans_lie_in_order_apart_and_within_what_was_asked(hours: Hours, since: datetime) -> None:
    until = since + timedelta(days=4)
    found = list(open_spans(hours, since, until))
    assert all(since <= start < end <= until for start, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    zone = zone_of(hours.zone)
    for start, end in found:
        assert is_open(hours, start) and is_open(hours, end - timedelta(seconds=1))
        if hours.known and start > since:
            # a store opens when its clock says so, or when a gap has swallowed that time
            day = start.astimezone(zone).date()
            assert start in {
                utc_of(d, span.start, zone) for d in (day, day - timedelta(days=1)) for span in hours.spans_on(d)
            }


@law
@given(stores, near_changes, st.integers(0, 30 * 60).map(lambda minutes: timedelta(minutes=minutes)))
def test_goods_are_ready_after_exactly_the_lead_of_opening_time(
    hours: Hours, placed: datetime, lead: timedelta
) -> None:
    ready = ready_by(hours, placed, lead)
    if ready is None:
        return
    worked = sum((end - start for start, end in open_spans(hours, placed, ready)), timedelta(0))
    assert worked == lead and is_open(hours, ready)
    sooner = ready_by(hours, placed, timedelta(0))
    assert sooner is not None and placed <= sooner <= ready


@law
@given(stores, near_changes, st.sampled_from([15, 20, 30, 60, 90]))
def test_pickup_slots_are_open_moments_on_the_stores_own_clock(hours: Hours, ready: datetime, minutes: int) -> None:
    slots = pickup_slots(hours, ready, every=timedelta(minutes=minutes), days=3)
    assert slots == sorted(set(slots)) and all(ready <= slot < ready + timedelta(days=3) for slot in slots)
    zone = zone_of(hours.zone)
    for slot in slots:
        assert is_open(hours, slot)
        local = slot.astimezone(zone)
        whole = (local.hour * 60 + local.minute) % minutes == 0
        assert whole or slot == utc_of(local.date(), time(local.hour), zone) or _after_gap(slot, zone)


def _after_gap(slot: datetime, zone: ZoneInfo) -> bool:
    before = slot - timedelta(seconds=1)
    return before.astimezone(zone).utcoffset() != slot.astimezone(zone).utcoffset()

"""The shop's dates: epoch seconds inside, site-local text and its GMT twin outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_FULL = re.compile(r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:?\d{2})?$", re.IGNORECASE)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The timezone of that name (cached)."""
    return ZoneInfo(name)


@lru_cache(maxsize=65536)
def gmt_text(epoch: int) -> str:
    """``2026-11-22T00:26:11``: UTC without a suffix, as every ``*_gmt`` field has it."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=65536)
def local_text(epoch: int, tz: str) -> str:
    """The same moment in the site's timezone, without an offset."""
    return datetime.fromtimestamp(epoch, zone(tz)).strftime("%Y-%m-%dT%H:%M:%S")


def from_local(text: str, tz: str) -> int:
    """Epoch seconds of a bare timestamp read in the site's timezone; ``ValueError`` when it is none."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone(tz)).timestamp())


def from_gmt(text: str) -> int:
    """Epoch seconds of a bare timestamp that is UTC; ``ValueError`` when it is none."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def is_rest_date(text: str) -> bool:
    """True for what the REST layer takes as a date-time (a date without a time is refused)."""
    return bool(_FULL.match(text))


def written_moment(text: str, tz: str, *, gmt: bool = False) -> int:
    """Epoch seconds of a date written into a field: an offset counts, bare text is local (or GMT)."""
    found = _FULL.match(text)
    if found is None:
        # a field, unlike a filter, also takes a bare date
        return from_gmt(text[:10]) if gmt else from_local(text[:10], tz)
    bare = f"{found[1]}T{found[2]}"
    if found[4]:
        return from_gmt(bare) - _offset(found[4])
    return from_gmt(bare) if gmt else from_local(bare, tz)


def filter_moment(text: str, tz: str, *, dates_are_gmt: bool) -> int:
    """Epoch seconds that ``modified_after`` and its like compare with.

    A bare text is site-local, or GMT with ``dates_are_gmt``. A text with an offset is first turned into local
    time; with ``dates_are_gmt`` that local time is then read as GMT, hence shifted twice.
    """
    found = _FULL.match(text)
    if found is None:
        raise ValueError(text)
    bare = f"{found[1]}T{found[2]}"
    if found[4]:
        moment = from_gmt(bare) - _offset(found[4])
        return from_gmt(local_text(moment, tz)) if dates_are_gmt else moment
    return from_gmt(bare) if dates_are_gmt else from_local(bare, tz)


def has_fraction_and_offset(text: str) -> bool:
    """True for ``…:00.123Z``: order lists answer nothing at all to it."""
    found = _FULL.match(text)
    return bool(found and found[3] and found[4])


def _offset(suffix: str) -> int:
    if suffix in ("Z", "z"):
        return 0
    sign = -1 if suffix[0] == "-" else 1
    digits = suffix[1:].replace(":", "")
    return sign * int(timedelta(hours=int(digits[:2]), minutes=int(digits[2:])).total_seconds())

"""The keys of pickup places and customers."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated

from pydantic import Field, field_validator

from bridge.config.fields import Name, Section

Country = Annotated[str, Field(pattern=r"^([A-Z]{2})?$")]
Hours = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


class Holiday(Section):
    """A day on which stores open otherwise, or not at all; Square knows no holidays."""

    day: date
    stores: tuple[Name, ...] = ()
    open: tuple[str, ...] = ()

    @field_validator("open")
    @classmethod
    def _spans(cls, spans: tuple[str, ...]) -> tuple[str, ...]:
        for span in spans:
            span_of(span)
        return spans


def span_of(text: str) -> tuple[time, time]:
    """``09:00-13:00`` as two times of day; raises ``ValueError`` for anything else."""
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise ValueError("is not a time from and until, such as `09:00-13:00`") from None
    return start, end


class Places(Section):
    """Pickup places: what they are called in the shop, and when goods can be fetched there."""

    sync: bool = False
    map: dict[str, Name] = {}
    lead_minutes: Annotated[int, Field(ge=0, le=100_000)] = 60
    transfer_hours: Hours | None = None
    holidays: tuple[Holiday, ...] = ()


class Customers(Section):
    """Whether customers of both sides are recognised, and made known to Square."""

    sync: bool = False
    create_at_square: bool = False
    country: Country = ""

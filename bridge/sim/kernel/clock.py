"""The simulators' clock: real time with an offset, or virtual time that moves only when told to."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class SimClock:
    """UTC time for a simulator. ``frozen_at`` makes it virtual; ``advance`` moves either kind."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._frozen = frozen_at
        self._offset = timedelta()

    @property
    def is_virtual(self) -> bool:
        """True when time passes only through ``advance`` and ``set``."""
        return self._frozen is not None

    def now(self) -> datetime:
        """The current moment, timezone-aware UTC."""
        base = self._frozen if self._frozen is not None else datetime.fromtimestamp(time.time(), UTC)
        return base + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock by ``seconds`` (may be negative: clock skew)."""
        self._offset += timedelta(seconds=seconds)

    def freeze(self, at: datetime) -> None:
        """Make the clock virtual and stand at ``at``."""
        self._frozen, self._offset = at, timedelta()

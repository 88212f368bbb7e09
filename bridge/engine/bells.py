"""What was rung for and not yet done: a small set of words between those who ring and the one thread that works."""

from __future__ import annotations

import threading

DOOR, LOOK, FULL, HOOKS, TIDY, DUE = "door", "look", "full", "hooks", "tidy", "due"
"""A webhook came · look by yourself · compare everything · look after webhooks · tidy the ledger · a write is due."""


class Bells:
    """Thread-safe. Ringing twice for one word is ringing once; ``stop`` rings for good."""

    def __init__(self) -> None:
        self._rung: set[str] = set()
        self._change = threading.Condition()
        self._stopping = threading.Event()

    def ring(self, word: str) -> None:
        """Ask for something to be done soon."""
        with self._change:
            self._rung.add(word)
            self._change.notify_all()

    def take(self) -> set[str]:
        """What was rung for since the last time, taken away."""
        with self._change:
            rung, self._rung = self._rung, set()
            return rung

    def wait(self, seconds: float) -> None:
        """Return when something is rung for, when stopping, or after ``seconds``."""
        with self._change:
            self._change.wait_for(lambda: bool(self._rung) or self.stopping, timeout=max(0.0, seconds))

    def pause(self, seconds: float) -> None:
        """Return after ``seconds`` or when stopping, whatever rings."""
        self._stopping.wait(max(0.0, seconds))

    def stop(self) -> None:
        """No more work."""
        self._stopping.set()
        with self._change:
            self._change.notify_all()

    @property
    def stopping(self) -> bool:
        """True once ``stop`` was called."""
        return self._stopping.is_set()

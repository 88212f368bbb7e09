"""Seeded identifiers, so that two runs of one scenario give the same ids."""

from __future__ import annotations

import random

_SQUARE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Ids:
    """A source of identifiers and of the simulator's only randomness (``dice``)."""

    def __init__(self, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        self._next: dict[str, int] = {}

    def number(self, kind: str, start: int = 1) -> int:
        """The next integer id of a kind: start, start+1, …"""
        value = self._next.get(kind, start)
        self._next[kind] = value + 1
        return value

    def seen(self, kind: str, value: int) -> None:
        """Make sure later ids of ``kind`` are above ``value`` (after loading fixed ids)."""
        self._next[kind] = max(self._next.get(kind, 1), value + 1)

    def token(self, length: int = 24) -> str:
        """A Square-looking id: capital letters and digits."""
        return "".join(self.dice.choices(_SQUARE_ALPHABET, k=length))

    def uuid(self) -> str:
        """A random-looking UUID (version 4 layout) from the seed."""
        raw = f"{self.dice.getrandbits(128):032x}"
        return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"

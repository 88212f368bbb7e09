"""Webhook registrations as plain values, and what registering needs of a side; each side keeps its own in ``hooks``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bridge.remotes.port import Outcome


@dataclass(frozen=True, slots=True)
class Hook:
    """One registration as a side lists it: WooCommerce has one per topic, Square one for many."""

    hook_id: str
    topics: tuple[str, ...]
    url: str
    active: bool
    name: str = ""


class HookRegistry(Protocol):
    """A side's list of webhooks. Reads raise ``RemoteDown``, ``AccessRefused`` or ``RemoteRefused``."""

    side: str
    topics: Sequence[str]
    """The topics the bridge wants to be rung for."""
    one_for_all: bool
    """True when one registration carries all topics."""

    def standing(self) -> list[Hook]:
        """Everybody's registrations, switched-off ones included."""
        ...

    def create(self, topics: Sequence[str], url: str) -> Outcome:
        """Register; signed with the secret this registry was made with (WooCommerce) or one of Square's making."""
        ...

    def revive(self, hook: Hook, topics: Sequence[str], url: str) -> Outcome:
        """Make a registration of ours right again in place; only where ``one_for_all``."""
        ...

    def delete(self, hook: Hook) -> Outcome:
        """Remove a registration."""
        ...

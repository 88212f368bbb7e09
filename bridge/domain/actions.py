"""Stable keys of remote writes: the same cause gives the same key, after a crash and after a new plan."""

from __future__ import annotations

from uuid import UUID, uuid5

_NAMESPACE = UUID("8d0c8f1e-5c0b-5b60-9d0a-3f6b1c2e7a11")


def action_key(*parts: str) -> str:
    """A 36-character key made of cause, target and intent (Square takes 45 characters at its tightest).

    Parts are told apart whatever they contain: ``("a", "bc")`` and ``("ab", "c")`` give different keys.
    """
    return str(uuid5(_NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts)))

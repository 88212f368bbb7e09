"""Stops a run before it changes too much: mass zeroing, hiding, deleting, price jumps, empty answers.

A brake holds what it names and says how to let go; releasing is a person's decision.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bridge.domain.fields import Value


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much. Shares are of all SKUs (or of the last listing); the ``at_least`` spare small shops."""

    zero_share: float = 0.2
    zero_at_least: int = 5
    price_jump: float = 0.5
    shrink_share: float = 0.5
    shrink_at_least: int = 5


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing a run is about to do.

    ``kind``: zero_stock, hide, delete, price … (others are never braked). ``subject`` names the SKU or
    product. ``explained`` is true when a known cause stands behind it (a sale took the last one, a person or the
    configuration asked for it): explained intents are never braked.
    """

    kind: str
    subject: str
    before: Value = None
    after: Value = None
    explained: bool = False


@dataclass(frozen=True, slots=True)
class Brake:
    """A stop: its name, what it holds, why in plain words, and the word that releases it.

    Releasing ``name`` lets all go that this brake would hold; ``name:subject`` only that subject.
    """

    name: str
    subjects: tuple[str, ...]
    why: str
    release: str


def apply_brakes(
    intents: Sequence[Intent],
    *,
    total_skus: int,
    limits: Limits | None = None,
    released: Collection[str] = (),
    zeroed: Collection[str] = (),
) -> list[Brake]:
    """The brakes a run must stop at; empty when it may go on.

    mass_zero, hide and delete hold all their subjects together, price_jump each by itself. ``zeroed`` names the SKUs
    that runs shortly before took to zero without a cause: they count towards mass_zero, so that many small runs may
    not do what one big run may not.
    """
    limits = limits or Limits()

    def held(name: str, kind: str, counts: Callable[[Intent], bool] = lambda _: True) -> tuple[str, ...]:
        """Subjects of unexplained, unreleased intents of a kind, each once, in their order."""
        found = [i.subject for i in intents if i.kind == kind and not i.explained and counts(i)]
        free = {subject for subject in found if name in released or f"{name}:{subject}" in released}
        return tuple(subject for subject in dict.fromkeys(found) if subject not in free)

    brakes = []
    falling = held("mass_zero", "zero_stock")
    before = len(set(zeroed) - set(falling))
    many = len(falling) + before
    if falling and many >= limits.zero_at_least and many > _part(limits.zero_share, total_skus):
        why = f"{len(falling)} of {total_skus} SKUs would go to zero without a sale behind it"
        why += f", after {before} others within a day" if before else ""
        brakes.append(Brake("mass_zero", falling, why, "mass_zero"))
    for kind, done in (("hide", "hidden"), ("delete", "deleted")):
        if subjects := held(kind, kind):
            why = f"{len(subjects)} would be {done} though nobody asked for it"
            brakes.append(Brake(kind, subjects, why, kind))
    for subject in held("price_jump", "price", lambda i: _jumps(i.before, i.after, limits.price_jump)):
        why = f"the price of {subject} would change by more than {limits.price_jump:.0%}"
        brakes.append(Brake("price_jump", (subject,), why, f"price_jump:{subject}"))
    return brakes


def believe_listing(now: int, before: int, limits: Limits | None = None) -> Brake | None:
    """The brake ``empty_answer`` when a listing lost too much since last time to be believed, else ``None``.

    ``now`` and ``before`` are numbers of objects; a shop that had fewer than ``shrink_at_least`` may lose them all.
    """
    limits = limits or Limits()
    if before < limits.shrink_at_least or (now and before - now <= _part(limits.shrink_share, before)):
        return None
    why = f"the listing has {now} objects, {before} the last time"
    return Brake("empty_answer", (), why, "empty_answer")


def _part(share: float, whole: int) -> Decimal:
    """A share of a number without binary rounding (0.2 of 15 is 3, not a little more)."""
    return Decimal(str(share)) * whole


def _jumps(before: Value, after: Value, share: float) -> bool:
    if not isinstance(before, int) or before <= 0:
        return False
    return abs((after if isinstance(after, int) else 0) - before) > _part(share, before)

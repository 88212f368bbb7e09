"""Keeps the webhooks of both sides standing: registers what is missing, replaces what was switched off or fell silent.

Ours are those that point below our own public address; what others registered is never touched. Which hooks to make
and unmake is decided by ``plan_hooks``, a pure function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.remotes.hooks import Hook, HookRegistry
from bridge.remotes.port import Done, Outcome, Refused

DOOR = "/hooks/"


@dataclass(frozen=True, slots=True)
class HookPlan:
    """What is to be done at one side: hooks to revive in place, to delete, and topics to register."""

    revive: tuple[Hook, ...] = ()
    delete: tuple[Hook, ...] = ()
    create: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """True when all is well."""
        return not (self.revive or self.delete or self.create)


@dataclass(slots=True)
class Mended:
    """What was done at one side, and what went wrong, for people."""

    side: str
    standing: int = 0
    created: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.created or self.deleted or self.revived)


def ours(hooks: Sequence[Hook], public_url: str) -> list[Hook]:
    """The hooks that ring at this bridge, whatever token their address ends with."""
    return [hook for hook in hooks if hook.url.startswith(public_url.rstrip("/") + DOOR)]


def plan_hooks(
    standing: Sequence[Hook], topics: Sequence[str], url: str, *, one_for_all: bool, silent: bool = False
) -> HookPlan:
    """How to get from our ``standing`` hooks to exactly one active hook per topic (or one for all) at ``url``.

    ``silent``: they say they are active, yet nothing rings; then all are made anew.
    """
    if one_for_all:
        return _plan_one(standing, topics, url, silent=silent)
    kept: set[str] = set()
    gone: list[Hook] = []
    for hook in standing:
        topic = hook.topics[0] if hook.topics else ""
        if silent or not hook.active or hook.url != url or topic not in topics or topic in kept:
            gone.append(hook)
        else:
            kept.add(topic)
    return HookPlan(delete=tuple(gone), create=tuple(topic for topic in topics if topic not in kept))


def _plan_one(standing: Sequence[Hook], topics: Sequence[str], url: str, *, silent: bool) -> HookPlan:
    if not standing or silent:
        return HookPlan(delete=tuple(standing), create=tuple(topics))
    best = max(standing, key=lambda hook: (hook.url == url, hook.active))
    right = best.active and best.url == url and set(topics) <= set(best.topics)
    others = tuple(hook for hook in standing if hook is not best)
    return HookPlan(revive=() if right else (best,), delete=others)


def mend(
    registry: HookRegistry,
    public_url: str,
    url: str,
    *,
    silent: bool = False,
    anew: bool = False,
    dry_run: bool = False,
) -> Mended:
    """Make one side's hooks right. ``anew`` replaces them all (a new secret); ``dry_run`` only says what would be done.
    Raises as the registry's reads do.

    New ones are made before old ones go, so that nothing rings unheard in between; a repetition after a lost answer
    finds what stands and makes nothing twice.
    """
    standing = ours(registry.standing(), public_url)
    plan = plan_hooks(standing, registry.topics, url, one_for_all=registry.one_for_all, silent=silent or anew)
    told = Mended(registry.side, standing=len(standing) - len(plan.delete))
    topics = [tuple(plan.create)] if registry.one_for_all and plan.create else [(topic,) for topic in plan.create]
    for some in topics:
        _note(told, told.created, ", ".join(some), Done() if dry_run else registry.create(some, url))
    for hook in plan.revive:
        outcome = Done() if dry_run else registry.revive(hook, registry.topics, url)
        _note(told, told.revived, hook.hook_id, outcome)
    for hook in plan.delete:
        outcome = Done() if dry_run else registry.delete(hook)
        already = isinstance(outcome, Refused) and outcome.gone
        _note(told, told.deleted, hook.hook_id, Done() if already else outcome)
    told.standing += len(told.created)
    return told


def remove(registry: HookRegistry, public_url: str, *, dry_run: bool = False) -> Mended:
    """Delete every hook of ours at one side; ``dry_run`` only says which."""
    told = Mended(registry.side)
    for hook in ours(registry.standing(), public_url):
        _note(told, told.deleted, hook.hook_id, Done() if dry_run else registry.delete(hook))
    return told


def _note(told: Mended, done: list[str], what: str, outcome: Outcome) -> None:
    if isinstance(outcome, Done):
        done.append(what)
        return
    why = outcome.message if isinstance(outcome, Refused) else outcome.reason
    told.problems.append(f"{what}: {why}")

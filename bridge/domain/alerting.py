"""What a person is told, and when: once for each trouble, again while it lasts, and once when it is over.

Each way of telling (mail, webhook …) keeps a book of its own, so that a message one of them could not deliver is
tried again there and nowhere else. A message counts only after ``accepted``: telling twice is better than never.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

Kind = Literal["raised", "reminder", "recovered", "missed"]
"""``missed``: it is over, and could not be told while it lasted."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A trouble that stands now. ``key`` names it, always the same way; ``patience`` is how long it must stand
    before it is told.

    ``happened``, ``did`` and ``todo`` are sentences: what happened, what the bridge did, what to do.
    """

    key: str
    title: str
    happened: str
    did: str
    todo: str
    patience: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a book says of one condition: since when, last seen when, last told when (``None``: not yet); ``due``
    from the moment it was to be told.
    """

    title: str
    since: datetime
    seen: datetime
    told: datetime | None = None
    due: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be told now; ``condition`` is ``None`` when it is over."""

    kind: Kind
    key: str
    title: str
    since: datetime
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Manners:
    """``remind_after``: a trouble that lasts is told again; ``calm``: how long it must be gone to be over.

    A trouble that comes and goes faster than ``calm`` is one trouble.
    """

    remind_after: timedelta = timedelta(hours=24)
    calm: timedelta = timedelta(minutes=10)


Book = Mapping[str, Entry]


def decide(
    conditions: Iterable[Condition], book: Book, now: datetime, manners: Manners
) -> tuple[list[Message], dict[str, Entry]]:
    """The messages due now, and the book with everything that was seen; nothing in it counts as told yet."""
    standing = {condition.key: condition for condition in conditions}
    messages: list[Message] = []
    kept: dict[str, Entry] = {}
    for key, condition in standing.items():
        entry = kept[key] = _seen(book.get(key), condition, now, manners)
        kind = _due(entry, condition, now, manners)
        if kind:
            kept[key] = replace(entry, due=True)
            messages.append(Message(kind, key, condition.title, entry.since, condition))
    for key, entry in book.items():
        if key in standing:
            continue
        if _age(entry.seen, now) < manners.calm:
            kept[key] = entry
        elif entry.due:
            kept[key] = entry
            messages.append(Message("recovered" if entry.told else "missed", key, entry.title, entry.since))
    return messages, kept


def accepted(book: Book, message: Message, now: datetime) -> dict[str, Entry]:
    """The book after ``message`` was delivered."""
    left = dict(book)
    if message.condition is None:
        left.pop(message.key, None)
    elif message.key in left:
        left[message.key] = replace(left[message.key], told=now)
    return left


def _seen(entry: Entry | None, condition: Condition, now: datetime, manners: Manners) -> Entry:
    if entry is None or (not entry.due and _age(entry.seen, now) >= manners.calm):
        return Entry(condition.title, now, now)
    return replace(entry, title=condition.title, seen=now)


def _due(entry: Entry, condition: Condition, now: datetime, manners: Manners) -> Kind | None:
    if entry.told is None:
        return "raised" if _age(entry.since, now) >= condition.patience else None
    return "reminder" if _age(entry.told, now) >= manners.remind_after else None


def _age(moment: datetime, now: datetime) -> timedelta:
    # a clock that was set back must not silence anybody for long: a moment in the future counts as just now
    return max(timedelta(0), now - moment)

"""When a person is told of a trouble: once, again while it lasts, once when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.alerting import Condition, Entry, Manners, Message, accepted, decide

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MANNERS = Manners(remind_after=timedelta(hours=4), calm=timedelta(minutes=10))


def trouble(key: str = "square down", minutes: int = 0) -> Condition:
    return Condition(key, f"{key}!", "it happened", "it waits", "look", timedelta(minutes=minutes))


class Channel:
    """One way of telling, with its book; ``works`` may be switched off."""

    def __init__(self) -> None:
        self.book: dict[str, Entry] = {}
        self.heard: list[tuple[datetime, Message]] = []
        self.works = True

    def tick(self, now: datetime, *conditions: Condition) -> None:
        messages, self.book = decide(conditions, self.book, now, MANNERS)
        for message in messages:
            if self.works:
                self.heard.append((now, message))
                self.book = accepted(self.book, message, now)

    @property
    def kinds(self) -> list[str]:
        return [message.kind for _, message in self.heard]


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_a_trouble_is_told_once_then_again_while_it_lasts_and_once_when_it_is_over() -> None:
    channel = Channel()
    for minute in range(0, 300, 5):
        channel.tick(at(minute), trouble())
    for minute in range(300, 330, 5):
        channel.tick(at(minute))
    assert channel.kinds == ["raised", "reminder", "recovered"]
    assert channel.heard[1][0] - channel.heard[0][0] == MANNERS.remind_after
    assert channel.book == {}


def test_a_trouble_that_passes_within_its_patience_is_never_told() -> None:
    channel = Channel()
    for minute in range(8):
        channel.tick(at(minute), trouble(minutes=10))
    for minute in range(8, 60):
        channel.tick(at(minute))
    assert channel.heard == []
    assert channel.book == {}


def test_a_trouble_that_comes_and_goes_is_one_trouble() -> None:
    channel = Channel()
    for minute in range(120):
        channel.tick(at(minute), *([trouble()] if minute % 2 else []))
    assert channel.kinds == ["raised"]


def test_a_message_that_could_not_be_delivered_is_tried_again_until_it_is() -> None:
    channel = Channel()
    channel.works = False
    channel.tick(at(0), trouble())
    channel.tick(at(1), trouble())
    channel.works = True
    channel.tick(at(2), trouble())
    channel.tick(at(3), trouble())
    assert channel.kinds == ["raised"]
    channel.works = False
    channel.tick(at(20))
    channel.works = True
    channel.tick(at(21))
    channel.tick(at(22))
    assert channel.kinds == ["raised", "recovered"]


def test_a_trouble_that_was_over_before_anybody_could_be_told_is_told_afterwards_once() -> None:
    channel = Channel()
    channel.works = False
    for minute in range(30):
        channel.tick(at(minute), trouble())
    for minute in range(30, 60):
        channel.tick(at(minute))
    channel.works = True
    for minute in range(60, 90):
        channel.tick(at(minute))
    assert [(message.kind, message.since) for _, message in channel.heard] == [("missed", START)]
    assert channel.book == {}


def test_a_trouble_that_comes_back_before_anybody_could_be_told_is_told_as_it_stands() -> None:
    channel = Channel()
    channel.works = False
    channel.tick(at(0), trouble())
    channel.tick(at(30))
    channel.works = True
    channel.tick(at(31), trouble())
    assert channel.kinds == ["raised"]


def test_a_trouble_seen_long_ago_and_never_told_starts_its_patience_anew() -> None:
    channel = Channel()
    channel.tick(at(0), trouble(minutes=10))
    channel.tick(at(600), trouble(minutes=10))
    assert channel.heard == []
    channel.tick(at(611), trouble(minutes=10))
    assert channel.kinds == []  # eleven minutes unseen: a trouble of its own again
    channel.tick(at(616), trouble(minutes=10))
    channel.tick(at(622), trouble(minutes=10))
    assert channel.kinds == ["raised"]


def test_a_clock_that_was_set_back_neither_repeats_nor_forgets() -> None:
    channel = Channel()
    channel.tick(at(60), trouble())
    channel.tick(at(0), trouble())
    channel.tick(at(1))
    assert channel.kinds == ["raised"]
    channel.tick(at(71))
    assert channel.kinds == ["raised", "recovered"]


_KEYS = ("down", "brake", "token")
_LIVES = st.lists(
    st.tuples(st.integers(0, 90), st.sets(st.sampled_from(_KEYS)), st.booleans()), min_size=1, max_size=60
)


@settings(max_examples=300, deadline=None)
@given(_LIVES, st.integers(0, 30))
def test_messages_of_one_trouble_always_alternate_and_never_crowd(
    life: list[tuple[int, set[str], bool]], patience: int
) -> None:
    channel, minute = Channel(), 0
    for gap, standing, works in life:
        minute += gap
        channel.works = works
        channel.tick(at(minute), *(trouble(key, patience) for key in sorted(standing)))
    for key in _KEYS:
        heard = [(when, message.kind) for when, message in channel.heard if message.key == key]
        open_since: datetime | None = None
        for when, kind in heard:
            if kind == "raised":
                assert open_since is None
                open_since = when
            elif kind == "reminder":
                assert open_since is not None and when - open_since >= MANNERS.remind_after
                open_since = when
            elif kind == "recovered":
                assert open_since is not None
                open_since = None
            else:  # missed: nobody was told that it began
                assert open_since is None
        entry = channel.book.get(key)
        assert (entry is not None and entry.told is not None) == (open_since is not None)


@settings(max_examples=200, deadline=None)
@given(_LIVES)
def test_when_all_is_calm_every_book_ends_empty_and_every_trouble_told_is_recovered(
    life: list[tuple[int, set[str], bool]],
) -> None:
    channel, minute = Channel(), 0
    for gap, standing, works in life:
        minute += gap
        channel.works = works
        channel.tick(at(minute), *(trouble(key) for key in sorted(standing)))
    channel.works = True
    channel.tick(at(minute + 20))
    assert channel.book == {}
    assert channel.kinds.count("raised") == channel.kinds.count("recovered")


@settings(max_examples=200, deadline=None)
@given(_LIVES, st.integers(1, 30))
def test_what_does_not_stand_as_long_as_its_patience_is_not_told(
    life: list[tuple[int, set[str], bool]], patience: int
) -> None:
    channel, minute = Channel(), 0
    first_seen: dict[str, int] = {}
    for gap, standing, _ in life:
        minute += gap
        channel.tick(at(minute), *(trouble(key, patience) for key in sorted(standing)))
        for key in standing:
            first_seen.setdefault(key, minute)
    for when, message in channel.heard:
        assert when >= at(first_seen[message.key] + patience)

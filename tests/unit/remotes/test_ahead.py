"""Pages fetched ahead are the same pages, in the same order, with the same end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bridge.remotes.ahead import read_ahead


def test_pages_come_in_their_own_order_and_none_is_lost() -> None:
    assert list(read_ahead(iter(range(500)))) == list(range(500))


def test_a_listing_without_pages_ends_at_once() -> None:
    assert list(read_ahead(iter(()))) == []


def test_what_breaks_the_listing_is_heard_after_the_pages_before_it() -> None:
    def pages() -> Iterator[int]:
        yield 1
        yield 2
        raise ConnectionError("gone")

    got: list[int] = []
    with pytest.raises(ConnectionError, match="gone"):
        got.extend(read_ahead(pages()))
    assert got == [1, 2]


def test_the_next_page_is_fetched_while_the_current_one_is_looked_at() -> None:
    fetched = threading.Event()

    def pages() -> Iterator[int]:
        yield 1
        fetched.set()
        yield 2

    listing = read_ahead(pages())
    assert next(listing) == 1
    assert fetched.wait(10)
    assert list(listing) == [2]


def test_at_most_two_pages_wait_for_a_slow_reader() -> None:
    made: list[int] = []
    third = threading.Event()

    def pages() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if number == 2:
                third.set()
            yield number

    listing = read_ahead(pages())
    next(listing)
    assert third.wait(10)
    assert len(made) == 3
    assert list(listing) == list(range(1, 100))


def test_when_the_reader_turns_away_the_fetching_ends() -> None:
    def pages() -> Iterator[int]:
        yield from range(1000)

    before = threading.active_count()
    listing = read_ahead(pages())
    assert next(listing) == 0
    listing.close()  # type: ignore[attr-defined]
    for thread in threading.enumerate():
        if thread.name == "reading ahead":
            thread.join(10)
    assert threading.active_count() <= before

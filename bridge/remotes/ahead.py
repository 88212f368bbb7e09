"""Fetches the next page of a listing while the current one is looked at: comparing then costs no time of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Queue
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _End:
    broken: BaseException | None = None


def read_ahead(pages: Iterator[T]) -> Iterator[T]:
    """The same pages in the same order, fetched by a thread that stays one page ahead.

    What goes wrong while fetching is raised here, after the pages before it. When the reader turns away, the thread
    ends after the call it is in: such a call is a read, whose answer nobody needs any more.
    """
    ready: Queue[T | _End] = Queue(maxsize=1)
    abandoned = threading.Event()

    def fetch() -> None:
        end = _End()
        try:
            for page in pages:
                ready.put(page)
                if abandoned.is_set():
                    return
        except BaseException as broken:  # whatever it is, the reader has to hear of it
            end = _End(broken)
        ready.put(end)

    threading.Thread(target=fetch, name="reading ahead", daemon=True).start()
    try:
        while not isinstance(page := ready.get(), _End):
            yield page
        if page.broken is not None:
            raise page.broken
    finally:
        abandoned.set()
        with suppress(Empty):  # make room, lest the thread waits for ever
            ready.get_nowait()

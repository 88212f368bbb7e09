"""Progress bars: on a terminal only, on standard error, so that answers stay clean."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bridge.cli.output import Output, safe_text

Advance = Callable[[int], None]


def _nothing(steps: int) -> None:
    pass


@contextmanager
def progress(output: Output, label: str, total: int | None = None) -> Iterator[Advance]:
    """Yields ``advance(steps)``; draws a bar (a moving one without ``total``) when a person watches."""
    if output.json or not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(escape(safe_text(label)), total=total)
        yield lambda steps: bars.advance(task, steps)

"""The loop around the passes: whatever goes wrong in it, the daemon goes on working."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bridge.engine.bells import Bells
from bridge.engine.daemon import no_more_reading
from bridge.errors import LedgerError
from bridge.ledger import lend
from bridge.remotes.port import Call
from tests.daemon.stage import Street


class Hurried(Bells):
    """Bells whose waits take no time, and that stop the daemon after some of them."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.left = waits

    def wait(self, seconds: float) -> None:
        self.pause(seconds)

    def pause(self, seconds: float) -> None:
        self.left -= 1
        if self.left <= 0:
            self.stop()


def hurried(street: Street, waits: int) -> Street:
    street.daemon.around.bells = street.bells = Hurried(waits)
    return street


@pytest.mark.parametrize("problem", [LedgerError("the disk is full"), OSError("no more files"), KeyError("a mistake")])
def test_a_lease_that_cannot_be_taken_for_any_reason_is_tried_again(problem: Exception) -> None:
    street = hurried(Street(hooks=False), 6)
    street.simple("W-1", stock=10)
    left, hold = [2], street.daemon.around.hold

    @contextmanager
    def sometimes() -> Iterator[Any]:
        if left[0]:
            left[0] -= 1
            raise problem
        with hold() as lease:
            yield lease

    street.daemon.around.hold = sometimes
    street.daemon._not_before = float("-inf")
    street.daemon.run()
    assert left == [0]
    assert street.daemon.pulse.failures == 2
    assert street.daemon.pulse.state == "stopping"


def test_a_ledger_that_cannot_be_read_between_two_passes_does_not_end_the_daemon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    street = hurried(Street(hooks=False), 5)
    asked = [0]

    def unreadable(_: Any) -> str:
        asked[0] += 1
        raise LedgerError("input/output error")

    monkeypatch.setattr(lend, "wished_by", unreadable)
    street.daemon.run()
    assert asked[0] >= 2
    assert street.daemon.pulse.state == "stopping"


def test_told_to_stop_in_the_middle_of_a_listing_it_reads_no_further_and_loses_nothing() -> None:
    street = Street(hooks=False)
    products = [street.simple(f"W-{number}", stock=10) for number in range(250)]
    street.live(60)
    street.lease.release()
    street.sell(street.twin(products[0]), 3)
    street.start()
    street.daemon.around.bells = street.bells = Hurried(10**6)
    after: list[str] = []
    gate = no_more_reading(street.bells)

    def watching(call: Call) -> None:
        gate(call)
        if street.bells.stopping:
            after.append(call.path)
        elif call.path == "wc/v3/products":
            street.bells.stop()  # the signal comes while the first page is on its way

    bridge: Any = street.bridge
    bridge.woo.caller._transport._gate = watching
    bridge.square.caller._transport._gate = watching
    street.daemon.run()
    assert after == []
    assert street.daemon.pulse.state == "stopping"
    street.start()
    street.live(120)
    assert street.woo_stock(products[0]) == 7

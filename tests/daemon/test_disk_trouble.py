"""A full disk or a ledger that may not be written: the door says 503, loses nothing it answered, and recovers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import event, func, select

from bridge.clock import SystemClock
from bridge.ledger.database import Database
from bridge.ledger.schema import inbox
from bridge.web.doorbell import Doorbell, WooBell
from bridge.web.server import WebServer
from tests.daemon.stage import Street
from tests.web.test_doorbell import sign

SECRET = "disk-secret"


def trouble(engine: Any, kind: list[str]) -> None:
    """From now on every transaction of a ledger meets the trouble that ``kind`` names, or none."""

    def begin(connection: Any) -> None:
        raw = connection.connection.dbapi_connection
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count={pages if kind[0] == 'full' else 1073741823}")
        raw.execute(f"PRAGMA query_only={'ON' if kind[0] == 'read-only' else 'OFF'}")

    event.listen(engine, "begin", begin)


@pytest.mark.parametrize("kind", ["full", "read-only"])
def test_the_daemon_waits_out_a_ledger_that_takes_nothing_and_loses_no_sale(tmp_path: Path, kind: str) -> None:
    """Sales and orders of an hour, with the ledger in trouble all the time; minutes after it both sides agree."""
    street = Street(ledger=tmp_path / "bridge.sqlite")
    product = street.simple("W-1", stock=100)
    street.live(60)
    now = [""]
    trouble(street.db._engine, now)
    now[0] = kind
    for _ in range(30):
        street.sell(street.twin(product), 1)
        street.buy(product, 1)
        live_if_it_may(street, 120)
    assert street.daemon.pulse.problem, "it says what is wrong"
    now[0] = ""
    street.live(900)
    assert street.daemon.pulse.problem == ""
    assert street.woo_stock(product) == street.on_hand(street.twin(product)) == 40


def live_if_it_may(street: Street, seconds: float) -> None:
    """Let time pass; the lease cannot be renewed while the ledger takes nothing, so its end is no failure here."""
    end = street.clock.monotonic() + seconds
    while street.clock.monotonic() < end:
        street.deliver()
        street.crank.ring_due(street.clock.now())
        street.daemon.turn(street.lease)
        street.crank.now = street.clock.now()
        street.clock.advance(5)


class Disk:
    """A doorbell served on a ledger on disk, whose disk can be troubled and mended while it runs."""

    def __init__(self, folder: Path) -> None:
        self.path, self.trouble = folder / "bridge.sqlite", ""
        self.db = Database.open(self.path, clock=SystemClock(), ids=lambda: "disk")
        event.listen(self.db._engine, "begin", self._begin)
        self.server = WebServer(Doorbell(self.db, SystemClock(), woo=WooBell("t", lambda: [SECRET])))
        self.answered = 0

    def _begin(self, connection: Any) -> None:
        """Every transaction from now on meets the trouble, or none (after the ledger's own settings are made)."""
        raw = connection.connection.dbapi_connection
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count={pages if self.trouble == 'full' else 1073741823}")
        if self.trouble == "read-only":
            raw.execute("PRAGMA query_only=ON")

    def ring(self, number: int) -> requests.Response:
        body = f'{{"id":{number},"date_modified_gmt":"{number}","status":"{"x" * 1500}"}}'.encode()
        headers = {"X-WC-Webhook-Signature": sign(SECRET, body), "X-WC-Webhook-Topic": "order.updated"}
        answer = requests.post(f"{self.server.url}/hooks/woo/t", data=body, headers=headers, timeout=10)
        self.answered += answer.status_code == 200
        return answer

    def on_disk(self) -> int:
        with self.db.reading() as conn:
            return int(conn.execute(select(func.count()).select_from(inbox)).scalar() or 0)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path)
    with made.server:
        yield made
    made.db.close()


@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_a_doorbell_that_cannot_be_kept_is_answered_503_and_all_is_well_when_the_trouble_is_over(
    disk: Disk, trouble: str
) -> None:
    assert [disk.ring(number).status_code for number in range(20)] == [200] * 20
    disk.trouble = trouble
    answers = [disk.ring(number) for number in range(20, 60)]
    refused = [one for one in answers if one.status_code == 503]
    assert {one.status_code for one in answers} <= {200, 503}
    assert len(refused) > 20
    assert all(one.headers["Retry-After"] and one.text == "refused" for one in refused)
    assert disk.on_disk() == disk.answered
    disk.trouble = ""
    assert [disk.ring(number).status_code for number in range(20, 60)] == [200] * 40
    assert disk.on_disk() == 60

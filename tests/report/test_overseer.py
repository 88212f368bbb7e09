"""The watch beside the bridge: told once, delivered for sure, silent about what passed, and the week in short."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.app_alerts import open_overseer, probe_of
from bridge.config.load import parse_config
from bridge.config.secrets import Places
from bridge.errors import AccessRefused, RemoteDown
from bridge.ledger import decisions
from bridge.remotes.port import Call, NoReply, Reply
from bridge.report.book import BookFile, Told
from bridge.report.channels import DeadMan, NotDelivered
from bridge.report.eyes import IN_A_ROW, Eyes
from bridge.report.health import Probe, Vitals, note_side
from bridge.report.overseer import Choices, Overseer
from bridge.report.summary import due_week, week_of
from tests.world import World


class Post:
    """A channel that keeps what it is given, or fails."""

    def __init__(self, name: str = "mail") -> None:
        self.name = name
        self.got: list[tuple[str, str]] = []
        self.works = True

    def send(self, subject: str, text: str, facts: Mapping[str, Any]) -> None:
        if not self.works:
            raise NotDelivered("the post office is closed")
        self.got.append((subject, text))
        json.dumps(dict(facts))

    @property
    def subjects(self) -> list[str]:
        return [subject.removeprefix("[bridge shop] ") for subject, _ in self.got]


class Watched:
    """A world, an overseer over it, and its channels."""

    def __init__(self, world: World, *channels: Post, book: Path | None = None, **how: Any) -> None:
        self.world, self.channels = world, channels
        self.choices = Choices("shop", weekly=how.pop("weekly", "off"))
        self.how, self.book = how, book
        self.start()

    def start(self) -> None:
        """A new process: only the book remembers."""
        self.overseer = Overseer(
            self.how.get("probe") or Probe(self.world.bridge),
            db=self.world.db,
            clock=self.world.clock,
            channels=self.channels,
            book=BookFile(self.book),
            choices=self.choices,
            **{key: value for key, value in self.how.items() if key != "probe"},
        )

    def wait(self, minutes: float, *, step: float = 1.0) -> None:
        for _ in range(int(minutes / step)):
            self.world.clock.advance(step * 60)
            self.overseer.tick()


@pytest.fixture
def world() -> World:
    made = World()
    made.simple("A-1")
    made.sync(full=True)
    return made


def test_an_outage_is_told_after_its_patience_and_its_end_once(world: World) -> None:
    post = Post()
    watched = Watched(world, post)
    note_side(world.bridge, "square", RemoteDown("Square does not answer: 503."))
    watched.wait(9)
    assert post.subjects == []
    watched.wait(30)
    assert post.subjects == ["Square does not answer"]
    note_side(world.bridge, "square", None)
    world.sync()
    watched.wait(30)
    assert post.subjects == ["Square does not answer", "over: Square does not answer"]


def test_a_brake_is_told_at_once_and_a_restart_does_not_tell_it_again(world: World, tmp_path: Path) -> None:
    post, book = Post(), tmp_path / "bridge.sqlite.alerts"
    watched = Watched(world, post, book=book)
    with world.db.transaction() as conn:
        decisions.ask(conn, "brake", "zero", "Really?", choices=["yes"], now=world.bridge.now())
    watched.wait(2)
    watched.start()
    watched.wait(2)
    assert post.subjects == ["a brake is on"]
    assert stat.S_IMODE(book.stat().st_mode) == 0o600
    book.write_text("{damaged")
    watched.start()
    watched.wait(1)
    assert post.subjects == ["a brake is on"] * 2  # telling twice is better than never


def test_a_book_that_cannot_be_written_is_remembered_by_the_process(world: World, tmp_path: Path) -> None:
    post = Post()
    watched = Watched(world, post, book=tmp_path / "missing" / "book")
    note_side(world.bridge, "woo", AccessRefused("x"))
    watched.wait(10)
    assert post.subjects == ["WooCommerce refuses our key or token"]


def test_two_processes_share_one_book(tmp_path: Path) -> None:
    first, second = BookFile(tmp_path / "book"), BookFile(tmp_path / "book")
    with first.opened() as told:
        told["mail"] = Told(week="2026-W10")
    with second.opened() as told:
        assert told["mail"].week == "2026-W10"
        told["mail"].week = "2026-W11"
    with first.opened() as told:
        assert told["mail"].week == "2026-W11"


# -- the dead man's switch ------------------------------------------------------------------
def dead_man(pings: list[str]) -> DeadMan:
    def answer(request: httpx.Request) -> httpx.Response:
        pings.append(str(request.url))
        return httpx.Response(200)

    config = parse_config(
        "woo: {url: https://a.example}\nalerts: {dead_man: env:DEAD}",
        places=Places({"DEAD": "https://dead.example/ping"}),
    )
    assert config.alerts.dead_man is not None
    return DeadMan(config.alerts.dead_man, httpx.Client(transport=httpx.MockTransport(answer)))


def test_the_dead_mans_switch_is_called_every_five_minutes_while_the_bridge_gets_on(world: World) -> None:
    pings: list[str] = []
    Watched(world, dead_man=dead_man(pings)).wait(20)
    assert pings == ["https://dead.example/ping"] * 4


def test_it_is_not_called_when_the_worker_is_stuck_or_nobody_can_be_told(world: World) -> None:
    pings: list[str] = []
    stuck: Any = lambda: replace(Probe(world.bridge)(), heartbeat_age=1000.0)  # noqa: E731
    Watched(world, dead_man=dead_man(pings), probe=stuck).wait(20)
    assert pings == []
    post = Post()
    post.works = False
    note_side(world.bridge, "woo", AccessRefused("x"))
    Watched(world, post, dead_man=dead_man(pings)).wait(2)
    assert len(pings) == 1
    pings.clear()
    watched = Watched(world, post, dead_man=dead_man(pings))
    watched.wait(20)
    assert len(pings) <= 1


# -- renewing and noting ----------------------------------------------------------------------
def test_the_token_is_looked_at_once_an_hour_and_a_failure_there_harms_nothing(world: World) -> None:
    calls: list[int] = []

    def renew() -> None:
        calls.append(1)
        raise AccessRefused("no")

    Watched(world, renew=renew).wait(180)
    assert len(calls) == 3


class Line:
    """A transport that answers what it is told."""

    def __init__(self) -> None:
        self.next: Reply | NoReply = Reply(200, {}, b"{}")

    def send(self, call: Call) -> Reply:
        if isinstance(self.next, NoReply):
            raise self.next
        return self.next


def test_a_side_is_judged_by_several_answers_in_a_row() -> None:
    line, eyes = Line(), Eyes("square")
    seen = eyes.around(line)

    def call(times: int = 1) -> None:
        for _ in range(times):
            with suppress(NoReply):
                seen.send(Call("GET", "v2/locations"))

    assert eyes.verdict is None
    call()
    assert eyes.verdict == (None,)
    line.next = Reply(401, {}, b'{"errors": [{"detail": "The provided access token has been revoked."}]}')
    call(IN_A_ROW - 1)
    assert eyes.verdict == (None,)
    call()
    assert eyes.verdict is not None
    assert isinstance(eyes.verdict[0], AccessRefused)
    assert "has been revoked” (HTTP 401)" in str(eyes.verdict[0])
    line.next = Reply(200, {}, b"{}")
    call()
    assert eyes.verdict == (None,)
    line.next = NoReply("no connection", sent=False)
    call(IN_A_ROW)
    assert str(eyes.verdict[0]) == "Square does not answer: no connection."
    line.next = Reply(403, {}, b"<html>")
    call(IN_A_ROW)
    assert "HTTP 403" in str(eyes.verdict[0]) if eyes.verdict else False


def test_a_revoked_token_is_told_with_what_to_do_and_over_after_a_new_login(world: World, tmp_path: Path) -> None:
    post, eyes = Post(), Eyes("square")
    config = parse_config("woo: {url: https://shop.example}", places=Places({}, tmp_path))
    with open_overseer(config, world.bridge, probe_of(config, world.bridge), eyes={"square": eyes}) as overseer:
        overseer._channels = [post]
        for _ in range(IN_A_ROW):
            eyes.saw(401, "“revoked” (HTTP 401)")
        for _ in range(5):
            world.clock.advance(60)
            overseer.tick()
        assert post.got[0][0] == "[bridge shop.example] Square refuses our key or token"
        assert "bridge auth url" in post.got[0][1]
        assert "nothing is lost" in post.got[0][1]
        eyes.saw(200)
        for _ in range(15):
            world.clock.advance(60)
            overseer.tick()
        assert post.got[-1][0] == "[bridge shop.example] over: Square refuses our key or token"


# -- the week -----------------------------------------------------------------------------------
def test_the_week_in_short_counts_what_the_ledger_saw(world: World) -> None:
    woo_id = int(next(iter(world.woo.state.items)))
    world.buy(woo_id, 2)
    world.quiet()
    world.sell(world.twin(woo_id), 3)
    world.quiet()
    week = week_of(world.db, world.clock.now())
    kinds = {key: (number, str(pieces)) for key, (number, pieces) in week.moved.items()}
    assert any(side == "woo" and pieces == "-2" for (side, _), (_, pieces) in kinds.items())
    assert any(side == "square" and pieces == "-3" for (side, _), (_, pieces) in kinds.items())
    assert week.orders == 1
    assert week.passes == 5
    assert sum(week.written.values()) > 0
    world.clock.advance(8 * 86400)
    later = week_of(world.db, world.clock.now())
    assert (later.passes, later.moved, later.written) == (0, {}, {})


def test_the_weekly_summary_comes_once_a_week_and_not_in_the_first(world: World, tmp_path: Path) -> None:
    post = Post()
    watched = Watched(world, post, weekly="monday", book=tmp_path / "book")
    for _ in range(21 * 24):
        world.clock.advance(3600)
        with world.db.transaction() as conn:  # a bridge that works: passes end well
            from bridge.ledger import history

            run = history.begin_run(conn, "incremental", now=world.bridge.now())
            history.end_run(conn, run, "done", {}, now=world.bridge.now())
        watched.overseer.tick()
    assert post.subjects == ["the week in short"] * 3
    assert "Passes: 169 done" in post.got[-1][1]  # one an hour, both ends of the week
    assert "Now\n  Last whole pass: 0 s ago" in post.got[-1][1]


@pytest.mark.parametrize(
    ("now", "day", "zone", "week"),
    [
        ("2026-03-02T07:59:00Z", "monday", "UTC", "2026-W09"),
        ("2026-03-02T08:00:00Z", "monday", "UTC", "2026-W10"),
        ("2026-03-02T07:00:00Z", "monday", "Europe/Oslo", "2026-W10"),
        ("2026-03-08T23:00:00Z", "monday", "UTC", "2026-W10"),
        ("2026-01-01T12:00:00Z", "sunday", "UTC", "2025-W52"),
        ("2026-03-02T12:00:00Z", "off", "UTC", ""),
    ],
)
def test_the_week_whose_summary_is_due(now: str, day: str, zone: str, week: str) -> None:
    from bridge.domain.times import parse_time

    assert due_week(parse_time(now), day, zone) == week


def test_a_broken_ledger_is_told_of_and_the_summary_waits(tmp_path: Path) -> None:
    world = World(ledger=tmp_path / "bridge.sqlite")
    post = Post()
    broken: Any = lambda: Vitals(at=world.clock.now(), ledger="The ledger is damaged")  # noqa: E731
    watched = Watched(world, post, probe=broken, weekly="monday", book=tmp_path / "book")
    watched.wait(10)
    assert post.subjects == ["the bridge cannot read its own memory"]

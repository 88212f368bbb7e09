"""Alerts that cannot be delivered: tried again, ever more slowly, never lost, and no harm to anything else."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import AccessRefused, RemoteDown
from bridge.ledger import decisions
from bridge.report.health import note_side
from bridge.report.overseer import Watch
from tests.report.test_overseer import Post, Watched
from tests.world import World


@pytest.fixture
def world() -> World:
    made = World()
    made.simple("A-1")
    made.sync(full=True)
    return made


def test_a_channel_that_fails_does_not_hold_up_the_other_and_catches_up_later(world: World) -> None:
    mail, chat = Post("mail"), Post("webhook")
    watched = Watched(world, mail, chat)
    mail.works = False
    note_side(world.bridge, "woo", AccessRefused("WooCommerce: wrong key"))
    watched.wait(5)
    assert (mail.subjects, chat.subjects) == ([], ["WooCommerce refuses our key or token"])
    mail.works = True
    watched.wait(5)
    assert mail.subjects == chat.subjects == ["WooCommerce refuses our key or token"]
    assert watched.overseer.undelivered > 0


def test_a_channel_that_crashes_does_not_end_the_watch(world: World) -> None:
    class Broken(Post):
        def send(self, subject: str, text: str, facts: Mapping[str, Any]) -> None:
            raise ZeroDivisionError("a fault in a library")

    chat = Post("webhook")
    note_side(world.bridge, "woo", AccessRefused("x"))
    Watched(world, Broken(), chat).wait(5)
    assert chat.subjects == ["WooCommerce refuses our key or token"]


def test_a_channel_that_fails_is_left_alone_longer_each_time_and_not_hammered(world: World) -> None:
    class Counting(Post):
        tried = 0

        def send(self, subject: str, text: str, facts: Mapping[str, Any]) -> None:
            self.tried += 1
            super().send(subject, text, facts)

    post = Counting()
    post.works = False
    watched = Watched(world, post)
    with world.db.transaction() as conn:
        for kind in ("brake", "conflict"):
            decisions.ask(conn, kind, "zero", "Really?", choices=["yes"], now=world.bridge.now())
    watched.wait(60 * 24)
    assert 45 <= post.tried <= 60  # every half hour in the end, however many messages wait
    post.works = True
    watched.wait(31)
    assert "a brake is on" in post.subjects
    assert "1 decisions wait for you" in post.subjects


def test_a_trouble_that_was_over_before_the_mail_server_came_back_is_told_afterwards(
    world: World, tmp_path: Path
) -> None:
    post, book = Post(), tmp_path / "book"
    watched = Watched(world, post, book=book)
    post.works = False
    note_side(world.bridge, "square", RemoteDown("Square does not answer: 503."))
    watched.wait(20)
    note_side(world.bridge, "square", None)
    watched.wait(20)
    post.works = True
    watched.start()  # a new process knows of it, too
    watched.wait(20)
    assert post.subjects == ["was, and is over: Square does not answer"]
    assert "could not be told while it lasted" in post.got[0][1]


def test_a_look_that_crashes_does_not_end_the_watch() -> None:
    class Overlooked:
        looks, again = 0, threading.Event()

        def tick(self) -> None:
            self.looks += 1
            if self.looks > 1:
                self.again.set()
            raise RuntimeError("dictionary changed size during iteration")

    overseer: Any = Overlooked()
    with Watch(overseer, every=0):
        assert overseer.again.wait(10)

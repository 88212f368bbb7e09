"""One reading of how the bridge is doing: from a real ledger with both simulators behind it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge.domain.times import time_text
from bridge.errors import AccessRefused, RemoteDown
from bridge.ledger import cursors, decisions, inbox, outbox
from bridge.report.drift import note_comparison
from bridge.report.health import BACKUP, STUCK_SECONDS, Probe, TokenLife, Vitals, in_words, not_ready, note_side, span
from bridge.report.metrics import METRICS, metrics_text
from bridge.web.health import Health
from tests.world import World


@pytest.fixture
def world() -> World:
    made = World()
    made.simple("A-1")
    made.sync(full=True)
    return made


def write(world: World, side: str, key: str, state: str = "due", *, ago: int = 0) -> None:
    moment = time_text(world.clock.now() - timedelta(seconds=ago))
    with world.db.transaction() as conn:
        action = outbox.Action(key, side, "upsert_item", {}, state=state)
        outbox.add(conn, action, now=moment, run_id=None)
        if state in ("sent", "unknown"):
            action.sent_at = moment
            outbox.save(conn, [action])


def ring(world: World, side: str, *, ago: int = 0) -> None:
    moment = time_text(world.clock.now() - timedelta(seconds=ago))
    with world.db.transaction() as conn:
        inbox.store(conn, side=side, topic="x", dedupe=f"{side}{ago}", object_id="1", body="", now=moment)


def test_after_a_pass_everything_is_calm(world: World) -> None:
    vitals = Probe(world.bridge)()
    assert vitals.pass_age == 0
    assert vitals.last_pass == "done"
    assert [vitals.sides[side].pulse.waiting for side in ("woo", "square")] == [0, 0]
    assert vitals.open_decisions == vitals.brakes == vitals.drift.suspects == 0
    assert vitals.sides["woo"].calls > 0
    assert vitals.backup_age is None


def test_lag_is_the_age_of_the_oldest_news_on_its_way_to_a_side(world: World) -> None:
    write(world, "woo", "k1", ago=90)
    write(world, "woo", "k2", ago=30)
    ring(world, "woo", ago=200)  # the shop rings: news on its way to Square
    sides = Probe(world.bridge)().sides
    assert sides["woo"].pulse.lag == pytest.approx(90)
    assert sides["woo"].pulse.waiting == 2
    assert sides["square"].pulse.lag == pytest.approx(200)
    assert sides["square"].pulse.waiting == 0


def test_writes_in_doubt_held_and_refused_are_told_apart(world: World) -> None:
    write(world, "square", "k1", "unknown", ago=600)
    write(world, "square", "k2", "sent", ago=5)
    write(world, "square", "k3", "held")
    write(world, "square", "k4", "refused")
    write(world, "square", "k5", "done", ago=10_000)
    pulse = Probe(world.bridge)().sides["square"].pulse
    assert (pulse.waiting, pulse.in_doubt, pulse.held, pulse.refused) == (2, 2, 1, 1)
    assert pulse.in_doubt_age == pytest.approx(600)
    assert pulse.lag == pytest.approx(600)


def test_silence_counts_from_the_last_webhook_of_a_side(world: World) -> None:
    assert Probe(world.bridge)().sides["woo"].silent is None
    ring(world, "woo", ago=500)
    ring(world, "woo", ago=40)
    assert Probe(world.bridge)().sides["woo"].silent == pytest.approx(40)


def test_a_side_that_stays_down_keeps_the_moment_it_went_down(world: World) -> None:
    note_side(world.bridge, "square", RemoteDown("Square does not answer: 503"))
    began = world.bridge.now()
    world.clock.advance(60)
    note_side(world.bridge, "square", RemoteDown("Square does not answer: no connection"))
    side = Probe(world.bridge)().sides["square"]
    assert (side.state, side.since) == ("down", began)
    assert "no connection" in side.reason
    note_side(world.bridge, "square", AccessRefused("Square: the token has been revoked"))
    assert Probe(world.bridge)().sides["square"].state == "refused"
    note_side(world.bridge, "square", None)
    assert Probe(world.bridge)().sides["square"].state == "up"


def test_a_side_that_is_as_it_was_costs_no_write(world: World) -> None:
    note_side(world.bridge, "woo", None)
    written: list[int] = []
    world.db.after_commit = lambda: written.append(1)
    note_side(world.bridge, "woo", None)
    assert written == []


def test_a_ledger_that_cannot_be_read_is_told_and_does_not_break_the_reading(tmp_path: Any) -> None:
    world = World(ledger=tmp_path / "bridge.sqlite")
    world.db.close()
    (tmp_path / "bridge.sqlite").write_bytes(b"no ledger at all" * 100)
    vitals = Probe(world.bridge)()
    assert "bridge.sqlite" in vitals.ledger
    assert vitals.disk_free
    assert b"bridge_up 0.0" in metrics_text(vitals)
    assert in_words(vitals)[0][0] == "Ledger"
    assert not_ready(vitals) == ["the ledger cannot be read"]


def full_reading(world: World) -> Vitals:
    """Everything that can be known, known."""
    write(world, "woo", "k1", "unknown", ago=700)
    write(world, "woo", "k2", "refused")
    ring(world, "woo", ago=60)
    ring(world, "square", ago=20)
    for side in ("woo", "square"):
        note_side(world.bridge, side, None)
    with world.db.transaction() as conn:
        decisions.ask(conn, "conflict", "1", "Which?", choices=["woo"], now=world.bridge.now())
        note_comparison(conn, checked=10, found=2, now=world.bridge.now())
        cursors.note_fact(conn, BACKUP, world.bridge.now())
    probe = Probe(
        world.bridge,
        heartbeat=lambda: 1.5,
        token=lambda: TokenLife(9 * 86400.0),
        counts=lambda: {"doorbell stored": 7, "pass incremental": 3},
    )
    return replace(probe(), disk_free=10**9)


def test_every_metric_is_described_and_can_be_read_by_prometheus(world: World) -> None:
    text = metrics_text(full_reading(world)).decode()
    families = list(text_string_to_metric_families(text))
    named = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    assert named == set(METRICS)
    values = {(s.name, tuple(s.labels.values())): s.value for family in families for s in family.samples}
    assert values["bridge_lag_seconds", ("woo",)] == pytest.approx(700)
    assert values["bridge_outbox_writes", ("woo", "in_doubt")] == 1
    assert values["bridge_decisions_open", ("conflict",)] == 1
    assert values["bridge_drift_found", ()] == 2
    assert values["bridge_events_total", ("doorbell", "stored")] == 7
    assert values["bridge_events_total", ("pass", "incremental")] == 3


def test_the_reading_in_words_says_what_waits_and_how_old_it_is(world: World) -> None:
    said = dict(in_words(full_reading(world)))
    assert said["Towards WooCommerce"] == "1 writes wait, the oldest 12 min, 1 in doubt"
    assert said["Towards Square"] == "a doorbell waits 1 min"
    assert said["Refused by WooCommerce"] == "1 writes"
    assert said["Webhooks of Square"] == "heard 20 s ago"
    assert said["Square token"] == "ends in 9 days"
    assert said["Drift"].startswith("0 being looked into; whole comparison: 2 of 10")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (100_000, "28 h"), (200_000, "2 days")],
)
def test_lengths_of_time_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert span(seconds) == said


# -- the pages --------------------------------------------------------------------------
def get(app: Health, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    status: list[str] = []
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "wsgi.input": io.BytesIO(), **headers}
    body = b"".join(app(environ, lambda code, _: status.append(code)))
    return int(status[0][:3]), body


def test_a_daemon_that_works_is_alive_and_ready(world: World) -> None:
    app = Health(Probe(world.bridge, heartbeat=lambda: 0.5))
    assert get(app, "/healthz") == (200, b'{"ok":true,"why":[]}\n')
    assert get(app, "/readyz")[0] == 200
    assert b"bridge_up 1.0" in get(app, "/metrics")[1]


def test_a_stuck_worker_fails_the_health_page_and_a_side_that_is_down_only_the_ready_page(world: World) -> None:
    beat = [world.clock.monotonic()]
    app = Health(Probe(world.bridge, heartbeat=lambda: world.clock.monotonic() - beat[0]))
    note_side(world.bridge, "woo", RemoteDown("WooCommerce does not answer: secret-canary"))
    assert get(app, "/healthz")[0] == 200
    status, body = get(app, "/readyz")
    assert status == 503
    assert json.loads(body)["why"] == ["WooCommerce does not answer"]
    world.clock.advance(STUCK_SECONDS + 1)
    assert get(app, "/healthz")[0] == 503
    beat[0] = world.clock.monotonic()
    assert get(app, "/healthz")[0] == 200


def test_before_the_first_pass_and_with_a_brake_on_it_is_not_ready() -> None:
    world = World()
    assert not_ready(Probe(world.bridge)()) == ["no pass has ended yet"]
    world.sync(full=True)
    with world.db.transaction() as conn:
        decisions.ask(conn, "brake", "zero", "Really?", choices=["yes"], now=world.bridge.now())
    assert not_ready(Probe(world.bridge)()) == ["a brake is on"]


def test_metrics_are_not_given_to_who_comes_through_the_proxy(world: World) -> None:
    app = Health(Probe(world.bridge))
    assert get(app, "/metrics", HTTP_X_FORWARDED_FOR="203.0.113.9")[0] == 404
    assert get(app, "/healthz", HTTP_X_FORWARDED_FOR="203.0.113.9")[0] == 200


def test_other_addresses_go_to_the_application_behind_and_other_methods_are_refused(world: World) -> None:
    def behind(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"the doorbell"]

    app = Health(Probe(world.bridge), behind=behind)
    assert get(app, "/hooks/woo/x", "POST") == (200, b"the doorbell")
    assert get(app, "/metrics", "POST")[0] == 405
    assert get(Health(Probe(world.bridge)), "/elsewhere")[0] == 404
    assert get(app, "/healthz", "HEAD") == (200, b"")

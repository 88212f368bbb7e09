"""What needs a person: found in a reading, worded in full, and delivered by each channel."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.clock import VirtualClock
from bridge.config.load import parse_config
from bridge.config.secrets import Places
from bridge.domain.alerting import Message
from bridge.errors import BridgeError, ConfigError
from bridge.report.alerts import Limits, as_json, as_text, conditions, subject
from bridge.report.channels import AppriseChannel, Channel, DeadMan, MailChannel, NotDelivered, channels_of
from bridge.report.drift import Drift
from bridge.report.health import Pulse, SideHealth, TokenLife, Vitals

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALM = Vitals(at=NOW, pass_age=30.0, backup_age=3600.0, disk_free=10**10, working="daemon")
UP = SideHealth("up", "2026-03-01T00:00:00.000000Z")
LIMITS = Limits()


def with_side(side: str, **change: Any) -> Vitals:
    sides = {"woo": UP, "square": UP}
    return replace(CALM, sides={**sides, side: replace(UP, **change)})


TROUBLES: dict[str, Vitals] = {
    "ledger": replace(CALM, ledger="The ledger bridge.sqlite is damaged"),
    "woo down": with_side("woo", state="down", reason="WooCommerce does not answer: 503."),
    "square down": with_side("square", state="down"),
    "woo refused": with_side("woo", state="refused", reason="WooCommerce: wrong key"),
    "square refused": with_side("square", state="refused"),
    "woo in doubt": with_side("woo", pulse=Pulse(waiting=3, in_doubt=2, in_doubt_age=1000, lag=1000)),
    "square lag": with_side("square", pulse=Pulse(waiting=3, lag=1000)),
    "stale": replace(CALM, pass_age=7200.0, working=""),
    "brake": replace(CALM, decisions={"brake": 1}),
    "decisions": replace(CALM, decisions={"conflict": 2, "opening": 1}, decision_age=9000),
    "token": replace(CALM, token=TokenLife(3 * 86400.0, "Square: Invalid refresh token.", needs_person=True)),
    "square hooks": replace(CALM, hook_problems={"square": "Square: forbidden"}),
    "drift": replace(CALM, drift=Drift(compared_at="2026-03-01T04:00:00.000000Z", checked=100, found=3)),
    "disk": replace(CALM, disk_free=10**8),
    "backup": replace(CALM, backup_age=5 * 86400.0),
    "restored": replace(CALM, restored="2026-03-01T04:00:00.000000Z"),
}


def test_when_all_is_well_there_is_nothing_to_tell() -> None:
    assert conditions(CALM, LIMITS) == []
    assert conditions(with_side("woo", pulse=Pulse(waiting=5, in_doubt=1, in_doubt_age=60, lag=60)), LIMITS) == []


@pytest.mark.parametrize("key", TROUBLES)
def test_each_trouble_is_found_and_says_what_happened_what_was_done_and_what_to_do(key: str) -> None:
    found = conditions(TROUBLES[key], LIMITS)
    assert [one.key for one in found] == [key]
    for sentence in (found[0].happened, found[0].did, found[0].todo):
        assert len(sentence.split()) >= 4
        assert "None" not in sentence and "{" not in sentence


def test_a_backup_that_was_never_made_is_no_alert_and_a_token_that_may_still_be_renewed_is_none_either() -> None:
    assert conditions(replace(CALM, backup_age=None), LIMITS) == []
    assert conditions(replace(CALM, token=TokenLife(20 * 86400.0, "no answer")), LIMITS) == []
    assert conditions(replace(CALM, token=TokenLife(7 * 86400.0, "no answer")), LIMITS)[0].key == "token"


def test_a_side_that_is_down_explains_late_news_and_passes_that_do_not_end() -> None:
    vitals = with_side("woo", state="down", pulse=Pulse(waiting=9, lag=90_000, in_doubt=1, in_doubt_age=90_000))
    assert [one.key for one in conditions(replace(vitals, pass_age=90_000.0), LIMITS)] == ["woo down"]


def test_what_usually_passes_by_itself_is_given_time_and_what_does_not_is_told_at_once() -> None:
    patience = {key: conditions(TROUBLES[key], LIMITS)[0].patience for key in TROUBLES}
    assert patience["woo down"] == timedelta(minutes=10)
    assert patience["brake"] == timedelta(0)
    assert patience["token"] == timedelta(0)
    assert patience["decisions"] == timedelta(hours=1)


# -- words ------------------------------------------------------------------------------------
def message(kind: Any = "raised") -> Message:
    condition = conditions(TROUBLES["square refused"], LIMITS)[0]
    return Message(kind, condition.key, condition.title, NOW, None if kind == "recovered" else condition)


def test_a_message_reads_as_a_letter() -> None:
    text = as_text(message())
    assert text.startswith("What happened: Since 2026-03-01 00:00 UTC Square refuses access.")
    assert "What the bridge did: It writes nothing" in text
    assert "What to do: With an application of your own: `bridge auth url`" in text
    assert subject(message(), "shop.example") == "[bridge shop.example] Square refuses our key or token"
    assert subject(message("reminder"), "x").startswith("[bridge x] still: ")
    assert subject(message("recovered"), "x").startswith("[bridge x] over: ")
    assert "Nothing needs to be done" in as_text(message("recovered"))


def test_the_same_for_programs_says_the_same() -> None:
    told = as_json(message(), "shop", NOW)
    assert told["kind"] == "raised"
    assert told["key"] == "square refused"
    assert told["happened"] in told["text"]
    assert as_json(message("recovered"), "shop", NOW).get("todo") is None


def test_what_a_service_says_can_neither_break_a_header_nor_show_a_secret() -> None:
    from bridge.config.secrets import conceal

    conceal("EAAA-canary-token")
    odd = with_side("square", state="down", reason="EAAA-canary-token\r\nBcc: everybody@example.com\x1b[31m")
    condition = conditions(odd, LIMITS)[0]
    evil = Message("raised", "x", "title EAAA-canary-token\r\nBcc: e@example.com", NOW, condition)
    assert "\n" not in subject(evil, "a\nb")
    for text in (subject(evil, "a"), as_text(evil), str(as_json(evil, "a", NOW))):
        assert "canary" not in text
        assert "\x1b" not in text


# -- channels ---------------------------------------------------------------------------------
def config_of(yaml: str, **environ: str) -> Any:
    return parse_config(f"woo: {{url: https://shop.example}}\nalerts: {yaml}\n", places=Places(environ, Path()))


def channel_of(config: Any, http: httpx.Client | None = None) -> Channel:
    (made,) = channels_of(config, VirtualClock(NOW), lambda: "id-1", http or httpx.Client())
    return made


@pytest.mark.parametrize("yaml", ["{mail: {to: [nobody]}}", "{mail: {to: [a@b.example], user: me}}", "{weekly: never}"])
def test_alerts_that_cannot_work_are_refused_when_the_configuration_is_read(yaml: str) -> None:
    with pytest.raises(ConfigError):
        config_of(yaml)


def test_a_webhook_gets_json_and_any_success_counts() -> None:
    got: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        got.append(request)
        return httpx.Response(204)

    http = httpx.Client(transport=httpx.MockTransport(answer))
    config = config_of("{webhook: env:HOOK}", HOOK="https://chat.example/T0/canary-path")
    channel_of(config, http).send("s", "t", as_json(message(), "shop", NOW))
    assert b'"square refused"' in got[0].content
    assert got[0].headers["content-type"] == "application/json"


def _reset(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("canary-path", request=request)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda _: httpx.Response(302, headers={"location": "https://elsewhere"}), "HTTP 302"),
        (lambda _: httpx.Response(500, text="canary-path"), "HTTP 500"),
        (_reset, "ConnectError"),
    ],
)
def test_what_goes_wrong_with_a_webhook_is_told_without_its_address(answer: Any, said: str) -> None:
    http = httpx.Client(transport=httpx.MockTransport(answer))
    config = config_of("{webhook: env:HOOK, dead_man: env:HOOK}", HOOK="https://chat.example/canary-path")
    for call in (lambda: channel_of(config, http).send("s", "t", {}), DeadMan(config.alerts.dead_man, http).ping):
        with pytest.raises(NotDelivered, match=said) as caught:
            call()
        assert "canary" not in str(caught.value)


def test_an_address_that_is_none_is_a_matter_of_the_configuration() -> None:
    config = config_of("{webhook: env:HOOK}", HOOK="http://[::canary")
    with pytest.raises(BridgeError) as caught:
        channel_of(config).send("s", "t", {})
    assert "canary" not in str(caught.value)


class FakeApprise:
    """Apprise as far as it is used (https://github.com/caronc/apprise: add and notify return bools)."""

    works = True
    sent: list[tuple[list[str], Mapping[str, str]]] = []

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def add(self, address: str) -> bool:
        self.addresses.append(address)
        return "://" in address

    def notify(self, **what: str) -> bool:
        FakeApprise.sent.append((self.addresses, what))
        return FakeApprise.works


def test_apprise_is_handed_every_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", types.SimpleNamespace(Apprise=FakeApprise))
    channel = channel_of(config_of("{apprise: env:TO}", TO="ntfy://one\nmailto://two"))
    assert isinstance(channel, AppriseChannel)
    channel.send("subject", "text", {})
    assert FakeApprise.sent == [(["ntfy://one", "mailto://two"], {"title": "subject", "body": "text"})]
    monkeypatch.setattr(FakeApprise, "works", False)
    with pytest.raises(NotDelivered):
        channel.send("s", "t", {})
    with pytest.raises(ConfigError, match="does not know"):
        channel_of(config_of("{apprise: env:TO}", TO="nonsense")).send("s", "t", {})


def test_without_apprise_installed_the_advice_is_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError) as caught:
        channel_of(config_of("{apprise: env:TO}", TO="ntfy://one")).send("s", "t", {})
    assert "woo-square-bridge[alerts]" in caught.value.advice


def test_nobody_is_told_unless_somebody_is_named() -> None:
    assert channels_of(config_of("{}"), VirtualClock(NOW), str, httpx.Client()) == []
    both = config_of("{mail: {to: [a@b.example]}, webhook: env:HOOK}", HOOK="https://x.example")
    made = channels_of(both, VirtualClock(NOW), str, httpx.Client())
    assert isinstance(made[0], MailChannel)
    assert [one.name for one in made] == ["mail", "webhook"]

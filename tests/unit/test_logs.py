"""Logs: one line an event, and no secret in any of them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bridge.config.secrets import Places, Secret
from bridge.report.logs import log, set_up_logs

CANARY = "canary-31-never-in-a-log"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.fixture
def revealed() -> str:
    return Secret.parse("env:CANARY", Places({"CANARY": CANARY})).reveal()


def test_an_event_is_one_line_of_json_with_its_time_in_utc() -> None:
    stream = io.StringIO()
    set_up_logs("info", as_json=True, stream=stream)
    log("calls").info("no reply", side="woo", path="wc/v3/products")
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert list(told)[:4] == ["at", "level", "part", "event"]
    assert told["at"].endswith("Z")
    assert (told["event"], told["part"], told["side"]) == ("no reply", "calls", "woo")


def test_for_people_it_is_one_line_of_words() -> None:
    stream = io.StringIO()
    set_up_logs("info", stream=stream)
    log("calls").info("no reply", reason="two\nlines")
    assert stream.getvalue().count("\n") == 1
    assert 'event="no reply"' in stream.getvalue()


def test_what_is_below_the_level_is_not_logged() -> None:
    stream = io.StringIO()
    set_up_logs("warning", stream=stream)
    log("x").info("quiet")
    log("x").warning("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


@pytest.mark.parametrize("as_json", [True, False])
def test_a_secret_shows_as_dots_wherever_it_turns_up(revealed: str, as_json: bool) -> None:
    stream = io.StringIO()
    set_up_logs("debug", as_json=as_json, stream=stream)
    log("x").info(
        f"sent {revealed}",
        note=f"Basic {revealed}",
        deep={"rows": [revealed, {"authorization": "Bearer other-secret"}]},
        access_token="other-secret",
        url="http://shop/wp-json?oauth_consumer_key=other-secret&oauth_signature=other-secret&page=2",
    )
    written = stream.getvalue()
    assert CANARY not in written
    assert "other-secret" not in written
    assert "•••" in written
    assert "page=2" in written


def test_what_a_library_logs_goes_the_same_way_without_secrets_and_in_one_line(revealed: str) -> None:
    stream = io.StringIO()
    set_up_logs("info", stream=io.StringIO())
    set_up_logs("info", stream=stream)  # twice does not say everything twice
    logging.getLogger("waitress").info("not worth a line")
    logging.getLogger("urllib3").warning("retrying %s", f"http://shop/x?consumer_key=other-secret&a={revealed}")
    try:
        raise ValueError(f"in the middle of {revealed}")
    except ValueError:
        logging.getLogger("waitress").exception("Exception while serving /hooks/woo/%s", "the-door-s-own-token")
    retrying, serving = stream.getvalue().splitlines()
    assert "serving /hooks/woo/•••" in serving and "the-door-s-own-token" not in serving
    assert "by=urllib3" in retrying and "level=warning" in retrying
    assert "level=error" in serving and "ValueError" in serving
    assert CANARY not in stream.getvalue()
    assert "other-secret" not in stream.getvalue()


def test_without_logs_of_our_own_libraries_are_not_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("info")
    structlog.reset_defaults()
    logging.getLogger("waitress").error("said to nobody")
    assert "said to nobody" not in "".join(capsys.readouterr())

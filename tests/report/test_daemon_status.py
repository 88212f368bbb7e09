"""What the daemon says of itself, in words."""

from __future__ import annotations

from typing import Any

from bridge.report.daemon_status import in_words

SIDE = {"calls": 120, "protests": 0, "calls_per_second_allowed": 4.0, "answer_seconds": 0.25, "resting": False}
TOLD: dict[str, Any] = {
    "words": "in step",
    "passes": 12,
    "next_look_seconds": 60.0,
    "sides": {"woo": SIDE, "square": SIDE | {"protests": 2}},
    "webhooks": True,
    "doorbells": {"stored": 5, "ping": 7, "bad_signature": 2, "no_such_door": 1},
    "trust": {"woo": "proved", "square": "silent"},
    "hook_problems": {"square": "the token may not"},
}


def test_a_daemon_that_works_tells_passes_calls_doorbells_and_trust() -> None:
    lines = in_words(TOLD, "127.0.0.1:8085")
    assert ("Daemon", "in step; 12 passes since its start") in lines
    assert ("Looks by itself", "every 60 s at present") in lines
    assert ("Calls to WooCommerce", "120, 4 a second allowed, 250 ms each") in lines
    assert ("Calls to Square", "120, 4 a second allowed, 250 ms each, asked 2 times to slow down") in lines
    assert ("Doorbells", "5 taken, 0 repeated, 3 refused (2 bad signature, 1 no such door)") in lines
    assert ("Webhooks", "WooCommerce prove alive, Square silent") in lines
    assert ("Webhooks of Square", "cannot be kept: the token may not") in lines


def test_without_webhooks_it_says_what_to_configure() -> None:
    assert in_words(TOLD | {"webhooks": False}, "x")[-1] == ("Doorbells", "none: `web.public_url` is not set")


def test_no_daemon_is_said_with_the_address_that_was_asked() -> None:
    assert in_words(None, "127.0.0.1:8085") == [("Daemon", "does not run (nobody answers at 127.0.0.1:8085)")]

"""``bridge webhooks`` and ``bridge events`` against both simulators over loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from bridge.app_daemon import open_daemon
from bridge.config.load import load_config
from bridge.engine.systemd_notify import Notify
from bridge.sim.kernel.serve import post_loopback
from tests.cli.conftest import Accounts, accounts, bridge  # noqa: F401  (fixtures)

WEB = 'web: {public_url: "http://127.0.0.1:{port}", listen: "127.0.0.1:{port}"}\n'


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def shop(accounts: Accounts) -> Iterator[Accounts]:  # noqa: F811
    accounts.configure(WEB.replace("{port}", str(free_port())))
    session = requests.Session()
    accounts.square.hooks.sender = lambda url, headers, body: post_loopback(session, url, headers, body)
    yield accounts
    session.close()


@contextmanager
def doors(shop: Accounts) -> Iterator[Any]:
    """The daemon's doorbells without its worker."""
    with open_daemon(load_config(shop.folder / "bridge.yaml"), notify=Notify({}), alarm=False) as running:
        running.daemon.around.keeper.check()
        yield running


def test_webhooks_without_a_public_address_say_what_to_configure(accounts: Accounts) -> None:  # noqa: F811
    ended = accounts.bridge("webhooks", "register", "--json")
    assert ended.code == 2
    assert "web.public_url" in ended.json["error"]


def test_register_list_and_remove_on_both_sides(shop: Accounts) -> None:
    assert shop.bridge("webhooks", "list", "--json").code == 1
    planned = shop.bridge("webhooks", "register", "--dry-run")
    assert planned.code == 0, planned
    assert "would be: 7 created" in planned.out
    assert shop.woo.state.webhooks == {}
    made = shop.bridge("webhooks", "register", "--json")
    assert made.code == 0, made
    assert len(made.json["woo"]["created"]) == 7
    assert len(made.json["square"]["created"]) == 1
    listed = shop.bridge("webhooks", "list", "--json")
    assert listed.code == 0, listed
    assert shop.bridge("webhooks", "register", "--json").json["woo"]["created"] == []
    assert shop.bridge("webhooks", "remove", "--json").code == 2
    assert len(shop.bridge("webhooks", "remove", "--dry-run", "--json").json["woo"]["deleted"]) == 7
    assert len(shop.woo.state.webhooks) == 7
    assert shop.bridge("webhooks", "remove", "--yes", "--json").code == 0
    assert shop.woo.state.webhooks == {}
    assert shop.square.state.subscriptions == {}


def test_repair_replaces_what_the_shop_switched_off(shop: Accounts) -> None:
    shop.bridge("webhooks", "register")
    dead = next(iter(shop.woo.state.webhooks.values()))
    dead.status = "disabled"
    listed = shop.bridge("webhooks", "list")
    assert listed.code == 1
    assert "webhooks repair" in listed.out
    told = shop.bridge("webhooks", "repair", "--json").json["woo"]
    assert (told["created"], told["deleted"]) == ([dead.topic], [str(dead.id)])


def test_the_address_token_and_the_secret_are_never_printed(shop: Accounts) -> None:
    said = [shop.bridge("webhooks", *words) for words in (("register",), ("list",), ("list", "--json"), ("test",))]
    hook = next(iter(shop.woo.state.webhooks.values()))
    token = hook.delivery_url.rpartition("/")[2]
    assert len(token) == 32
    for ended in said:
        assert hook.secret not in ended.out + ended.err
        assert token not in ended.out + ended.err


def test_test_rings_both_doors_and_says_when_nobody_is_at_home(shop: Accounts) -> None:
    shop.bridge("webhooks", "register")
    alone = shop.bridge("webhooks", "test")
    assert alone.code == 1
    assert "bridge run" in alone.out
    assert "woo     did not ring: no connection\n" in alone.out
    with doors(shop) as running:
        tested = shop.bridge("webhooks", "test", "--json")
        assert tested.json["woo"]["status"] == 200, tested
        assert tested.json["square"]["status"] == 200, tested
        assert running.doorbell.counts["stored"] == 2


def test_a_side_that_is_down_does_not_keep_the_other_from_being_registered(shop: Accounts) -> None:
    shop.woo.faults.add("timeout_not_applied", times=None, path="/wp-json/wc/v3/webhooks")
    ended = shop.bridge("webhooks", "register", "--json")
    assert ended.code == 5, ended
    assert len(ended.json["square"]["created"]) == 1


def test_events_are_listed_shown_and_replayed(shop: Accounts) -> None:
    shop.settle()
    shop.bridge("webhooks", "register")
    with doors(shop):
        shop.bridge("webhooks", "test")
    listed = shop.bridge("events", "list", "--json").json
    assert [one["side"] for one in listed["events"]] == ["square", "woo"]
    assert listed["waiting"] == 2
    shop.settle()
    assert shop.bridge("events", "list", "--new", "--json").json["events"] == []
    number = listed["events"][0]["number"]
    assert shop.bridge("events", "show", str(number), "--json").json["looked_at"]
    assert shop.bridge("events", "replay", str(number), "--json").json["replayed"] == 1
    assert shop.bridge("events", "list", "--new", "--json").json["waiting"] == 1
    assert (
        shop.bridge("events", "replay", "--since", "2020-01-01T00:00", "--side", "woo", "--json").json["replayed"] == 1
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "99"), "no webhook 99"),
        (("replay", "99"), "no webhook 99"),
        (("replay",), "--since"),
        (("replay", "--since", "yesterday"), "not a time"),
    ],
)
def test_what_cannot_be_replayed_is_said(shop: Accounts, words: tuple[str, ...], said: str) -> None:
    shop.settle()
    ended = shop.bridge("events", *words, "--json")
    assert ended.code == 2
    assert said in ended.json["error"]


def test_run_on_an_unused_ledger_asks_to_look_first(shop: Accounts) -> None:
    ended = shop.bridge("run", "--json")
    assert ended.code == 2
    assert "bridge plan" in ended.json["advice"]

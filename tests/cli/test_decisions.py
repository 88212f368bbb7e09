"""``bridge decisions``: list, show, answer."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Accounts


@pytest.fixture
def asked(accounts: Accounts) -> Accounts:
    """A shop where two prices clash."""
    accounts.settle_products(["W-1", "W-2"])
    for sku in ("W-1", "W-2"):
        accounts.woo.acts["staff_edit_product"](accounts.first(sku), {"regular_price": "11.00"})
        accounts.reprice(accounts.square_variation(sku), 1200)
    assert accounts.bridge("sync").code == 3
    return accounts


def test_nothing_open_is_said(accounts: Accounts) -> None:
    ended = accounts.bridge("decisions")
    assert (ended.code, ended.out) == (0, "Nothing waits for you.\n")
    assert accounts.bridge("decisions", "--json").json == {"ok": True, "decisions": []}


def test_open_questions_are_listed_with_their_answers(asked: Accounts) -> None:
    ended = asked.bridge("decisions")
    assert ended.code == 3
    assert "woo | square" in ended.out
    assert "bridge decisions resolve" in ended.out
    told = asked.bridge("decisions", "list", "--json").json["decisions"]
    assert [one["kind"] for one in told] == ["conflict", "conflict"]
    assert told[0]["choices"] == ["woo", "square"]
    assert asked.bridge("decisions", "list", "--kind", "opening").code == 0


def test_one_question_is_shown_with_what_is_known(asked: Accounts) -> None:
    number = asked.bridge("decisions", "--json").json["decisions"][0]["number"]
    told = asked.bridge("decisions", "show", str(number), "--json").json
    assert told["detail"]["woo"] == 1100
    assert told["detail"]["square"] == 1200
    shown = asked.bridge("decisions", "show", str(number)).out
    assert f"bridge decisions resolve {number} woo | square" in shown
    assert asked.bridge("decisions", "show", "999", "--json").code == 2


def test_an_answer_is_carried_out_by_the_next_run(asked: Accounts) -> None:
    first, second = (one["number"] for one in asked.bridge("decisions", "--json").json["decisions"])
    ended = asked.bridge("decisions", "resolve", str(first), "square", "--json")
    assert ended.code == 0, ended
    assert ended.json["resolved"][0]["number"] == first
    assert asked.bridge("decisions", "resolve", str(second), "woo").code == 0
    assert asked.bridge("sync", "--json").code == 0
    assert asked.woo.state.items[asked.first("W-1")].regular_price == "12.00"
    assert asked.square_price("W-2") == 1100


def test_all_that_know_an_answer_can_be_answered_at_once(asked: Accounts) -> None:
    ended = asked.bridge("decisions", "resolve", "--all", "woo", "--kind", "conflict", "--json")
    assert ended.code == 0, ended
    assert len(ended.json["resolved"]) == 2
    assert asked.bridge("sync", "--json").code == 0
    assert (asked.square_price("W-1"), asked.square_price("W-2")) == (1100, 1100)


@pytest.mark.parametrize(
    "words",
    [
        ("1",),
        ("one", "woo"),
        ("--all",),
        ("--all", "1", "woo"),
        ("1", "perhaps"),
        ("999", "woo"),
        ("--all", "perhaps"),
        ("1", "woo", "--kind", "conflict"),
    ],
)
def test_a_wrong_answer_is_a_usage_error_and_changes_nothing(asked: Accounts, words: tuple[str, ...]) -> None:
    ended = asked.bridge("decisions", "resolve", *words, "--json")
    assert ended.code == 2
    assert ended.json["advice"]
    assert len(asked.bridge("decisions", "--json").json["decisions"]) == 2


def test_a_released_brake_lets_the_next_run_through(accounts: Accounts) -> None:
    skus = [f"W-{n}" for n in range(6)]
    accounts.settle_products(skus)
    for sku in skus:
        accounts.recount(sku, 0)
    assert accounts.bridge("sync").code == 4
    assert accounts.bridge("decisions").code == 4
    assert accounts.bridge("decisions", "resolve", "--all", "release").code == 0
    assert accounts.bridge("sync", "--json").code == 0
    assert [accounts.woo.state.items[accounts.first(sku)].stock for sku in skus] == [0] * 6

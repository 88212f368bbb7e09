"""What a running daemon logs of its writes: each with its cause and its key, and no customer's name."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog

from bridge.engine.written import MOST_LINES
from bridge.report.logs import set_up_logs
from tests.daemon.stage import Street
from tests.world import TEST_SETTINGS


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    made = io.StringIO()
    set_up_logs("info", as_json=True, stream=made)
    yield made
    structlog.reset_defaults()


def lines(stream: io.StringIO, part: str, event: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [one for one in found if (one["part"], one["event"]) == (part, event)]


def opened(**more: Any) -> tuple[Street, int, str]:
    street = Street(**more)
    product = street.simple("W-1", stock=10)
    street.live(30)
    street.live(30)
    return street, product, street.twin(product)


def test_every_write_is_one_line_with_side_sku_numbers_cause_and_key(stream: io.StringIO) -> None:
    street, product, twin = opened()
    stream.truncate(0)
    stream.seek(0)
    street.sell(twin, 3)
    street.live(5)
    (line,) = lines(stream, "writes", "written")
    assert (line["side"], line["kind"], line["sku"], line["before"], line["after"]) == ("woo", "stock", "W-1", 10, 7)
    assert "sold at the till at Oslo: -3" in line["cause"]
    assert line["key"] in str(street.woo.state.items[product].meta)
    street.buy(product, 2)
    street.live(5)
    line = lines(stream, "writes", "written")[-1]
    assert line["side"] == "square"
    assert "sold online" in line["cause"]
    assert line["key"]


def test_a_write_in_doubt_is_told_once_and_then_the_write_that_ended_it(stream: io.StringIO) -> None:
    street, _, twin = opened(settings=replace(TEST_SETTINGS, settle_after=20.0))
    street.woo.faults.add("timeout_not_applied", method="PUT|POST", times=1)
    street.sell(twin, 4)
    street.live(120)
    (doubt,) = lines(stream, "writes", "in doubt")
    assert doubt["reason"]
    written = lines(stream, "writes", "written")[-1]
    assert (written["before"], written["after"]) == (10, 6)


def test_a_question_is_told_by_its_number(stream: io.StringIO) -> None:
    street, product, twin = opened()
    street.square.acts["edit_price"](twin, 100)
    street.live(200)
    (asked,) = lines(stream, "decisions", "asked")
    assert asked["kind"] == "brake"
    assert product


def test_a_first_run_of_thousands_logs_some_and_says_how_many_more(stream: io.StringIO) -> None:
    street = Street(hooks=False)
    street.seed(
        *(
            {"name": f"P{n}", "type": "simple", "sku": f"P-{n}", "regular_price": "10.00", "manage_stock": True,
             "stock_quantity": 1}
            for n in range(MOST_LINES)
        )
    )  # fmt: skip
    street.live(60)
    assert len(lines(stream, "writes", "written")) == MOST_LINES
    (more,) = lines(stream, "writes", "more written")
    assert more["lines"] >= MOST_LINES


def test_names_and_addresses_of_customers_are_in_no_line(stream: io.StringIO) -> None:
    street, product, _ = opened()
    billing = {"first_name": "Canary-First", "last_name": "Canary-Last", "email": "canary@example.org"}
    street.buy(product, 1, billing=billing)
    street.live(60)
    assert lines(stream, "writes", "written")
    assert "anary" not in stream.getvalue()

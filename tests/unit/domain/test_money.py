"""Amounts are read and written exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.money import Money, format_amount, parse_amount
from bridge.errors import InputError
from tests.unit.domain.laws import law


@pytest.mark.parametrize(
    ("text", "decimals", "minor"),
    [
        ("12.50", 2, 1250),
        ("12.5", 2, 1250),
        ("12", 2, 1200),
        ("12.", 2, 1200),
        (".5", 2, 50),
        ("0", 2, 0),
        ("+3.10", 2, 310),
        ("-3.10", 2, -310),
        (" 7.00 ", 2, 700),
        ("12.345", 2, 1235),
        ("12.344999", 2, 1234),
        ("-12.345", 2, -1235),
        ("0.005", 2, 1),
        ("9.999", 2, 1000),
        ("1200", 0, 1200),
        ("1200.5", 0, 1201),
        ("0.4", 0, 0),
        ("1.2345", 3, 1235),
        ("1.5", 3, 1500),
        ("123456789012345678901234567890.12", 2, 12345678901234567890123456789012),
    ],
)
def test_an_amount_is_read_exactly_and_rounded_half_up(text: str, decimals: int, minor: int) -> None:
    assert parse_amount(text, decimals) == minor


@pytest.mark.parametrize(
    "text", [None, "", " ", ".", "-", "-.", "abc", "1,50", "1e5", "NaN", "Infinity", "1.2.3", "١٢"]
)
def test_what_is_no_amount_is_none(text: str | None) -> None:
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    ("minor", "decimals", "text"),
    [
        (1250, 2, "12.50"),
        (5, 2, "0.05"),
        (0, 2, "0.00"),
        (-5, 2, "-0.05"),
        (-1250, 2, "-12.50"),
        (1200, 0, "1200"),
        (-3, 0, "-3"),
        (1500, 3, "1.500"),
        (7, 3, "0.007"),
        (None, 2, ""),
    ],
)
def test_an_amount_is_written_as_the_shop_writes_it(minor: int | None, decimals: int, text: str) -> None:
    assert format_amount(minor, decimals) == text


def test_two_decimals_are_the_default() -> None:
    assert parse_amount("1.239") == 124
    assert format_amount(124) == "1.24"


@law
@given(st.integers(-(10**15), 10**15), st.integers(0, 4))
def test_what_is_written_reads_back_the_same(minor: int, decimals: int) -> None:
    assert parse_amount(format_amount(minor, decimals), decimals) == minor


@law
@given(st.text())
def test_any_text_gives_an_amount_or_none(text: str) -> None:
    assert isinstance(parse_amount(text), int | None)


def test_money_of_one_currency_adds_up() -> None:
    assert Money(150, "EUR") + Money(50, "EUR") == Money(200, "EUR")
    assert Money(150, "EUR") - Money(50, "EUR") == Money(100, "EUR")
    assert -Money(150, "EUR") == Money(-150, "EUR")


def test_money_of_two_currencies_is_refused_with_both_named() -> None:
    with pytest.raises(InputError, match=r"^Amounts in EUR and USD cannot be put together\.$"):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(InputError):
        Money(1, "EUR") - Money(1, "USD")

"""Which stores can fill a cart."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.availability import StoreShelf, availability
from bridge.domain.hours import Hours, Span
from tests.unit.domain.laws import law

NOW = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)  # a Monday, 10:00 in Berlin
OPEN = Hours("Europe/Berlin", dict.fromkeys(range(7), (Span(time(9), time(17)),)))
HOUR = timedelta(hours=1)


def shelf(name: str, **counts: int) -> StoreShelf:
    return StoreShelf(name, name.title(), {v: Decimal(n) for v, n in counts.items()}, OPEN, lead=2 * HOUR)


def wants(**cart: int) -> list[tuple[str, Decimal]]:
    return [(v, Decimal(n)) for v, n in cart.items()]


def test_a_store_with_everything_fills_the_cart_after_its_lead() -> None:
    [answer] = availability(wants(mug=2, cap=1), [shelf("oslo", mug=2, cap=1)], NOW)
    assert (answer.answer, answer.ready, answer.open_now) == ("now", NOW + 2 * HOUR, True)


def test_goods_travel_only_where_a_transfer_time_is_given() -> None:
    stores = [shelf("oslo", mug=1), shelf("bergen", mug=1), shelf("rome", mug=3)]
    assert [a.answer for a in availability(wants(mug=4), stores, NOW)] == ["no", "no", "no"]
    later = {a.store_id: a for a in availability(wants(mug=4), stores, NOW, transfer=24 * HOUR)}
    assert later["oslo"].answer == "later" and later["oslo"].missing == (("mug", Decimal(3)),)
    assert later["oslo"].from_stores == (("mug", "rome", Decimal(3)),)
    assert later["oslo"].ready == NOW + 26 * HOUR


def test_buffers_and_promised_units_are_not_promised_again() -> None:
    held = StoreShelf(
        "oslo", "Oslo", {"mug": Decimal(3)}, OPEN, buffers={"mug": Decimal(1)}, reserved={"mug": Decimal(1)}
    )
    assert [a.answer for a in availability(wants(mug=1), [held], NOW)] == ["now"]
    assert [a.answer for a in availability(wants(mug=2), [held], NOW)] == ["no"]


def test_lines_of_one_product_are_added_up() -> None:
    cart = [("mug", Decimal(2)), ("mug", Decimal(2))]
    [answer] = availability(cart, [shelf("oslo", mug=3)], NOW)
    assert (answer.answer, answer.missing) == ("no", (("mug", Decimal(1)),))


def test_closed_and_never_opening_stores_and_the_soonest_first() -> None:
    never = Hours("UTC", {0: []}, {NOW.date() + timedelta(days=n): () for n in range(-2, 500)})
    stores = [
        StoreShelf("a", "Shut", {"mug": Decimal(9)}, never),
        StoreShelf("b", "Gone", {"mug": Decimal(9)}, OPEN, active=False),
        StoreShelf("c", "Slow", {"mug": Decimal(9)}, OPEN, lead=5 * HOUR),
        StoreShelf("d", "Quick", {"mug": Decimal(9)}, OPEN, lead=HOUR),
    ]
    found = availability(wants(mug=1), stores, NOW)
    assert [(a.name, a.answer) for a in found] == [("Quick", "now"), ("Slow", "now"), ("Shut", "no")]
    evening = availability(wants(mug=1), stores[3:], NOW + 8 * HOUR)
    assert (evening[0].open_now, evening[0].ready) == (False, NOW + 24 * HOUR)


def test_what_arrives_at_a_store_that_never_opens_is_not_promised() -> None:
    never = Hours("UTC", {0: []}, {NOW.date() + timedelta(days=n): () for n in range(-2, 500)})
    stores = [StoreShelf("a", "Shut", {}, never), shelf("oslo", mug=1)]
    found = {a.name: a.answer for a in availability(wants(mug=1), stores, NOW, transfer=HOUR)}
    assert found == {"Shut": "no", "Oslo": "now"}
    assert availability([("mug", Decimal(0))], stores[1:], NOW)[0].answer == "no"


@law
@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 5)), min_size=1, max_size=4),
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 6), min_size=1),
)
def test_nothing_is_promised_twice_and_what_is_promised_exists(
    counts: list[dict[str, int]], cart: dict[str, int]
) -> None:
    stores = [shelf(f"s{n}", **have) for n, have in enumerate(counts)]
    for answer in availability(wants(**cart), stores, NOW, transfer=HOUR):
        own = next(s for s in stores if s.store_id == answer.store_id)
        sent = {v: sum(q for w, _, q in answer.from_stores if w == v) for v in cart}
        covered = all(own.free(v) + sent[v] >= n for v, n in cart.items())
        assert covered == (answer.answer != "no")
        for v, store, quantity in answer.from_stores:
            assert quantity <= next(s for s in stores if s.store_id == store).free(v) and store != answer.store_id

"""Till sales shown in the shop come to the till's own total, to the cent, whatever the till added or took off."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from bridge.domain.order import TILL_VIA
from bridge.sim.woo.order_state import Order, TaxRate
from tests.orders.test_till_report import report, square_total
from tests.scenarios.stage import in_step, square_item
from tests.scenarios.witness import Witness, questions
from tests.world import World

PERCENTS = ("8.875", "19", "7", "25.5", "0.5", "33.3333")
PRICES = (1, 5, 99, 333, 1000, 1655, 14995)
PHASES = ("SUBTOTAL_PHASE", "TOTAL_PHASE", "APPORTIONED_AMOUNT_PHASE", "APPORTIONED_PERCENTAGE_PHASE")


def shop_of_till_sales(*, taxed: bool = True, included: bool = False) -> tuple[World, list[str]]:
    """A shop with taxes of its own that shows every till sale; and what its tills sell: linked goods, one unlinked."""
    world = World()
    world.use(till_sales_in_woo=True)
    options = world.woo.state.options
    options["woocommerce_calc_taxes"] = "yes" if taxed else "no"
    options["woocommerce_prices_include_tax"] = "yes" if included else "no"
    world.woo.state.tax_rates[1] = TaxRate(1, "", "", rate=Decimal("19"), name="VAT", shipping=True)
    goods = [world.simple(sku, 5000, price) for sku, price in (("mug", "10.00"), ("cup", "3.33"), ("pot", "149.95"))]
    in_step(world)
    alone = square_item(world, "Postcard", "postcard", price=150)["postcard"]
    return world, [*(world.twin(one) for one in goods), alone]


def rules_of(dice: random.Random) -> dict[str, Any]:
    """Taxes, discounts and charges a till may apply."""
    kinds = dice.choice(
        (["ADDITIVE"], ["INCLUSIVE"], ["ADDITIVE", "INCLUSIVE"], ["ADDITIVE"] * 2, ["INCLUSIVE"] * 3, [])
    )
    taxes = [
        {
            "uid": f"t{n}", "name": f"Tax {n}", "type": kind, "percentage": dice.choice(PERCENTS),
            "scope": dice.choice(("ORDER", "LINE_ITEM")),
        }
        for n, kind in enumerate(kinds)
    ]  # fmt: skip
    discounts: list[dict[str, Any]] = []
    for n in range(dice.choice((0, 0, 1, 2))):
        one: dict[str, Any] = {"uid": f"d{n}", "name": f"Discount {n}", "scope": dice.choice(("ORDER", "LINE_ITEM"))}
        if dice.random() < 0.5:
            discounts.append(one | {"percentage": dice.choice(("10", "33.3", "100"))})
        else:
            discounts.append(one | {"amount_money": {"amount": dice.choice((1, 50, 999)), "currency": "USD"}})
    return {"taxes": taxes, "discounts": discounts, "service_charges": charges_of(dice, taxes)}


def charges_of(dice: random.Random, taxes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    charges = []
    for n in range(dice.choice((0, 0, 0, 1, 2))):
        phase = dice.choice(PHASES)
        one: dict[str, Any] = {"uid": f"c{n}", "name": f"Charge {n}", "calculation_phase": phase}
        if "PERCENTAGE" in phase or (phase != "APPORTIONED_AMOUNT_PHASE" and dice.random() < 0.4):
            one["percentage"] = dice.choice(("10", "2.5"))
        else:
            one["amount_money"] = {"amount": dice.choice((10, 333)), "currency": "USD"}
        if phase == "SUBTOTAL_PHASE" and taxes and dice.random() < 0.5:
            one["taxable"] = True
        charges.append(one)
    return charges


def sell(world: World, dice: random.Random, goods: list[str]) -> str:
    """A random sale; its order's id."""
    rules = rules_of(dice)
    lines = []
    for _ in range(dice.choice((1, 1, 2, 3, 5))):
        line: dict[str, Any] = {"quantity": dice.choice(("1", "1", "2", "7")), "price": dice.choice(PRICES)}
        if dice.random() < 0.8:
            line["variation_id"] = dice.choice(goods)
        else:  # half a unit of goods kept in step would leave their number alone until it is whole again
            line["quantity"] = dice.choice(("1", "0.5", "1.25"))
        for listed, key in (("taxes", "tax_uid"), ("discounts", "discount_uid")):
            own = [one["uid"] for one in rules[listed] if one["scope"] == "LINE_ITEM" and dice.random() < 0.6]
            line[f"applied_{listed}"] = [{key: uid} for uid in own]
        lines.append(line)
    tip = dice.choice((0, 0, 0, 100, 33))
    return str(world.square.acts["sell"](dice.choice(world.stores), lines, tip=tip, rules=rules)["order_id"])


def made(world: World) -> dict[str, Order]:
    """Square order id → the shop's order made of it."""
    found = {}
    for row in world.woo.state.orders.values():
        if isinstance(row, Order) and row.created_via == TILL_VIA:
            origin = next(entry["value"] for entry in row.meta if entry["key"] == "_bridge_origin")
            assert origin not in found, "made twice"
            found[str(origin).removeprefix("square:")] = row
    return found


def due(world: World, order_id: str) -> int:
    return int(world.square.state.orders[order_id]["total_money"]["amount"])


@pytest.mark.parametrize("seed", range(8))
def test_every_till_sale_costs_in_the_shop_what_it_cost_at_the_till(seed: int) -> None:
    dice = random.Random(seed)
    world, goods = shop_of_till_sales(taxed=seed % 4 != 3, included=bool(seed % 2))
    witness = Witness(world)
    sold = []
    for _ in range(40):
        sold.append(sell(world, dice, goods))
        world.clock.advance(dice.choice((1, 30)))
        if dice.random() < 0.2:
            world.sync()
    world.quiet()
    shown = made(world)
    assert set(shown) == set(sold)
    for order_id in sold:
        assert round(shown[order_id].total * 100) == due(world, order_id), order_id
    assert not questions(world, "till_order") and not witness.faults()
    assert report(world).whole.total == square_total(world) == sum(due(world, one) for one in sold)


def test_charges_a_tip_and_goods_the_shop_does_not_know_stand_there_by_name() -> None:
    world, goods = shop_of_till_sales()
    rules = {
        "taxes": [{"uid": "t", "name": "VAT", "type": "ADDITIVE", "percentage": "19", "scope": "ORDER"}],
        "service_charges": [
            {
                "uid": "c", "name": "Engraving", "calculation_phase": "SUBTOTAL_PHASE", "taxable": True,
                "amount_money": {"amount": 500, "currency": "USD"},
            }
        ],
    }  # fmt: skip
    lines = [{"variation_id": goods[0], "quantity": "2"}, {"variation_id": goods[3], "quantity": "1"}]
    world.square.acts["sell"](world.stores[0], lines, tip=200, rules=rules)
    world.quiet()
    [order] = made(world).values()
    assert [str(line.total) for line in order.lines] == ["23.80"]
    fees = {fee.name: str(fee.total) for fee in order.fee_lines}
    assert fees == {"1 × Postcard": "1.79", "Engraving": "5.95", "Tip": "2.00"}
    assert str(order.total) == "33.54"


def test_a_shop_that_taxes_even_its_untaxed_class_is_told_of_each_order_that_differs() -> None:
    world, goods = shop_of_till_sales()
    world.woo.state.tax_rates[2] = TaxRate(2, "", "", rate=Decimal("10"), name="Odd", tax_class="zero-rate")
    world.square.acts["sell"](world.stores[0], [{"variation_id": goods[0], "quantity": "1"}])
    counted = world.sync()
    assert counted.counts["shop orders of till sales whose total differs"] == 1
    [asked] = questions(world, "till_order")
    assert "comes to 11.00" in asked.question
    assert report(world).whole.total == 1000, "the report counts what the till took"

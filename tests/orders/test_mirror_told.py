"""What people are shown of orders: the list, one order's story, the pick list, and trying an order again."""

from __future__ import annotations

import pytest

from bridge.engine.explain_order import explain_order, is_order, latest_orders, retry_order
from bridge.errors import InputError
from tests.orders.mirror_stage import at_the_till, link_of, mirroring, only_order, refunds
from tests.scenarios.stage import both
from tests.scenarios.witness import Witness, questions


def test_an_order_is_explained_from_its_sale_to_its_refund() -> None:
    world, (mug,) = mirroring("mug")
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.sync()
    world.clock.advance(60)
    line = world.woo.state.orders[order].lines[0].id
    world.woo.acts["staff_refund"](order, [{"id": line, "quantity": 1}])
    world.sync()
    told = explain_order(world.bridge, f"#{order}")
    text = "\n".join(told.lines_for_people())
    assert told.link["state"] == "paid"
    assert told.refunds[0]["square"] == refunds(world)[0]["id"]
    for words in ("sold online", "we made it at the till", "we noted its payment", "we noted a refund", "given back"):
        assert words in text, words


def test_an_order_handed_over_and_refunded_at_the_till_is_explained_to_its_end() -> None:
    world, (mug,) = mirroring("mug", till="always")
    order = world.buy(mug, 2, pickup="Bergen", payment="stripe", paid=True)
    world.sync()
    till = only_order(world, order)
    for state in ("PREPARED", "COMPLETED"):
        world.square.acts["fulfillment"](till["id"], state)
        world.clock.advance(60)
        world.sync()
    payment = next(one["id"] for one in world.square.state.payments.values() if one.get("order_id") == till["id"])
    world.square.acts["refund_amount"](payment, 500)
    world.quiet()
    text = "\n".join(explain_order(world.bridge, str(order)).lines_for_people())
    assert "we wrote to the customer: “Your order is ready for pickup at Bergen" in text
    assert "we set the shop's order to completed" in text
    assert "we noted a refund in the shop: 5.00" in text


def test_a_number_is_a_sku_where_there_is_one_and_an_order_else() -> None:
    world, (mug,) = mirroring("mug")
    order = world.buy(mug, 1, payment="stripe", paid=True)
    world.sync()
    assert is_order(world.bridge, str(order))
    assert is_order(world.bridge, f"#{order}")
    assert not is_order(world.bridge, "mug")
    with pytest.raises(InputError, match="No order"):
        explain_order(world.bridge, "#999999")


def test_the_list_says_how_each_order_stands_at_the_till() -> None:
    world, (mug,) = mirroring("mug", mode="mirror_pickups")
    shipped = world.buy(mug, 1, payment="stripe", paid=True)
    fetched = world.buy(mug, 1, pickup="Bergen", payment="stripe", paid=True)
    world.sync()
    rows = {row["order"]: row for row in latest_orders(world.bridge)}
    assert rows[str(fetched)]["till"] == "paid"
    assert rows[str(fetched)]["stores"] == ["Bergen"]
    assert rows[str(shipped)]["till"] == ""


def test_an_order_tried_again_reaches_the_till_without_taking_its_goods_twice() -> None:
    world, (mug,) = mirroring("mug")
    witness = Witness(world)
    order = world.buy(mug, 2, payment="stripe", paid=True)
    world.woo.state.orders[order].currency = "EUR"
    world.sync()
    assert link_of(world, order).state == "stock"
    world.woo.state.orders[order].currency = "USD"
    told = retry_order(world.bridge, str(order))
    assert "without catalog items" in told
    world.sync()
    world.quiet()
    assert only_order(world, order)["tenders"]
    assert all("catalog_object_id" not in row for row in only_order(world, order)["line_items"])
    assert both(world, mug) == (8, 8)
    assert not questions(world, "mirror")
    assert not witness.faults()


def test_an_order_that_did_not_fail_cannot_be_tried_again() -> None:
    world, (mug,) = mirroring("mug")
    order = world.buy(mug, 1, payment="stripe", paid=True)
    world.sync()
    with pytest.raises(InputError, match="Nothing of order"):
        retry_order(world.bridge, str(order))
    assert len(at_the_till(world, order)) == 1

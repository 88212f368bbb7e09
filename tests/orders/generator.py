"""Makes orders the way WooCommerce computes them: a simulated shop with its own taxes, coupons, fees and rounding."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from tests.unit.sim.woo.calls import frozen_shop, post

PRICES = ("0.01", "0.05", "0.99", "1.00", "2.49", "6.00", "9.99", "12.35", "16.55", "33.33", "149.95", "1999.00")
_AMOUNTS = frozenset(
    {"total", "subtotal", "total_tax", "subtotal_tax", "cart_tax", "tax_total", "shipping_total", "shipping_tax",
     "shipping_tax_total", "discount", "discount_tax", "discount_total"}
)  # fmt: skip
PERCENTS = ("8.875", "19", "7", "25.5", "5.5", "0.5", "20", "9.75", "13", "4.1234", "100", "33.3333")


class OrderShop:
    """A shop whose tax rules, rates, products and coupons are drawn from one seed, and orders from the same dice.

    ``tampered`` orders (about one in forty) are changed after the shop computed them, as other plugins do: taxes of
    another source, rates that are not told, products the shop no longer knows, prices with quantities in between.
    Every fifth shop sells in yen, which have no smaller coin.
    """

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.currency, self.digits = ("JPY", 0) if seed % 5 == 0 else ("USD", 2)
        self.shop = frozen_shop()
        options = self.shop.state.options
        for option in ("woocommerce_calc_taxes", "woocommerce_prices_include_tax", "woocommerce_tax_round_at_subtotal"):
            options[option] = self.dice.choice(("yes", "no"))
        options["woocommerce_calc_taxes"] = self.dice.choice(("yes", "yes", "yes", "no"))
        self._rates()
        self.products = self._products()
        self.coupons = self._coupons()

    def _rates(self) -> None:
        dice = self.dice
        for tax_class in ("standard", "reduced-rate"):
            for priority in range(1, dice.randint(1, 3) + 1):
                body: dict[str, Any] = {"rate": dice.choice(PERCENTS), "name": f"Tax {priority}", "class": tax_class}
                compound = priority > 1 and dice.random() < 0.4
                post(
                    self.shop,
                    "/wc/v3/taxes",
                    {**body, "priority": priority, "compound": compound, "shipping": dice.random() < 0.6},
                )

    def _products(self) -> list[int]:
        rows = []
        for n in range(12):
            row: dict[str, Any] = {"name": f"Thing {n}", "sku": f"T-{n}", "regular_price": self._price()}
            row["tax_class"] = self.dice.choice(("", "", "reduced-rate", "zero-rate"))
            row["tax_status"] = self.dice.choice(("taxable", "taxable", "taxable", "none"))
            rows.append(row)
        return [int(number) for number in self.shop.acts["seed"](rows)]

    def _price(self) -> str:
        if self.dice.random() < 0.5:
            return self.dice.choice(PRICES)
        return f"{self.dice.randint(0, 99)}.{self.dice.randint(0, 99):02d}"

    def _coupons(self) -> list[str]:
        codes = []
        for n, (kind, amount) in enumerate(
            (
                ("percent", "10"),
                ("percent", self.dice.choice(("33.3", "7.5", "50"))),
                ("percent", "100"),
                ("fixed_cart", self._price()),
                ("fixed_product", self._price()),
            )
        ):
            post(self.shop, "/wc/v3/coupons", {"code": f"c{n}", "discount_type": kind, "amount": amount})
            codes.append(f"c{n}")
        return codes

    # -- orders -------------------------------------------------------------------------
    def order(self) -> dict[str, Any]:
        """A raw order as the shop shows it."""
        dice = self.dice
        body: dict[str, Any] = {
            "line_items": [self._line() for _ in range(dice.choice((0, 1, 1, 2, 2, 3, 4, 7)))],
            "shipping_lines": [self._shipping() for _ in range(dice.choice((0, 1, 1, 1, 2)))],
            "fee_lines": [self._fee() for _ in range(dice.choice((0, 0, 0, 1, 2)))],
        }
        if body["line_items"] and dice.random() < 0.4:
            body["coupon_lines"] = [{"code": code} for code in dice.sample(self.coupons, dice.choice((1, 1, 2)))]
        made: dict[str, Any] = post(self.shop, "/wc/v3/orders", body)
        order = self._tampered(made) if dice.random() < 0.025 else made
        return order if self.digits else in_yen(order)

    def _line(self) -> dict[str, Any]:
        dice = self.dice
        line: dict[str, Any] = {"product_id": dice.choice(self.products), "quantity": dice.choice((1, 1, 2, 3, 7, 12))}
        draw = dice.random()
        if draw < 0.15:  # an odd price by hand, or a line edited without its totals
            line["subtotal"] = line["total"] = self._price()
        elif draw < 0.25:
            line["subtotal"] = f"{dice.randint(50, 99)}.{dice.randint(0, 99):02d}"
            line["total"] = f"{dice.randint(0, 50)}.{dice.randint(0, 99):02d}"
        return line

    def _shipping(self) -> dict[str, Any]:
        cost = self.dice.choice(("0", "5.00", "4.99", "12.34", self._price()))
        return {"method_id": "flat_rate", "method_title": "Flat rate", "total": cost}

    def _fee(self) -> dict[str, Any]:
        dice = self.dice
        sign = "-" if dice.random() < 0.4 else ""
        amount = dice.choice(("0.10", "1.00", "2.50", "3.33", "0.01"))
        return {
            "name": dice.choice(("Bag fee", "Gift wrap", "Loyal customer")),
            "total": sign + amount,
            "tax_status": dice.choice(("taxable", "none")),
            "tax_class": dice.choice(("", "reduced-rate")),
        }

    def _tampered(self, order: dict[str, Any]) -> dict[str, Any]:
        kind = self.dice.randrange(4)
        if kind == 0:
            for line in order["tax_lines"]:
                line.pop("rate_percent", None)
        elif kind == 1:
            for line in order["line_items"]:
                line |= {"product_id": 0, "variation_id": 0, "sku": None}
        elif kind == 2:
            for line in order["line_items"]:
                line["quantity"] = self.dice.choice((0.5, 1.25, 2.333, 0))
        elif order["tax_lines"]:
            self._other_tax(order)
        return order

    def _other_tax(self, order: dict[str, Any]) -> None:
        """A tax service set its own amount on the first line taxed; all sums follow."""
        row = order["tax_lines"][0]
        taxed = [line for line in order["line_items"] for tax in line["taxes"] if str(tax["id"]) == str(row["rate_id"])]
        if not taxed:
            return
        more = Decimal(self.dice.randint(1, 900)) / 100
        tax = next(tax for tax in taxed[0]["taxes"] if str(tax["id"]) == str(row["rate_id"]))
        tax["total"] = str(Decimal(tax["total"] or "0") + more)
        for owner, name in ((taxed[0], "total_tax"), (row, "tax_total"), (order, "total_tax"), (order, "total")):
            owner[name] = f"{Decimal(owner[name]) + more:.2f}"


def in_yen(order: dict[str, Any]) -> dict[str, Any]:
    """The same order of a shop that counts in yen: WooCommerce rounds to the smallest coin, whatever it is worth."""

    def whole(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: whole(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [whole(inner) for inner in value]
        return f"{Decimal(value) * 100:f}".removesuffix(".00") if name in _AMOUNTS and value else value

    return {**whole(order), "currency": "JPY"}


def kinds_of(order: dict[str, Any]) -> list[str]:
    """What an order has that makes its total hard to meet, in words."""
    lines, taxes, fees = order["line_items"], order["tax_lines"], order["fee_lines"]
    found = {
        "prices with tax": order["prices_include_tax"] and taxes,
        "prices without tax": taxes and not order["prices_include_tax"],
        "several rates": len(taxes) > 1,
        "compound rates": any(row.get("compound") for row in taxes),
        "taxed shipping": any(row["taxes"] for row in order["shipping_lines"]),
        "coupons": order["coupon_lines"],
        "fees": any(not str(row["total"]).startswith("-") for row in fees),
        "negative fees": any(str(row["total"]).startswith("-") for row in fees),
        "a total of nothing": not Decimal(order["total"]),
        "deleted products": any(not row["product_id"] for row in lines),
        "parts of a piece": any(isinstance(row["quantity"], float) for row in lines),
        "no smaller coin (yen)": order["currency"] == "JPY",
    }
    return [name for name, there in found.items() if there]

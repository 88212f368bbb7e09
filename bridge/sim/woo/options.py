"""The shop's options (what WordPress keeps in ``wp_options``) as a fresh WooCommerce has them."""

from __future__ import annotations

from typing import Any


def default_options() -> dict[str, Any]:
    """A new shop's options: USD with two decimals, New York time, stock managed, taxes off."""
    return {
        "blogname": "Shop",
        "blogdescription": "",
        "timezone_string": "America/New_York",
        "woocommerce_store_address": "1 Main St",
        "woocommerce_store_address_2": "",
        "woocommerce_store_city": "New York",
        "woocommerce_default_country": "US:NY",
        "woocommerce_store_postcode": "10001",
        "woocommerce_allowed_countries": "all",
        "woocommerce_calc_taxes": "no",
        "woocommerce_enable_coupons": "yes",
        "woocommerce_calc_discounts_sequentially": "no",
        "woocommerce_currency": "USD",
        "woocommerce_currency_pos": "left",
        "woocommerce_price_thousand_sep": ",",
        "woocommerce_price_decimal_sep": ".",
        "woocommerce_price_num_decimals": "2",
        "woocommerce_prices_include_tax": "no",
        "woocommerce_tax_based_on": "shipping",
        "woocommerce_shipping_tax_class": "inherit",
        "woocommerce_tax_round_at_subtotal": "no",
        "woocommerce_tax_display_shop": "excl",
        "woocommerce_tax_display_cart": "excl",
        "woocommerce_tax_total_display": "itemized",
        "woocommerce_weight_unit": "kg",
        "woocommerce_dimension_unit": "cm",
        "woocommerce_manage_stock": "yes",
        "woocommerce_hold_stock_minutes": "60",
        "woocommerce_notify_low_stock_amount": "2",
        "woocommerce_notify_no_stock_amount": "0",
        "woocommerce_hide_out_of_stock_items": "no",
        "woocommerce_stock_format": "",
        "woocommerce_analytics_enabled": "yes",
        "woocommerce_custom_orders_table_enabled": "yes",
        "woocommerce_enable_guest_checkout": "yes",
    }

"""A WooCommerce 9.9 shop, as recorded."""

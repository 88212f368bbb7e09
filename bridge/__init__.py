"""bridge keeps one product and stock truth between WooCommerce and Square."""

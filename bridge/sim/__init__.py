"""Simulators of WooCommerce and Square that answer as the real services do."""

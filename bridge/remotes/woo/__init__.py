"""WooCommerce over REST."""

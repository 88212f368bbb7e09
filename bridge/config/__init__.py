"""What the retailer writes down: one YAML file and secrets kept apart."""

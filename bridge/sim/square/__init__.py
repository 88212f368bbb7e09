"""A Square account with several locations, as its schema and guides say."""

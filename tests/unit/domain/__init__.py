"""The pure functions."""

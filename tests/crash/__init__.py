"""Crash tests: the bridge dies at every single effect, and is right after it was started again."""

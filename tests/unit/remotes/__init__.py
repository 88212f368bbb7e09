"""Tests of what talks to both sides."""

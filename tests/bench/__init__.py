"""Budgets, measured side by side: how many calls, how long, how much memory."""

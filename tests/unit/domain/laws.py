"""How the laws are checked: the same examples every time, so a failure is never luck."""

from hypothesis import settings

law = settings(derandomize=True, deadline=None, database=None, max_examples=150)

"""Square contract tests."""

"""Observe, decide, deliver, settle, reconcile."""

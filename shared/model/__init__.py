"""Canonical value objects: frozen, neutral, no I/O."""

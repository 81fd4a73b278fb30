"""Hypothesis without deadlines: these tests share their machine with others, and none is about time."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

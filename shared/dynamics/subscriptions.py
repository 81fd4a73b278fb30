"""What a connector must do whose back-end forgets its webhook subscriptions after some days."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from shared.dynamics.business_central_subscriptions import SubscriptionReport


@runtime_checkable
class KeepsSubscriptions(Protocol):
    """A connector that makes and renews subscriptions."""

    async def ensure_subscriptions(
        self, company: str, url: str, secret: str, correlation_id: str
    ) -> SubscriptionReport:
        """Make the subscriptions of a company those that are wanted; run it at least daily."""

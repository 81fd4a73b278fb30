"""What a connector can tell about its own set-up in a back-end, for `ctd365 doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from shared.markets import Market


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked for: what it is, and what is wrong with it (nothing, if empty) and the way out."""

    what: str
    defect: str = ""
    fix: str = ""


@runtime_checkable
class Examiner(Protocol):
    """A connector that knows what else its back-end must have for a market."""

    async def examine(self, market: Market, correlation_id: str) -> list[Examined]:
        """Look for all of it. Raises only `shared.errors.ServiceError`."""

"""Options of a market whose back-end is Finance & Supply Chain."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FinanceOptions(BaseModel):
    """How sales orders are written to Finance."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

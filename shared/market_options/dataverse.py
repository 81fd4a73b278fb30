"""Options of a market whose back-end is Dataverse."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class DataverseOptions(BaseModel):
    """How sales orders are written to Dataverse."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

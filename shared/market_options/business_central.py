"""Options of a market whose back-end is Business Central."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class BusinessCentralOptions(BaseModel):
    """How sales orders are written to Business Central."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    purchase_order_number: Literal["comment_line", "none"] = Field(
        default="comment_line",
        description="a comment line of the sales order, since API v2.0 has no field for it; or not carried",
    )
    unit_price_decimals: int = Field(
        default=5, ge=0, le=8, description="unit-amount rounding precision of the market's currencies, as set up there"
    )


DEFAULTS = BusinessCentralOptions()

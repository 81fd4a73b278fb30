"""Options of a market for keeping customers in step. Who owns which field is said in `ownership.customer`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.market_options.trade import CodePair, Text

# What commercetools has no field for: a custom field of the customer can carry it.
CarriedField = Literal["payment_terms", "credit_limit", "blocked", "phone"]


class CustomerSync(BaseModel):
    """How customers are created, and where commercetools keeps what it has no field for."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    create_in_back_end: Literal["on_order", "always"] = Field(
        default="on_order", description="when a customer of commercetools becomes one of the back-end"
    )
    create_in_commercetools: Literal["never", "always", "review"] = Field(
        default="never", description="whether a customer of the back-end becomes one of commercetools"
    )
    companies: Literal["customer", "business_unit"] = Field(
        default="customer", description="what a company of the back-end becomes in commercetools"
    )
    password: Literal["reset", "external"] = Field(
        default="reset",
        description="of customers made in commercetools: unknown until the shopper resets it, or kept elsewhere",
    )
    when_deleted: Literal["keep", "block"] = Field(
        default="keep", description="what happens in the back-end when commercetools' customer is deleted"
    )
    groups: tuple[CodePair, ...] = Field(default=(), description="customer group keys and price groups or price lists")
    type: Text | None = Field(default=None, description="key of the custom type with the fields below")
    carried: Mapping[CarriedField, Annotated[str, Field(min_length=1)]] = Field(
        default={}, description="custom fields for what commercetools has no field of its own for"
    )

    def group_of(self, back_end: str) -> str | None:
        """Return the customer group key of a price group."""
        return next((pair.commercetools for pair in self.groups if pair.back_end == back_end), None)

    def price_group_of(self, group: str) -> str | None:
        """Return the price group of a customer group key."""
        return next((pair.back_end for pair in self.groups if pair.commercetools == group), None)

"""Options of a market for products, prices and stock. Who owns which field is said in `ownership`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ProductRules(_Part):
    """How items of the back-end and variants of commercetools belong together, and what is written."""

    variant_sku: Text = Field(
        default="{item}-{variant}", description="SKU of an item's variant; of an item, its number"
    )
    match_gtin: Text | None = Field(default=None, description="attribute with the GTIN, to match by it last")
    match_attribute: Text | None = Field(default=None, description="attribute that carries the item number")
    unmatched: Literal["review", "create", "ignore"] = Field(
        default="review", description="items that no variant matches: one grouped question, a new product, or nothing"
    )
    product_type: Text | None = Field(default=None, description="key of the product type of new products")
    types: Mapping[str, str] = Field(default={}, description="item category → key of the product type of new products")
    tax_categories: Mapping[str, str] = Field(default={}, description="the back-end's tax code → key of a tax category")
    locale: Text = Field(default="en", description="language of the back-end's texts in commercetools")
    attributes: Mapping[str, str] = Field(default={}, description="field of the back-end → attribute name")
    unit_attribute: Text | None = Field(default=None, description="attribute for the unit of measure")
    publish: Literal["always", "never", "keep"] = Field(
        default="keep", description="whether changes are published at once, only staged, or as the product was before"
    )
    blocked: Literal["unpublish", "attribute", "ignore"] = Field(
        default="ignore", description="what happens to items that must not be sold"
    )
    sellable_attribute: Text | None = Field(default=None, description="boolean attribute for blocked: attribute")


class PriceRules(_Part):
    """How price lists become prices. The books themselves are in `price_books`."""

    drift: Literal["correct", "report"] = Field(
        default="correct", description="what happens to a price that somebody changed in commercetools"
    )
    unlisted: Literal["keep", "deactivate", "delete"] = Field(
        default="keep", description="prices that we made and the back-end does not list any more"
    )


class StockRules(_Part):
    """How stock becomes inventory."""

    planned: bool = Field(default=False, description="whether expected receipts may be sold")
    units_per_base: Mapping[str, Annotated[float, Field(gt=0)]] = Field(
        default={}, description="by SKU: how many pieces that the shop sells are in one base unit of the back-end"
    )
    open_orders_days: int = Field(
        default=30, ge=1, description="how far back orders are looked for that the back-end does not know yet"
    )
    without_availability: Literal["refuse", "on_hand"] = Field(
        default="refuse",
        description="where the back-end cannot tell what is reserved: do nothing, or take all that is on hand",
    )

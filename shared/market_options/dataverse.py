"""Options of a market whose back-end is Dataverse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class DataverseOptions(BaseModel):
    """How sales orders and customers are written to Dataverse. The columns are those that `ctd365 setup` creates."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    order_key: str = Field(default="ctd365_orderid", description="column of salesorder with an alternate key")
    order_number: str | None = Field(default="ctd365_ordernumber", description="column for commercetools' order number")
    purchase_order_number: str | None = Field(
        default="ctd365_purchaseordernumber", description="column for the customer's purchase order number"
    )
    contact_number: str | None = Field(
        default="ctd365_customernumber", description="column for the number of a contact; accounts have accountnumber"
    )
    account_vat_id: str | None = Field(
        default="ctd365_vatid", description="column of account for the tax id; there is no standard one"
    )
    locale: str | None = Field(default="ctd365_locale", description="column of account and contact for the language")
    more_addresses: bool = Field(
        default=True, description="whether addresses besides the two of a record are kept as rows of customeraddress"
    )
    countries: Mapping[str, str] = Field(
        default={},
        description="ISO 3166 code → how customers' countries are spelled in Dataverse, where not as the code",
    )
    create: Literal["batch", "deep_insert"] = Field(
        default="batch", description="one $batch change set, or one POST with the lines inside"
    )
    lines_property: str = Field(
        default="order_details",
        description="collection of an order's lines; compare with $metadata, the name is not in the public documents",
    )
    price_lists: Mapping[str, str] = Field(default={}, description="currency → name of the price list of new orders")
    unit_price_decimals: int = Field(
        default=2, ge=0, le=10, description="the organisation's pricing decimal precision, or less"
    )
    write_in: bool = Field(default=False, description="charge and account targets become write-in products")
    untaxed_freight: Literal["header", "line"] = Field(
        default="header", description="shipping without tax: freight amount of the order, or a line like the taxed one"
    )
    persons: Literal["contact", "account"] = Field(default="contact", description="what a customer without company is")

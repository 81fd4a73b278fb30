"""Options of a market whose back-end is Finance & Supply Chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class FinanceOptions(BaseModel):
    """How sales orders and customers are written to Finance. A tax code of the market is an item sales tax group.

    A tax code may also name both groups of the line: `DOM/FULL` is sales tax group DOM, item sales tax group FULL.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    headers: Literal["SalesOrderHeadersV2", "SalesOrderHeadersV3", "SalesOrderHeadersV4"] = "SalesOrderHeadersV2"
    lines: Literal["SalesOrderLines", "SalesOrderLinesV2", "SalesOrderLinesV3"] = "SalesOrderLines"
    batch: bool = Field(default=False, description="header and lines in one $batch change set")
    batch_link: Literal["content_id", "own_number"] = Field(
        default="content_id",
        description="how lines name their header: by $1, or by a number of ours, which needs a manual number sequence",
    )
    lines_navigation: str = Field(default="SalesOrderLines", description="from header to lines, for content_id")
    customer_group: str | None = Field(default=None, description="of new customers; without it none is created")
    sales_tax_group: str | None = Field(default=None, description="of orders and new customers, else Finance's own")
    site: str | None = Field(default=None, description="of markets without location")
    sales_origin: str | None = None
    sales_pool: str | None = None
    countries: Mapping[str, str] = Field(default={}, description="ISO alpha-2 → Finance where it is not ISO alpha-3")
    states_of: tuple[str, ...] = Field(
        default=("CA", "US"), description="countries whose states are set up in Finance under the same codes"
    )
    vat_id_field: Literal["TaxExemptNumber", "OrganizationNumber"] | None = Field(
        default=None, description="of a new customer; TaxExemptNumber must be set up in Finance before"
    )
    languages: Mapping[str, str] = Field(
        default={}, description="locale → Finance's language id, where it is not the usual one (de-DE → de)"
    )
    more_addresses: bool = Field(
        default=False,
        description="whether addresses beside the two default ones are kept, in PartyLocationPostalAddressesV2",
    )
    if_match: bool = Field(
        default=True, description="changes of customers name the ETag; false: it is compared before the change"
    )
    blocked_lifecycle_states: frozenset[str] = Field(
        default=frozenset({"Obsolete"}), description="product lifecycle states in which an item is not sold"
    )

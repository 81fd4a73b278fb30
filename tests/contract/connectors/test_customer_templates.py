"""What the market map gives new customers of a country, in each back-end's own names."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from shared.model.customer_fields import Fields
from tests.contract.connectors.customer_harness import COMPANY, CustomersUnderTest
from tests.contract.connectors.customer_harnesses import harnesses
from tests.contract.connectors.harness import TRACE

# A property of a customer that no field of ours is kept in, and the entity sets to look in.
OWN: Mapping[str, tuple[str, str, str]] = {
    "business_central": ("customers", "website", "https://example.com/de"),
    "dataverse": ("accounts", "websiteurl", "https://example.com/de"),
    "finance": ("CustomersV3", "SiteId", "1"),
}
OTHERS: Mapping[str, str] = {
    "business_central": "https://example.com/other",
    "dataverse": "https://example.com/other",
    "finance": "2",
}
ABROAD: Fields = {
    **COMPANY,
    "billing_address": {"street": "Rue 1", "postal_code": "75001", "city": "Paris", "country": "FR"},
}
NOWHERE: Fields = {**COMPANY, "billing_address": None}


async def made(under_test: CustomersUnderTest, back_end: str, fields: Fields) -> object:
    """Create a customer where templates are set; returns its own property."""
    entity_set, name, german = OWN[back_end]
    market = under_test.back_end.market
    templates = {"DE": {name: german}, "*": {name: OTHERS[back_end]}}
    rules = market.customers.model_copy(update={"templates": templates})
    market = market.model_copy(update={"customers": rules})
    before = {str(row) for row in under_test.back_end.rows(entity_set)}
    await under_test.sync.create_customer_of(market, under_test.shaped(fields), None, TRACE)
    (row,) = [row for row in under_test.back_end.rows(entity_set) if str(row) not in before]
    return row[name]


@pytest.mark.parametrize("back_end", sorted(OWN))
async def test_a_new_customer_gets_the_template_of_its_country(back_end: str) -> None:
    under_test = harnesses()[back_end]()
    async with under_test.back_end.http:
        assert await made(under_test, back_end, COMPANY) == OWN[back_end][2]


@pytest.mark.parametrize("back_end", sorted(OWN))
@pytest.mark.parametrize("fields", [ABROAD, NOWHERE])
async def test_every_other_customer_gets_the_template_of_the_rest(back_end: str, fields: Fields) -> None:
    under_test = harnesses()[back_end]()
    async with under_test.back_end.http:
        assert await made(under_test, back_end, fields) == OTHERS[back_end]

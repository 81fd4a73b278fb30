"""What the customer suite needs to know of a back-end, besides what the conformance suite knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shared.dynamics.customer_sync import SynchronisesCustomers, TellsChanges
from shared.model.back_end import MissingReference
from shared.model.customer_fields import CustomerState, Fields, RecordChange
from tests.contract.connectors.harness import TRACE, BackEndUnderTest

BILLING: Fields = {
    "company": "Example Trading",
    "street": "Example Street 1",
    "additional": "Building C",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
}
SHIPPING: Fields = {"street": "Harbour 7", "postal_code": "20457", "city": "Hamburg", "country": "DE"}
OTHER: Fields = {"street": "Market 3", "postal_code": "50667", "city": "Cologne", "country": "DE"}
COMPANY: Fields = {
    "name": "Example Trading",
    "first_name": None,
    "last_name": None,
    "company": "Example Trading",
    "email": "books@example.com",
    "phone": "+49 30 5550100",
    "vat_id": "DE123456789",
    "locale": "de-DE",
    "customer_group": "wholesale",
    "payment_terms": None,
    "credit_limit": None,
    "blocked": False,
    "billing_address": dict(BILLING),
    "shipping_address": dict(SHIPPING),
    "addresses": [dict(OTHER)],
    "contacts": [{"email": "buyer@example.com", "first_name": "Example", "last_name": "Buyer"}],
}
PERSON: Fields = {
    **COMPANY,
    "name": "Example Customer",
    "first_name": "Example",
    "last_name": "Customer",
    "company": None,
    "email": "person@example.com",
    "vat_id": None,
    "billing_address": {**SHIPPING, "first_name": "Example", "last_name": "Customer"},
    "contacts": [],
}


@dataclass(frozen=True)
class CustomersUnderTest:
    """`by_hand` changes a customer's phone or blocked state past the connector; `delete` removes it.

    `holds` are the fields that this back-end must be able to hold, of companies and of persons. `many` adds so many
    customers at the same instant and returns their ids. `age` lets time pass, so that delayed cursors move on.
    """

    back_end: BackEndUnderTest
    by_hand: Callable[[str, Fields], None]
    delete: Callable[[str], None]
    many: Callable[[int], list[str]]
    holds: frozenset[str]
    other_values: Mapping[str, object] = field(default_factory=dict)
    age: Callable[[], None] = lambda: None

    @property
    def sync(self) -> SynchronisesCustomers:
        assert isinstance(self.back_end.connector, SynchronisesCustomers)
        return self.back_end.connector

    @property
    def feed(self) -> TellsChanges:
        assert isinstance(self.back_end.connector, TellsChanges)
        return self.back_end.connector

    def shaped(self, fields: Fields) -> Fields:
        shaped = self.sync.shape_customer(fields, self.back_end.market)
        assert not isinstance(shaped, MissingReference), shaped
        return shaped

    async def created(self, fields: Fields = COMPANY) -> CustomerState:
        return await self.sync.create_customer_of(self.back_end.market, self.shaped(fields), None, TRACE)

    async def read(self, customer_id: str) -> CustomerState:
        return await self.sync.read_customer(self.back_end.market, customer_id, TRACE)

    async def changes_since(self, cursor: str | None) -> tuple[list[RecordChange], str, bool]:
        """All changes, the cursor behind them, and whether they are the whole list."""
        changes: list[RecordChange] = []
        whole = False
        async for page in self.feed.changes("customers", self.back_end.market, cursor, TRACE):
            changes += page.changes
            cursor, whole = page.cursor, page.whole
        assert cursor is not None
        return changes, cursor, whole

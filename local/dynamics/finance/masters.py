"""Rules that all data entities share, and those of set-up."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.dynamics.finance.company import COMPANY, Companies
from local.dynamics.finance.messages import MESSAGES, infolog, not_related
from local.dynamics.odata.definitions import EntitySet, Row
from local.dynamics.odata.rules import EntityRules


class EntityRulesOfFinance(EntityRules):
    """Rows belong to a legal entity that the body names; the key never changes."""

    def __init__(self, companies: Companies, entity_set: EntitySet, clock: Callable[[], datetime]) -> None:
        super().__init__(entity_set, companies.store, MESSAGES, clock)
        self.companies = companies
        self.entity = entity_set.entity_name

    def company_of(self, values: Mapping[str, Any]) -> str:
        """Return the legal entity in lower case: the one of the body, else the user's own."""
        company = str(values.get(COMPANY) or self.companies.settings.default_company).lower()
        if not self.companies.knows(company):
            raise not_related(self.entity, company, "Company", "Legal entities")
        return company

    def save_new(self, scope: str, row: Row) -> Row:
        """Store a row whose key must be free."""
        key = self.entity_set.key_of(row)
        if key in self.store.table(scope, self.entity_set.name).rows:
            raise infolog(
                self.entity,
                f"Cannot create a record in {self.entity_set.name} ({', '.join(map(str, key))}).",
                "The record already exists.",
            )
        return self.save(scope, row)

    def check_key_unchanged(self, row: Row, values: Mapping[str, Any]) -> None:
        """Refuse another key; the same one, in any case, may be sent."""
        for name in self.entity_set.key:
            if str(values.get(name, row[name])).casefold() != str(row[name]).casefold():
                raise infolog(self.entity, f"Field '{name}' cannot be changed: it is part of the key.")

    def related(self, company: str, values: Mapping[str, Any], fields: Mapping[str, tuple[str, str]]) -> None:
        """Check values against tables; fields are table and label by property. Empty values relate to nothing."""
        for name, (table, label) in fields.items():
            if values.get(name):
                self.companies.check_table(self.entity, table, company, values[name], label)


# Set-up that is both looked up by other rules and served as a data entity: its table, and the field with the key.
SIDE_TABLE_OF: Mapping[str, tuple[str, str]] = {
    "LegalEntities": ("companies", "LegalEntityId"),
    "TaxGroups": ("sales tax groups", "TaxGroupCode"),
    "TaxItemGroupHeadings": ("item sales tax groups", "TaxItemGroup"),
    "CustomerGroups": ("customer groups", "CustomerGroupId"),
    "DeliveryModesV2": ("modes of delivery", "ModeCode"),
    "SalesOrderOriginCodes": ("sales origins", "OriginCode"),
    "SalesOrderPools": ("sales pools", "PoolId"),
}


class SetUpRules(EntityRulesOfFinance):
    """Set-up: what is seeded counts for the other rules, too."""

    def save(self, scope: str, row: Row) -> Row:
        """Store the row, and in the table that rules look at unless it is there; a new tax group has no tax codes."""
        table, field = SIDE_TABLE_OF[self.entity_set.name]
        company, key = str(row.get(COMPANY, "")), str(row[field])
        if field == "LegalEntityId":  # its own dataAreaId, in lower case as everywhere
            key = key.lower()
        if self.companies.table_row(table, company, key) is None:
            self.companies.add_row(table, company, key)
        return super().save(scope, row)


def check_state(companies: Companies, entity: str, values: Mapping[str, Any], country: str, state: str) -> None:
    """Refuse a state that is not set up for the country."""
    if values.get(state):
        key = f"{values.get(country, '')}/{values[state]}"
        companies.check_table(entity, "states", "", key, "State")

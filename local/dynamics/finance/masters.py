"""Rules that all data entities share, and those of customers."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.dynamics.finance.company import COMPANY, Companies
from local.dynamics.finance.messages import MESSAGES, infolog, must_be_filled, not_related
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


CUSTOMER_RELATIONS: Mapping[str, tuple[str, str]] = {
    "CustomerGroupId": ("customer groups", "Customer group"),
    "SalesCurrencyCode": ("currencies", "Currency"),
    "SalesTaxGroup": ("sales tax groups", "Sales tax group"),
    "AddressCountryRegionId": ("countries", "Country/region"),
    "DeliveryAddressCountryRegionId": ("countries", "Country/region"),
    "TaxExemptNumber": ("tax exempt numbers", "Tax exempt number"),
}


class CustomerRules(EntityRulesOfFinance):
    """Customers: a person or an organization, in a customer group; the account comes from a number sequence."""

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new customer."""
        company = self.company_of(values)
        self._check_party(values)
        if not values.get("CustomerGroupId"):
            raise must_be_filled(self.entity, "Customer group")
        self.related(company, values, CUSTOMER_RELATIONS)
        check_state(self.companies, self.entity, values, "AddressCountryRegionId", "AddressState")
        profile = self.companies.tables["companies"]["", company]
        own = {
            "CustomerAccount": f"{company.upper()}-{self.companies.next_number(company, 'customers'):06}",
            "SalesCurrencyCode": profile["currency"],
            "PartyNumber": f"{self.companies.next_number('', 'parties'):09}",
            "LanguageId": profile["language"],
        }
        return self.save_new(scope, self.entity_set.defaults() | own | dict(values) | {COMPANY: company})

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed customer."""
        self.check_key_unchanged(row, values)
        self.related(row[COMPANY], values, CUSTOMER_RELATIONS)
        kept = {name: row[name] for name in self.entity_set.key}
        return self.save(scope, row | dict(values) | kept)

    def delete(self, scope: str, row: Row) -> None:
        """Remove the customer unless an order needs it."""
        orders = self.store.table(scope, "SalesOrderHeadersV2").find(
            "OrderingCustomerAccountNumber", row["CustomerAccount"]
        )
        if any(order[COMPANY] == row[COMPANY] for order in orders):
            raise infolog(self.entity, f"Customer {row['CustomerAccount']} has open orders and cannot be deleted.")
        super().delete(scope, row)

    def _check_party(self, values: Mapping[str, Any]) -> None:
        kind = values.get("PartyType", "")
        if kind not in ("Person", "Organization"):
            raise infolog(self.entity, f"The party type '{kind}' is not Person or Organization.")
        needed = {"Person": "PersonLastName", "Organization": "OrganizationName"}[kind]
        if not values.get(needed):
            raise must_be_filled(self.entity, needed)


def check_state(companies: Companies, entity: str, values: Mapping[str, Any], country: str, state: str) -> None:
    """Refuse a state that is not set up for the country."""
    if values.get(state):
        key = f"{values.get(country, '')}/{values[state]}"
        companies.check_table(entity, "states", "", key, "State")

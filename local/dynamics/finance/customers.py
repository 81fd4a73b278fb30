"""Rules of customers: a person or an organization, codes that are set up, addresses that belong to the party."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.dynamics.finance.addresses import PartyAddresses
from local.dynamics.finance.company import COMPANY, Companies
from local.dynamics.finance.events import EventBook
from local.dynamics.finance.masters import EntityRulesOfFinance, check_state
from local.dynamics.finance.messages import infolog, must_be_filled, not_related
from local.dynamics.odata.definitions import EntitySet, Row

RELATIONS: Mapping[str, tuple[str, str]] = {
    "CustomerGroupId": ("customer groups", "Customer group"),
    "SalesCurrencyCode": ("currencies", "Currency"),
    "SalesTaxGroup": ("sales tax groups", "Sales tax group"),
    "AddressCountryRegionId": ("countries", "Country/region"),
    "DeliveryAddressCountryRegionId": ("countries", "Country/region"),
    "InvoiceAddressCountryRegionId": ("countries", "Country/region"),
    "TaxExemptNumber": ("tax exempt numbers", "Tax exempt number"),
    "DiscountPriceGroupId": ("price groups", "Price group"),
}
PARTY_NAMES = {"Person": "PersonLastName", "Organization": "OrganizationName"}
OTHERS_NAMES = {
    "Person": ("OrganizationName", "OrganizationNumber"),
    "Organization": ("PersonFirstName", "PersonLastName"),
}
PREFIXES = ("Address", "DeliveryAddress", "InvoiceAddress")
ADDRESS_PARTS = ("Street", "City", "State", "ZipCode")
# Set-up that no data entity here shows; of every company.
PRICE_GROUPS = ("WHOLESALE", "RETAIL")
LANGUAGES = frozenset(
    {"en-us", "en-gb", "de", "de-at", "de-ch", "fr", "fr-ca", "sv", "da", "fi", "nb-no", "nl", "it", "es"}
)


def price_groups() -> dict[str, dict[tuple[str, str], Mapping[str, Any]]]:
    """Return the table of price groups, as `Companies.tables` holds tables."""
    return {"price groups": {("", key): {"key": key} for key in PRICE_GROUPS}}


class CustomerRules(EntityRulesOfFinance):
    """Customers; the account comes from a number sequence."""

    def __init__(
        self,
        companies: Companies,
        entity_set: EntitySet,
        clock: Callable[[], datetime],
        addresses: PartyAddresses,
        events: EventBook,
    ) -> None:
        super().__init__(companies, entity_set, clock)
        self._addresses = addresses
        self._events = events

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new customer."""
        company = self.company_of(values)
        self._check_party(values)
        if not values.get("CustomerGroupId"):
            raise must_be_filled(self.entity, "Customer group")
        self._check(company, values, values)
        profile = self.companies.tables["companies"]["", company]
        own = {
            "CustomerAccount": f"{company.upper()}-{self.companies.next_number(company, 'customers'):06}",
            "SalesCurrencyCode": profile["currency"],
            "PartyNumber": f"{self.companies.next_number('', 'parties'):09}",
            "LanguageId": profile["language"],
        }
        return self.save_new(scope, self.entity_set.defaults() | own | dict(values) | {COMPANY: company})

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed customer; who is a person stays one."""
        self.check_key_unchanged(row, values)
        if values.get("PartyType", row["PartyType"]) != row["PartyType"]:
            raise infolog(self.entity, "Field 'PartyType' cannot be changed.")
        changed = row | dict(values)
        self._check_party(changed)
        if not changed["CustomerGroupId"]:
            raise must_be_filled(self.entity, "Customer group")
        self._check(row[COMPANY], values, changed)
        kept = {name: row[name] for name in self.entity_set.key}
        return self.save(scope, changed | kept)

    def save(self, scope: str, row: Row) -> Row:
        """Store the customer and its addresses, and tell who follows customers."""
        known = self.companies.find(self.entity_set.name, row[COMPANY], row["CustomerAccount"])
        stored = super().save(scope, self._addresses.placed(row))
        self._events.note("Create" if known is None else "Update", stored)
        return stored

    def delete(self, scope: str, row: Row) -> None:
        """Remove the customer unless an order needs it."""
        orders = self.store.table(scope, "SalesOrderHeadersV2").find(
            "OrderingCustomerAccountNumber", row["CustomerAccount"]
        )
        if any(order[COMPANY] == row[COMPANY] for order in orders):
            raise infolog(self.entity, f"Customer {row['CustomerAccount']} has open orders and cannot be deleted.")
        super().delete(scope, row)
        self._events.note("Delete", row)

    def _check_party(self, values: Mapping[str, Any]) -> None:
        kind = values.get("PartyType", "")
        if kind not in PARTY_NAMES:
            raise infolog(self.entity, f"The party type '{kind}' is not Person or Organization.")
        if not values.get(PARTY_NAMES[kind]):
            raise must_be_filled(self.entity, PARTY_NAMES[kind])
        for name in OTHERS_NAMES[kind]:
            if values.get(name):
                raise infolog(self.entity, f"Field '{name}' is not for a party of type {kind}.")

    def _check(self, company: str, values: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
        """Check the values that are written; an address is looked at as it is with them."""
        self.related(company, values, RELATIONS)
        language = values.get("LanguageId")
        if language and language.lower() not in LANGUAGES:
            raise not_related(self.entity, language, "Language", "Languages")
        if values.get("PaymentTerms"):
            self.companies.check(self.entity, "PaymentTerms", company, values["PaymentTerms"], "Terms of payment")
        if values.get("CreditLimit", 0) < 0:
            raise infolog(self.entity, "Field 'CreditLimit' cannot be negative.")
        for prefix in PREFIXES:
            self._check_address(prefix, values, whole)

    def _check_address(self, prefix: str, values: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
        if not any(f"{prefix}{part}" in values for part in (*ADDRESS_PARTS, "CountryRegionId")):
            return
        country = whole.get(f"{prefix}CountryRegionId")
        if not country and any(whole.get(f"{prefix}{part}") for part in ADDRESS_PARTS):
            raise must_be_filled(self.entity, "Country/region")
        check_state(self.companies, self.entity, whole, f"{prefix}CountryRegionId", f"{prefix}State")

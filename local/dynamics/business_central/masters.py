"""Rules of master data: reference tables, customers, items and item variants."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.dynamics.business_central.company import Companies
from local.dynamics.business_central.messages import MESSAGES, dialog
from local.dynamics.business_central.relations import RELATIONS, resolve
from local.dynamics.odata.definitions import EntitySet, Row
from local.dynamics.odata.errors import ServiceError
from local.dynamics.odata.rules import EntityRules

FIRST_CUSTOMER = 10001
FIRST_ITEM = 70001
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class CompanyRules(EntityRules):
    """Rules that know the companies; relations are resolved before anything is stored."""

    def __init__(self, companies: Companies, entity_set: EntitySet, clock: Callable[[], datetime]) -> None:
        super().__init__(entity_set, companies.store, MESSAGES, clock)
        self.companies = companies

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new row with its relations resolved."""
        resolved = self.related(scope, values)
        self.check_unique(scope, resolved)
        return super().insert(scope, resolved)

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed row with its relations resolved."""
        return super().modify(scope, row, self.related(scope, values))

    def save(self, scope: str, row: Row) -> Row:
        """Store the row and tell who listens."""
        is_known = self.entity_set.key_of(row) in self.store.table(scope, self.entity_set.name).rows
        stored = super().save(scope, row)
        self.companies.changed(scope, self.entity_set.name, row["id"], "updated" if is_known else "created")
        return stored

    def delete(self, scope: str, row: Row) -> None:
        """Remove the row and tell who listens."""
        super().delete(scope, row)
        self.companies.changed(scope, self.entity_set.name, row["id"], "deleted")

    def related(self, scope: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values with their relations resolved."""
        return resolve(self.companies, scope, RELATIONS.get(self.entity_set.name, ()), values)

    def check_unique(self, scope: str, values: Mapping[str, Any]) -> None:
        """Refuse a second row with the same primary key."""
        for name in ("number", "code"):
            taken = name in values and self.store.table(scope, self.entity_set.name).find(name, values[name])
            if taken and self.entity_set.name != "itemVariants":
                raise duplicate(self.entity_set.entity_name, name, values[name])


def duplicate(entity: str, field: str, value: object) -> ServiceError:
    """Return the error for a key that exists already."""
    text = f"The record in table {entity} already exists. Identification fields and values: {field}='{value}'"
    return ServiceError(400, "Internal_EntityWithSameKeyExists", text)


class CustomerRules(CompanyRules):
    """Customers: numbers come from a series, the currency and the tax area have defaults.

    `created` hears of every customer that is made through the API.
    """

    created: Callable[[str, Row], None] = staticmethod(lambda _scope, _row: None)

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new customer."""
        if values.get("number"):
            raise dialog(
                "You may not enter numbers manually. If you want to enter numbers manually, please activate "
                "Manual Nos. in No. Series CUST."
            )
        if not values.get("displayName"):
            raise dialog("displayName must have a value. It cannot be zero or empty.")
        number = self.companies.next_number(scope, "C", FIRST_CUSTOMER)
        row = super().insert(scope, self._defaults(scope) | dict(values) | {"number": number})
        self.created(scope, row)
        return row

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed customer; the number may only be sent unchanged."""
        if values.get("number", row["number"]) != row["number"]:
            raise dialog("You may not enter numbers manually. The number of a customer cannot be changed.")
        return super().modify(scope, row, values)

    def delete(self, scope: str, row: Row) -> None:
        """Remove the customer unless an order needs it."""
        if self.companies.find(scope, "salesOrders", "customerId", row["id"]):
            raise dialog(
                f"You cannot delete Customer {row['number']} because there is at least one outstanding Sales Order "
                "for this customer."
            )
        super().delete(scope, row)

    def related(self, scope: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values with currency and tax area resolved and the e-mail address checked."""
        email = values.get("email", "")
        if email and not all(_EMAIL.fullmatch(part.strip()) for part in email.split(";")):
            raise dialog(f'The email address "{email}" is not valid.')
        result = super().related(scope, values)
        if "taxAreaId" in result:
            area = self.companies.find(scope, "taxAreas", "id", result["taxAreaId"])
            result["taxAreaDisplayName"] = area["displayName"] if area else ""
        return result | currency_of(self.companies, scope, values)

    def standard(self, scope: str, given: Row) -> Row:
        """Return what a customer has that was not entered by hand: a number, a tax area, a currency."""
        defaults = self._defaults(scope) | self.companies.currency_values(scope, given.get("currencyCode", ""))
        if not given.get("number"):
            defaults["number"] = self.companies.next_number(scope, "C", FIRST_CUSTOMER)
        return defaults

    def _defaults(self, scope: str) -> dict[str, Any]:
        profile = self.companies.profile(scope)
        area = self.companies.require(scope, "taxAreas", "code", profile.default_tax_area, named="taxAreaId")
        return {"taxAreaId": area["id"], "currencyCode": ""}


def currency_of(companies: Companies, scope: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return both currency properties when one of them was sent; a contradiction is refused."""
    if "currencyCode" not in values and "currencyId" not in values:
        return {}
    by_code = companies.currency_values(scope, values.get("currencyCode", ""))
    row = companies.find(scope, "currencies", "id", values.get("currencyId"))
    if row is None:
        return by_code
    by_id = companies.currency_values(scope, row["code"])
    if values.get("currencyCode") and by_id != by_code:
        raise dialog('The "currencyCode" and "currencyId" values do not belong to the same currency.')
    return by_id


class ItemRules(CompanyRules):
    """Items: stock cannot be given on creation; changing it later posts an adjustment."""

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new item."""
        if "inventory" in values:
            raise dialog("Inventory cannot be changed during on insert.")
        number = values.get("number") or self.companies.next_number(scope, "", FIRST_ITEM)
        return super().insert(scope, {"baseUnitOfMeasureCode": "PCS"} | dict(values) | {"number": number})

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed item."""
        if "inventory" in values and row["type"] != "Inventory":
            raise dialog(f"Inventory of item {row['number']} cannot be changed: its type is {row['type']}.")
        return super().modify(scope, row, values)


class ItemVariantRules(CompanyRules):
    """Variants: the code is unique within its item."""

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new variant."""
        resolved = self.related(scope, values)
        siblings = self.store.table(scope, "itemVariants").find("itemId", resolved.get("itemId"))
        if any(sibling["code"] == resolved.get("code") for sibling in siblings):
            raise duplicate("itemVariant", "code", resolved.get("code"))
        return super().insert(scope, resolved)

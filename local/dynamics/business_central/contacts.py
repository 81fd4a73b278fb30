"""Contacts behind customers: the company's or person's own one, and the persons who work at a company.

A company that has set up a business relation code for customers gets a contact with every new customer, as here;
customers that are seeded have none, as in a company without such a code.
"""

from collections.abc import Mapping
from typing import Any

from local.dynamics.business_central.masters import CompanyRules
from local.dynamics.business_central.messages import dialog, invalid_relation
from local.dynamics.odata.definitions import Row
from local.dynamics.odata.query import Query
from local.dynamics.odata.rules import EntityRules

CONTACTS, INFORMATION = "contacts", "contactsInformation"
FIRST_CONTACT = 100001
CUSTOMER = "$customerId"  # of a contact that stands for a customer
COPIED = ("type", "displayName", "email", "phoneNumber", "taxRegistrationNumber")


class ContactRules(CompanyRules):
    """Contacts: numbers come from a series; persons may belong to a company's contact."""

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new contact."""
        if not values.get("displayName"):
            raise dialog('A "displayName" must be provided.')
        number = values.get("number") or self.companies.next_number(scope, "CT", FIRST_CONTACT)
        own = {"number": number, **self._company(scope, values)}
        if values.get("type", "Company") == "Company":
            own |= {"companyNumber": number, "companyName": values["displayName"]}
        return super().insert(scope, dict(values) | own)

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed contact."""
        if values.get("displayName", row["displayName"]) == "":
            raise dialog('The blank "displayName" is not allowed.')
        return super().modify(scope, row, dict(values) | self._company(scope, values))

    def delete(self, scope: str, row: Row) -> None:
        """Remove the contact, also from the list of its customer's contacts."""
        super().delete(scope, row)
        if (row["id"],) in self.store.table(scope, INFORMATION).rows:
            self.store.remove(scope, INFORMATION, (row["id"],))

    def save(self, scope: str, row: Row) -> Row:
        """Store the contact and keep the list of its customer's contacts in step."""
        stored = super().save(scope, row)
        company = self.companies.find(scope, CONTACTS, "number", row["companyNumber"] or row["number"])
        customer_id = (company or row).get(CUSTOMER)
        if customer_id is not None:
            self.store.put(scope, INFORMATION, (row["id"],), _information(row, customer_id))
        return stored

    def stand_for(self, scope: str, customer: Row) -> None:
        """Store the contact of a new customer."""
        own = {name: customer[name] for name in COPIED}
        self.insert(scope, own | {"contactBusinessRelation": "Customer", CUSTOMER: customer["id"]})

    def _company(self, scope: str, values: Mapping[str, Any]) -> dict[str, Any]:
        number = values.get("companyNumber")
        if not number:
            return {}
        company = self.companies.find(scope, CONTACTS, "number", number)
        if company is None or company["type"] != "Company":
            raise invalid_relation("Company No.", number, "Contact")
        return {"companyName": company["displayName"]}


class ContactInformationRules(EntityRules):
    """The read-only list of a customer's contacts."""

    def check_listing(self, query: Query, parent: str | None) -> None:
        """Refuse to list the contacts of everybody."""
        if parent is None and not (query.filter and "relatedId" in query.filter.equalities):
            raise dialog("id type not specified.")


def _information(contact: Row, customer_id: str) -> Row:
    return {
        "contactId": contact["id"],
        "contactNumber": contact["number"],
        "contactName": contact["displayName"],
        "contactType": contact["type"],
        "relatedId": customer_id,
        "relatedType": "Customer",
    }

"""All postal addresses of a party: the default ones of its customer, and any number beside them.

An address is valid from a moment on and until another; only those that are valid are kept here.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from local.dynamics.finance.company import SCOPE, Companies
from local.dynamics.finance.masters import EntityRulesOfFinance, check_state
from local.dynamics.finance.messages import infolog, must_be_filled, not_related
from local.dynamics.odata.definitions import EntitySet, Row

LOCATIONS = "PartyLocationPostalAddressesV2"
FOREVER = "2154-12-31T23:59:59Z"
YES, NO = "Yes", "No"
# Default addresses of a customer: the prefix of their fields, and what marks them among the party's addresses.
PURPOSES: Mapping[str, Mapping[str, str]] = {
    "Address": {"IsPrimary": YES, "IsRoleBusiness": YES, "Roles": "Business"},
    "DeliveryAddress": {"IsRoleDelivery": YES, "Roles": "Delivery"},
    "InvoiceAddress": {"IsRoleInvoice": YES, "Roles": "Invoice"},
}
COPIED = ("Description", "Street", "StreetNumber", "City", "State", "ZipCode", "CountryRegionId")
ROLES = {"Business": "IsRoleBusiness", "Delivery": "IsRoleDelivery", "Home": "IsRoleHome", "Invoice": "IsRoleInvoice"}
RELATIONS: Mapping[str, tuple[str, str]] = {"CountryRegionId": ("countries", "Country/region")}


def location_id(companies: Companies) -> str:
    """Return the next id of an address."""
    return f"{companies.next_number('', 'locations'):09}"


def stamp(moment: datetime) -> str:
    """Spell a moment as the service does: UTC, whole seconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


class LocationRules(EntityRulesOfFinance):
    """Addresses written one by one. Which of them are default ones, the customer says."""

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new address of a party that is there."""
        party = values.get("PartyNumber", "")
        if not self.store.table(scope, "CustomersV3").find("PartyNumber", party):
            raise not_related(self.entity, party, "Party number", "Global address book")
        own = {
            "LocationId": location_id(self.companies),
            "ValidFrom": stamp(self.clock()),
            "ValidTo": FOREVER,
            "IsLocationOwner": YES,
        }
        row = self.entity_set.defaults() | own | dict(values)
        self._check(row)
        return self.save_new(scope, row)

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed address."""
        self.check_key_unchanged(row, values)
        changed = row | dict(values)
        self._check(changed)
        return self.save(scope, changed | {name: row[name] for name in self.entity_set.key})

    def save(self, scope: str, row: Row) -> Row:
        """Store the address; its flags follow from its roles."""
        roles = row["Roles"].split(";")
        flags = {flag: YES if role in roles else NO for role, flag in ROLES.items()}
        return super().save(scope, row | flags)

    def delete(self, scope: str, row: Row) -> None:
        """Remove an address; the primary one stays."""
        if row["IsPrimary"] == YES:
            raise infolog(self.entity, "The primary address cannot be deleted.")
        super().delete(scope, row)

    def _check(self, row: Row) -> None:
        if not row["CountryRegionId"]:
            raise must_be_filled(self.entity, "Country/region")
        if not row["Description"]:
            raise must_be_filled(self.entity, "Name or description")
        for role in filter(None, row["Roles"].split(";")):
            if role not in ROLES:
                raise not_related(self.entity, role, "Roles", "Location roles")
        self.related("", row, RELATIONS)
        check_state(self.companies, self.entity, row, "CountryRegionId", "State")


class PartyAddresses:
    """Keeps the default addresses of a customer among all addresses of its party."""

    def __init__(self, companies: Companies, entity_set: EntitySet, clock: Callable[[], datetime]) -> None:
        self._companies = companies
        self._entity_set = entity_set
        self._clock = clock

    def placed(self, customer: Row) -> Row:
        """Store the default addresses and return the customer with their ids; an empty address has none."""
        return customer | {f"{prefix}LocationId": self._place(customer, prefix) for prefix in PURPOSES}

    def _place(self, customer: Row, prefix: str) -> str:
        table = self._companies.store.table(SCOPE, LOCATIONS)
        party, known = customer["PartyNumber"], customer[f"{prefix}LocationId"]
        rows = [row for row in table.find("PartyNumber", party) if row["LocationId"] == known]
        if not customer[f"{prefix}CountryRegionId"]:
            for row in rows:
                self._companies.store.remove(SCOPE, LOCATIONS, self._key(row))
            return ""
        before = rows[0] if rows else self._new(party)
        values = {name: customer[f"{prefix}{name}"] for name in COPIED}
        after = before | values | dict(PURPOSES[prefix])
        if after != before:
            self._companies.store.put(SCOPE, LOCATIONS, self._key(after), after)
        return str(after["LocationId"])

    def _new(self, party: str) -> Row:
        key = {"PartyNumber": party, "LocationId": location_id(self._companies), "ValidFrom": stamp(self._clock())}
        return self._entity_set.defaults() | key | {"ValidTo": FOREVER}

    def _key(self, row: Row) -> tuple[str, ...]:
        return self._entity_set.key_of(row)

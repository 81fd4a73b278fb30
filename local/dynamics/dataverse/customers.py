"""Accounts, contacts and their addresses: two or three addresses are part of the record and rows of their own."""

import uuid
from collections.abc import Mapping
from typing import Any

from local.dynamics.dataverse.messages import MESSAGES
from local.dynamics.dataverse.rules import TableRules
from local.dynamics.dataverse.values import TYPE_SUFFIX
from local.dynamics.odata.definitions import Row

PARENT, CUSTOMER = "_parentid_value", "_parentcustomerid_value"
ADDRESSES, CONTACTS = "customeraddresses", "contacts"


class AddressRules(TableRules):
    """Rows that are part of an account or contact are changed there; others are counted on from them."""

    def complete(self, scope: str, row: Row) -> Row:
        """See `TableRules.complete`."""
        if not row[PARENT]:
            raise MESSAGES.error("missing_address_parent")
        others = self.store.table(scope, ADDRESSES).find(PARENT, row[PARENT])
        last = max((other["addressnumber"] or 0 for other in others), default=0)
        return row | {"addressnumber": row["addressnumber"] or last + 1}

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """See `EntityRules.modify`."""
        self._refuse_builtin(scope, row)
        return super().modify(scope, row, values)

    def delete(self, scope: str, row: Row) -> None:
        """See `TableRules.delete`."""
        self._refuse_builtin(scope, row)
        super().delete(scope, row)

    def mirror(self, scope: str, parent: Row, parent_set: str, number: int) -> None:
        """Store what a record says in its columns of this number; nothing is told of it."""
        prefix = f"address{number}_"
        own = {name: parent[f"{prefix}{name}"] for name in self.entity_set.fields if f"{prefix}{name}" in parent}
        key = {self.table.id_column: parent[f"{prefix}addressid"], "addressnumber": number}
        link = {PARENT: parent[f"{parent_set[:-1]}id"], f"{PARENT}{TYPE_SUFFIX}": parent_set}
        row = self.entity_set.defaults() | own | key | link | {"modifiedon": parent["modifiedon"]}
        self.store.put(scope, ADDRESSES, self.entity_set.key_of(row), row)

    def remove_of(self, scope: str, parent_id: str) -> None:
        """Remove the addresses of a record that goes."""
        for row in self.store.table(scope, ADDRESSES).find(PARENT, parent_id):
            super().delete(scope, row)

    def _refuse_builtin(self, scope: str, row: Row) -> None:
        parent_set = row[f"{PARENT}{TYPE_SUFFIX}"]
        parent = self.find(scope, parent_set, row[PARENT]) or {}
        if row[self.table.id_column] in (parent.get(f"address{number}_addressid") for number in (1, 2, 3)):
            raise MESSAGES.error("builtin_address", number=row["addressnumber"], type=parent_set[:-1])


class CustomerRules(TableRules):
    """What accounts and contacts have in common. `addresses` is set when the rules are put together."""

    standard: Mapping[str, Any] = {"statecode": 0, "statuscode": 1, "creditonhold": False}
    addresses: AddressRules

    def save(self, scope: str, row: Row) -> Row:
        """See `TableRules.save`."""
        numbers = [number for number in (1, 2, 3) if f"address{number}_addressid" in row]
        names = {number: f"address{number}_addressid" for number in numbers}
        own = {name: row[name] or _address_id(row[self.table.id_column], number) for number, name in names.items()}
        saved = super().save(scope, row | own)
        for number in numbers:
            self.addresses.mirror(scope, saved, self.entity_set.name, number)
        return saved

    def delete(self, scope: str, row: Row) -> None:
        """See `TableRules.delete`."""
        self.addresses.remove_of(scope, row[self.table.id_column])
        super().delete(scope, row)


class AccountRules(CustomerRules):
    """An account needs a name; its contacts go with it."""

    required = ("name",)
    contacts: "ContactRules"

    def delete(self, scope: str, row: Row) -> None:
        """See `TableRules.delete`."""
        for contact in self.store.table(scope, CONTACTS).find(CUSTOMER, row[self.table.id_column]):
            self.contacts.delete(scope, contact)
        super().delete(scope, row)


class ContactRules(CustomerRules):
    """The full name, and the account that a contact belongs to, are put together by the platform."""

    def save(self, scope: str, row: Row) -> Row:
        """See `TableRules.save`."""
        full = " ".join(part for part in (row["firstname"], row["lastname"]) if part)
        account = row[CUSTOMER] if row.get(f"{CUSTOMER}{TYPE_SUFFIX}") == "accounts" else None
        return super().save(scope, row | {"fullname": full or None, "_accountid_value": account})


def _address_id(row_id: str, number: int) -> str:
    return str(uuid.uuid5(uuid.UUID(row_id), f"address{number}"))

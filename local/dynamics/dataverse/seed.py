"""Puts rows into the store as they are given: the demo organisation, and whatever a test posts to /__seed."""

import uuid
from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from typing import Any

from local.dynamics.dataverse.catalogue import ACTIVE, AlternateKey, Catalogue, Table
from local.dynamics.dataverse.rules import TableRules
from local.dynamics.dataverse.service import SCOPE
from local.dynamics.odata.definitions import Field, Row
from local.dynamics.odata.store import Store
from local.dynamics.odata.validate import is_guid

NAMESPACE = uuid.UUID("5f4c9a52-2d0e-4f0e-8d1b-1d5a7a5c2b77")
# By which columns people name a row; the first one that is set counts.
NATURAL: Mapping[str, tuple[str, ...]] = {
    "accounts": ("accountnumber", "name"),
    "contacts": ("ctd365_customernumber", "emailaddress1"),
    "pricelevels": ("name",),
    "products": ("productnumber",),
    "salesorders": ("ordernumber",),
    "sdkmessages": ("name",),
    "serviceendpoints": ("name",),
    "transactioncurrencies": ("isocurrencycode",),
    "uoms": ("name",),
    "uomschedules": ("name",),
}

MESSAGE_NAMES = ("Create", "Update", "Delete")
TOLD_TABLES = ("account", "contact", "customeraddress", "salesorder")


def stable_id(entity_set: str, key: str) -> str:
    """Return the id that a seeded row of this number, name or code always has."""
    return str(uuid.uuid5(NAMESPACE, f"{entity_set}/{key}"))


class Seeder:
    """Stores rows without the checks of the API and lists everything for assertions."""

    def __init__(self, catalogue: Catalogue, store: Store, rules: Mapping[str, TableRules]) -> None:
        self._catalogue = catalogue
        self._store = store
        self._rules = rules

    def seed(self, name: str, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
        """Store the rows and return them with their ids; lines may be nested in their orders."""
        table = self._table(name)
        with self._store.transaction():
            return [self._seed_row(table, row) for row in rows]

    def rows(self, name: str) -> list[Row]:
        """Return all rows of the entity set."""
        self._table(name)
        return list(self._store.table(SCOPE, name).rows.values())

    def customise(self, customisation: Mapping[str, list[Mapping[str, Any]]]) -> None:
        """Add the columns and keys that a set-up would have made."""
        for logical_name, columns in customisation.items():
            table = self._catalogue.by_logical_name(logical_name)
            assert table is not None
            for column in columns:
                name = column["name"]
                table.fields[name] = Field(name, "Edm.String", max_length=column["maxLength"], nullable=True)
                table.custom.add(name)
                if column.get("key"):
                    table.keys.append(AlternateKey(f"{name}_key", (name,), ACTIVE))

    def stripped(self, name: str, row: Mapping[str, Any], columns: Set[str]) -> Row:
        """Return the row without columns that do not exist here; its id stays what it is elsewhere."""
        kept = {key: value for key, value in row.items() if key not in columns}
        table = self._table(name)
        return self._identity(table, dict(row)) | kept

    def _table(self, name: str) -> Table:
        found = self._catalogue.tables.get(name)
        if found is None:
            raise ValueError(f"there is no entity set {name}; known are {', '.join(self._catalogue.tables)}")
        return found

    def _seed_row(self, table: Table, given: Mapping[str, Any]) -> Row:
        nested = given.get("order_details", [])
        own: Row = {}
        for name, value in given.items():
            if name in table.lookups:
                lookup = table.lookups[name]
                own[lookup.stored_as] = self._id_of(lookup.target, value)
            elif name in table.fields:
                own[name] = _exact(table.fields[name], value)
            elif name != "order_details":
                raise ValueError(f"{table.entity_set.name} has no property {name}")
        rules = self._rules[table.entity_set.name]
        row = rules.save(SCOPE, rules.blank() | self._identity(table, own) | own)
        for line in nested:
            self._seed_row(self._table("salesorderdetails"), {**line, "salesorderid": row["salesorderid"]})
        return row

    def _identity(self, table: Table, own: Row) -> Row:
        names = NATURAL.get(table.entity_set.name, ())
        key = next((str(own[name]) for name in names if own.get(name)), "")
        row_id = stable_id(table.entity_set.name, key)
        taken = (row_id,) in self._store.table(SCOPE, table.entity_set.name).rows
        return {table.id_column: row_id} if key and not taken else {}

    def _id_of(self, entity_set: str, value: str) -> str:
        if is_guid(value):
            return value
        rows = self._store.table(SCOPE, entity_set)
        id_column = self._table(entity_set).id_column
        for name in NATURAL[entity_set]:
            for row in rows.find(name, value):
                return str(row[id_column])
        raise ValueError(f"no row of {entity_set} is called {value}")


def _exact(field: Field, value: Any) -> Any:
    is_number = field.type == "Edm.Decimal" and isinstance(value, int | str)
    return Decimal(value) if is_number else value


def seed_organisation(seeder: Seeder, source: Mapping[str, Any], *, customised: bool) -> None:
    """Store the demo rows; every product gets a price in every price list."""
    if customised:
        seeder.customise(source["customisation"])
    custom = {column["name"] for columns in source["customisation"].values() for column in columns}
    for name, rows in source["rows"].items():
        seeder.seed(name, rows if customised else [seeder.stripped(name, row, custom) for row in rows])
    price_all(seeder, [row["productnumber"] for row in source["rows"]["products"]])
    seed_messages(seeder)


def seed_messages(seeder: Seeder) -> None:
    """Store the messages that steps can be registered for."""
    for message in MESSAGE_NAMES:
        seeder.seed("sdkmessages", [{"name": message}])
        filters = [{"sdkmessageid": message, "primaryobjecttypecode": table} for table in TOLD_TABLES]
        seeder.seed("sdkmessagefilters", filters)


def price_all(seeder: Seeder, numbers: list[str]) -> None:
    """Give the products their own price in every price list."""
    products = {row["productnumber"]: row for row in seeder.rows("products")}
    for price_list in seeder.rows("pricelevels"):
        for number in numbers:
            product = products[number]
            row = {"pricelevelid": price_list["pricelevelid"], "productid": product["productid"]}
            row |= {"uomid": product["_defaultuomid_value"], "amount": product["price"]}
            seeder.seed("productpricelevels", [row])

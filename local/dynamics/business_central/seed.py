"""Puts rows into the store as they are given: the demo companies, and whatever a test posts to /__seed."""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from local.dynamics.business_central.company import Companies
from local.dynamics.business_central.documents import DocumentRules
from local.dynamics.business_central.masters import CustomerRules
from local.dynamics.business_central.relations import RELATIONS, resolve
from local.dynamics.odata.definitions import Definitions, EntitySet, Row
from local.dynamics.odata.rules import MODIFIED, EntityRules

NAMESPACE = uuid.UUID("6f0c3a52-6d0e-4c0e-9d1b-5d5a7a5c2b10")
# Tables that rules look at although the API has no entity set for them.
HIDDEN = ("$itemCharges",)
NATURAL_KEYS = ("number", "code", "name")


def stable_id(scope: str, entity_set: str, key: str) -> str:
    """Return the id that a seeded row of this key always has."""
    return str(uuid.uuid5(NAMESPACE, f"{scope}/{entity_set}/{key}"))


class Seeder:
    """Stores rows without the checks of the API and lists everything for assertions."""

    def __init__(self, companies: Companies, definitions: Definitions, rules: Mapping[str, EntityRules]) -> None:
        self._companies = companies
        self._definitions = definitions
        self._rules = rules

    def seed(self, scope: str, name: str, rows: list[Mapping[str, Any]]) -> list[Row]:
        """Store the rows and return them with their ids; lines may be nested in their documents."""
        if name in HIDDEN:
            return [self._hidden(scope, name, row) for row in rows]
        entity_set = self._entity_set(name)
        with self._companies.store.transaction():
            return [self._seed_row(scope, entity_set, row) for row in rows]

    def rows(self, name: str) -> list[Row]:
        """Return the rows of the entity set in all companies, each with its company's id."""
        self._entity_set(name)
        scopes = ["", *self._companies.profiles]
        tables = ((scope, self._companies.store.table(scope, name)) for scope in scopes)
        return [{"companyId": scope} | row for scope, table in tables for row in table.rows.values()]

    def _entity_set(self, name: str) -> EntitySet:
        found = self._definitions.get(name)
        if found is None:
            raise ValueError(f"there is no entity set {name}; known are {', '.join(self._definitions.entity_sets)}")
        return found

    def _hidden(self, scope: str, name: str, row: Mapping[str, Any]) -> Row:
        key = stable_id(scope, name, row["number"])
        return self._companies.store.put(scope, name, (key,), {"id": key} | dict(row))

    def _seed_row(self, scope: str, entity_set: EntitySet, given: Mapping[str, Any]) -> Row:
        nested = {name: value for name, value in given.items() if name in entity_set.navigation}
        own = {name: _exact(entity_set, name, value) for name, value in given.items() if name not in nested}
        unknown = [name for name in own if name not in entity_set.fields and name[0] not in "$@"]
        if unknown:
            raise ValueError(f"{entity_set.name} has no property {', '.join(unknown)}")
        rules = self._rules[entity_set.name]
        row = entity_set.defaults() | self._standard(scope, entity_set, own) | own
        relations = RELATIONS.get(entity_set.name, ())
        row |= resolve(self._companies, scope, relations, own)
        stored = self._save(scope, rules, row, own)
        for name, children in nested.items():
            link = entity_set.navigation[name]
            child = self._entity_set(link.entity_set)
            for item in children:
                self._seed_row(scope, child, {link.child_field: row[link.parent_field]} | dict(item))
        return stored

    def _standard(self, scope: str, entity_set: EntitySet, own: Row) -> Row:
        """Return what a row of this kind always has, so that a test need not spell it out."""
        key = next((str(own[name]) for name in NATURAL_KEYS if own.get(name)), "")
        identity = stable_id(scope, entity_set.name, key) if key else str(uuid.uuid4())
        if key and (identity,) in self._companies.store.table(scope, entity_set.name).rows:
            identity = str(uuid.uuid4())
        rules = self._rules[entity_set.name]
        return {"id": identity} | (
            rules.standard(scope, own) if isinstance(rules, CustomerRules | DocumentRules) else {}
        )

    def _save(self, scope: str, rules: EntityRules, row: Row, own: Row) -> Row:
        if MODIFIED in own:
            return self._companies.store.put(scope, rules.entity_set.name, (row["id"],), row)
        return rules.save(scope, row)


def _exact(entity_set: EntitySet, name: str, value: Any) -> Any:
    field = entity_set.fields.get(name)
    is_number = field is not None and field.type == "Edm.Decimal" and isinstance(value, int | str)
    return Decimal(value) if is_number else value


def seed_companies(seeder: Seeder, source: Mapping[str, Any]) -> None:
    """Store the demo companies and their rows."""
    for company in source["companies"]:
        profile = company["profile"]
        row = {
            "id": profile["id"],
            "name": profile["name"],
            "displayName": profile["name"],
            "systemVersion": "29.0.0.0",
        }
        seeder.seed("", "companies", [row])
        own = {"id": profile["id"], "displayName": profile["name"], "currencyCode": profile["local_currency"]}
        seeder.seed(profile["id"], "companyInformation", [own])
        for name, rows in (source["shared"] | company["rows"]).items():
            seeder.seed(profile["id"], name, rows)

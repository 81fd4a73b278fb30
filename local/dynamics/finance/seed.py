"""Puts rows into the store as they are given: the demo companies, and whatever a test posts to /__seed."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from local.dynamics.finance.company import COMPANY, SCOPE, Companies
from local.dynamics.finance.orders import HEADERS, LINES, HeaderRules
from local.dynamics.odata.definitions import Definitions, EntitySet, Row
from local.dynamics.odata.rules import EntityRules


class Seeder:
    """Stores rows without the checks of the API and lists everything for assertions."""

    def __init__(self, companies: Companies, definitions: Definitions, rules: Mapping[str, EntityRules]) -> None:
        self._companies = companies
        self._definitions = definitions
        self._rules = rules

    def seed(self, name: str, rows: Iterable[Mapping[str, Any]], company: str = "") -> list[Row]:
        """Store the rows and return them; a row's own dataAreaId wins over the company."""
        entity_set = self._entity_set(name)
        with self._companies.store.transaction():
            known = {COMPANY: company} if COMPANY in entity_set.fields else {}
            stored = [self._seed_row(entity_set, known | dict(row)) for row in rows]
        if name == LINES:
            self._recompute(stored)
        return stored

    def rows(self, name: str) -> list[Row]:
        """Return the rows of the entity set in all companies."""
        self._entity_set(name)
        return list(self._companies.store.table(SCOPE, name).rows.values())

    def _entity_set(self, name: str) -> EntitySet:
        found = self._definitions.get(name)
        if found is None:
            raise ValueError(f"there is no entity set {name}; known are {', '.join(self._definitions.entity_sets)}")
        return found

    def _seed_row(self, entity_set: EntitySet, given: Mapping[str, Any]) -> Row:
        unknown = [name for name in given if name not in entity_set.fields and name[0] not in "$@"]
        if unknown:
            raise ValueError(f"{entity_set.name} has no property {', '.join(unknown)}")
        row = entity_set.defaults() | {name: _exact(entity_set, name, value) for name, value in given.items()}
        if COMPANY not in entity_set.fields:
            return self._rules[entity_set.name].save(SCOPE, row)
        row[COMPANY] = row[COMPANY].lower()
        if not self._companies.knows(row[COMPANY]):
            raise ValueError(f"there is no company {row[COMPANY]!r}; name one by ?company= or dataAreaId")
        return self._rules[entity_set.name].save(SCOPE, row)

    def _recompute(self, lines: list[Row]) -> None:
        headers = self._rules[HEADERS]
        for company, number in dict.fromkeys((line[COMPANY], line["SalesOrderNumber"]) for line in lines):
            header = self._companies.find(HEADERS, company, number)
            if header is not None and isinstance(headers, HeaderRules):
                headers.line_changed(header)


def _exact(entity_set: EntitySet, name: str, value: Any) -> Any:
    field = entity_set.fields.get(name)
    is_number = field is not None and field.type == "Edm.Decimal" and isinstance(value, int | str)
    return Decimal(value) if is_number else value


def side_tables(source: Mapping[str, Any]) -> dict[str, dict[tuple[str, str], Mapping[str, Any]]]:
    """Return the tables without data entity; a row without company is shared by all."""
    return {
        name: {(row.get("company", ""), row["key"]): row for row in rows} for name, rows in source["tables"].items()
    }


def seed_set_up(seeder: Seeder, companies: Companies, set_up: Mapping[str, tuple[str, str]]) -> None:
    """Store what the tables without data entity have as rows of the data entities that show them."""
    known = [company for _, company in companies.tables["companies"]]
    for name, (table, field) in set_up.items():
        for owner, key in list(companies.tables[table]):
            for company in [owner] if owner else known:
                seeder.seed(name, [{field: key}], company)


def seed_ledgers(seeder: Seeder, companies: Companies) -> None:
    """Store the ledger of each company, which says its currency."""
    for (_, key), row in companies.tables["companies"].items():
        ledger = {"LegalEntityId": key.upper(), "Name": row.get("name", ""), "AccountingCurrency": row["currency"]}
        seeder.seed("Ledgers", [ledger])


def seed_companies(seeder: Seeder, source: Mapping[str, Any]) -> None:
    """Store the rows of every company."""
    for company, sets in source["companies"].items():
        for name, rows in (source["shared"] | sets).items():
            seeder.seed(name, rows, company)

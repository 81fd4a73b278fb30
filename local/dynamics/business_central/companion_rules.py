"""What all entity sets of the companion extension share: their place in the store, their stamps, their derived rows."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from local.dynamics.business_central.company import Companies
from local.dynamics.business_central.messages import MESSAGES, invalid_relation
from local.dynamics.odata.definitions import EntitySet, Row
from local.dynamics.odata.rules import EntityRules

STAMP = "systemModifiedAt"
SUFFIX = "/ctd365"  # the companion's rows lie beside the company's: some sets of both APIs have the same name


def companion_scope(company: str) -> str:
    """Return where the company's companion rows are stored."""
    return f"{company}{SUFFIX}"


def company_of(scope: str) -> str:
    """Return the company of a companion scope."""
    return scope.removesuffix(SUFFIX)


def instant(clock: Callable[[], datetime]) -> str:
    """Return the present as the API writes it."""
    return clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")


class CompanionRules(EntityRules):
    """Rows that carry `systemModifiedAt`."""

    def __init__(self, companies: Companies, entity_set: EntitySet, clock: Callable[[], datetime]) -> None:
        super().__init__(entity_set, companies.store, MESSAGES, clock)
        self.companies = companies

    def save(self, scope: str, row: Row) -> Row:
        """Store the row under a new ETag and modification time."""
        stamped = row | ({STAMP: instant(self.clock)} if STAMP in self.entity_set.fields else {})
        return self.store.put(scope, self.entity_set.name, self.entity_set.key_of(stamped), stamped)

    def code(self, scope: str, entity_set: str, field: str, value: Any, named: str) -> Row | None:
        """Return the company's row with this code, None for a blank one; an unknown code is refused."""
        if not value:
            return None
        return self.companies.require(company_of(scope), entity_set, field, value, named=named)


def one_of(value: Any, allowed: Iterable[str], named: str, table: str) -> None:
    """Refuse a code that a table without an entity set does not hold; blank is allowed."""
    if value and value not in allowed:
        raise invalid_relation(named, value, table)


def replace_derived(
    companies: Companies, company: str, entity_set: EntitySet, wanted: Mapping[tuple[Any, ...], Row]
) -> None:
    """Bring a derived table to the wanted rows; a row that stays as it is keeps its ETag."""
    scope, store = companion_scope(company), companies.store
    present = store.table(scope, entity_set.name).rows
    for key in [key for key in present if key not in wanted]:
        store.remove(scope, entity_set.name, key)
    for key, row in wanted.items():
        before = present.get(key) or entity_set.defaults()
        if key not in present or any(before[name] != value for name, value in row.items()):
            store.put(scope, entity_set.name, key, before | row)


def exact(entity_set: EntitySet, given: Mapping[str, Any]) -> Row:
    """Return a row of a control request with exact decimals; ValueError when it has a property of no such name."""
    unknown = sorted(set(given) - set(entity_set.fields))
    if unknown:
        raise ValueError(f"{entity_set.name} has no property {', '.join(unknown)}")
    decimals = {name for name, field in entity_set.fields.items() if field.type == "Edm.Decimal"}
    return {name: Decimal(str(value)) if name in decimals else value for name, value in given.items()}

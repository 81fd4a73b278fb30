"""One company's reference data, settings and number series, as the rules look at them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from local.dynamics.business_central.messages import invalid_relation
from local.dynamics.odata.definitions import ZERO_GUID, Row
from local.dynamics.odata.store import Store

VAT = "VAT"


@dataclass
class Settings:
    """What a test may change while the simulator runs."""

    vat_rounding_shift: Decimal = Decimal(0)


@dataclass(frozen=True)
class Profile:
    """What distinguishes one company from another."""

    id: str
    name: str
    local_currency: str
    tax_type: str
    default_tax_area: str


def _unheard(company: str, entity_set: str, row_id: str, change_type: str) -> None:
    """Tell nobody."""


@dataclass
class Companies:
    """All companies of the environment over one store; `changed` hears of every row that is written or deleted."""

    store: Store
    profiles: dict[str, Profile]
    settings: Settings = field(default_factory=Settings)
    changed: Callable[[str, str, str, str], None] = _unheard
    _last_numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def profile(self, scope: str) -> Profile:
        """Return the company's profile."""
        return self.profiles[scope]

    def by_name(self, text: str) -> Profile | None:
        """Return the company with this id or name."""
        found = (profile for profile in self.profiles.values() if text in (profile.name, profile.id))
        return next(found, None)

    def next_number(self, scope: str, series: str, first: int) -> str:
        """Take the next number of a series; like the real one it is given back when the transaction fails."""
        key = (scope, series)
        before = self._last_numbers.get(key)
        number = first if before is None else before + 1
        self._last_numbers[key] = number
        self.store.on_rollback(lambda: self._restore(key, before))
        return f"{series}{number}"

    def _restore(self, key: tuple[str, str], before: int | None) -> None:
        if before is None:
            self._last_numbers.pop(key, None)
        else:
            self._last_numbers[key] = before

    def find(self, scope: str, entity_set: str, field_name: str, value: Any) -> Row | None:
        """Return the first row with this value, None when there is none."""
        rows = self.store.table(scope, entity_set).find(field_name, value)
        return rows[0] if rows else None

    def require(self, scope: str, entity_set: str, field_name: str, value: Any, *, named: str) -> Row:
        """Return the row with this value or refuse the value of the property called named."""
        row = self.find(scope, entity_set, field_name, value)
        if row is None:
            raise invalid_relation(named, value, entity_set)
        return row

    def currency(self, scope: str, code: str) -> Row:
        """Return the currency; a blank code is the local currency."""
        return self.require(
            scope, "currencies", "code", code or self.profile(scope).local_currency, named="currencyCode"
        )

    def currency_values(self, scope: str, code: str) -> dict[str, Any]:
        """Return currencyCode and currencyId as stored: the local currency has the zero id."""
        row = self.currency(scope, code)
        local = row["code"] == self.profile(scope).local_currency
        return {"currencyCode": row["code"], "currencyId": ZERO_GUID if local else row["id"]}

    def tax_rate(self, scope: str, tax_area: str, tax_group: str) -> Decimal:
        """Return the percentage for a customer's tax area and a line's tax code."""
        group = self.require(scope, "taxGroups", "code", tax_group, named="taxCode")
        area = self.find(scope, "taxAreas", "code", tax_area)
        if area is None or area.get("$zero", False):
            return Decimal(0)
        return Decimal(group["$rate"])

"""Stock by item, variant and location, and the availability that the companion derives from it.

What an item has beyond its placed stock lies at no location, as after an adjustment through the standard API. Posting
changes no item row in the real product (its inventory is calculated), so nothing here touches `lastModifiedDateTime`.
A change stamp is the latest version of the rows that are there: as in the real product, a deleted line leaves none.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from local.dynamics.business_central.companion_rules import companion_scope, replace_derived
from local.dynamics.business_central.company import Companies
from local.dynamics.business_central.messages import invalid_relation
from local.dynamics.odata.definitions import EntitySet, Row
from local.dynamics.odata.store import ETAG

STOCK = "$stock"
INVENTORY = "Inventory"
NONE = Decimal(0)
QUANTITIES = ("quantityOnHand", "reservedQuantity", "quantityOnSalesOrders", "quantityOnPurchaseOrders")
STAMPS = ("lastEntryNumber", "changeStamp")
_REVISION = re.compile(r"\d{12}")

type Place = tuple[str, str, str]  # item, variant and location code


class StockChange(BaseModel):
    """One entry of `POST /__stock`: a new value for what is named, or a change of what is on hand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    itemNumber: str  # noqa: N815  # the API's own names
    variantCode: str = ""  # noqa: N815
    locationCode: str = ""  # noqa: N815
    quantityOnHand: Decimal | None = None  # noqa: N815
    reservedQuantity: Decimal | None = None  # noqa: N815
    quantityOnPurchaseOrders: Decimal | None = None  # noqa: N815
    change: Decimal = NONE

    @property
    def place(self) -> Place:
        """Where the stock is."""
        return self.itemNumber, self.variantCode, self.locationCode


class StockBook:
    """All stock of the environment."""

    def __init__(self, companies: Companies, availabilities: EntitySet) -> None:
        self._companies = companies
        self._store = companies.store
        self._set = availabilities
        self._last_entry = 0
        self._seen: dict[str, tuple[int, int]] = {}

    @property
    def read_stamp(self) -> int:
        """The stamp that the next change has at least."""
        return self._store._revision + 1  # noqa: SLF001  # the core has no name for it

    def change(self, company: str, change: StockChange) -> Row:
        """Set what the change names and return the availability of its place; an unknown code is refused."""
        return self.change_all(company, [change])[0]

    def change_all(self, company: str, changes: Sequence[StockChange]) -> list[Row]:
        """Do the same for many places and derive the availabilities once."""
        for change in changes:
            self._change(company, change)
        self.refresh(company)
        rows = self._store.table(companion_scope(company), self._set.name).rows
        return [rows[change.place] for change in changes]

    def move(self, company: str, place: Place, quantity: Decimal) -> int:
        """Post an entry and return its number; services have no stock and no entries."""
        item = self._companies.find(company, "items", "number", place[0])
        if item is None or item["type"] != INVENTORY or not quantity:
            return 0
        self._last_entry += 1
        self._store.put(company, "items", (item["id"],), item | {"inventory": item["inventory"] + quantity})
        row = self._row(company, place)
        posted = {"quantityOnHand": row["quantityOnHand"] + quantity, "lastEntryNumber": self._last_entry}
        self._store.put(company, STOCK, place, row | posted)
        return self._last_entry

    def place_of(self, company: str, line: Row) -> Place:
        """Return where a document line's stock is."""
        variant = self._companies.find(company, "itemVariants", "id", line["itemVariantId"])
        location = self._companies.find(company, "locations", "id", line["locationId"])
        return line["lineObjectNumber"], variant["code"] if variant else "", location["code"] if location else ""

    def refresh(self, company: str) -> None:
        """Derive the availabilities again, if anything was stored since the last time."""
        if self._seen.get(company) == self._version(company):
            return
        replace_derived(self._companies, company, self._set, self._derived(company))
        self._seen[company] = self._version(company)
        self._store.on_rollback(self._seen.clear)

    def _version(self, company: str) -> tuple[int, int]:
        """Return what changes with every row that is stored, and with every order line that is removed."""
        return self.read_stamp, len(self._store.table(company, "salesOrderLines").rows)

    def _derived(self, company: str) -> dict[tuple[Any, ...], Row]:
        rows: dict[tuple[Any, ...], Row] = {}
        placed: dict[str, Decimal] = {}
        for place, row in self._store.table(company, STOCK).rows.items():
            rows[place] = {name: value for name, value in row.items() if name != ETAG} | {
                "changeStamp": _version_of(row)
            }
            if any(place[1:]):
                placed[place[0]] = placed.get(place[0], NONE) + row["quantityOnHand"]
        for item in self._store.table(company, "items").rows.values():
            rest = Decimal(item["inventory"]) - placed.get(item["number"], NONE)
            place = (item["number"], "", "")
            if item["type"] == INVENTORY and (rest or place in rows):
                _touch(rows, place, item)["quantityOnHand"] = rest
        for line in self._open_lines(company):
            row = _touch(rows, self.place_of(company, line), line)
            row["quantityOnSalesOrders"] += line["quantity"] - line["shippedQuantity"]
        return rows

    def _open_lines(self, company: str) -> Iterator[Row]:
        for line in self._store.table(company, "salesOrderLines").rows.values():
            if line["lineType"] == "Item":
                yield line

    def _row(self, company: str, place: Place) -> Row:
        return self._store.table(company, STOCK).rows.get(place) or _empty(place)

    def _change(self, company: str, change: StockChange) -> None:
        self._check(company, change)
        values = {name: getattr(change, name) for name in ("reservedQuantity", "quantityOnPurchaseOrders")}
        row = self._row(company, change.place) | {name: value for name, value in values.items() if value is not None}
        self._store.put(company, STOCK, change.place, row)
        before = self._on_hand(company, change.place)
        after = before if change.quantityOnHand is None else change.quantityOnHand
        self.move(company, change.place, after + change.change - before)

    def _on_hand(self, company: str, place: Place) -> Decimal:
        if any(place[1:]):
            return Decimal(self._row(company, place)["quantityOnHand"])
        item = self._companies.require(company, "items", "number", place[0], named="itemNumber")
        placed = self._store.table(company, STOCK).find("itemNumber", place[0])
        elsewhere = [row["quantityOnHand"] for row in placed if row["variantCode"] or row["locationCode"]]
        return Decimal(item["inventory"]) - sum(elsewhere, NONE)

    def _check(self, company: str, change: StockChange) -> None:
        item = self._companies.require(company, "items", "number", change.itemNumber, named="itemNumber")
        variants = self._store.table(company, "itemVariants").find("itemId", item["id"])
        if change.variantCode and change.variantCode not in {variant["code"] for variant in variants}:
            raise invalid_relation("variantCode", change.variantCode, f"itemVariants of item {change.itemNumber}")
        if change.locationCode:
            self._companies.require(company, "locations", "code", change.locationCode, named="locationCode")


def _empty(place: Place) -> Row:
    codes = dict(zip(("itemNumber", "variantCode", "locationCode"), place, strict=True))
    return codes | dict.fromkeys(QUANTITIES, NONE) | dict.fromkeys(STAMPS, 0)


def _version_of(row: Row) -> int:
    found = _REVISION.search(row[ETAG])
    return int(found[0]) if found else 0


def _touch(rows: dict[tuple[Any, ...], Row], place: Place, source: Row) -> Row:
    row = rows.setdefault(place, _empty(place))
    row["changeStamp"] = max(row["changeStamp"], _version_of(source))
    return row

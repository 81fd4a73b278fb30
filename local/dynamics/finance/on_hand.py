"""Stock by warehouse: what was seeded, and what open sales orders take of it, reserved or not.

A line takes its quantity from the warehouse that it names. With automatic reservation, of the line or of its header,
what is free is reserved; the rest, and lines without reservation, are on order. Shipping is done by hand: seed the
quantity on hand anew.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from local.dynamics.finance.company import COMPANY, SCOPE, Companies
from local.dynamics.finance.masters import EntityRulesOfFinance
from local.dynamics.finance.order_lines import DIMENSIONS
from local.dynamics.finance.orders import HEADERS, LINES, OPEN
from local.dynamics.odata.definitions import EntitySet, Row
from local.dynamics.odata.store import Key

ON_HAND = "WarehousesOnHandV2"
AUTOMATIC = "Automatic"
SERVICES = "Services"  # the product group of what has no stock
NOTHING = Decimal(0)
# What was seeded, beside what orders make of it; never shown.
OWN = {"$reserved": "ReservedOnHandQuantity", "$onOrder": "OnOrderQuantity"}


class OnHandRules(EntityRulesOfFinance):
    """Rows follow the open lines of sales orders."""

    def __init__(self, companies: Companies, entity_set: EntitySet, clock: Callable[[], datetime]) -> None:
        super().__init__(companies, entity_set, clock)
        self._touched: set[Key] = set()

    def save(self, scope: str, row: Row) -> Row:
        """Store what is there; what orders take comes on top."""
        return self._follow(scope, row | {own: row[name] for own, name in OWN.items()}, self._demand())

    def refresh(self) -> None:
        """Bring all rows in step with the orders; a place that only orders know gets a row."""
        demand = self._demand()
        table = self.store.table(SCOPE, ON_HAND)
        for key in self._touched | demand.keys():
            row = table.rows.get(key) or self._empty(key)
            self._follow(SCOPE, row, demand)
        self._touched = set(demand)

    def _empty(self, key: Key) -> Row:
        named = dict(zip(self.entity_set.key, key, strict=True))
        return self.entity_set.defaults() | named | dict.fromkeys(OWN, NOTHING)

    def _follow(self, scope: str, row: Row, demand: dict[Key, tuple[Decimal, Decimal]]) -> Row:
        key = self.entity_set.key_of(row)
        automatic, other = demand.get(key, (NOTHING, NOTHING))
        on_hand, reserved = row["OnHandQuantity"], row["$reserved"]
        taken = min(automatic, max(on_hand - reserved, NOTHING))
        reserved += taken
        on_order = row["$onOrder"] + other + automatic - taken
        available = on_hand - reserved
        to_come = row["OrderedQuantity"] - row["ReservedOrderedQuantity"]
        return super().save(
            scope,
            row
            | {
                "ReservedOnHandQuantity": reserved,
                "OnOrderQuantity": on_order,
                "AvailableOnHandQuantity": available,
                "AvailableOrderedQuantity": to_come,
                "TotalAvailableQuantity": available + to_come - on_order,
            },
        )

    def _demand(self) -> dict[Key, tuple[Decimal, Decimal]]:
        """Return what open lines take by place, with automatic reservation and without."""
        found: dict[Key, tuple[Decimal, Decimal]] = {}
        for line in self.store.table(SCOPE, LINES).find("SalesOrderLineStatus", OPEN):
            item = self.companies.find("ReleasedProductsV2", line[COMPANY], line["ItemNumber"]) or {}
            header = self.companies.find(HEADERS, line[COMPANY], line["SalesOrderNumber"])
            if item.get("ProductGroupId") == SERVICES or header is None or header["SalesOrderStatus"] != OPEN:
                continue
            key = self._place(line)
            automatic, other = found.get(key, (NOTHING, NOTHING))
            quantity = Decimal(line["OrderedSalesQuantity"])
            reserves = AUTOMATIC in (line["InventoryReservationMethod"], header["InventoryReservationMethod"])
            found[key] = (automatic + quantity, other) if reserves else (automatic, other + quantity)
        return found

    def _place(self, line: Row) -> Key:
        own = {"InventorySiteId": line["ShippingSiteId"], "InventoryWarehouseId": line["ShippingWarehouseId"]}
        own |= {name: line[name] for name in (COMPANY, "ItemNumber", *DIMENSIONS)}
        return tuple(own[name] for name in self.entity_set.key)

"""Business Central under the catalogue suite, with the companion extension, and for its own tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from local.dynamics.business_central.companion import PRICES, seed_rows
from local.dynamics.business_central.companion_rules import companion_scope
from local.dynamics.business_central.companion_stock import StockChange
from local.dynamics.business_central.environment import Environment
from local.dynamics.odata.definitions import EMPTY_DATE, Row
from local.dynamics.odata.rules import MODIFIED
from shared.market_options.trade import PriceBook, Warehouse
from shared.markets import ItemTarget
from tests.contract.connectors.business_central_customers import customers_at
from tests.contract.connectors.business_central_harness import COMPANY
from tests.contract.connectors.catalogue_harness import (
    GROUPS,
    GTIN,
    PERIODS,
    PLANNED,
    RESERVED,
    TIERS,
    VARIANTS,
    WAREHOUSES,
    CatalogueUnderTest,
)
from tests.fakes.clock import ManualClock

HOLDS = frozenset({VARIANTS, GTIN, TIERS, PERIODS, GROUPS, WAREHOUSES, RESERVED, PLANNED})
BOOKS = (
    PriceBook(name="S-LIST", currency="EUR"),
    PriceBook(name="Wholesale", currency="EUR", customer_group="wholesale"),
)
WAREHOUSES_OF_MARKET = (Warehouse(code="MAIN", channel="main"), Warehouse(code="EAST", channel="east"))
LONGER_THAN_THE_OVERLAP = timedelta(minutes=5)
LONGER_THAN_UNTIL_THE_NEXT_WHOLE_LIST = timedelta(hours=2)


def catalogue() -> CatalogueUnderTest:
    return catalogue_at(ManualClock())[0]


def catalogue_at(clock: ManualClock) -> tuple[CatalogueUnderTest, Environment]:
    """Both the connector and the simulator look at this clock."""
    customers, environment = customers_at(clock)
    hand = PeopleInBusinessCentral(environment, clock)
    hand.write("items", hand.item("SOCKS-3PACK"), {"gtin": "04006381333931"})
    market = customers.back_end.market.model_copy(update={"price_books": BOOKS, "warehouses": WAREHOUSES_OF_MARKET})
    under_test = CatalogueUnderTest(
        back_end=replace(customers.back_end, market=market),
        hand=hand,
        holds=HOLDS,
        name_of_item="Socks, pack of three",
        unit_of_item="PCS",
        with_variant=ItemTarget(item="HOODIE-GRY-L", variant="ZIP"),
        age=lambda: clock.advance(LONGER_THAN_THE_OVERLAP),
        relist=lambda: clock.advance(LONGER_THAN_UNTIL_THE_NEXT_WHOLE_LIST),
    )
    return under_test, environment


@dataclass
class PeopleInBusinessCentral:
    """Implements `ByHand`."""

    environment: Environment
    clock: ManualClock

    def item(self, number: str) -> Row:
        row = self.environment.companies.find(COMPANY, "items", "number", number)
        assert row is not None
        return row

    def write(self, entity_set: str, row: Row, values: Mapping[str, Any]) -> Row:
        return self.environment.rules[entity_set].modify(COMPANY, row, values)

    def rename(self, number: str, name: str) -> None:
        self.write("items", self.item(number), {"displayName": name})

    def block(self, number: str) -> None:
        self.write("items", self.item(number), {"blocked": True})

    def delete(self, number: str) -> None:
        self.environment.rules["items"].delete(COMPANY, self.item(number))

    def lines(self, number: str, book: PriceBook) -> list[Row]:
        table = self.environment.store.table(companion_scope(COMPANY), PRICES)
        where = _source(book)
        rows = table.find("itemNumber", number)
        return [row for row in rows if all(row[name] == value for name, value in where.items())]

    def set_price(
        self,
        number: str,
        amount: Decimal,
        *,
        book: PriceBook,
        variant: str = "",
        minimum: Decimal = Decimal(1),
        first_day: date | None = None,
        last_day: date | None = None,
    ) -> None:
        own = {
            "itemNumber": number,
            "variantCode": variant,
            "minimumQuantity": minimum if minimum != 1 else Decimal(0),
            "startingDate": first_day.isoformat() if first_day else EMPTY_DATE,
            "endingDate": last_day.isoformat() if last_day else EMPTY_DATE,
        }
        known = (row for row in self.lines(number, book) if all(row[name] == value for name, value in own.items()))
        same = next(({"id": row["id"]} for row in known), {})
        seed_rows(self.environment.companion, COMPANY, PRICES, [_source(book) | own | same | {"unitPrice": amount}])

    def remove_price(self, number: str, *, book: PriceBook) -> None:
        for row in self.lines(number, book):
            self.environment.store.remove(companion_scope(COMPANY), PRICES, (row["id"],))

    def set_stock(
        self,
        number: str,
        on_hand: Decimal,
        *,
        warehouse: str,
        variant: str = "",
        reserved: Decimal = Decimal(0),
        planned: Decimal = Decimal(0),
    ) -> None:
        change = StockChange(
            itemNumber=number,
            variantCode=variant,
            locationCode=warehouse,
            quantityOnHand=on_hand,
            reservedQuantity=reserved,
            quantityOnPurchaseOrders=planned,
        )
        self.environment.companion.stock.change(COMPANY, change)

    def many(self, count: int) -> list[str]:
        numbers = [f"MANY-{place:05}" for place in range(count)]
        rows: list[Mapping[str, Any]] = [
            {"number": number, "displayName": f"Item {number}", "type": "Inventory", "baseUnitOfMeasureCode": "PCS"}
            for number in numbers
        ]
        self.environment.seeder.seed(COMPANY, "items", rows)
        prices = [_source(BOOKS[0]) | {"itemNumber": number, "unitPrice": "1"} for number in numbers]
        seed_rows(self.environment.companion, COMPANY, PRICES, prices)
        for number in numbers:
            place = (number, "", WAREHOUSES_OF_MARKET[0].code)
            self.environment.companion.stock.move(COMPANY, place, Decimal(1))
        return numbers

    def late(self) -> str:
        stamp = (self.clock() - timedelta(minutes=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        row = {"number": "LATE", "displayName": "Late item", "type": "Inventory", MODIFIED: stamp}
        self.environment.seeder.seed(COMPANY, "items", [row])
        return "LATE"


def _source(book: PriceBook) -> dict[str, str]:
    if book.customer_group:
        group = {"sourceType": "Customer_x0020_Price_x0020_Group", "sourceNumber": book.name.upper()}
        return {"priceListCode": f"S-{book.name.upper()}", **group}
    return {"priceListCode": book.name, "sourceType": "All_x0020_Customers", "sourceNumber": ""}

"""Dataverse under the catalogue suite, and for its own tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from local.dynamics.dataverse.environment import Environment, create_environment
from local.dynamics.dataverse.seed import price_all
from local.dynamics.dataverse.service import SCOPE
from local.dynamics.odata.definitions import Row
from shared.market_options.trade import PriceBook, Warehouse
from tests.contract.connectors.catalogue_harness import GROUPS, RESERVED, CatalogueUnderTest
from tests.contract.connectors.dataverse_harness import PLENTY, dataverse_with
from tests.contract.connectors.harness import TOKEN_KEY

BOOKS = (
    PriceBook(name="Web EUR", currency="EUR"),
    PriceBook(name="Wholesale EUR", currency="EUR", customer_group="wholesale"),
)
WAREHOUSE = Warehouse(code="MAIN", channel="main")


def catalogue() -> CatalogueUnderTest:
    return catalogue_in(create_environment(TOKEN_KEY, limits=PLENTY))


def catalogue_in(environment: Environment) -> CatalogueUnderTest:
    environment.seeder.seed("pricelevels", [{"name": "Wholesale EUR", "transactioncurrencyid": "EUR"}])
    back_end = dataverse_with(environment)
    market = back_end.market.model_copy(update={"price_books": BOOKS, "warehouses": (WAREHOUSE,)})
    return CatalogueUnderTest(
        back_end=replace(back_end, market=market),
        hand=PeopleInDataverse(environment),
        holds=frozenset({GROUPS, RESERVED}),
        name_of_item="Socks, pack of three",
        unit_of_item="PCS",
    )


@dataclass
class PeopleInDataverse:
    """Implements `ByHand`."""

    environment: Environment

    def product(self, number: str) -> Row:
        return self.one("products", "productnumber", number)

    def one(self, entity_set: str, column: str, value: str) -> Row:
        (row,) = self.environment.store.table(SCOPE, entity_set).find(column, value)
        return row

    def write(self, entity_set: str, row: Row, values: Mapping[str, Any]) -> Row:
        return self.environment.rules[entity_set].modify(SCOPE, row, values)

    def rename(self, number: str, name: str) -> None:
        self.write("products", self.product(number), {"name": name})

    def block(self, number: str) -> None:
        self.write("products", self.product(number), {"statecode": 1, "statuscode": 2})

    def delete(self, number: str) -> None:
        self.environment.rules["products"].delete(SCOPE, self.product(number))

    def rows_of(self, number: str, book: PriceBook) -> list[Row]:
        price_list = self.one("pricelevels", "name", book.name)["pricelevelid"]
        rows = self.environment.store.table(SCOPE, "productpricelevels").find(
            "_productid_value", self.product(number)["productid"]
        )
        return [row for row in rows if row["_pricelevelid_value"] == price_list]

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
        assert minimum == 1, "price lists have no tiers"
        assert not any((variant, first_day, last_day)), "price lists have neither variants nor periods"
        if rows := self.rows_of(number, book):
            self.write("productpricelevels", rows[0], {"amount": amount})
            return
        own = {"pricelevelid": book.name, "productid": number, "uomid": "PCS", "pricingmethodcode": 1}
        self.environment.seeder.seed("productpricelevels", [{**own, "amount": amount}])

    def remove_price(self, number: str, *, book: PriceBook) -> None:
        for row in self.rows_of(number, book):
            self.environment.rules["productpricelevels"].delete(SCOPE, row)

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
        assert warehouse == WAREHOUSE.code
        assert not any((variant, planned)), "Dataverse holds neither variants nor what is to come in"
        self.write("products", self.product(number), {"quantityonhand": on_hand})
        if reserved:
            self.order(number, reserved)

    def order(self, number: str, quantity: Decimal, *, unit: str = "PCS", **line: Any) -> Row:
        """Enter an open order of one line."""
        own = {"productid": number, "uomid": unit, "quantity": quantity, **line}
        header = {"name": "An order", "customerid_contact": "10000", "order_details": [own]}
        (order,) = self.environment.seeder.seed("salesorders", [header])
        return order

    def many(self, count: int) -> list[str]:
        numbers = [f"MANY-{place:05}" for place in range(count)]
        rows = [
            {
                "productnumber": number,
                "name": f"Product {number}",
                "price": "1",
                "quantityonhand": 1,
                "statecode": 0,
                "statuscode": 1,
                "defaultuomid": "PCS",
                "defaultuomscheduleid": "Goods",
            }
            for number in numbers
        ]
        self.environment.seeder.seed("products", rows)
        for number in numbers:
            self.set_price(number, Decimal(1), book=BOOKS[0])
        return numbers

    def late(self) -> str:
        (row,) = self.environment.seeder.seed(
            "products", [{"productnumber": "LATE", "name": "Late product", "defaultuomid": "PCS"}]
        )
        price_all(self.environment.seeder, [row["productnumber"]])
        return "LATE"

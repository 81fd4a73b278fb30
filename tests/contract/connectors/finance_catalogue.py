"""Finance under the catalogue suite, and for its own tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from local.dynamics.finance.environment import Environment, create_environment
from local.dynamics.odata.definitions import Row
from shared.market_options.trade import PriceBook, Warehouse
from shared.markets import ItemTarget
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
from tests.contract.connectors.finance_harness import finance_with
from tests.contract.connectors.harness import TOKEN_KEY

COMPANY = "demf"
HOLDS = frozenset({VARIANTS, GTIN, TIERS, PERIODS, GROUPS, WAREHOUSES, RESERVED, PLANNED})
BOOKS = (
    PriceBook(name="WEB", currency="EUR"),
    PriceBook(name="WHOLESALE", currency="EUR", customer_group="wholesale"),
)
WAREHOUSES_OF_MARKET = (Warehouse(code="MAIN", channel="main"), Warehouse(code="EAST", channel="east"))
SITES = {"MAIN": "1", "EAST": "2"}
MEDIUM_BLACK = "SHIRT : : M : BLK :"
EMPTY_DATE = "1900-01-01T12:00:00Z"
DIMENSIONS = ("ProductConfigurationId", "ProductSizeId", "ProductColorId", "ProductStyleId", "ProductVersionId")
BARCODE = {"ProductQuantityUnitSymbol": "ea", "BarcodeSetupId": "EAN13", "IsDefaultScannedBarcode": "Yes"}
# 500 items are 10 filters; items have three kinds of things that belong to them.
REQUESTS_FOR_500 = 40


def catalogue() -> CatalogueUnderTest:
    return catalogue_with()


def catalogue_with(environment: Environment | None = None, **options: Any) -> CatalogueUnderTest:
    environment = environment or create_environment(TOKEN_KEY)
    back_end = finance_with(environment, **options)
    hand = PeopleInFinance(environment)
    hand.seed("ProductBarcodesV3", {"ItemNumber": "SOCKS-3PACK", "Barcode": "4006381333931", **BARCODE})
    hand.set_price("SOCKS-3PACK", Decimal("8.40"), book=BOOKS[0])
    hand.set_stock("SOCKS-3PACK", Decimal(40), warehouse="MAIN")
    market = back_end.market.model_copy(update={"price_books": BOOKS, "warehouses": WAREHOUSES_OF_MARKET})
    return CatalogueUnderTest(
        back_end=replace(back_end, market=market),
        hand=hand,
        holds=HOLDS,
        name_of_item="Socks, pack of three",
        unit_of_item="ea",
        with_variant=ItemTarget(item="SHIRT", variant=MEDIUM_BLACK),
        requests_for_500=REQUESTS_FOR_500,
    )


@dataclass
class PeopleInFinance:
    """Implements `ByHand`."""

    environment: Environment

    def __post_init__(self) -> None:
        self._record_ids = count(5_637_144_576)

    def seed(self, entity_set: str, *rows: Mapping[str, Any]) -> None:
        self.environment.seeder.seed(entity_set, list(rows), COMPANY)

    def product(self, number: str) -> Row:
        row = self.environment.companies.find("ReleasedProductsV2", COMPANY, number)
        assert row is not None
        return row

    def rename(self, number: str, name: str) -> None:
        self.seed("ReleasedProductsV2", self.product(number) | {"ProductSearchName": name})

    def block(self, number: str) -> None:
        self.seed("ReleasedProductsV2", self.product(number) | {"ProductLifecycleStateId": "Obsolete"})

    def delete(self, number: str) -> None:
        self.environment.companies.store.remove("", "ReleasedProductsV2", (COMPANY, number))

    def dimensions(self, variant: str) -> dict[str, str]:
        if not variant:
            return {}
        rows = self.environment.companies.store.table("", "ReleasedProductVariantsV2")
        row = next(row for row in rows.find("ProductVariantNumber", variant) if row["dataAreaId"] == COMPANY)
        return {name: row[name] for name in DIMENSIONS}

    def agreements(self, number: str, book: PriceBook) -> list[Row]:
        rows = self.environment.companies.store.table("", "SalesPriceAgreements").find("ItemNumber", number)
        return [row for row in rows if row["PriceCustomerGroupCode"] == book.name]

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
        dimensions = self.dimensions(variant)
        own = {
            **({"ProductconfigurationId": dimensions.pop("ProductConfigurationId"), **dimensions} if variant else {}),
            "FromQuantity": minimum if minimum != 1 else Decimal(0),
            "PriceApplicableFromDate": f"{first_day}T12:00:00Z" if first_day else EMPTY_DATE,
            "PriceApplicableToDate": f"{last_day}T12:00:00Z" if last_day else EMPTY_DATE,
        }
        known = (row for row in self.agreements(number, book) if all(row[name] == value for name, value in own.items()))
        record = next((row["RecordId"] for row in known if variant or not row["ProductSizeId"]), None)
        known_as = {} if record is None else {"RecordId": record}
        self.agree(number, amount, PriceCustomerGroupCode=book.name, **own, **known_as)

    def agree(self, number: str, amount: Decimal, **own: Any) -> None:
        """Enter an agreement for all customers, unless it says otherwise; with a RecordId that is known, anew."""
        row = {
            "RecordId": next(self._record_ids),
            "ItemNumber": number,
            "PriceCurrencyCode": "EUR",
            "Price": amount,
            "SalesPriceQuantity": Decimal(1),
            "QuantityUnitySymbol": "ea",
        }
        self.seed("SalesPriceAgreements", row | own)

    def remove_price(self, number: str, *, book: PriceBook) -> None:
        for row in self.agreements(number, book):
            self.environment.companies.store.remove("", "SalesPriceAgreements", (COMPANY, row["RecordId"]))

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
        place = {"InventoryWarehouseId": warehouse, "InventorySiteId": SITES[warehouse], **self.dimensions(variant)}
        quantities = {"OnHandQuantity": on_hand, "ReservedOnHandQuantity": reserved, "OrderedQuantity": planned}
        self.seed("WarehousesOnHandV2", {"ItemNumber": number, **place, **quantities})

    def many(self, count: int) -> list[str]:
        numbers = [f"MANY-{place:05}" for place in range(count)]
        for number in numbers:
            texts = {"ItemNumber": number, "ProductNumber": number, "ProductSearchName": f"Item {number}"}
            self.seed("ReleasedProductsV2", {**texts, "SalesUnitSymbol": "ea", "SalesPriceQuantity": "1"})
            self.set_price(number, Decimal(1), book=BOOKS[0])
            self.set_stock(number, Decimal(1), warehouse="MAIN")
        return numbers

    def late(self) -> str:
        self.seed("ReleasedProductsV2", {"ItemNumber": "LATE", "ProductNumber": "LATE", "SalesUnitSymbol": "ea"})
        return "LATE"

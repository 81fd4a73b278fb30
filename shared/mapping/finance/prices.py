"""Sales price agreements of Finance, and sales prices of its released products → prices. Pure.

A price book of the market map is, by its name: a price group of customers, the agreements for all customers
(`ALL_CUSTOMERS`), or the price on the released product (`UNIT_PRICE`), which is in the accounting currency of the
company. As in Finance, the agreements of a variant go before those of its item, and where none for all customers holds,
the price on the product does. Days are days in UTC; the last day of an agreement belongs to it.

Agreements with single customers, sites or warehouses are left out, and so is the quantity up to which one holds: it
holds until the next one begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from shared.mapping.catalogue_values import exact, version_of
from shared.mapping.finance.catalogue import (
    DIMENSIONS,
    ITEM,
    NO_DIMENSIONS,
    Dimensions,
    dimensions_of,
    numbered,
    variant_number,
)
from shared.market_options.trade import PriceBook
from shared.markets import Market
from shared.model.catalogue import PriceState

type Row = Mapping[str, Any]
type Period = tuple[datetime | None, datetime | None]

ALL_CUSTOMERS, UNIT_PRICE = "All Customers", "Unit Price"
PRODUCT_COLUMNS = f"{ITEM},SalesPrice,SalesPriceQuantity,SalesUnitSymbol"
_DIMENSION_COLUMNS = ("ProductconfigurationId", *DIMENSIONS[1:])  # so is the first one spelled there
_AGREEMENT_ONLY = (
    *("PriceCustomerGroupCode", "CustomerAccountNumber", "PriceSiteId", "PriceWarehouseId", "PriceCurrencyCode"),
    *("Price", "SalesPriceQuantity", "QuantityUnitySymbol", "FromQuantity"),
    *("PriceApplicableFromDate", "PriceApplicableToDate"),
)
AGREEMENT_COLUMNS = ",".join((ITEM, *_DIMENSION_COLUMNS, *_AGREEMENT_ONLY))
_NARROW = ("CustomerAccountNumber", "PriceSiteId", "PriceWarehouseId")
_FIRST_YEAR, _LAST_YEAR = 1900, 2154  # how Finance spells "no date" at either end
_FRACTION_DIGITS = 10  # of a price that is not for one unit
_BEGINNING, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Agreement:
    """An agreement: for whom, for which dimensions, and the price that it says."""

    group: str
    dimensions: Dimensions
    price: PriceState

    @property
    def named(self) -> int:
        """How many dimensions it names."""
        return sum(map(bool, self.dimensions))

    def holds_for(self, dimensions: Dimensions) -> bool:
        """Tell whether it holds for a variant with these."""
        return all(own in ("", other) for own, other in zip(self.dimensions, dimensions, strict=True))


def groups_of(market: Market) -> list[str]:
    """Return the price groups whose agreements are read; empty is for all customers."""
    names = (book.name for book in market.price_books if not _is(book, UNIT_PRICE))
    return sorted({"" if name.casefold() == ALL_CUSTOMERS.casefold() else name for name in names})


def needs_currency(market: Market) -> bool:
    """Tell whether a book holds prices on products, so that the company's currency must be known."""
    return any(_is(book, UNIT_PRICE) or _is(book, ALL_CUSTOMERS) for book in market.price_books)


def price_states(
    product: Row, variants: Iterable[Row], agreements: Iterable[Row], market: Market, currency: str
) -> list[PriceState]:
    """Return what an item and each of its variants cost in the market's books. `currency` is the company's own."""
    known = [_agreement(row) for row in agreements if not any(row.get(name) for name in _NARROW)]
    found: list[PriceState] = []
    for variant, dimensions in [
        ("", NO_DIMENSIONS),
        *((variant_number(row), dimensions_of(row)) for row in numbered(variants)),
    ]:
        holding = [one for one in known if one.holds_for(dimensions)]
        for book in market.price_books:
            prices = _of_book(holding, book, product, currency)
            found += [
                replace(price, number=str(product[ITEM]), variant=variant, book=book.name, currency=book.currency)
                for price in prices
            ]
    return found


def _of_book(holding: Sequence[_Agreement], book: PriceBook, product: Row, currency: str) -> list[PriceState]:
    is_own = book.currency == currency
    if _is(book, UNIT_PRICE):
        return _on_product(product, [(None, None)]) if is_own else []
    group = "" if _is(book, ALL_CUSTOMERS) else book.name.casefold()
    in_book = [one for one in holding if one.group == group and one.price.currency == book.currency]
    most = max((one.named for one in in_book), default=0)
    prices = _lowest(one.price for one in in_book if one.named == most)
    if is_own and _is(book, ALL_CUSTOMERS):
        units = ("", str(product.get("SalesUnitSymbol") or ""))
        standing = [price for price in prices if price.minimum <= 1 and price.unit in units]
        return [*prices, *_on_product(product, _uncovered(standing))]
    return prices


def _lowest(prices: Iterable[PriceState]) -> list[PriceState]:
    """Where two agreements say the same, Finance takes the lower amount."""
    chosen: dict[str, PriceState] = {}
    for price in prices:
        if price.key not in chosen or price.amount < chosen[price.key].amount:
            chosen[price.key] = price
    return list(chosen.values())


def _on_product(product: Row, periods: Iterable[Period]) -> list[PriceState]:
    """Return the price on the product in these periods; 0 means that there is none."""
    amount = _per_unit(product.get("SalesPrice"), product.get("SalesPriceQuantity"))
    unit = str(product.get("SalesUnitSymbol") or "")
    if not amount:
        return []
    return [
        PriceState("", "", "", "", amount, unit=unit, valid_from=begin, valid_until=end, version=version_of(amount))
        for begin, end in periods
    ]


def _uncovered(prices: Iterable[PriceState]) -> list[Period]:
    """Return the periods in which none of the prices holds."""
    covered = sorted((price.valid_from or _BEGINNING, price.valid_until or _END) for price in prices)
    free: list[Period] = []
    reached = _BEGINNING
    for begin, end in [*covered, (_END, _END)]:
        if begin > reached:
            free.append((None if reached == _BEGINNING else reached, None if begin == _END else begin))
        reached = max(reached, end)
    return free


def _agreement(row: Row) -> _Agreement:
    amount = _per_unit(row.get("Price"), row.get("SalesPriceQuantity"))
    last = _day(row.get("PriceApplicableToDate"))
    price = PriceState(
        number="",
        variant="",
        book="",
        currency=str(row["PriceCurrencyCode"]).upper(),
        amount=amount,
        minimum=exact(row.get("FromQuantity")) or Decimal(1),
        unit=str(row.get("QuantityUnitySymbol") or ""),
        valid_from=_day(row.get("PriceApplicableFromDate")),
        valid_until=last + timedelta(days=1) if last else None,
        version=version_of(amount),
    )
    return _Agreement(str(row.get("PriceCustomerGroupCode") or "").casefold(), dimensions_of(row), price)


def _per_unit(price: object, quantity: object) -> Decimal:
    """Return the price of one unit; a quantity of 0 is not set, and means 1."""
    divisor = exact(quantity) or Decimal(1)
    if divisor == 1:
        return exact(price)
    digits = Decimal(1).scaleb(-_FRACTION_DIGITS)
    return exact((exact(price) / divisor).quantize(digits, ROUND_HALF_UP))


def _day(value: object) -> datetime | None:
    """Return the beginning of a day in UTC; None for what stands for no date."""
    if not value:
        return None
    moment = datetime.fromisoformat(str(value)).astimezone(UTC)
    if moment.year <= _FIRST_YEAR or moment.year >= _LAST_YEAR:
        return None
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def _is(book: PriceBook, name: str) -> bool:
    return book.name.casefold() == name.casefold()

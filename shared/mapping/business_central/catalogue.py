"""Rows of Business Central → what it offers for sale. Pure.

The API has one line of text besides an item's name (`displayName2`), one tax code, and for variants nothing but a code
and a description. A variant therefore takes everything from its item; its own description is the attribute
`description`. Whether an item is blocked for sale alone (*Sales Blocked*) is not in API v2.0.

A price book of the market map is, by its name: a customer price group, a sales price list for all customers, all such
lists together and the item card where no line holds (`ALL_CUSTOMERS`), or the price on the item card alone
(`UNIT_PRICE`). A price without a unit is for the item's base unit. Days are days in UTC; the last day of a price
belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.mapping.catalogue_values import exact, version_of
from shared.market_options.trade import PriceBook, Warehouse
from shared.markets import Market
from shared.model.catalogue import ItemState, PriceState, StockState

type Row = Mapping[str, Any]

ALL_CUSTOMERS, UNIT_PRICE = "All Customers", "Unit Price"
ACTIVE, DISCOUNT = "Active", "Discount"  # values of a price list line's status and amountType
SOURCE_ALL, SOURCE_GROUP = "All_x0020_Customers", "Customer_x0020_Price_x0020_Group"  # of its sourceType
INVENTORY = "Inventory"  # the type of items that have stock at all
_ITEM_FIELDS = (
    *("id", "number", "displayName", "displayName2", "type", "itemCategoryCode", "blocked", "gtin", "taxGroupCode"),
    *("baseUnitOfMeasureCode", "lastModifiedDateTime"),
)
_CARD = frozenset({ALL_CUSTOMERS.casefold(), UNIT_PRICE.casefold()})
_VARIANT_FIELDS = frozenset({"description"})
_NO_DAY = "0001-01-01"


def item_columns(market: Market) -> str:
    """Name the properties of items that are read, those of `products.attributes` included."""
    own = (name for name in market.products.attributes if name not in _VARIANT_FIELDS)
    return ",".join(dict.fromkeys((*_ITEM_FIELDS, *own)))


def item_states(row: Row, variants: Iterable[Row], market: Market) -> list[ItemState]:
    """Return an item as itself and as each of its variants."""
    ordered = sorted(variants, key=lambda variant: str(variant["code"]))
    return [_item_state(row, None, market), *(_item_state(row, variant, market) for variant in ordered)]


def _item_state(row: Row, variant: Row | None, market: Market) -> ItemState:
    source = {**row, **({"description": variant["description"]} if variant is not None else {})}
    attributes = {name: _text(source[name]) for name in market.products.attributes if name in source}
    code = str(variant["code"]) if variant is not None else ""
    texts = {
        "number": str(row["number"]),
        "name": _text(row.get("displayName")),
        "description": _text(row.get("displayName2")),
        "unit": _text(row.get("baseUnitOfMeasureCode")),
        "gtin": _text(row.get("gtin")) if variant is None else "",
        "tax_code": _text(row.get("taxGroupCode")),
        "category": _text(row.get("itemCategoryCode")),
    }
    blocked = bool(row.get("blocked"))
    version = version_of(code, blocked, *texts.values(), *sorted(attributes.items()))
    return ItemState(variant=code, blocked=blocked, attributes=attributes, version=version, **texts)


def is_counted(row: Row) -> bool:
    """Tell whether an item has stock; services have none."""
    return bool(row.get("type") == INVENTORY)


def card_books(market: Market, local_currency: str) -> list[str]:
    """Name the books that the item card counts in, in the company's own currency; the empty one is the item's own."""
    books = [book.name for book in market.price_books if book.currency == local_currency]
    return [*([""] if books else []), *(name for name in books if _folded(name) in _CARD)]


def list_books(market: Market) -> list[PriceBook]:
    """Return the books that price list lines fill."""
    return [book for book in market.price_books if _folded(book.name) != _folded(UNIT_PRICE)]


def card_prices(row: Row, books: Iterable[str], local_currency: str) -> list[PriceState]:
    """Return an item card's price in each of these books; 0 says that there is none, see `is_given`.

    In `ALL_CUSTOMERS` it carries the base unit, so that it is never mistaken for a line of a list, which it yields to.
    """
    number, amount, base_unit = str(row["number"]), exact(row["unitPrice"]), _text(row.get("baseUnitOfMeasureCode"))
    return [
        PriceState(
            number=number,
            variant="",
            book=book,
            currency=local_currency,
            amount=amount,
            unit=base_unit if _folded(book) == _folded(ALL_CUSTOMERS) else "",
            version=version_of(amount),
        )
        for book in books
    ]


def is_given(price: PriceState) -> bool:
    """Tell whether an item card has a price; nothing is sold for nothing because nobody has set one."""
    return price.amount > 0


def line_prices(row: Row, books: Iterable[PriceBook], local_currency: str) -> list[PriceState]:
    """Return what a price list line says in each book that it belongs to; whether it is active is the caller's to ask.

    A line that carries discounts alone says nothing.
    """
    if row["amountType"] == DISCOUNT:
        return []
    currency = str(row["currencyCode"] or local_currency)
    return [_line_price(row, book) for book in books if book.currency == currency and _belongs(row, book)]


def _line_price(row: Row, book: PriceBook) -> PriceState:
    amount = exact(row["unitPrice"])
    first, last = _day(row["startingDate"]), _day(row["endingDate"])
    return PriceState(
        number=str(row["itemNumber"]),
        variant=_text(row["variantCode"]),
        book=book.name,
        currency=book.currency,
        amount=amount,
        minimum=exact(row["minimumQuantity"]) or Decimal(1),
        unit=_text(row["unitOfMeasureCode"]),
        valid_from=first,
        valid_until=last + timedelta(days=1) if last is not None else None,
        version=version_of(amount),
    )


def effective_prices(variant: str, lines: Iterable[PriceState], card: Iterable[PriceState]) -> list[PriceState]:
    """Return what counts for a variant, or for the item itself, among all prices of one item.

    Business Central takes the variant's own lines before the item's wherever both apply, then the lowest amount,
    whatever quantity that line is for; and it looks at the card only where no line applies. What is never taken is left
    out, so that the row with the largest quantity that is reached is the one that counts.
    """
    known = tuple(lines)
    own = [price for price in known if price.variant == variant]
    general = [price for price in known if variant and not price.variant]
    inherited = [price for price in general if not any(_covers(one, price) for one in own)]
    rows = [replace(price, variant=variant) for price in (*_taken(own), *_taken(inherited))]
    chosen = {price.key: price for price in rows}
    listed = {price.book for price in chosen.values() if _is_standing(price)}
    rest = (price for price in card if price.book not in listed)
    return [*chosen.values(), *(replace(price, variant=variant) for price in rest)]


def _taken(prices: Sequence[PriceState]) -> list[PriceState]:
    """Leave out rows that a lower one covers."""
    return [price for price in prices if not any(one.amount < price.amount and _covers(one, price) for one in prices)]


def _covers(one: PriceState, other: PriceState) -> bool:
    """Tell whether a price applies wherever the other one does."""
    same = (one.book, one.currency, one.unit) == (other.book, other.currency, other.unit)
    begins = one.valid_from is None or (other.valid_from is not None and one.valid_from <= other.valid_from)
    ends = one.valid_until is None or (other.valid_until is not None and one.valid_until >= other.valid_until)
    return same and one.minimum <= other.minimum and begins and ends


def _is_standing(price: PriceState) -> bool:
    """Tell whether a line always applies to a single piece, so that the card never does."""
    return price.minimum <= 1 and not price.unit and price.valid_from is None and price.valid_until is None


def availability(row: Row, warehouses: Mapping[str, Warehouse]) -> StockState | None:
    """Read an availability of the companion; None for a warehouse that is not among these, by folded code.

    What is reserved from stock for sales orders is also what is sold, and Business Central does not say how much of it
    is for something else: the larger of the two is what will be taken.
    """
    warehouse = warehouses.get(_folded(row["locationCode"]))
    if warehouse is None:
        return None
    reserved = max(exact(row["quantityOnSalesOrders"]), exact(row["reservedQuantity"]))
    amounts = (exact(row["quantityOnHand"]), reserved, exact(row["quantityOnPurchaseOrders"]))
    return _stock(str(row["itemNumber"]), _text(row["variantCode"]), warehouse, amounts)


def card_stock(row: Row, warehouse: Warehouse) -> StockState:
    """Read an item's total over all locations as the stock of a company's only warehouse."""
    return _stock(str(row["number"]), "", warehouse, (exact(row["inventory"]), Decimal(0), Decimal(0)))


def no_stock(number: str, variant: str, warehouse: Warehouse) -> StockState:
    """Say that a warehouse has nothing of an item."""
    return _stock(number, variant, warehouse, (Decimal(0), Decimal(0), Decimal(0)))


def by_code(warehouses: Iterable[Warehouse]) -> dict[str, Warehouse]:
    """Return warehouses by folded code."""
    return {_folded(warehouse.code): warehouse for warehouse in warehouses}


def _stock(number: str, variant: str, warehouse: Warehouse, amounts: tuple[Decimal, Decimal, Decimal]) -> StockState:
    on_hand, reserved, planned = amounts
    return StockState(number, variant, warehouse.code, on_hand, reserved, planned, version_of(*amounts))


def _belongs(row: Row, book: PriceBook) -> bool:
    if row["sourceType"] == SOURCE_GROUP:
        return _folded(row["sourceNumber"]) == _folded(book.name)
    return row["sourceType"] == SOURCE_ALL and (_is_all(book) or _folded(row["priceListCode"]) == _folded(book.name))


def _is_all(book: PriceBook) -> bool:
    return _folded(book.name) == _folded(ALL_CUSTOMERS)


def _day(text: str | None) -> datetime | None:
    if not text or text == _NO_DAY:
        return None
    day = date.fromisoformat(text)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _folded(code: object) -> str:
    """Codes are stored in upper case; people write them as they like."""
    return str(code).strip().casefold()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{exact(value):f}" if isinstance(value, int | float) else str(value)

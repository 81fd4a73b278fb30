"""Rows of Dataverse's product catalogue → what it offers for sale. Pure.

A price book of the market map is a price list by its name and currency. Its rows have no quantities from which they
hold, and no dates: the dates are those of the list, whose last day belongs to it; days are days in UTC. What one unit
costs is only read where the row says an amount; a percentage of another price is not worked out here.

Dataverse reserves nothing. What open orders will still take is added up from their lines, in the product's default
unit. The quantity on hand is what somebody, or another integration, has written there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from shared.mapping.catalogue_values import exact, version_of
from shared.market_options.trade import PriceBook
from shared.markets import Market
from shared.model.catalogue import ItemState, PriceState, StockState

type Row = Mapping[str, Any]

ID, NUMBER, UNIT, PRODUCT = "productid", "productnumber", "_defaultuomid_value", "_productid_value"
PRICE_LIST, CURRENCY = "_pricelevelid_value", "_transactioncurrencyid_value"
FAMILY = 2  # productstructure: a group of products, which nobody can buy
ACTIVE = 0  # statecode
AMOUNT = 1  # pricingmethodcode: the row says the amount itself
OPEN_ORDERS = (0, 1)  # statecode: Active and Submitted
_ITEM_COLUMNS = (*(ID, NUMBER, UNIT, "name", "description", "statecode", "productstructure", "hierarchypath"),)
STOCK_COLUMNS = f"{ID},{NUMBER},{UNIT},productstructure,quantityonhand"
NUMBER_COLUMNS = f"{ID},{NUMBER},productstructure"
PRICE_COLUMNS = f"{PRODUCT},{PRICE_LIST},_uomid_value,amount,pricingmethodcode"
LIST_COLUMNS = f"name,begindate,enddate,statecode,{CURRENCY}"
LINE_COLUMNS = f"{PRODUCT},_uomid_value,quantity,quantityshipped,quantitycancelled"
UNIT_COLUMNS = "name,quantity,_baseuom_value"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit, and how many of its group's base unit it is."""

    name: str
    factor: Decimal


type Units = Mapping[str, Unit]


@dataclass(frozen=True, slots=True)
class ListedBook:
    """A price book, and when its price list holds."""

    book: PriceBook
    valid_from: datetime | None
    valid_until: datetime | None


def item_columns(market: Market) -> str:
    """Name the columns of products that are read, those of `products.attributes` included."""
    return ",".join(dict.fromkeys((*_ITEM_COLUMNS, *market.products.attributes)))


def is_product(row: Row) -> bool:
    """Tell whether a row is something that can be bought."""
    return bool(row.get(NUMBER)) and row.get("productstructure") != FAMILY


def units_of(rows: Iterable[Row]) -> Units:
    """Read all units. A unit whose base unit is not there counts as one of its own."""
    known = {str(row["uomid"]): row for row in rows}
    return {key: Unit(str(row["name"]), _factor(row, known)) for key, row in known.items()}


def _factor(row: Row, known: Mapping[str, Row]) -> Decimal:
    factor, seen = Decimal(1), set[str]()
    while (base := row.get("_baseuom_value")) in known and base not in seen:
        factor *= exact(row["quantity"]) or 1
        seen.add(str(base))
        row = known[str(base)]
    return factor


def item_state(row: Row, units: Units, market: Market) -> ItemState:
    """Read a product. Products have no variants and no global trade item number; the family's path is the category."""
    number, name, description = str(row[NUMBER]), row.get("name") or "", row.get("description") or ""
    unit = units.get(str(row.get(UNIT)))
    unit_name = unit.name if unit else ""
    blocked = row.get("statecode") != ACTIVE
    category = row.get("hierarchypath") or ""
    attributes = {field: _text(row.get(field)) for field in market.products.attributes}
    version = version_of(number, name, description, unit_name, blocked, category, sorted(attributes.items()))
    return ItemState(
        number=number,
        name=name,
        description=description,
        unit=unit_name,
        blocked=blocked,
        category=category,
        attributes=attributes,
        version=version,
    )


def listed_books(rows: Iterable[Row], currencies: Mapping[str, str], market: Market) -> dict[str, list[ListedBook]]:
    """Return the market's books by the id of the price list that each is. The case of names does not matter."""
    found: dict[str, list[ListedBook]] = {}
    for row in rows:
        currency = currencies.get(str(row.get(CURRENCY)), "")
        first, last = _day(row.get("begindate")), _day(row.get("enddate"))
        until = last + timedelta(days=1) if last else None
        for book in market.price_books:
            if book.name.casefold() == str(row["name"]).casefold() and book.currency == currency:
                found.setdefault(str(row["pricelevelid"]), []).append(ListedBook(book, first, until))
    return found


def price_states(row: Row, number: str, books: Mapping[str, list[ListedBook]], units: Units) -> list[PriceState]:
    """Read a row of a price list; one that is a percentage of another price says nothing."""
    if row.get("amount") is None or row.get("pricingmethodcode") not in (AMOUNT, None):
        return []
    amount, unit = exact(row["amount"]), units.get(str(row.get("_uomid_value")))
    unit_name = unit.name if unit else ""
    return [
        PriceState(
            number=number,
            variant="",
            book=listed.book.name,
            currency=listed.book.currency,
            amount=amount,
            unit=unit_name,
            valid_from=listed.valid_from,
            valid_until=listed.valid_until,
            version=version_of(amount),
        )
        for listed in books.get(str(row.get(PRICE_LIST)), ())
    ]


def reserved_of(lines: Iterable[Row], units: Units) -> dict[str, Decimal]:
    """Add up what lines of open orders will still take, in base units of the unit group, by product id."""
    taken: dict[str, Decimal] = {}
    for line in lines:
        product = line.get(PRODUCT)
        left = exact(line["quantity"]) - exact(line["quantityshipped"]) - exact(line["quantitycancelled"])
        if product and left > 0:
            unit = units.get(str(line.get("_uomid_value")))
            taken[str(product)] = taken.get(str(product), Decimal(0)) + left * (unit.factor if unit else 1)
    return taken


def stock_state(row: Row, warehouse: str, reserved: Mapping[str, Decimal], units: Units) -> StockState:
    """Read what there is of a product; it is all in the one warehouse."""
    unit = units.get(str(row.get(UNIT)))
    on_hand = exact(row.get("quantityonhand"))
    taken = exact(reserved.get(str(row[ID]), Decimal(0)) / (unit.factor if unit else 1))
    number = str(row[NUMBER])
    return StockState(
        number=number,
        variant="",
        warehouse=warehouse,
        on_hand=on_hand,
        reserved=taken,
        version=version_of(on_hand, taken),
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(exact(value) if isinstance(value, float) else value)


def _day(value: object) -> datetime | None:
    """Return the beginning of the day of a date, or of a moment, in UTC."""
    if not value:
        return None
    moment = datetime.fromisoformat(str(value))
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)

"""Rows of Finance's released products and what belongs to them → items and stock. Pure.

A variant is known by its product variant number, as orders know it; prices and stock name it by five dimensions. The
name and description of an item are those of its translation into the market's language, else its search name; those of
a variant come with the variant. A barcode that may be a global trade item number is one of 8, 12, 13 or 14 digits.

On hand, of the fields of `WarehousesOnHandV2` (their names and formulas are those of the on-hand form):
`OnHandQuantity` is what is there, `ReservedOnHandQuantity` what of it is reserved, and `OnOrderQuantity` what orders
will take that have reserved nothing. `OrderedQuantity` is what is to come in, `ReservedOrderedQuantity` what of that is
promised already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from shared.mapping.catalogue_values import exact, version_of
from shared.mapping.finance.fields import YES
from shared.market_options.finance import FinanceOptions
from shared.markets import Market
from shared.model.catalogue import ItemState, StockState

type Row = Mapping[str, Any]
type Dimensions = tuple[str, ...]

ITEM = "ItemNumber"
DIMENSIONS = ("ProductConfigurationId", "ProductSizeId", "ProductColorId", "ProductStyleId", "ProductVersionId")
NO_DIMENSIONS: Dimensions = ("",) * len(DIMENSIONS)
WAREHOUSE = "InventoryWarehouseId"
_PRODUCT_COLUMNS = (
    *(ITEM, "ProductNumber", "ProductSearchName", "ProductLifecycleStateId", "ProductGroupId"),
    *("SalesUnitSymbol", "SalesSalesTaxItemGroupCode"),
)
_VARIANT_ONLY = ("ProductName", "ProductDescription", "ProductLifecycleStateId", "SalesSalesTaxItemGroupCode")
VARIANT_COLUMNS = ",".join((ITEM, "ProductVariantNumber", *DIMENSIONS, *_VARIANT_ONLY))
VARIANT_NUMBER_COLUMNS = ",".join((ITEM, "ProductVariantNumber", *DIMENSIONS))
_BARCODE_ONLY = ("Barcode", "ProductQuantityUnitSymbol", "IsDefaultScannedBarcode")
BARCODE_COLUMNS = ",".join((ITEM, *DIMENSIONS, *_BARCODE_ONLY))
TRANSLATION_COLUMNS = "ProductNumber,ProductName,Description"
_QUANTITIES = (
    *("OnHandQuantity", "ReservedOnHandQuantity", "OnOrderQuantity"),
    *("OrderedQuantity", "ReservedOrderedQuantity"),
)
STOCK_COLUMNS = ",".join((ITEM, *DIMENSIONS, WAREHOUSE, *_QUANTITIES))
_GTIN_LENGTHS = frozenset({8, 12, 13, 14})


@dataclass(frozen=True, slots=True)
class Belongings:
    """What belongs to items, by item number without regard to case; translations by product number."""

    variants: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    barcodes: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    translations: Mapping[str, Row] = field(default_factory=dict)


def by_item(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Group rows by item number without regard to case."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row[ITEM]).casefold(), []).append(row)
    return found


def product_columns(market: Market) -> str:
    """Name the fields of released products that are read, those of `products.attributes` included."""
    own = (name for name in market.products.attributes if name not in DIMENSIONS)
    return ",".join(dict.fromkeys((*_PRODUCT_COLUMNS, *own)))


def dimensions_of(row: Row) -> Dimensions:
    """Return the five product dimensions without regard to case. Sales price agreements spell the first differently."""
    spelled = {**row, DIMENSIONS[0]: row.get(DIMENSIONS[0]) or row.get("ProductconfigurationId")}
    return tuple(str(spelled.get(name) or "").casefold() for name in DIMENSIONS)


def variant_number(row: Row) -> str:
    """Return a variant's number; empty for one that orders cannot name."""
    return str(row.get("ProductVariantNumber") or "")


def numbered(rows: Iterable[Row]) -> list[Row]:
    """Return the variants that have a number, in its order."""
    return sorted((row for row in rows if variant_number(row)), key=variant_number)


def item_states(product: Row, belongings: Belongings, market: Market) -> list[ItemState]:
    """Return an item, and each of its variants."""
    key = str(product[ITEM]).casefold()
    barcodes = belongings.barcodes.get(key, ())
    translation = belongings.translations.get(str(product.get("ProductNumber")).casefold(), {})
    item = _item(product, translation, barcodes, market)
    variants = (_variant(item, row, barcodes, market) for row in numbered(belongings.variants.get(key, ())))
    return [_versioned(state) for state in (item, *variants)]


def _item(product: Row, translation: Row, barcodes: Iterable[Row], market: Market) -> ItemState:
    unit = product.get("SalesUnitSymbol") or ""
    return ItemState(
        number=str(product[ITEM]),
        name=translation.get("ProductName") or product.get("ProductSearchName") or "",
        description=translation.get("Description") or "",
        unit=unit,
        blocked=_is_blocked(product, market),
        gtin=_gtin(barcodes, NO_DIMENSIONS, unit),
        tax_code=product.get("SalesSalesTaxItemGroupCode") or "",
        category=product.get("ProductGroupId") or "",
        attributes={name: _text(product.get(name)) for name in market.products.attributes},
    )


def _variant(item: ItemState, row: Row, barcodes: Iterable[Row], market: Market) -> ItemState:
    own = {name: _text(row.get(name)) for name in market.products.attributes if name in DIMENSIONS}
    return replace(
        item,
        variant=variant_number(row),
        name=row.get("ProductName") or item.name,
        description=row.get("ProductDescription") or item.description,
        blocked=item.blocked or _is_blocked(row, market),
        gtin=_gtin(barcodes, dimensions_of(row), item.unit),
        tax_code=row.get("SalesSalesTaxItemGroupCode") or item.tax_code,
        attributes={**item.attributes, **own},
    )


def _versioned(state: ItemState) -> ItemState:
    parts = (state.name, state.description, state.unit, state.blocked, state.gtin, state.tax_code, state.category)
    return replace(state, version=version_of(state.key, *parts, sorted(state.attributes.items())))


def _is_blocked(row: Row, market: Market) -> bool:
    options = market.finance or FinanceOptions()
    return row.get("ProductLifecycleStateId") in options.blocked_lifecycle_states


def _gtin(barcodes: Iterable[Row], dimensions: Dimensions, unit: str) -> str:
    """Choose the barcode of the sales unit, and the one that is scanned by default, before others."""
    found = [row for row in barcodes if dimensions_of(row) == dimensions and _is_gtin(str(row.get("Barcode") or ""))]
    best = min(found, key=lambda row: _rank(row, unit), default=None)
    return "" if best is None else str(best["Barcode"])


def _rank(row: Row, unit: str) -> tuple[bool, bool, str]:
    is_unit = str(row.get("ProductQuantityUnitSymbol") or "").casefold() == unit.casefold()
    return not is_unit, row.get("IsDefaultScannedBarcode") != YES, str(row["Barcode"])


def _is_gtin(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) in _GTIN_LENGTHS


def stock_states(rows: Iterable[Row], variants: Mapping[str, Sequence[Row]], market: Market) -> list[StockState]:
    """Add up what warehouses of the market hold; sites do not matter. Dimensions that name no variant are left out."""
    codes = {warehouse.code.casefold(): warehouse.code for warehouse in market.warehouses}
    sums: dict[tuple[str, str, str], list[Decimal]] = {}
    for row in rows:
        code = codes.get(str(row[WAREHOUSE]).casefold())
        variant = _named(row, variants)
        if code is None or variant is None:
            continue
        held = sums.setdefault((str(row[ITEM]), variant, code), [Decimal(0)] * len(_QUANTITIES))
        for place, name in enumerate(_QUANTITIES):
            held[place] += exact(row.get(name))
    return [_stock(*place, *held) for place, held in sums.items()]


def no_stock(number: str, variant: str, warehouse: str) -> StockState:
    """Return the state of what was never there."""
    return _stock(number, variant, warehouse, *[Decimal(0)] * len(_QUANTITIES))


def _named(row: Row, variants: Mapping[str, Sequence[Row]]) -> str | None:
    wanted = dimensions_of(row)
    if wanted == NO_DIMENSIONS:
        return ""
    known = numbered(variants.get(str(row[ITEM]).casefold(), ()))
    return next((variant_number(one) for one in known if dimensions_of(one) == wanted), None)


def _stock(
    number: str,
    variant: str,
    warehouse: str,
    on_hand: Decimal,
    reserved: Decimal,
    on_order: Decimal,
    ordered: Decimal,
    promised: Decimal,
) -> StockState:
    taken, planned = exact(reserved + on_order), exact(ordered - promised)
    return StockState(
        number=number,
        variant=variant,
        warehouse=warehouse,
        on_hand=exact(on_hand),
        reserved=taken,
        planned=planned,
        version=version_of(exact(on_hand), taken, planned),
    )


def _text(value: object) -> str:
    return "" if value is None else str(exact(value) if isinstance(value, float) else value)

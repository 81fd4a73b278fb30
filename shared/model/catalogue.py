"""What a back-end offers for sale: items, their prices and their stock, neutral to which back-end it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class ItemState:
    """An item, or one variant of an item that has variants. `version` differs whenever the record does.

    `attributes` are further fields of the back-end by its own names, as texts; only those that the market map maps.
    """

    number: str
    variant: str = ""
    name: str = ""
    description: str = ""
    unit: str = ""
    blocked: bool = False
    gtin: str = ""
    tax_code: str = ""
    category: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    version: str = ""

    @property
    def key(self) -> str:
        """What tells the record from all others of its kind in a company."""
        return item_key(self.number, self.variant)


@dataclass(frozen=True, slots=True)
class PriceState:
    """One row of a price list: what one unit costs from a quantity on, in a period.

    `book` is the price list's (or price group's) name as `price_books` of the market map says it; empty for the item's
    own price. Times are aware; None is open-ended. `amount` is for one `unit`; empty is the item's sales unit.
    """

    number: str
    variant: str
    book: str
    currency: str
    amount: Decimal
    minimum: Decimal = Decimal(1)
    unit: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    version: str = ""

    @property
    def key(self) -> str:
        """What tells the row from all others of a company."""
        period = "/".join(moment.isoformat() if moment else "" for moment in (self.valid_from, self.valid_until))
        parts = (item_key(self.number, self.variant), self.book, self.currency, self.unit, str(self.minimum), period)
        return "|".join(parts)


@dataclass(frozen=True, slots=True)
class StockState:
    """What a warehouse holds of an item, in the item's base unit.

    `reserved` is what sales orders that the back-end knows will still take out of `on_hand`; `planned` is what is on
    order and expected.
    """

    number: str
    variant: str
    warehouse: str
    on_hand: Decimal
    reserved: Decimal = Decimal(0)
    planned: Decimal = Decimal(0)
    version: str = ""

    @property
    def key(self) -> str:
        """What tells the record from all others of a company."""
        return f"{item_key(self.number, self.variant)}|{self.warehouse}"


type Record = ItemState | PriceState | StockState


@dataclass(frozen=True, slots=True)
class CataloguePage[Kind: Record]:
    """A page of records; once it is safe, the pull goes on from `cursor`, also in another run.

    `whole` says that the pages together list everything there is: what did not change is sorted out by its version,
    and what is missing is gone. `gone` are keys that the back-end itself tells as deleted.
    """

    records: Sequence[Kind]
    cursor: str
    whole: bool = False
    gone: Sequence[str] = ()


def item_key(number: str, variant: str) -> str:
    """Name an item or a variant in one text, as the id map does; numbers may have any character themselves."""
    return f"{_escaped(number)}/{_escaped(variant)}" if variant else _escaped(number)


def item_of_key(key: str) -> tuple[str, str]:
    """Return number and variant of a record's key."""
    number, _, variant = key.partition("|")[0].partition("/")
    return unquote(number), unquote(variant)


def _escaped(text: str) -> str:
    for character in "%/|":
        text = text.replace(character, f"%{ord(character):02X}")
    return text

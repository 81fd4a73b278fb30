"""Rows of price books → the prices that commercetools shall have. Pure.

Where several rows of one book hold at the same time, the lowest counts for each quantity, as it does for a customer of
the back-end. commercetools refuses prices of one scope whose periods overlap, so that periods are cut where a row
begins or ends. Rows without any period make a price without one, which commercetools falls back to.

A book that sells from a quantity above 1 on has no price for one piece, but commercetools needs one. It is the item's
own price, in the same currency; without that, nothing is written, and the listing says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise

from shared.mapping.commercetools.price_documents import (
    MOST_FRACTION_DIGITS,
    ListedPrice,
    Period,
    Scope,
    ScopeIds,
    Tier,
    price_key,
)
from shared.market_options.trade import PriceBook
from shared.markets import Market
from shared.model.catalogue import PriceState

_BEGINNING, _END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PriceProblem:
    """Why a book gives a SKU no price, or not all of them."""

    sku: str
    book: str
    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The prices of one SKU and kind, and what stands in the way of others."""

    prices: tuple[ListedPrice, ...] = ()
    problems: tuple[PriceProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Stretch:
    period: Period
    amount: Decimal
    tiers: tuple[Tier, ...]


def listed_prices(
    rows: Iterable[PriceState], sku: str, market: Market, *, kind: str = "standalone", unit: str | None = None
) -> Listing:
    """List the prices of one SKU from all rows of its item, for the market's books of one kind.

    `unit` is the one that the shop sells in. Without it, rows may be in one unit or in none, but not in several.
    """
    known = tuple(rows)
    prices: list[ListedPrice] = []
    problems: list[PriceProblem] = []
    for book in market.price_books:
        if book.kind != kind:
            continue
        try:
            prices += _prices_of_book(known, sku, book, market.name, unit)
        except _Unpriced as error:
            problems.append(PriceProblem(sku, book.name, str(error)))
    return Listing(tuple(prices), tuple(problems))


def within(listing: Listing, ids: ScopeIds) -> Listing:
    """Leave out prices for customer groups and channels that commercetools does not have."""
    known = tuple(price for price in listing.prices if ids.known(price.scope))
    unknown = [price for price in listing.prices if not ids.known(price.scope)]
    return Listing(known, (*listing.problems, *{_homeless(price): None for price in unknown}))


def _homeless(price: ListedPrice) -> PriceProblem:
    group, channel = price.scope.customer_group, price.scope.channel
    named = " or ".join(f"{kind} {key}" for kind, key in (("customer group", group), ("channel", channel)) if key)
    return PriceProblem(price.sku, price.book, f"is for {named}, which commercetools does not have: create it there")


class _Unpriced(Exception):
    """A book that no price follows from."""


def _prices_of_book(
    rows: Sequence[PriceState], sku: str, book: PriceBook, market: str, unit: str | None
) -> list[ListedPrice]:
    in_currency = [row for row in rows if row.currency == book.currency]
    own = [row for row in in_currency if not row.book]
    listed = _in_one_unit([row for row in in_currency if row.book.casefold() == book.name.casefold()], unit)
    for row in listed:
        _check_amount(row)
    scope = Scope(book.currency, book.country, book.customer_group, book.channel)
    return [
        ListedPrice(
            key=price_key(market, sku, book.name, scope, stretch.period),
            sku=sku,
            book=book.name,
            scope=scope,
            amount=stretch.amount,
            tiers=stretch.tiers,
            period=stretch.period,
        )
        for stretch in _stretches(listed, own)
    ]


def _in_one_unit(rows: list[PriceState], unit: str | None) -> list[PriceState]:
    units = sorted({row.unit for row in rows if row.unit})
    if unit is not None:
        return [row for row in rows if row.unit in ("", unit)]
    if len(units) > 1:
        raise _Unpriced(f"has prices in several units ({', '.join(units)}); which one the shop sells in is not known")
    return rows


def _check_amount(row: PriceState) -> None:
    if row.amount < 0:
        raise _Unpriced(f"has a price below 0: {row.amount} {row.currency} from {row.minimum}")
    if -int(row.amount.normalize().as_tuple().exponent) > MOST_FRACTION_DIGITS:
        raise _Unpriced(f"has a price with more than {MOST_FRACTION_DIGITS} digits: {row.amount} {row.currency}")


def _stretches(rows: Sequence[PriceState], own: Sequence[PriceState]) -> list[_Stretch]:
    """Cut time where rows begin or end; neighbours with the same prices are one."""
    always = [row for row in rows if not _period(row).is_bound]
    found = [_stretch(Period(), always, own)] if always else []
    edges = sorted({edge for row in rows if _period(row).is_bound for edge in _edges(row)})
    cut: list[_Stretch] = []
    for start, end in pairwise(edges):
        holding = [row for row in rows if _edges(row)[0] <= start and end <= _edges(row)[1]]
        if not any(_period(row).is_bound for row in holding):
            continue
        stretch = _stretch(Period(_open(start), _open(end)), holding, own)
        if cut and cut[-1].period.ends == start and (cut[-1].amount, cut[-1].tiers) == (stretch.amount, stretch.tiers):
            cut[-1] = _Stretch(Period(cut[-1].period.starts, stretch.period.ends), stretch.amount, stretch.tiers)
        else:
            cut.append(stretch)
    if any(not stretch.period.is_bound for stretch in cut):  # together they cover all of time
        return cut
    return found + cut


def _stretch(period: Period, rows: Sequence[PriceState], own: Sequence[PriceState]) -> _Stretch:
    base = [row.amount for row in rows if row.minimum <= 1] or [row.amount for row in own if row.minimum <= 1]
    if not base:
        smallest = min(row.minimum for row in rows)
        raise _Unpriced(f"has no price below a quantity of {smallest}, and the item has none of its own")
    amount = min(base)
    return _Stretch(period, amount, tuple(_tiers(rows, amount)))


def _tiers(rows: Sequence[PriceState], amount: Decimal) -> Iterable[Tier]:
    """List what gets cheaper with the quantity: nobody pays more for a piece because he takes more."""
    best = amount
    for minimum in sorted({_pieces(row.minimum) for row in rows if row.minimum > 1}):
        lowest = min(row.amount for row in rows if _pieces(row.minimum) == minimum)
        if lowest < best:
            best = lowest
            yield Tier(minimum, lowest)


def _pieces(minimum: Decimal) -> int:
    return int(minimum.to_integral_value(ROUND_CEILING))


def _period(row: PriceState) -> Period:
    return Period(row.valid_from, row.valid_until)


def _edges(row: PriceState) -> tuple[datetime, datetime]:
    return row.valid_from or _BEGINNING, row.valid_until or _END


def _open(edge: datetime) -> datetime | None:
    return None if edge in (_BEGINNING, _END) else edge

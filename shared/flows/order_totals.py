"""Comparing what the back-end made of an order with what commercetools charged. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shared.markets import TotalsRules
from shared.model.back_end import LineAmounts, OrderDraft, OrderRecord
from shared.model.money import Money


@dataclass(frozen=True, slots=True)
class Agree:
    """Gross is equal; tax may differ within the market's bound, and `why` says so."""

    why: str


@dataclass(frozen=True, slots=True)
class CloseGap:
    """One rounding line of `gap` makes gross equal."""

    gap: Money


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The totals are too far apart; `components` name where."""

    text: str
    components: tuple[str, ...]


def compare_totals(draft: OrderDraft, record: OrderRecord, rules: TotalsRules) -> Agree | CloseGap | Mismatch:
    """Judge the back-end's totals. Differences are back-end minus commercetools, in minor units."""
    gross = (record.totals.gross - draft.expected.gross).minor_units
    tax = (record.totals.tax - draft.expected.tax).minor_units
    if gross and abs(gross) <= rules.gross_bound:
        return CloseGap(draft.expected.gross - record.totals.gross)
    if gross or abs(tax) > rules.tax_bound:
        return _mismatch(draft, record)
    if tax:
        return Agree(f"gross agrees; tax differs by {record.totals.tax - draft.expected.tax}, within the bound")
    return Agree("net, tax and gross agree")


def _mismatch(draft: OrderDraft, record: OrderRecord) -> Mismatch:
    expected, actual = draft.expected, record.totals
    text = (
        f"totals differ: net {expected.net} here, {actual.net} there; tax {expected.tax} here, {actual.tax} there; "
        f"gross {expected.gross} here, {actual.gross} there"
    )
    components = tuple(_line_differences(draft.lines, record.lines)) or ("totals: no single line differs",)
    return Mismatch(f"{text}. {'; '.join(components)}", components)


def _line_differences(ours: tuple[LineAmounts, ...], theirs: tuple[LineAmounts, ...]) -> Iterator[str]:
    """Lines are compared by position: both sides keep the order in which they were sent."""
    for here, there in zip(ours, theirs, strict=False):
        parts = ("net", "gross") if there.stated == "both" else (there.stated,)
        pairs = [(part, getattr(here, part), getattr(there, part)) for part in parts]
        if any(own != other for _, own, other in pairs):
            yield f"{here.label}: " + "; ".join(f"{part} {own} here, {other} there" for part, own, other in pairs)
    if len(ours) != len(theirs):
        yield f"{len(ours)} lines here, {len(theirs)} there"

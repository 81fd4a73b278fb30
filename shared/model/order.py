"""The canonical order: every discount is in the lines, and the lines add up to the totals to the minor unit."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from shared.model.address import Address
from shared.model.explanation import Explanation, ExplanationRow
from shared.model.money import Money, MoneyMismatch, is_sum, total

type LineKind = Literal["item", "gift", "custom", "shipping"]


class _Frozen(BaseModel):
    # What must add up is checked in model_post_init: it runs once, when the object is built. An "after" validator would
    # run again for every line that an order takes in.
    model_config = ConfigDict(frozen=True, defer_build=True)


class CustomerRef(_Frozen):
    """Who ordered; `anonymous` is a guest without a customer record."""

    id: str | None = None
    email: str | None = None
    group: str | None = None
    anonymous: bool = False


class ShipTo(_Frozen):
    """A delivery address; `key` is what `OrderLine.shipping_key` refers to, None when everything goes there."""

    key: str | None = None
    address: Address


class SyncMark(_Frozen):
    """A note on the order that another system knows it under `external_id`."""

    channel: str
    external_id: str | None = None
    synced_at: datetime


class SubRate(_Frozen):
    """One part of a composed tax rate."""

    name: str
    rate: Decimal


class TaxRate(_Frozen):
    """The tax rate of a line; `rate` is 0.25 for 25 %."""

    name: str
    rate: Decimal
    country: str | None = None
    state: str | None = None
    id: str | None = None
    category_id: str | None = None
    sub_rates: tuple[SubRate, ...] = ()


class DiscountPart(_Frozen):
    """One reason for a line's discount, in the line's own price mode.

    Kinds: `item` (this line alone), `shipping`, `total` (share of a discount on the whole order) and `unstated`
    (rounding, or a difference that the order document does not explain).
    """

    kind: str
    id: str | None = None
    amount: Money


class OrderLine(_Frozen):
    """One line: goods, gift, custom line or shipping; net, tax and gross are after every discount.

    The line's own price mode is with tax when `price_includes_tax`, else without; `unit_price`, `list_amount`,
    `discount` and `discounts` are in it. `reference` is the slug of a custom line, or the shipping method.
    """

    id: str
    kind: LineKind
    name: str
    quantity: int
    unit_price: Money
    price_includes_tax: bool
    net: Money
    tax: Money
    gross: Money
    list_amount: Money
    discount: Money
    discounts: tuple[DiscountPart, ...] = ()
    tax_rate: TaxRate | None = None
    sku: str | None = None
    product_id: str | None = None
    product_key: str | None = None
    reference: str | None = None
    supply_channel: str | None = None
    shipping_key: str | None = None
    custom: Mapping[str, JsonValue] = {}

    @property
    def final_amount(self) -> Money:
        """What remains after every discount, in the line's own price mode."""
        return self.gross if self.price_includes_tax else self.net

    @property
    def label(self) -> str:
        """How people recognise the line."""
        return f"{self.kind} {self.sku or self.name or self.reference}"

    def model_post_init(self, _context: Any, /) -> None:
        """Refuse a line that does not add up (MoneyMismatch)."""
        _expect_sum(self.gross, (self.net, self.tax), "line", self.id, "gross")
        _expect_sum(self.list_amount, (self.final_amount, self.discount), "line", self.id, "discount")
        if self.discounts:
            _expect_sum(self.discount, [part.amount for part in self.discounts], "line", self.id, "discounts")


class Totals(_Frozen):
    """The order's totals."""

    net: Money
    tax: Money
    gross: Money


class Order(_Frozen):
    """An order as both sides can understand it; it cannot be built unless its lines add up to its totals."""

    project: str
    id: str
    version: int
    number: str | None = None
    placed_at: datetime
    currency: str
    store: str | None = None
    country: str | None = None
    locale: str | None = None
    customer: CustomerRef
    billing_address: Address | None = None
    shipping_addresses: tuple[ShipTo, ...] = ()
    purchase_order_number: str | None = None
    lines: tuple[OrderLine, ...]
    totals: Totals
    payment_state: str | None = None
    order_state: str | None = None
    custom: Mapping[str, JsonValue] = {}
    synced: tuple[SyncMark, ...] = ()

    def model_post_init(self, _context: Any, /) -> None:
        """Refuse an order whose lines do not add up to its totals (MoneyMismatch)."""
        totals, lines = self.totals, self.lines
        _expect_sum(totals.gross, (totals.net, totals.tax), "totals", "gross")
        _expect_sum(totals.net, [line.net for line in lines], "totals", "net")
        _expect_sum(totals.tax, [line.tax for line in lines], "totals", "tax")
        _expect_sum(totals.gross, [line.gross for line in lines], "totals", "gross")

    def _sum(self, part: Callable[[OrderLine], Money]) -> Money:
        return total(map(part, self.lines), self.currency)

    def explain(self) -> Explanation:
        """Show how the lines add up to the totals, component by component."""
        rows = tuple(_row(line) for line in self.lines)
        return Explanation(
            rows=rows,
            total=ExplanationRow(
                component="total",
                list=self._sum(lambda line: line.list_amount),
                discounts=self._sum(lambda line: line.discount),
                net=self.totals.net,
                tax=self.totals.tax,
                gross=self.totals.gross,
            ),
        )


def _row(line: OrderLine) -> ExplanationRow:
    return ExplanationRow(
        component=f"{line.label} x {line.quantity}",
        list=line.list_amount,
        discounts=line.discount,
        net=line.net,
        tax=line.tax,
        gross=line.gross,
    )


def _expect_sum(whole: Money, parts: Sequence[Money], *component: str) -> None:
    if not is_sum(whole, parts):
        raise MoneyMismatch(" ".join(component), whole, total(parts, whole.currency))

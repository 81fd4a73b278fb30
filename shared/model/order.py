"""The canonical order: every discount is in the lines, and the lines add up to the totals to the minor unit."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from shared.model.address import Address
from shared.model.explanation import Explanation, ExplanationRow
from shared.model.money import Money, MoneyMismatch, total

type LineKind = Literal["item", "gift", "custom", "shipping"]


class _Frozen(BaseModel):
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

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        _expect(f"line {self.id} gross", self.net + self.tax, self.gross)
        _expect(f"line {self.id} discount", self.list_amount - self.final_amount, self.discount)
        if self.discounts:
            parts = total((part.amount for part in self.discounts), self.discount.currency)
            _expect(f"line {self.id} discounts", self.discount, parts)
        return self


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

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        _expect("totals gross", self.totals.net + self.totals.tax, self.totals.gross)
        _expect("totals net", self.totals.net, self._sum(lambda line: line.net))
        _expect("totals tax", self.totals.tax, self._sum(lambda line: line.tax))
        _expect("totals gross", self.totals.gross, self._sum(lambda line: line.gross))
        return self

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


def _expect(component: str, expected: Money, actual: Money) -> None:
    if expected != actual:
        raise MoneyMismatch(component, expected, actual)

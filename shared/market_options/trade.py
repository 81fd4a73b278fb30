"""Options of a market that every back-end shares: codes both ways, warehouses, price books, who owns what."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Owner = Literal["commercetools", "dynamics", "latest", "review"]
ObjectName = Literal["customer", "order", "product", "price", "stock", "shipment", "return", "payment"]
OrderState = Literal["Open", "Confirmed", "Complete", "Cancelled"]
ShipmentState = Literal["Pending", "Ready", "Partial", "Shipped", "Delayed", "Delivered", "Backorder", "Canceled"]
PaymentState = Literal["Pending", "Failed", "BalanceDue", "CreditOwed", "Paid"]
Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Carrier(_Part):
    """Who carries a shipping method: the back-end's agent and service, and how parcels are followed."""

    agent: Text = Field(description="shipping agent, carrier or mode of delivery in the back-end")
    service: Text | None = None
    tracking_url: Text | None = Field(default=None, description="with {number} where the tracking number goes")

    @model_validator(mode="after")
    def _number_has_a_place(self) -> Carrier:
        if self.tracking_url and "{number}" not in self.tracking_url:
            raise ValueError("tracking_url needs {number} where the tracking number goes")
        return self


class PaymentMethod(_Part):
    """What a commercetools payment method is in the back-end."""

    code: Text = Field(description="payment method code in the back-end")
    terms: Text | None = Field(default=None, description="payment terms of orders paid this way")
    account: Text | None = Field(default=None, description="G/L or bank account that takes captured money")


class PaymentRules(_Part):
    """Payment methods, by `paymentMethodInfo.method`."""

    default: PaymentMethod | None = None
    methods: Mapping[str, PaymentMethod] = {}

    def target(self, method: str | None) -> PaymentMethod | None:
        """Return the payment method, else the default."""
        return self.methods.get(method or "", self.default)


class CodePair(_Part):
    """One code on both sides. A code may stand in several pairs: the first pair wins, in either direction."""

    commercetools: Text
    back_end: Text


class ReasonCodes(_Part):
    """Reasons of returns and cancellations, both ways."""

    returns: tuple[CodePair, ...] = ()
    cancellations: tuple[CodePair, ...] = ()


class BackEndState(_Part):
    """What an order becomes in commercetools when the back-end's document has a state. What is left out is kept."""

    order_state: OrderState | None = None
    shipment_state: ShipmentState | None = None
    payment_state: PaymentState | None = None

    @model_validator(mode="after")
    def _says_something(self) -> BackEndState:
        if self.order_state is None and self.shipment_state is None and self.payment_state is None:
            raise ValueError("give order_state, shipment_state or payment_state")
        return self


class OrderStates(_Part):
    """States both ways: commercetools order states → what to do, back-end states → commercetools states."""

    to_back_end: Mapping[OrderState, Literal["release", "cancel", "ignore"]] = {}
    to_commercetools: Mapping[str, BackEndState] = {}


class FieldOwner(_Part):
    """Who owns one field, and what happens when both sides changed it.

    `latest` and `review` let both sides change it; when both did, the later change wins, or a person decides.
    """

    owner: Owner
    conflict: Literal["owner_wins", "review"] = "owner_wins"

    @field_validator("owner", mode="before")
    @classmethod
    def _former_word(cls, owner: object) -> object:
        """Accept `back_end`, the word of the first release for `dynamics`."""
        return "dynamics" if owner == "back_end" else owner


class Ownership(FieldOwner):
    """Who owns an object; single fields may differ. A side never writes what it does not own."""

    fields: Mapping[str, FieldOwner] = {}

    def of(self, field: str) -> FieldOwner:
        """Return the rule of a field, else that of the object."""
        return self.fields.get(field) or FieldOwner(owner=self.owner, conflict=self.conflict)


DEFAULT_OWNERS: Mapping[ObjectName, Owner] = {
    "customer": "commercetools",
    "order": "commercetools",
    "product": "dynamics",
    "price": "dynamics",
    "stock": "dynamics",
    "shipment": "dynamics",
    "return": "commercetools",
    "payment": "commercetools",
}


class CustomFieldRules(_Part):
    """Custom fields of commercetools → fields of the back-end, by object."""

    unmapped: Literal["ignore", "review"] = "ignore"
    order: Mapping[str, str] = {}
    line: Mapping[str, str] = {}
    customer: Mapping[str, str] = {}


class PriceBook(_Part):
    """Prices of the back-end under one name → prices in commercetools."""

    name: Text = Field(description="sales price list, price level or price group in the back-end")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    kind: Literal["standalone", "embedded"] = "standalone"
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    customer_group: Text | None = Field(default=None, description="key of the customer group that buys at these prices")
    channel: Text | None = Field(default=None, description="key of the channel with the role ProductDistribution")


class Warehouse(_Part):
    """A warehouse of the back-end and the commercetools channel that shows its stock."""

    code: Text
    channel: Text | None = Field(default=None, description="key of a channel with the role InventorySupply")
    safety_stock: int = Field(default=0, ge=0, description="pieces that are never offered for sale")
    safety_stock_of: Mapping[str, Annotated[int, Field(ge=0)]] = Field(default={}, description="by SKU")


def repeated[Value: Hashable](values: Iterable[Value]) -> list[Value]:
    """List what stands there more than once."""
    known = list(values)
    return [value for value in dict.fromkeys(known) if known.count(value) > 1]


def check_warehouses(warehouses: Iterable[Warehouse]) -> None:
    """Refuse two rows for one warehouse, or two warehouses that fill one channel."""
    rows = tuple(warehouses)
    for code in repeated(row.code for row in rows):
        raise ValueError(f"warehouse {code} is listed twice: keep one row")
    for channel in repeated(row.channel for row in rows if row.channel):
        raise ValueError(f"channel {channel} is filled by two warehouses: give each warehouse its own channel")


def check_price_books(books: Iterable[PriceBook]) -> None:
    """Refuse two price books for the same currency, country, customer group and channel."""
    scopes = ((book.currency, book.country, book.customer_group, book.channel) for book in books)
    for scope in repeated(scopes):
        parts = ", ".join(part for part in scope if part)
        raise ValueError(f"two price books serve {parts}: commercetools could not tell which price counts")

"""What a back-end knows and is told, neutral to which one it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.model.address import Address
from shared.model.money import Money
from shared.model.order import Totals

type Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MissingReference:
    """Something that the mapping needs and nobody has said. A person must; `hint` says how."""

    kind: str
    key: str
    text: str
    hint: str
    facts: Payload = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cut:
    """A value that was shortened because the market map allows it."""

    field: str
    value: str
    limit: int


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A customer in the back-end. `remember_as` is the id-map key of a match that the id map does not hold yet.

    `kind` is the back-end's own word where it has several (Dataverse: account, contact).
    """

    id: str
    number: str
    name: str
    email: str = ""
    blocked: bool = False
    remember_as: str = ""
    kind: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody whom the back-end must know as a customer. `key` is the id-map key, `number` the back-end's own.

    `record` and `marks` (pseudonyms) are set for one that the id map knows: its personal data is not read again.
    """

    key: str
    guest: bool
    name: str
    email: str | None = None
    company: str | None = None
    number: str | None = None
    vat_id: str | None = None
    phone: str | None = None
    address: Address | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    record: CustomerRecord | None = None


@dataclass(frozen=True, slots=True)
class CustomerDraft:
    """A customer to be created."""

    party: Party
    payload: Payload
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """An item, or one variant of it, in the back-end. `details` is what only this back-end needs of it."""

    id: str
    number: str
    variant_id: str | None = None
    blocked: bool = False
    details: Payload = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class References:
    """Everything an order points at, resolved."""

    sell_to: CustomerRecord | CustomerDraft
    bill_to: CustomerRecord | CustomerDraft | None
    items: Mapping[str, ItemRecord]
    location_id: str | None = None


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """What one line comes to; `label` is how people recognise it.

    `stated` says which of the two amounts the back-end knows; where it knows one, both fields hold it.
    """

    label: str
    net: Money
    gross: Money
    stated: Literal["both", "net", "gross"] = "both"


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """A sales order to be created. The payload lacks the customer, who may have to be created first."""

    reference: str
    payload: Payload
    expected: Totals
    lines: tuple[LineAmounts, ...]
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """A sales order in the back-end, with the totals that the back-end computed."""

    id: str
    number: str
    reference: str
    totals: Totals
    lines: tuple[LineAmounts, ...]
    customer_number: str = ""
    untouched: bool = False

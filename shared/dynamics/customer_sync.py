"""What a connector must do to keep customers in step. Every method raises only `shared.errors.ServiceError`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal, Protocol, runtime_checkable

from shared.markets import Market
from shared.model.back_end import MissingReference
from shared.model.customer_fields import ChangePage, CustomerState, Fields

type Entity = Literal["customers"]


@runtime_checkable
class SynchronisesCustomers(Protocol):
    """A connector that reads customers as fields and writes single fields."""

    def shape_customer(self, fields: Fields, market: Market) -> Fields | MissingReference:
        """Say what the back-end would make of these values: its own words, lengths and cases. Pure.

        Fields that it cannot hold are left out. A value that is too long, and that the market map does not allow to be
        cut, is a MissingReference. Shaping what is shaped already changes nothing.
        """

    async def read_customer(self, market: Market, customer_id: str, correlation_id: str) -> CustomerState:
        """Read one customer with every field that `shape_customer` may return. Raises NotFound."""

    async def change_customer(
        self, market: Market, state: CustomerState, changes: Fields, correlation_id: str
    ) -> CustomerState:
        """Write these fields and no others, conditional on `state.etag`; returns the customer as it is then.

        Raises Conflict when somebody else was faster, also half-way: read again, decide again.
        """

    async def create_customer_of(
        self, market: Market, fields: Fields, number: str | None, correlation_id: str
    ) -> CustomerState:
        """Create a customer of shaped fields. `number` is wished for; the back-end may count for itself."""


@runtime_checkable
class TellsChanges(Protocol):
    """A connector that lists what changed."""

    def changes(
        self, entity: Entity, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncIterator[ChangePage]:
        """List pages of changes since the cursor; None starts anew. A cursor that has lapsed starts anew, too.

        Nothing between two cursors is ever left out; the same change may come twice.
        """

"""What the customers flow needs of commercetools: customers and business units in the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.commercetools.client import CommercetoolsClient, Document
from shared.markets import Market
from shared.model.back_end import MissingReference, Party
from shared.model.customer_fields import CustomerState, Fields

type Action = Mapping[str, object]


class ShopEntity(Protocol):
    """One kind of resource that is a customer of the back-end. What is not `async` is pure."""

    @property
    def name(self) -> str:
        """The resource type: also the entity in the id map, in snapshots and in envelopes."""

    @property
    def path(self) -> str:
        """The resource's endpoint."""

    async def read(self, client: CommercetoolsClient, entity_id: str, correlation_id: str) -> Document | None:
        """Read one with all that `fields` looks at; None when it is gone."""

    async def update(
        self, client: CommercetoolsClient, document: Document, actions: Sequence[Action], correlation_id: str
    ) -> Document:
        """Send actions for the version that was read. Raises Conflict when there is a newer one."""

    def fields(self, document: Document, market: Market) -> Fields:
        """Return every field that commercetools can hold."""

    def party(self, document: Document, project: str) -> Party:
        """Return what identifies it. Raises UnmappableCustomer."""

    def places(self, document: Document) -> tuple[Sequence[str], str | None]:
        """Return the keys of its stores, and its country."""

    def actions(
        self, document: Document, before: Fields, after: Fields, market: Market
    ) -> Sequence[Action] | MissingReference:
        """Return the update actions that turn `before` into `after`; what is so already needs none."""

    def mark(self, document: Document, number: str) -> Sequence[Action]:
        """Return the actions that keep the back-end's number where it can be kept and nothing stands yet."""

    async def find(
        self, client: CommercetoolsClient, state: CustomerState, market: Market, correlation_id: str
    ) -> tuple[str, list[Document]]:
        """Find who a customer of the back-end is: by number, e-mail, tax id; the first that finds any, and how."""

    async def create(
        self, client: CommercetoolsClient, state: CustomerState, market: Market, correlation_id: str
    ) -> Document | MissingReference:
        """Create it from a customer of the back-end, or say what commercetools needs besides."""

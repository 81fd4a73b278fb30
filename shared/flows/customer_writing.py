"""What the steps of the customers flow share: merging as read, one conditional update, keeping the agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.commercetools.client import CommercetoolsClient, Document
from shared.dynamics.customer_sync import SynchronisesCustomers
from shared.errors import Conflict
from shared.flows.customer_agreement import next_agreement, snapshot_of
from shared.flows.customer_plan import Shop
from shared.flows.customer_shop import Action
from shared.mapping.customer_merge import Agreement, Merged, Side, merge, prints_of
from shared.markets import Market
from shared.model.back_end import MissingReference
from shared.model.customer_fields import CustomerState, Fields
from shared.pipeline.flow import Work
from shared.state.protocols import IdempotencyStore, IdMap, SnapshotStore


@dataclass(frozen=True, slots=True)
class Stores:
    """What the steps remember things in."""

    id_map: IdMap
    snapshots: SnapshotStore
    claims: IdempotencyStore


@dataclass(frozen=True, slots=True)
class Reading:
    """Both sides as they were read, in the back-end's own words, and what separates them."""

    shop: Shop
    state: CustomerState
    ours: Fields
    merged: Merged


def read_together(
    shop: Shop, state: CustomerState, agreed: Agreement | None, market: Market, sync: SynchronisesCustomers
) -> Reading | MissingReference:
    """Merge two sides. Pure."""
    ours = shaped(shop, market, sync)
    if isinstance(ours, MissingReference):
        return ours
    sides = Side(ours, _moment(shop.document["lastModifiedAt"])), Side(state.fields, state.modified_at)
    return Reading(shop, state, ours, merge(*sides, agreed, market.owner("customer")))


def shaped(shop: Shop, market: Market, sync: SynchronisesCustomers) -> Fields | MissingReference:
    """Return commercetools' values as the back-end would spell them."""
    return sync.shape_customer(shop.entity.fields(shop.document, market), market)


def actions_of(reading: Reading, market: Market) -> Sequence[Action] | MissingReference:
    """Return the update actions for commercetools, the back-end's number among them."""
    after = reading.merged.to_commercetools
    before = {name: reading.ours[name] for name in after}
    entity, document = reading.shop.entity, reading.shop.document
    actions = entity.actions(document, before, after, market) if after else []
    if isinstance(actions, MissingReference):
        return actions
    return [*actions, *entity.mark(document, reading.state.number)]


async def keep_agreement(
    work: Work,
    stores: Stores,
    reading: Reading,
    document: Document,
    after: CustomerState,
    agreed: Agreement | None,
    market: Market,
    sync: SynchronisesCustomers,
) -> None:
    """Keep what both sides look like now.

    Only the fields that were written are taken as they are now: another one that changed meanwhile is somebody else's
    change, and shall be found the next time.
    """
    shop, merged = replace(reading.shop, document=document), reading.merged
    now = shaped(shop, market, sync)
    spelled = merged.to_commercetools if isinstance(now, MissingReference) else now
    ours = {**reading.ours, **{name: spelled[name] for name in merged.to_commercetools}}
    theirs = {**reading.state.fields, **{name: after.fields[name] for name in merged.to_dynamics}}
    agreement = next_agreement(agreed, merged, ours, theirs, shop.id)
    if agreement != agreed:
        await stores.snapshots.put(snapshot_of(agreement, market, shop.entity.name, document, work.now))


def told_back_end(agreed: Agreement | None, reading: Reading, after: CustomerState) -> Agreement:
    """Return what is agreed once the back-end was told and commercetools was not yet.

    Without it, our own write would look like somebody's change when commercetools is read again, and might win over a
    newer one there. Fields that commercetools has to be told, too, are not agreed yet.
    """
    told = reading.merged.to_dynamics.keys() - reading.merged.to_commercetools.keys()
    before = agreed or Agreement({}, {}, reading.shop.id)
    ours = prints_of({name: reading.ours[name] for name in told}, before.salt)
    theirs = prints_of({name: after.fields[name] for name in told}, before.salt)
    return replace(before, commercetools={**before.commercetools, **ours}, dynamics={**before.dynamics, **theirs})


async def read_again(shop: Shop, client: CommercetoolsClient, correlation_id: str) -> Shop:
    """Read commercetools' side again. Raises Conflict when it was deleted."""
    document = await shop.entity.read(client, shop.id, correlation_id)
    if document is None:
        raise Conflict("commercetools", f"GET {shop.entity.path}/{shop.id}", "it was deleted meanwhile")
    return replace(shop, document=document)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)

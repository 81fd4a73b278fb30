"""Keeping what both sides agreed on: a snapshot of prints per customer and market."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.commercetools.client import Document
from shared.mapping.customer_merge import Agreement, Merged, Print, prints_of
from shared.markets import Market
from shared.model.customer_fields import Fields
from shared.state.protocols import SnapshotStore
from shared.state.records import Snapshot


async def read_agreement(snapshots: SnapshotStore, market: Market, entity: str, customer_id: str) -> Agreement | None:
    """Return what was agreed last; None before the first time."""
    snapshot = await snapshots.get(market.name, entity, customer_id)
    return None if snapshot is None else agreement_of(snapshot)


def agreement_of(snapshot: Snapshot) -> Agreement:
    """Read a snapshot."""
    data = snapshot.data
    return Agreement(data["commercetools"], data["dynamics"], snapshot.entity_id, data.get("decided", {}))


def next_agreement(
    agreed: Agreement | None, merged: Merged, commercetools: Fields, dynamics: Fields, salt: str
) -> Agreement:
    """Return what is agreed now. Fields that a person has yet to decide stay as they were agreed before."""
    ours, theirs = prints_of(commercetools, salt), prints_of(dynamics, salt)
    for decision in merged.undecided:
        _keep(ours, agreed.commercetools.get(decision.name) if agreed else None, decision.name)
        _keep(theirs, agreed.dynamics.get(decision.name) if agreed else None, decision.name)
    return Agreement(ours, theirs, salt)


def _keep(prints: dict[str, Print], before: Print | None, name: str) -> None:
    if before is None:
        prints.pop(name, None)
    else:
        prints[name] = before


def snapshot_of(agreement: Agreement, market: Market, entity: str, document: Document, now: datetime) -> Snapshot:
    """Build the snapshot that keeps an agreement."""
    data: dict[str, Any] = {"commercetools": dict(agreement.commercetools), "dynamics": dict(agreement.dynamics)}
    if agreement.decided:
        data["decided"] = dict(agreement.decided)
    return Snapshot(market.name, entity, document["id"], document["version"], data, now)

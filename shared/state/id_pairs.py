"""What both id maps agree on: when two pairs are the same partners, and how a taken id is reported."""

from __future__ import annotations

from shared.errors import Conflict
from shared.state.records import IdPair


def same_partners(one: IdPair, other: IdPair) -> bool:
    """Whether both pairs join the same two ids."""
    return _identity(one) == _identity(other)


def _identity(pair: IdPair) -> tuple[str, str, str, str]:
    return pair.scope, pair.entity, pair.commercetools_id, pair.dynamics_id


def partner_taken(service: str, wanted: IdPair, found: IdPair) -> Conflict:
    """Say which pair stands in the way of `wanted`."""
    return Conflict(
        service,
        f"map {wanted.entity} {wanted.commercetools_id} to {wanted.dynamics_id} in {wanted.scope}",
        f"{found.commercetools_id} and {found.dynamics_id} belong together already: remove that pair first, "
        "or correct the match",
    )

"""Where orders land, and by which reference they are found again there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Landing:
    """Where the orders of one market land: `books` is one company, legal entity or environment of a back-end.

    `prefixes` has the reference prefix of each commercetools project that the market serves.
    """

    place: str
    market: str
    books: str
    prefixes: Mapping[str, str]


def clashes(landings: Iterable[Landing]) -> Iterator[str]:
    """Name each market whose order references may be those of another project's orders.

    Order numbers are unique in one project only. Without different prefixes, order 1001 of one project would be taken
    for order 1001 of the other, and never be written.
    """
    first: dict[tuple[str, str], tuple[Landing, str]] = {}
    for landing in landings:
        for project, prefix in landing.prefixes.items():
            # Business Central's codes are upper case and Finance compares without regard to it.
            holder, held_by = first.setdefault((landing.books, prefix.casefold()), (landing, project))
            if held_by != project:
                yield _clash(landing, project, prefix, holder, held_by)
                break


def _clash(landing: Landing, project: str, prefix: str, holder: Landing, held_by: str) -> str:
    shared = f"prefix {prefix}" if prefix else "no prefix"
    return (
        f"{landing.place}.order.reference_prefix: project {project} writes to {landing.books} with {shared}, as "
        f"project {held_by} does in market {holder.market}, so orders of the same number could not be told apart "
        "(give each project a prefix of its own, in order.reference_prefixes where one market serves several)"
    )

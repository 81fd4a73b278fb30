"""Shadow reports as values: from audit entries to flat fields, and from two reports to what differs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from shared.state.records import AuditEntry

SHADOW = "shadow"
ABSENT = "(absent)"

Verdict = Literal["same", "differs", "only here", "only there"]


@dataclass(frozen=True, slots=True)
class ShadowEntity:
    """What one entity would have had written; `fields` by path, values as text."""

    flow: str
    market: str
    entity_type: str
    entity_id: str
    document_number: str
    fields: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by in every version."""
        return self.flow, self.market, self.entity_id

    @property
    def shown(self) -> str:
        """How people know it."""
        return f"{self.entity_type} {self.document_number or self.entity_id}"


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """One day of one version."""

    day: str
    entities: tuple[ShadowEntity, ...]
    schema: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field that the two versions would write differently."""

    path: str
    here: str
    there: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One entity in both reports, or in one."""

    market: str
    entity: str
    entity_id: str
    verdict: Verdict
    fields: tuple[FieldDifference, ...] = ()


def report_of(day: str, entries: Iterable[AuditEntry]) -> ShadowReport:
    """Build the report of a day; of an entity that was looked at several times the last look counts."""
    latest = {(entry.flow, entry.market, entry.entity_id): entry for entry in entries if entry.step == SHADOW}
    return ShadowReport(day, tuple(_entity(entry) for _, entry in sorted(latest.items())))


def _entity(entry: AuditEntry) -> ShadowEntity:
    return ShadowEntity(
        flow=entry.flow,
        market=entry.market,
        entity_type=entry.entity_type,
        entity_id=entry.entity_id,
        document_number=entry.document_number,
        fields=dict(sorted(flat(entry.after))),
    )


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """List every leaf of a tree with its path. Numbers are written in one way: 2.50 and 2.5 are the same."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from flat(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from flat(item, f"{path}[{index}]")
    else:
        yield path, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return f"{Decimal(str(value)).normalize():f}"
    return value if isinstance(value, str) else repr(value)


def compare(here: ShadowReport, there: ShadowReport) -> list[Comparison]:
    """Compare entity by entity, in the order of their keys."""
    ours = {entity.key: entity for entity in here.entities}
    theirs = {entity.key: entity for entity in there.entities}
    return [_compared(ours.get(key), theirs.get(key)) for key in sorted(ours.keys() | theirs.keys())]


def _compared(here: ShadowEntity | None, there: ShadowEntity | None) -> Comparison:
    if here is None or there is None:
        known = here or there
        assert known is not None
        return _comparison(known, "only here" if here else "only there")
    paths = sorted(here.fields.keys() | there.fields.keys())
    pairs = [FieldDifference(path, here.fields.get(path, ABSENT), there.fields.get(path, ABSENT)) for path in paths]
    differing = tuple(pair for pair in pairs if pair.here != pair.there)
    return _comparison(here, "differs" if differing else "same", differing)


def _comparison(entity: ShadowEntity, verdict: Verdict, fields: tuple[FieldDifference, ...] = ()) -> Comparison:
    return Comparison(entity.market, entity.shown, entity.entity_id, verdict, fields)

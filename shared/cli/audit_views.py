"""How audit entries are shown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from shared.cli.output import moment, outcome_cell, show_table, show_text
from shared.state.records import AuditEntry


def show_timeline(title: str, entries: Sequence[AuditEntry], *, with_entity: bool = False) -> None:
    """Print entries, oldest first. Ids are shown where they first appear or change, not on every line."""
    if not entries:
        show_text(f"{title}: nothing is recorded.")
        return
    columns = ["Time", "Step", "Why", "Ids", "Who"]
    if with_entity:
        columns.insert(1, "Entity")
    before = ("", *(_ids(entry) for entry in entries))
    rows = [_row(entry, ids, with_entity) for entry, ids in zip(entries, before, strict=False)]
    show_table(title, columns, rows)


def _row(entry: AuditEntry, shown_before: str, with_entity: bool) -> list[str | Text]:
    ids = _ids(entry)
    who = entry.actor if entry.attempt == 1 else f"{entry.actor}, attempt {entry.attempt}"
    row: list[str | Text] = [moment(entry.at), _step(entry), entry.why, "" if ids == shown_before else ids, who]
    if with_entity:
        row.insert(1, f"{entry.entity_type} {entry.entity_id}")
    return row


def _step(entry: AuditEntry) -> Text:
    """Name the step; the step that ends a run is named by its outcome."""
    return outcome_cell(entry.outcome) if entry.step == "outcome" else Text(entry.step)


def _ids(entry: AuditEntry) -> str:
    named = (("", entry.document_number), ("Dynamics ", entry.dynamics_id), ("closes ", entry.closes))
    return "\n".join(f"{label}{value}" for label, value in named if value)

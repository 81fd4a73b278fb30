"""How audit entries are shown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from shared.cli.output import moment, outcome_cell, show_table, show_text
from shared.state.records import AuditEntry


def show_timeline(title: str, entries: Sequence[AuditEntry], *, with_entity: bool = False) -> None:
    """Print entries, oldest first. Ids that belong to the entry stand in one column."""
    if not entries:
        show_text(f"{title}: nothing is recorded.")
        return
    columns = ["Time", "Step", "Outcome", "Why", "Ids", "Who"]
    if with_entity:
        columns.insert(1, "Entity")
    show_table(title, columns, [_row(entry, with_entity) for entry in entries])


def _row(entry: AuditEntry, with_entity: bool) -> list[str | Text]:
    outcome = outcome_cell("" if entry.outcome == "step" else entry.outcome)
    who = entry.actor if entry.attempt == 1 else f"{entry.actor}, attempt {entry.attempt}"
    row: list[str | Text] = [moment(entry.at), entry.step, outcome, entry.why, _ids(entry), who]
    if with_entity:
        row.insert(1, f"{entry.entity_type} {entry.entity_id}")
    return row


def _ids(entry: AuditEntry) -> str:
    named = (("", entry.document_number), ("Dynamics ", entry.dynamics_id), ("closes ", entry.closes))
    return "\n".join(f"{label}{value}" for label, value in named if value)

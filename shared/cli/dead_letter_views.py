"""How dead letters are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.cli.audit_views import show_timeline
from shared.cli.context import Context
from shared.cli.letters import Letter
from shared.cli.output import age, moment, plain, pretty, show_fields, show_table, show_text
from shared.cli.resubmission import Settled
from shared.messaging.dead_letter import DeadLetterMessage
from shared.state.records import AuditEntry

COLUMNS = ("Seq", "Queue", "Entity", "Document", "Reason", "Detail", "Review item", "Age")


@dataclass(frozen=True, slots=True)
class Detail:
    """A letter with its body and the story of its entity."""

    letter: Letter
    message: DeadLetterMessage
    trail: Sequence[AuditEntry]


async def detailed(context: Context, letter: Letter, message: DeadLetterMessage) -> Detail:
    """Read the audit trail of a letter's entity."""
    entity = letter.entity_id or letter.message_id
    return Detail(letter, message, [entry async for entry in context.state.audit.by_entity(entity)])


def show_letters(letters: Sequence[Letter], now: datetime) -> None:
    """Print a table of letters."""
    if not letters:
        show_text("No dead letters.", "green")
        return
    rows = [_row(letter, now) for letter in letters]
    show_table(f"{len(letters)} dead letter(s)", COLUMNS, rows)


def _row(letter: Letter, now: datetime) -> tuple[str, ...]:
    return (
        str(letter.sequence_number),
        letter.queue,
        letter.entity_id or f"message {letter.message_id}",
        letter.document_number,
        letter.reason,
        letter.detail,
        letter.review_item,
        age(letter.failed_at or letter.enqueued_at, now),
    )


def show_detail(detail: Detail, now: datetime) -> None:
    """Print everything about one letter."""
    letter = detail.letter
    show_fields(f"Dead letter {letter.queue}/{letter.sequence_number}", _fields(letter, now))
    show_text("")
    show_fields("Properties", {name: str(value) for name, value in detail.message.properties.items()})
    show_text("\nBody", "bold")
    show_text(pretty(detail.message.text))
    show_timeline("\nAudit trail", detail.trail)
    show_text(f"\nNext: {_next_step(letter)}\n", "bold")


def _fields(letter: Letter, now: datetime) -> dict[str, str]:
    return {
        "Reason": letter.reason,
        "Detail": letter.detail,
        "Review item": letter.review_item,
        "Flow": letter.flow,
        "Project": letter.project,
        "Market": letter.market,
        "Entity": f"{letter.entity_type} {letter.entity_id}".strip(),
        "Document": letter.document_number,
        "Message id": letter.message_id,
        "Session id": letter.session_id or "",
        "Correlation id": letter.correlation_id or "",
        "Enqueued": moment(letter.enqueued_at),
        "Failed": moment(letter.failed_at),
        "Age": age(letter.failed_at or letter.enqueued_at, now),
        "Broker says": f"{letter.broker_reason}: {letter.broker_description}".strip(": "),
        "Deliveries": str(letter.delivery_count),
    }


def _next_step(letter: Letter) -> str:
    if letter.review_item:
        return f"ctd365 review show {letter.review_item}"
    return f"when its cause is fixed: ctd365 dead-letters resubmit {letter.sequence_number} --queue {letter.queue}"


def detailed_json(detail: Detail) -> dict[str, Any]:
    """Everything about one letter as JSON."""
    return plain(detail.letter) | {
        "body": detail.message.text,
        "properties": {name: str(value) for name, value in detail.message.properties.items()},
        "audit": [plain(entry) for entry in detail.trail],
    }


def show_settled(done: Sequence[Settled], what: str) -> None:
    """Print what became of each letter."""
    for settled in done:
        letter = settled.letter
        copy = f" as message {settled.new_message_id}" if settled.new_message_id else ""
        name = f"{letter.entity_type} {letter.entity_id}".strip() or f"message {letter.message_id}"
        show_text(f"{what}: {letter.queue}/{letter.sequence_number} ({name}){copy}", "green")

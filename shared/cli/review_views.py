"""How review items are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.cli.decisions import OPTION_OF_KIND
from shared.cli.output import age, moment, plain, show_fields, show_table, show_text
from shared.cli.waiting import Released
from shared.state.records import JSON, IdPair, ReviewItem, WaitingMessage
from shared.state.review_items import OPEN


def show_items(items: Sequence[ReviewItem], status: str, now: datetime) -> None:
    """Print a table of questions."""
    if not items:
        show_text(f"No {status} review items.", "green")
        return
    columns = ["Id", "Market", "Kind", "Question", "Asked", "Waiting", "Age"]
    if status != OPEN:
        columns += ["Decision", "By"]
    show_table(f"{len(items)} {status} review item(s)", columns, [_row(item, status, now) for item in items])


def _row(item: ReviewItem, status: str, now: datetime) -> list[str]:
    question = item.question
    row = [item.id, question.scope, question.kind, question.text, str(item.asked), str(len(item.waiting))]
    row.append(age(item.first_asked_at, now))
    if status != OPEN:
        row += [decision_text(item.decision), item.resolved_by]
    return row


def show_item(item: ReviewItem) -> None:
    """Print one question with everything a person needs to decide."""
    question = item.question
    fields = {
        "Question": question.text,
        "Kind": question.kind,
        "About": question.key,
        "Market": question.scope,
        "Status": item.status,
        "Asked": f"{item.asked} time(s), first {moment(item.first_asked_at)}, last {moment(item.last_asked_at)}",
        "commercetools": _values(question.commercetools),
        "Dynamics": _values(question.dynamics),
        "Waiting": "\n".join(_waiting_text(message) for message in item.waiting),
        "Decision": decision_text(item.decision),
        "Resolved": f"{moment(item.resolved_at)} by {item.resolved_by}" if item.resolved_by else "",
        "Hint": question.hint if item.status == OPEN else "",
    }
    show_fields(f"Review item {item.id}", fields)
    if item.status == OPEN:
        options = OPTION_OF_KIND.get(question.kind, "--note TEXT")
        show_text(f"\nNext: ctd365 review resolve {item.id} {options}", "bold")


def show_resolution(item: ReviewItem, pair: IdPair | None, released: Released) -> None:
    """Print what a decision changed."""
    show_text(f"resolved: {item.id} ({item.question.text}): {decision_text(item.decision)}", "green")
    if pair is not None:
        show_text(f"id map: {pair.entity} {pair.commercetools_id} is {pair.dynamics_number} in {pair.scope}", "green")
    for settled in released.done:
        letter = settled.letter
        name = f"{letter.entity_type} {letter.entity_id}".strip()
        show_text(f"resubmitted: {name} as message {settled.new_message_id}", "green")
    for message in released.before:
        show_text(
            f"resubmitted before: {_waiting_text(message)} was sent again by somebody, and runs by the answer", "green"
        )
    for message in released.missing:
        show_text(
            f"not a dead letter yet: {_waiting_text(message)}; "
            f"when it is: ctd365 dead-letters resubmit {message.message_id}",
            "yellow",
        )
    if not (released.done or released.before or released.missing):
        show_text("nothing waits for it any more: there was nothing to resubmit")


def resolution_json(item: ReviewItem, released: Released) -> dict[str, Any]:
    """Return what a decision changed as JSON."""
    resubmitted = [plain(settled.letter) | {"new_message_id": settled.new_message_id} for settled in released.done]
    missing = [plain(message) for message in released.missing]
    before = [plain(message) for message in released.before]
    return {
        "review_item": plain(item),
        "resubmitted": resubmitted,
        "resubmitted_before": before,
        "missing": missing,
    }


def decision_text(decision: JSON) -> str:
    """Say a decision in words."""
    return ", ".join(f"{name} {value}" for name, value in decision.items())


def _values(side: JSON) -> str:
    return "\n".join(f"{name}: {_value(value)}" for name, value in side.items())


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _waiting_text(message: WaitingMessage) -> str:
    return f"{message.queue} {message.entity_id} (message {message.message_id})"

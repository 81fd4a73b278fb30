"""Sending dead letters again, or removing them, with an audit entry for each."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from shared.cli.context import Context
from shared.cli.exits import CommandError, service_error
from shared.cli.letters import Letter
from shared.cli.output import progress_bar
from shared.errors import ServiceError
from shared.messaging.dead_letter import DeadLetterMessage, Edit, Resubmitted
from shared.state.records import JSON, AuditEntry

RESUBMITTED = "resubmitted"  # the step of an audit entry
MESSAGE_ID = "message_id"


@dataclass(frozen=True, slots=True)
class Settled:
    """A letter that was sent again (`new_message_id`) or discarded (without one)."""

    letter: Letter
    new_message_id: str = ""


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, and why."""

    actor: str
    why: str


async def resubmit_letters(
    context: Context, letters: Sequence[Letter], by: By, *, edit: Edit | None = None, edited: JSON | None = None
) -> list[Settled]:
    """Send letters again. `edited` holds the bodies before and after, for the audit."""
    done: list[Settled] = []
    by_key = _by_key(letters)

    with progress_bar("resubmitting", len(letters)) as progress:

        async def settle(result: Resubmitted) -> None:
            done.append(Settled(by_key[_key(result.original)], result.message_id))
            progress.advance(progress.task_ids[0])
            entry = resubmission_entry(done[-1], by, context.app.road.now(), context.app.road.mask(edited or {}))
            await context.state.audit.append(entry)

        for queue, numbers in _queues(letters):
            await _told(context.dead_letters.resubmit(queue, numbers, edit=edit, settled=settle), done, "resubmitted")
    return done


async def discard_letters(context: Context, letters: Sequence[Letter], by: By) -> list[Settled]:
    """Remove letters for good."""
    done: list[Settled] = []
    by_key = _by_key(letters)

    async def settle(message: DeadLetterMessage) -> None:
        done.append(Settled(by_key[_key(message)]))
        await context.state.audit.append(discard_entry(done[-1], by, context.app.road.now()))

    for queue, numbers in _queues(letters):
        await _told(context.dead_letters.discard(queue, numbers, settled=settle), done, "discarded")
    return done


async def _told[Result](work: Awaitable[Result], done: Sequence[Settled], what: str) -> Result:
    """When a pass breaks off, say how far it came."""
    try:
        return await work
    except ServiceError as error:
        ended = service_error(error)
        how_far = f"{len(done)} {what} before that; the others are still dead letters. " if done else ""
        raise CommandError(ended.message, how_far + ended.hint, ended.code) from error


def resubmission_entry(settled: Settled, by: By, now: datetime, edited: JSON) -> AuditEntry:
    """Tell what failed, why it was sent again and as which message. Pure."""
    before = {**_failed(settled.letter), MESSAGE_ID: settled.letter.message_id, **_part(edited, "before")}
    after = {"queue": settled.letter.queue, MESSAGE_ID: settled.new_message_id, **_part(edited, "after")}
    return _entry(settled.letter, by, now, (RESUBMITTED, "Resubmitted"), before, after)


def discard_entry(settled: Settled, by: By, now: datetime) -> AuditEntry:
    """Tell what was thrown away and why. Pure."""
    return _entry(settled.letter, by, now, ("discarded", "Discarded"), _failed(settled.letter), {})


def resubmits(entry: AuditEntry, message_id: str) -> bool:
    """Tell whether an audit entry says that this message was sent again. Pure."""
    return entry.step == RESUBMITTED and entry.before.get(MESSAGE_ID) == message_id


def _failed(letter: Letter) -> JSON:
    return {"reason": letter.reason, "detail": letter.detail}


def _part(edited: JSON, name: str) -> JSON:
    return {"body": edited[name]} if name in edited else {}


def _entry(
    letter: Letter, by: By, now: datetime, step: tuple[str, str], before: Mapping[str, object], after: JSON
) -> AuditEntry:
    return AuditEntry(
        at=now,
        flow=letter.flow,
        market=letter.market,
        entity_type=letter.entity_type or "message",
        entity_id=letter.entity_id or letter.message_id,  # a malformed body has no entity: its message stands for it
        step=step[0],
        outcome=step[1],
        why=by.why,
        actor=by.actor,
        correlation_id=letter.correlation_id or "",
        document_number=letter.document_number,
        dynamics_id=letter.dynamics_id,
        before=before,
        after=after,
        closes=f"dead-letter:{letter.queue}/{letter.sequence_number}",
    )


def _key(message: DeadLetterMessage) -> tuple[str, int]:
    return message.queue, message.sequence_number


def _by_key(letters: Iterable[Letter]) -> dict[tuple[str, int], Letter]:
    return {(letter.queue, letter.sequence_number): letter for letter in letters}


def _queues(letters: Iterable[Letter]) -> list[tuple[str, set[int]]]:
    def queue(letter: Letter) -> str:
        return letter.queue

    grouped = groupby(sorted(letters, key=queue), key=queue)
    return [(name, {letter.sequence_number for letter in group}) for name, group in grouped]

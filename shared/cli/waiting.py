"""Resubmitting what waited for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.cli.context import Context
from shared.cli.letters import Filter, find_letters
from shared.cli.resubmission import By, Settled, resubmit_letters, resubmits
from shared.messaging.dead_letter import DeadLetterMessage
from shared.state.records import AuditEntry, Failure, WaitingMessage

ROUNDS = 15
PAUSE_SECONDS = 1.0
# The host needs some seconds for the ten deliveries of a failed message; what failed longer ago and is no dead letter
# was settled by somebody else.
ON_ITS_WAY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Released:
    """What was sent again, what somebody had sent again before, and what did not turn up although it should."""

    done: Sequence[Settled]
    before: Sequence[WaitingMessage]
    missing: Sequence[WaitingMessage]


async def release(context: Context, waiting: Sequence[WaitingMessage], by: By) -> Released:
    """Resubmit every waiting message, giving those that failed just now some seconds to become dead letters."""
    done: list[Settled] = []
    before: list[WaitingMessage] = []
    missing = [message for message in waiting if message.queue in context.queues]
    for round_number in range(ROUNDS):
        settled = await _resubmit_present(context, missing, by)
        done += settled
        handled = {(item.letter.queue, item.letter.message_id) for item in settled}
        missing = [message for message in missing if (message.queue, message.message_id) not in handled]
        whereabouts = [(message, await _whereabouts(context, message)) for message in missing]
        before += [message for message, where in whereabouts if where == "resubmitted"]
        missing = [message for message, where in whereabouts if where == "may come"]
        if not missing or round_number == ROUNDS - 1:
            break
        await context.pause(PAUSE_SECONDS)
    return Released(done, before, missing)


async def _resubmit_present(context: Context, waiting: Sequence[WaitingMessage], by: By) -> list[Settled]:
    if not waiting:
        return []
    wanted = {(message.queue, message.message_id) for message in waiting}
    queues = sorted({queue for queue, _ in wanted})

    def waits(message: DeadLetterMessage) -> bool:
        return (message.queue, message.message_id) in wanted

    found = await find_letters(context, queues, Filter(), only=waits)
    return await resubmit_letters(context, found.letters, by) if found.letters else []


async def _whereabouts(context: Context, message: WaitingMessage) -> Literal["resubmitted", "may come", "settled"]:
    """Say where a message is that is no dead letter now."""
    failure = await context.state.failures.get(message.queue, message.message_id, message.sequence_number)
    if await _was_resubmitted(context, message, failure):
        return "resubmitted"
    if failure is None or not _long_ago(failure.failed_at, context.app.road.now()):
        return "may come"
    return "settled"


async def _was_resubmitted(context: Context, message: WaitingMessage, failure: Failure | None) -> bool:
    """Our own commands leave an entry about it; what the portal sent again shows once it has run."""
    entries = context.state.audit.by_entity(message.entity_id)
    return any([resubmits(entry, message.message_id) or _ran_again(entry, failure) async for entry in entries])


def _ran_again(entry: AuditEntry, failure: Failure | None) -> bool:
    """Tell an outcome of the same message after its failure from that of the failed run, which comes before it."""
    if failure is None or not failure.correlation_id or entry.step != "outcome":
        return False
    return entry.correlation_id == failure.correlation_id and entry.at > failure.failed_at


def _long_ago(failed_at: datetime, now: datetime) -> bool:
    return now - failed_at > ON_ITS_WAY

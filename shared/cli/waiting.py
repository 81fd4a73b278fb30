"""Resubmitting what waited for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.cli.context import Context
from shared.cli.letters import Filter, find_letters
from shared.cli.resubmission import By, Settled, resubmit_letters
from shared.messaging.dead_letter import DeadLetterMessage
from shared.state.records import WaitingMessage

ROUNDS = 15
PAUSE_SECONDS = 1.0
# The host needs some seconds for the ten deliveries of a failed message; what failed longer ago and is no dead letter
# was settled by somebody else.
ON_ITS_WAY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Released:
    """What was sent again, and what did not turn up although it should."""

    done: Sequence[Settled]
    missing: Sequence[WaitingMessage]


async def release(context: Context, waiting: Sequence[WaitingMessage], by: By) -> Released:
    """Resubmit every waiting message, giving those that failed just now some seconds to become dead letters."""
    done: list[Settled] = []
    missing = [message for message in waiting if message.queue in context.queues]
    for round_number in range(ROUNDS):
        settled = await _resubmit_present(context, missing, by)
        done += settled
        handled = {(item.letter.queue, item.letter.message_id) for item in settled}
        missing = [message for message in missing if (message.queue, message.message_id) not in handled]
        missing = [message for message in missing if await _may_come(context, message)]
        if not missing or round_number == ROUNDS - 1:
            break
        await context.pause(PAUSE_SECONDS)
    return Released(done, missing)


async def _resubmit_present(context: Context, waiting: Sequence[WaitingMessage], by: By) -> list[Settled]:
    if not waiting:
        return []
    wanted = {(message.queue, message.message_id) for message in waiting}
    queues = sorted({queue for queue, _ in wanted})

    def waits(message: DeadLetterMessage) -> bool:
        return (message.queue, message.message_id) in wanted

    found = await find_letters(context, queues, Filter(), only=waits)
    return await resubmit_letters(context, found.letters, by) if found.letters else []


async def _may_come(context: Context, message: WaitingMessage) -> bool:
    failure = await context.state.failures.get(message.queue, message.message_id, message.sequence_number)
    return failure is None or not _long_ago(failure.failed_at, context.app.road.now())


def _long_ago(failed_at: datetime, now: datetime) -> bool:
    return now - failed_at > ON_ITS_WAY

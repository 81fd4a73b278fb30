"""One queue and its dead-letter queue: what is stored, what is locked, and what each outcome does. No I/O."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count, islice

from .clock import Clock
from .config import QueueConfig
from .errors import BrokerError, Condition, message_lock_lost
from .message import Lock, Message, State, Stored
from .sessions import Session, SessionOwner, SessionTable

DEAD_LETTER_SUFFIX = "/$deadletterqueue"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages a queue holds, as the portal counts them: a locked message is active."""

    active: int
    scheduled: int
    deferred: int
    dead_letter: int


class Queue:
    """A queue with peek-lock, sessions, scheduling, deferral, duplicate detection and a dead-letter queue."""

    def __init__(
        self, config: QueueConfig, clock: Clock, on_change: Callable[[Queue], None], *, is_dead_letter: bool = False
    ) -> None:
        self.config = config
        self.sessions = SessionTable(clock, config.lock_duration_seconds, self._session_expired)
        self._clock = clock
        self._on_change = on_change
        self._stored: dict[int, Stored] = {}
        self._ready: list[int] = []
        self._locks: dict[uuid.UUID, Lock] = {}
        self._seen: dict[object, float] = {}
        self._sequence_numbers = count(1)
        self.dead_letters = None if is_dead_letter else self._dead_letter_queue()

    def _dead_letter_queue(self) -> Queue:
        config = QueueConfig(
            name=self.config.name + DEAD_LETTER_SUFFIX,
            lock_duration_seconds=self.config.lock_duration_seconds,
            max_delivery_count=sys.maxsize,
        )
        return Queue(config, self._clock, self._on_change, is_dead_letter=True)

    # What goes in

    def submit(self, messages: Sequence[Message]) -> list[int]:
        """Store messages, all or none; answer their sequence numbers (0 for a duplicate that was dropped)."""
        for message in messages:
            self._check(message)
        return [0 if self._is_duplicate(message) else self._store(message) for message in messages]

    def _check(self, message: Message) -> None:
        if self.config.requires_session and not message.session_id:
            raise BrokerError(
                Condition.NOT_ALLOWED,
                f"The queue '{self.config.name}' requires sessions and message {message.message_id!r} has none: "
                "set its session id.",
            )

    def _is_duplicate(self, message: Message) -> bool:
        window = self.config.duplicate_detection_seconds
        if not window or message.message_id is None:
            return False
        now = self._clock.now()
        for message_id in [*islice(self._seen, 2)]:
            # Entries are in order of time, so looking at the oldest two on each send keeps the table small.
            if now - self._seen[message_id] >= window:
                del self._seen[message_id]
        seen_at = self._seen.get(message.message_id)
        if seen_at is not None and now - seen_at < window:
            return True
        self._seen.pop(message.message_id, None)
        self._seen[message.message_id] = now
        return False

    def _store(self, message: Message) -> int:
        now = self._clock.now()
        stored = Stored(message, next(self._sequence_numbers), now)
        self._stored[stored.sequence_number] = stored
        if message.scheduled_for is not None and message.scheduled_for > now:
            stored.state = State.SCHEDULED
            stored.scheduled_for = message.scheduled_for
            stored.alarm = self._clock.at(message.scheduled_for, lambda: self._activate(stored))
        else:
            self._activate(stored)
        return stored.sequence_number

    def _activate(self, stored: Stored) -> None:
        stored.state = State.ACTIVE
        stored.enqueued_at = self._clock.now()
        stored.alarm = None
        own, default = stored.message.time_to_live_seconds, self.config.default_time_to_live_seconds
        lifetimes = [seconds for seconds in (own, default) if seconds is not None]
        if lifetimes:
            stored.expires_at = stored.enqueued_at + min(lifetimes)
            stored.alarm = self._clock.at(stored.expires_at, lambda: self._expire(stored))
        self._make_ready(stored)

    def _make_ready(self, stored: Stored) -> None:
        if self.config.requires_session and stored.message.session_id:
            self.sessions.add_ready(stored.message.session_id, stored.sequence_number)
        else:
            heappush(self._ready, stored.sequence_number)
        self._on_change(self)

    def _expire(self, stored: Stored) -> None:
        """End a message's time to live; a locked or deferred one is left to its receiver."""
        stored.alarm = None
        if not stored.is_ready:
            return
        if self.config.dead_letter_on_expiration:
            self._move_to_dead_letters(stored, "TTLExpiredException", "The message expired and was dead lettered.")
        else:
            self._remove(stored)

    def _remove(self, stored: Stored) -> None:
        del self._stored[stored.sequence_number]
        if stored.alarm:
            stored.alarm.cancel()

    # What goes out

    def take(self, session: Session | None = None, *, delete: bool = False) -> Stored | None:
        """Answer the next message, locked or (``delete``) already gone; ``None`` when there is none."""
        heap = session.ready if session else self._ready
        sequence_number = self._head(heap)
        if sequence_number is None:
            return None
        heappop(heap)
        stored = self._stored[sequence_number]
        if delete:
            self._remove(stored)
        else:
            self._lock(stored, session)
        return stored

    def _head(self, heap: list[int]) -> int | None:
        """Answer the first deliverable sequence number of a heap, throwing away those that are not any more."""
        while heap:
            stored = self._stored.get(heap[0])
            if stored and stored.is_ready and not self._has_expired(stored):
                return heap[0]
            heappop(heap)
        return None

    def _has_expired(self, stored: Stored) -> bool:
        if stored.expires_at is None or stored.expires_at > self._clock.now():
            return False
        self._expire(stored)
        return True

    def next_free_session(self) -> Session | None:
        """Find the session that a receiver of the next available session gets."""
        return self.sessions.next_free(lambda session: self._head(session.ready))

    def session_ids(self) -> list[str]:
        """List the sessions with active messages or with state, sorted."""
        active = (stored.message.session_id for stored in self._stored.values() if stored.state is State.ACTIVE)
        return sorted({session_id for session_id in active if session_id} | self.sessions.with_state())

    def peek(self, first: int, limit: int, session_id: str | None = None) -> list[Stored]:
        """Look at messages in order of sequence number without locking them."""
        found: Iterator[Stored] = (
            stored
            for stored in self._stored.values()
            if stored.sequence_number >= first and session_id in {None, stored.message.session_id}
        )
        return list(islice(found, limit))

    def size(self) -> int:
        """Count all messages, whatever their state."""
        return len(self._stored)

    def counts(self) -> Counts:
        """Count the messages by state."""
        states = [stored.state for stored in self._stored.values()]
        return Counts(
            active=states.count(State.ACTIVE),
            scheduled=states.count(State.SCHEDULED),
            deferred=states.count(State.DEFERRED),
            dead_letter=self.dead_letters.size() if self.dead_letters else 0,
        )

    def _in_state(self, sequence_numbers: Iterable[int], state: State) -> list[Stored]:
        found = []
        for sequence_number in sequence_numbers:
            stored = self._stored.get(sequence_number)
            if stored is None or stored.state is not state or stored.lock:
                raise BrokerError(
                    Condition.MESSAGE_NOT_FOUND,
                    f"The queue '{self.config.name}' has no unlocked {state.name.lower()} message with sequence number "
                    f"{sequence_number}. Peek the queue to see what it holds.",
                )
            found.append(stored)
        return found

    def cancel_scheduled(self, sequence_numbers: Iterable[int]) -> None:
        """Remove scheduled messages, all or none."""
        for stored in self._in_state(sequence_numbers, State.SCHEDULED):
            self._remove(stored)

    def take_deferred(self, sequence_numbers: Iterable[int], session: Session | None, *, delete: bool) -> list[Stored]:
        """Answer deferred messages by sequence number, locked or (``delete``) already gone; all or none."""
        found = self._in_state(sequence_numbers, State.DEFERRED)
        for stored in found:
            if delete:
                self._remove(stored)
            else:
                self._lock(stored, session)
        return found

    # Locks and outcomes

    def _lock(self, stored: Stored, session: Session | None) -> None:
        lock = Lock(uuid.uuid4(), stored, session)
        stored.lock = self._locks[lock.token] = lock
        if session is None:
            self._extend(lock)

    def _extend(self, lock: Lock) -> None:
        if lock.alarm:
            lock.alarm.cancel()
        lock.expires_at = self._clock.now() + self.config.lock_duration_seconds
        lock.alarm = self._clock.at(lock.expires_at, lambda: self.abandon(lock))

    def lock_of(self, token: uuid.UUID) -> Lock:
        """Find a lock that is still held."""
        lock = self._locks.get(token)
        if lock is None:
            raise message_lock_lost(token)
        return lock

    def renew(self, lock: Lock) -> float:
        """Extend a message's lock; answer when it now ends."""
        if lock.session:
            return self.sessions.renew(lock.session)
        self._extend(lock)
        return lock.until

    def _unlock(self, lock: Lock) -> Stored:
        if self._locks.pop(lock.token, None) is None:
            raise message_lock_lost(lock.token)
        if lock.alarm:
            lock.alarm.cancel()
        lock.stored.lock = None
        return lock.stored

    def complete(self, lock: Lock) -> None:
        """Remove a message for good."""
        self._remove(self._unlock(lock))

    def abandon(self, lock: Lock) -> None:
        """Give a message back as a failed delivery; at the maximum delivery count it is dead-lettered."""
        stored = self._unlock(lock)
        stored.delivery_count += 1
        if stored.state is State.ACTIVE and stored.delivery_count >= self.config.max_delivery_count:
            attempts = self.config.max_delivery_count
            description = f"Message could not be consumed after {attempts} delivery attempts."
            self._move_to_dead_letters(stored, "MaxDeliveryCountExceeded", description)
        else:
            self._give_back(stored)

    def release(self, lock: Lock) -> None:
        """Give a message back as if it had never been delivered."""
        self._give_back(self._unlock(lock))

    def _give_back(self, stored: Stored) -> None:
        # A deferred message stays deferred: only its sequence number brings it back.
        if stored.state is State.ACTIVE and not self._has_expired(stored):
            self._make_ready(stored)

    def defer(self, lock: Lock) -> None:
        """Put a message aside until it is asked for by sequence number."""
        stored = self._unlock(lock)
        stored.delivery_count += 1
        stored.state = State.DEFERRED

    def dead_letter(self, lock: Lock, reason: str | None, description: str | None) -> None:
        """Move a message to the dead-letter queue."""
        if self.dead_letters is None:
            raise BrokerError(
                Condition.NOT_ALLOWED,
                f"'{self.config.name}' is a dead-letter queue and has none of its own: complete or abandon it.",
            )
        self._move_to_dead_letters(self._unlock(lock), reason, description)

    def _move_to_dead_letters(self, stored: Stored, reason: str | None, description: str | None) -> None:
        self._remove(stored)
        if self.dead_letters is not None:
            self.dead_letters.adopt(stored, reason, description)

    def adopt(self, origin: Stored, reason: str | None, description: str | None) -> None:
        """Take over a message from the main queue: a new sequence number, everything else as it was."""
        given = {"DeadLetterReason": reason, "DeadLetterErrorDescription": description}
        extra = {name: text for name, text in given.items() if text is not None}
        message = origin.message.with_application_properties(extra) if extra else origin.message
        stored = replace(
            origin,
            message=message,
            sequence_number=next(self._sequence_numbers),
            state=State.ACTIVE,
            scheduled_for=None,
            expires_at=None,
            alarm=None,
        )
        self._stored[stored.sequence_number] = stored
        self._make_ready(stored)

    # Sessions

    def check_sessions(self, *, wanted: bool) -> None:
        """Refuse a receiver that wants a session from a queue without them, or the other way round."""
        if wanted == self.config.requires_session:
            return
        description = (
            f"The queue '{self.config.name}' does not support sessions: receive without a session id."
            if wanted
            else f"The queue '{self.config.name}' requires sessions: receive with a session id or the next available."
        )
        raise BrokerError(Condition.NOT_ALLOWED, description)

    def accept_session(self, session_id: str, owner: SessionOwner) -> Session:
        """Lock a session for a receiver."""
        self.check_sessions(wanted=True)
        session = self.sessions.open(session_id)
        self.sessions.lock(session, owner)
        return session

    def release_session(self, session: Session) -> None:
        """Free a session that its receiver closed: its messages are back with their delivery count unchanged."""
        self._end_session(session, self.release)

    def _session_expired(self, session: Session) -> None:
        owner = session.owner
        self._end_session(session, self.abandon)
        if owner:
            owner.session_lost()

    def _end_session(self, session: Session, give_back: Callable[[Lock], None]) -> None:
        for lock in [lock for lock in self._locks.values() if lock.session is session]:
            give_back(lock)
        self.sessions.unlock(session)
        self._on_change(self)

"""The sessions of one queue: who holds which, what waits in each, and which is free next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Protocol

from .clock import Alarm, Clock
from .errors import BrokerError, Condition, session_lock_lost


class SessionOwner(Protocol):
    """A receiver that holds a session."""

    def session_lost(self) -> None:
        """Hear that the session's lock has expired."""


@dataclass(slots=True, eq=False)
class Session:
    """A session: messages that one receiver at a time gets, in order."""

    session_id: str
    ready: list[int] = field(default_factory=list)
    owner: SessionOwner | None = None
    locked_until: float = 0.0
    state: bytes | None = None
    alarm: Alarm | None = None


class SessionTable:
    """All sessions of a queue that have messages, state or an owner."""

    def __init__(self, clock: Clock, lock_seconds: float, on_expired: Callable[[Session], None]) -> None:
        self._clock = clock
        self._lock_seconds = lock_seconds
        self._on_expired = on_expired
        self._sessions: dict[str, Session] = {}
        # Sequence number and id of what may be the next free session; entries are checked when they are used.
        self._candidates: list[tuple[int, str]] = []

    def open(self, session_id: str) -> Session:
        """Answer the session with this id; it begins to exist when it is first asked for."""
        return self._sessions.setdefault(session_id, Session(session_id))

    def with_state(self) -> set[str]:
        """Answer the ids of the sessions that carry state."""
        return {session.session_id for session in self._sessions.values() if session.state is not None}

    def add_ready(self, session_id: str, sequence_number: int) -> None:
        """Note that a message waits in a session."""
        session = self.open(session_id)
        heappush(session.ready, sequence_number)
        if session.owner is None:
            heappush(self._candidates, (sequence_number, session_id))

    def next_free(self, head_of: Callable[[Session], int | None]) -> Session | None:
        """Find the free session whose first message is the oldest; ``head_of`` tells a session's first message."""
        while self._candidates:
            sequence_number, session_id = self._candidates[0]
            session = self._sessions.get(session_id)
            head = head_of(session) if session and session.owner is None else None
            if session and head == sequence_number:
                return session
            heappop(self._candidates)
            if head is not None and head > sequence_number:
                heappush(self._candidates, (head, session_id))
        return None

    def lock(self, session: Session, owner: SessionOwner) -> None:
        """Give a free session to an owner."""
        if session.owner is not None:
            raise BrokerError(
                Condition.SESSION_CANNOT_BE_LOCKED,
                f"The requested session '{session.session_id}' cannot be accepted. It is locked by another receiver.",
            )
        session.owner = owner
        self._extend(session)

    def renew(self, session: Session) -> float:
        """Extend the lock of a held session, and with it the locks of its messages."""
        if session.owner is None:
            raise session_lock_lost(session.session_id)
        self._extend(session)
        return session.locked_until

    def unlock(self, session: Session) -> None:
        """Free a session, and forget it when there is nothing left to remember."""
        if session.alarm:
            session.alarm.cancel()
        session.owner = session.alarm = None
        if session.ready:
            heappush(self._candidates, (session.ready[0], session.session_id))
        elif session.state is None:
            self._sessions.pop(session.session_id, None)

    def _extend(self, session: Session) -> None:
        if session.alarm:
            session.alarm.cancel()
        session.locked_until = self._clock.now() + self._lock_seconds
        session.alarm = self._clock.at(session.locked_until, lambda: self._on_expired(session))

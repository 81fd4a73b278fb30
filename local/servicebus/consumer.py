"""The receiver of a queue: gets its messages, or those of one session, and settles them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from .codec import Described, Symbol, Typed
from .errors import BrokerError, Condition, session_lock_lost
from .links import OutboundLink
from .message import Lock
from .performatives import Attach, Disposition, Outcome, accepted, modified, rejected, released
from .queue import Queue
from .sessions import Session

if TYPE_CHECKING:
    from .channel import Channel

_SETTLED = 1
_DEFAULT_SESSION_WAIT_MS = 65_000
_LOCKED_UNTIL = Symbol("com.microsoft:locked-until-utc")
_SESSION_WAIT = "com.microsoft:timeout"
_TICKS_PER_SECOND = 10_000_000
_UNIX_EPOCH_TICKS = 621_355_968_000_000_000


class Consumer(OutboundLink):
    """A receiver of a queue, a dead-letter queue or one session."""

    def __init__(self, channel: Channel, attach: Attach, queue: Queue) -> None:
        super().__init__(channel, attach)
        self.queue = queue
        self.max_message_bytes = queue.config.max_message_bytes
        self.session: Session | None = None
        self._session_id: str | None = None
        self._deletes = attach.sender_settle_mode == _SETTLED

    def open(self) -> None:
        """Receive from the queue or the named session, or wait for the next available session."""
        source = self.attach.source
        if source is None or not source.wants_session:
            self._open_without_session()
        elif source.session_filter is not None:
            self.start_session(source.session_filter)
        else:
            self.queue.check_sessions(wanted=True)
            wait_ms = self.attach.properties.get(_SESSION_WAIT, _DEFAULT_SESSION_WAIT_MS)
            self.context.dispatcher.wait_for_session(self, wait_ms / 1000)

    def _open_without_session(self) -> None:
        self.queue.check_sessions(wanted=False)
        self.accept()
        self.context.dispatcher.add(self)

    def start_session(self, session_id: str) -> None:
        """Lock a session and begin to receive from it."""
        self.session = self.queue.accept_session(session_id, self)
        self._session_id = session_id
        ticks = int(self.session.locked_until * _TICKS_PER_SECOND) + _UNIX_EPOCH_TICKS
        source = self.attach.source.holding(session_id) if self.attach.source else None
        self.accept({_LOCKED_UNTIL: Typed("long", ticks)}, source)
        self.context.dispatcher.add(self)

    def close(self) -> None:
        """Stop delivering and free the session; locked messages outside sessions wait for their lock to expire."""
        self.context.dispatcher.remove(self)
        self.channel.forget_deliveries(self)
        session, self.session = self.session, None
        if session and session.owner is self:
            self.queue.release_session(session)

    def session_lost(self) -> None:
        """Tell the client that the session's lock has expired."""
        self.session = None
        self.context.dispatcher.remove(self)
        self.detach(session_lock_lost(self._session_id))

    def on_credit(self) -> None:
        """Look for messages."""
        self.context.dispatcher.wake(self.queue)

    def deliver_next(self) -> bool:
        """Send one message if there is credit and a message."""
        if self.credit <= 0:
            return False
        stored = self.queue.take(self.session, delete=self._deletes)
        if stored is None:
            return False
        token = stored.lock.token if stored.lock else uuid.uuid4()
        delivery_id = self.send(token.bytes_le, stored.encode(), settled=self._deletes)
        if stored.lock:
            self.channel.unsettled[delivery_id] = (self, stored.lock)
        return True

    def settle(self, lock: Lock, wanted: Disposition) -> Described:
        """Do what the client decided about a message; answer the outcome to confirm."""
        try:
            return self._apply(lock, wanted)
        except BrokerError as error:
            is_session_lost = self._session_id is not None and error.condition is Condition.MESSAGE_LOCK_LOST
            return rejected(session_lock_lost(self._session_id) if is_session_lost else error)

    def _apply(self, lock: Lock, wanted: Disposition) -> Described:
        match wanted.outcome:
            case Outcome.ACCEPTED:
                self.queue.complete(lock)
                return accepted()
            case Outcome.MODIFIED if wanted.undeliverable_here:
                self.queue.defer(lock)
                return modified(undeliverable_here=True)
            case Outcome.MODIFIED:
                self.queue.abandon(lock)
                return modified(undeliverable_here=False)
            case Outcome.REJECTED:
                self.queue.dead_letter(lock, wanted.dead_letter_reason, wanted.dead_letter_description)
                return rejected()
            case _:
                self.queue.release(lock)
                return released()

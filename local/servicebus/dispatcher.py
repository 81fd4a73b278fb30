"""Brings messages to receivers: wakes when a queue changes and hands out what the receivers' credit allows."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from .clock import Alarm, Clock
from .errors import BrokerError, Condition
from .queue import Queue
from .sessions import Session


class Receiver(Protocol):
    """A link that receives from a queue."""

    @property
    def name(self) -> str:
        """The link's name, by which management requests refer to it."""

    @property
    def queue(self) -> Queue:
        """The queue that it receives from."""

    @property
    def session(self) -> Session | None:
        """The session that it holds."""

    def deliver_next(self) -> bool:
        """Send one message if there is credit and a message; answer whether one was sent."""

    def start_session(self, session_id: str) -> None:
        """Begin to receive from a session that has become free."""

    def refuse(self, error: BrokerError) -> None:
        """Give up waiting."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    receiver: Receiver
    alarm: Alarm


class Dispatcher:
    """Knows which receivers are open on which queue and which wait for a session."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._receivers: dict[Queue, deque[Receiver]] = {}
        self._waiting: dict[Queue, list[_Waiting]] = {}
        self._named: dict[str, Receiver] = {}
        self._changed: set[Queue] = set()
        self._is_due = False

    def wake(self, queue: Queue) -> None:
        """Look at a queue soon; many changes in one go cost one look."""
        self._changed.add(queue)
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self.run)

    def add(self, receiver: Receiver) -> None:
        """Begin to deliver to a receiver."""
        self._receivers.setdefault(receiver.queue, deque()).append(receiver)
        self._named[receiver.name] = receiver

    def wait_for_session(self, receiver: Receiver, seconds: float) -> None:
        """Give a receiver the next session that becomes free, or refuse it when the time is over."""
        alarm = self._clock.at(self._clock.now() + seconds, lambda: self._give_up(receiver))
        self._waiting.setdefault(receiver.queue, []).append(_Waiting(receiver, alarm))
        self.wake(receiver.queue)

    def remove(self, receiver: Receiver) -> None:
        """Forget a receiver, be it open or waiting."""
        open_ones = self._receivers.get(receiver.queue)
        if open_ones and receiver in open_ones:
            open_ones.remove(receiver)
        if self._named.get(receiver.name) is receiver:
            del self._named[receiver.name]
        for waiting in self._waiting.get(receiver.queue, []):
            if waiting.receiver is receiver:
                waiting.alarm.cancel()
                self._waiting[receiver.queue].remove(waiting)
                break

    def session_held_by(self, link_name: str) -> Session | None:
        """Find the session that an open receiver holds."""
        receiver = self._named.get(link_name)
        return receiver.session if receiver else None

    def _give_up(self, receiver: Receiver) -> None:
        self.remove(receiver)
        receiver.refuse(
            BrokerError(
                Condition.TIMEOUT,
                f"No session of '{receiver.queue.config.name}' became available within the allotted timeout.",
            )
        )

    def run(self) -> None:
        """Deliver everything that can be delivered now."""
        self._is_due = False
        while self._changed:
            queue = self._changed.pop()
            self._assign_sessions(queue)
            self._deliver(queue)

    def _assign_sessions(self, queue: Queue) -> None:
        waiting = self._waiting.get(queue)
        while waiting and (session := queue.next_free_session()):
            first = waiting.pop(0)
            first.alarm.cancel()
            first.receiver.start_session(session.session_id)

    def _deliver(self, queue: Queue) -> None:
        receivers = self._receivers.get(queue, deque())
        has_progress = bool(receivers)
        while has_progress:
            has_progress = sum(receiver.deliver_next() for receiver in tuple(receivers)) > 0
            # Whoever was served first is served last next time, so that competing receivers share.
            receivers.rotate(-1)

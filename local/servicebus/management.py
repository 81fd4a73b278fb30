"""The ``<entity>/$management`` node: peek, renew, schedule, deferred messages, session state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .codec import MALFORMED, Array, Symbol, Typed, Value, timestamp
from .errors import BrokerError, Condition, session_lock_lost
from .message import Lock, Message, Stored
from .queue import Queue
from .requests import Request
from .sessions import Session


@dataclass(frozen=True, slots=True)
class Call:
    """One management request on one queue; ``held`` is the session of the link that it belongs to."""

    queue: Queue
    body: Mapping[str, Value]
    held: Session | None

    def session(self) -> Session:
        """Answer the session that the request names; the caller's link must hold it."""
        session_id = self.body.get("session-id")
        if self.held is None or self.held.session_id != session_id:
            raise session_lock_lost(session_id)
        return self.held

    def locks(self) -> list[Lock]:
        """Find all locks that the request names, or refuse it as a whole."""
        return [self.queue.lock_of(token) for token in self.body["lock-tokens"]]


type Body = dict[str, Value] | None


def answer(queue: Queue, raw: bytes, held_by: Callable[[str], Session | None]) -> bytes:
    """Carry out a request and encode its answer; ``held_by`` finds the session of a link by the link's name."""
    request = Request.parse(raw)
    try:
        body = _run(queue, request, held_by)
    except BrokerError as error:
        return request.answer(
            {
                "statusCode": Typed("int", error.status),
                "statusDescription": error.description,
                "errorCondition": Symbol(error.condition),
            }
        )
    status, description = (204, "NoContent") if body is None else (200, "OK")
    return request.answer({"statusCode": Typed("int", status), "statusDescription": description}, body)


def _run(queue: Queue, request: Request, held_by: Callable[[str], Session | None]) -> Body:
    operation = _OPERATIONS.get(request.operation)
    if operation is None:
        known = ", ".join(sorted(_OPERATIONS))
        raise BrokerError(
            Condition.NOT_IMPLEMENTED, f"Unsupported operation '{request.operation}'. This broker knows: {known}."
        )
    link_name = request.properties.get("associated-link-name")
    call = Call(queue, request.body or {}, held_by(link_name) if link_name else None)
    try:
        return operation(call)
    except (KeyError, *MALFORMED) as error:
        raise BrokerError(
            Condition.ARGUMENT_ERROR, f"The body of '{request.operation}' cannot be used: {error!r}"
        ) from error


def _schedule(call: Call) -> Body:
    messages = [Message.parse(item["message"]) for item in call.body["messages"]]
    return {"sequence-numbers": Array("long", call.queue.submit(messages))}


def _cancel_scheduled(call: Call) -> Body:
    call.queue.cancel_scheduled(call.body["sequence-numbers"])
    return {}


def _peek(call: Call) -> Body:
    found = call.queue.peek(call.body["from-sequence-number"], call.body["message-count"], call.body.get("session-id"))
    return {"messages": [{"message": stored.encode()} for stored in found]} if found else None


def _renew_lock(call: Call) -> Body:
    ends = [timestamp(call.queue.renew(lock)) for lock in call.locks()]
    return {"expirations": Array("timestamp", [end.value for end in ends])}


def _receive_deferred(call: Call) -> Body:
    session = call.session() if call.queue.config.requires_session else None
    deletes = call.body.get("receiver-settle-mode", 1) == 0
    found = call.queue.take_deferred(call.body["sequence-numbers"], session, delete=deletes)
    return {"messages": [_deferred(stored) for stored in found]}


def _deferred(stored: Stored) -> dict[str, Value]:
    item: dict[str, Value] = {"message": stored.encode()}
    if stored.lock:
        item["lock-token"] = stored.lock.token
    return item


def _update_disposition(call: Call) -> Body:
    status = call.body["disposition-status"]
    settle = _settlement(call, status)
    for lock in call.locks():
        settle(lock)
    return {}


def _settlement(call: Call, status: str) -> Callable[[Lock], None]:
    queue, body = call.queue, call.body
    settlements: dict[str, Callable[[Lock], None]] = {
        "completed": queue.complete,
        "abandoned": queue.abandon,
        # The protocol spells it with one r.
        "defered": queue.defer,
        "suspended": lambda lock: queue.dead_letter(
            lock, body.get("deadletter-reason"), body.get("deadletter-description")
        ),
    }
    if status not in settlements:
        raise BrokerError(
            Condition.ARGUMENT_ERROR, f"Unknown disposition status '{status}'. Known: {', '.join(settlements)}."
        )
    return settlements[status]


def _renew_session_lock(call: Call) -> Body:
    return {"expiration": timestamp(call.queue.sessions.renew(call.session()))}


def _get_session_state(call: Call) -> Body:
    return {"session-state": call.session().state}


def _set_session_state(call: Call) -> Body:
    call.session().state = call.body.get("session-state")
    return {}


def _get_message_sessions(call: Call) -> Body:
    skip = call.body["skip"]
    page = call.queue.session_ids()[skip : skip + call.body["top"]]
    return {"skip": Typed("int", skip + len(page)), "sessions-ids": Array("string", page)} if page else None


_OPERATIONS: dict[str, Callable[[Call], Body]] = {
    "schedule-message": _schedule,
    "cancel-scheduled-message": _cancel_scheduled,
    "peek-message": _peek,
    "renew-lock": _renew_lock,
    "receive-by-sequence-number": _receive_deferred,
    "update-disposition": _update_disposition,
    "renew-session-lock": _renew_session_lock,
    "get-session-state": _get_session_state,
    "set-session-state": _set_session_state,
    "get-message-sessions": _get_message_sessions,
}

"""Errors as the service names them: an AMQP condition, a sentence, and the status of a management answer."""

from enum import StrEnum


class Condition(StrEnum):
    """The AMQP error conditions that the SDK turns into its own exceptions."""

    NOT_FOUND = "amqp:not-found"
    NOT_ALLOWED = "amqp:not-allowed"
    NOT_IMPLEMENTED = "amqp:not-implemented"
    DECODE_ERROR = "amqp:decode-error"
    UNAUTHORIZED = "amqp:unauthorized-access"
    CONNECTION_FORCED = "amqp:connection:forced"
    MESSAGE_SIZE_EXCEEDED = "amqp:link:message-size-exceeded"
    ARGUMENT_ERROR = "com.microsoft:argument-error"
    TIMEOUT = "com.microsoft:timeout"
    MESSAGE_NOT_FOUND = "com.microsoft:message-not-found"
    MESSAGE_LOCK_LOST = "com.microsoft:message-lock-lost"
    SESSION_LOCK_LOST = "com.microsoft:session-lock-lost"
    SESSION_CANNOT_BE_LOCKED = "com.microsoft:session-cannot-be-locked"


_STATUS = {
    Condition.NOT_FOUND: 404,
    Condition.MESSAGE_NOT_FOUND: 404,
    Condition.MESSAGE_LOCK_LOST: 410,
    Condition.SESSION_LOCK_LOST: 410,
    Condition.UNAUTHORIZED: 401,
    Condition.NOT_IMPLEMENTED: 501,
}


class BrokerError(Exception):
    """A refusal that the client is told about."""

    def __init__(self, condition: Condition, description: str) -> None:
        super().__init__(description)
        self.condition = condition
        self.description = description

    @property
    def status(self) -> int:
        """The HTTP-like status code of a management answer."""
        return _STATUS.get(self.condition, 400)


def message_lock_lost(token: object) -> BrokerError:
    """Say that the lock of a message expired or was settled before."""
    return BrokerError(
        Condition.MESSAGE_LOCK_LOST,
        f"The lock supplied is invalid. Lock {token} expired or its message was already settled; receive it again.",
    )


def session_lock_lost(session_id: object) -> BrokerError:
    """Say that a receiver no longer holds its session."""
    return BrokerError(
        Condition.SESSION_LOCK_LOST,
        f"The session lock has expired on the session '{session_id}'. Accept the session again.",
    )

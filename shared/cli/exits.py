"""How a command ends: the exit codes, and errors that tell a person what to do next."""

from __future__ import annotations

from enum import IntEnum

from shared.errors import Conflict, Permanent, ServiceError


class Exit(IntEnum):
    """Documented in `ctd365 --help`; scripts rely on them."""

    OK = 0
    NOTHING_OR_PARTLY = 1
    USAGE = 2
    CONFIGURATION = 3
    UNREACHABLE = 4


class CommandError(Exception):
    """Ends a command: what happened, what to do next, and the exit code."""

    def __init__(self, message: str, hint: str = "", code: Exit = Exit.NOTHING_OR_PARTLY) -> None:
        self.message = message
        self.hint = hint
        self.code = code
        super().__init__(message)


def usage_error(message: str, hint: str = "") -> CommandError:
    """Say that the options do not fit."""
    return CommandError(message, hint, Exit.USAGE)


def service_error(error: ServiceError) -> CommandError:
    """Say which service failed at what, and whether trying again helps."""
    match error:
        case Conflict():
            return CommandError(str(error), "read the present state and decide again")
        case Permanent():
            hint = "trying again will not help: check the credentials, names and rights in the settings"
            return CommandError(str(error), hint, Exit.CONFIGURATION)
        case _:
            hint = f"check that {error.service} is up and reachable from here, then run the command again"
            return CommandError(str(error), hint, Exit.UNREACHABLE)

"""Errors as the service answers them; each product has its own codes and texts."""

from collections.abc import Mapping
from dataclasses import dataclass


class ServiceError(Exception):
    """An error that is answered to the caller with the product's own body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Messages:
    """The product's wording of every error that the core can raise, by kind."""

    table: Mapping[str, tuple[int, str, str]]

    def error(self, kind: str, **details: object) -> ServiceError:
        """Return the error of this kind; an unknown kind is a bug and raises KeyError."""
        status, code, template = self.table[kind]
        return ServiceError(status, code, template.format(**details))

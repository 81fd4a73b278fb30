"""What the mapping says when a document cannot become a canonical value."""

from collections.abc import Callable

from pydantic import BaseModel, ValidationError


class UnmappableError(Exception):
    """A document that cannot be mapped: which component of it, and why."""

    noun = "document"

    def __init__(self, component: str, reason: str) -> None:
        super().__init__(f"{self.noun} cannot be mapped: {component}: {reason}")
        self.component = component
        self.reason = reason


class UnmappableOrder(UnmappableError):
    """An Order or Cart that lacks something, or whose amounts do not add up."""

    noun = "order"


class UnmappableCustomer(UnmappableError):
    """A Customer that lacks something."""

    noun = "customer"


def parsed[Document: BaseModel](
    model: type[Document], raw: object, error: Callable[[str, str], UnmappableError]
) -> Document:
    """Read a document; the first missing or malformed field becomes the error, with its path."""
    try:
        return model.model_validate(raw)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        raise error(path_of(first["loc"]), f"{first['msg']}: re-fetch the document or fix its source") from None


def path_of(location: tuple[int | str, ...]) -> str:
    """Write a location as people do: lineItems[2].taxRate.amount."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)
    return text.removeprefix(".") or "document"

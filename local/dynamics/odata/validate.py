"""Checks and converts the values of a request body by the entity definition."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from local.dynamics.odata.definitions import EMPTY_DATE, EntitySet, Field
from local.dynamics.odata.errors import Messages

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_guid(text: str) -> bool:
    """Say whether the text is a GUID in the form with hyphens."""
    return _GUID.fullmatch(text) is not None


def iso_instant(text: str) -> str:
    """Return the instant as stored text; ValueError when it is none or has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return text


def _iso_date(text: str) -> str:
    if len(text) != len(EMPTY_DATE):
        raise ValueError(text)
    return date.fromisoformat(text).isoformat()


def _guid(value: Any) -> str:
    if not isinstance(value, str) or not is_guid(value):
        raise ValueError(value)
    return value.lower()


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError(value)
    return Decimal(value)


def _exactly(kind: type) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(value)
        return value

    return convert


CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "Edm.String": _exactly(str),
    "Edm.Guid": _guid,
    "Edm.Decimal": _decimal,
    "Edm.Int32": _exactly(int),
    "Edm.Int64": _exactly(int),
    "Edm.Boolean": _exactly(bool),
    "Edm.Date": _iso_date,
    "Edm.DateTimeOffset": iso_instant,
}


class Validator:
    """Turns a JSON body into values of the right types or raises the product's error."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def body(self, entity_set: EntitySet, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the converted properties in the order they were sent; annotations are skipped."""
        result = {}
        for name, value in body.items():
            if "@" in name:
                continue
            field = entity_set.fields.get(name)
            if field is None:
                raise self._messages.error("unknown_property", property=name, type=entity_set.type_name)
            if field.read_only:
                raise self._messages.error("read_only", property=name, type=entity_set.type_name)
            result[name] = self.value(field, value)
        return result

    def value(self, field: Field, value: Any) -> Any:
        """Return one value as it is stored; null unsets the property."""
        if value is None:
            return field.default
        if field.options:
            return self._option(field, value)
        try:
            converted = CONVERTERS[field.type](value)
        except (TypeError, ValueError) as error:
            raise self._messages.error("wrong_type", property=field.name, type=field.type, value=value) from error
        return self._text(field, converted) if isinstance(converted, str) else converted

    def _option(self, field: Field, value: Any) -> str:
        for option in field.options:
            if option == value:
                return option
        raise self._messages.error("wrong_option", property=field.name, value=value, options=",".join(field.options))

    def _text(self, field: Field, text: str) -> str:
        stored = text.strip().upper() if field.code else text
        if field.max_length is not None and len(stored) > field.max_length:
            raise self._messages.error(
                "too_long", property=field.name, length=len(stored), max_length=field.max_length, value=stored
            )
        return stored

"""What Finance says has happened: business events, and data events of entities. Pure.

A business event has `BusinessEventId` and its contract's fields at the top. A data event comes in two forms: named
`ENTITY_DataEvent_Create|Update|Delete` in the same envelope, or as Dataverse's RemoteExecutionContext of the virtual
table `mserp_entity`, whose message is `OnExternalCreated` and the like and which has no control number. Both carry the
row's fields as `InputParameters` → Target; an update may lack the key. The forms are from public samples: compare them
with the schemas in the environment's own event catalogue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_DATA_EVENT = re.compile(r"(?P<entity>\w+)_DataEvent_(?P<what>Create|Update|Delete)", re.IGNORECASE)
_MESSAGE = re.compile(r"(?:OnExternal)?(?P<what>Create|Update|Delete)d?", re.IGNORECASE)
_VIRTUAL = "mserp_"  # before names of virtual tables and their columns
# Entities that have a place here, in lower case: the entity set, and the field with the record's key.
_ENTITIES = {
    "custcustomerv3entity": ("CustomersV3", "customeraccount"),
    "salesorderheaderv2entity": ("SalesOrderHeadersV2", "salesordernumber"),
    "salesorderheaderv3entity": ("SalesOrderHeadersV2", "salesordernumber"),
    "salesorderheaderv4entity": ("SalesOrderHeadersV2", "salesordernumber"),
}
# Business events whose contract names a record that has a place here.
_BUSINESS_EVENTS = {"salesinvoicepostedbusinessevent": ("SalesOrderHeadersV2", "SalesOrderId")}


@dataclass(frozen=True, slots=True)
class Noticed:
    """A record changed. Without a company or a key the notice only says to look; control numbers rise, with gaps."""

    entity_set: str
    company: str | None
    key: str | None
    event_id: str
    control_number: int | None
    deleted: bool = False
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A notice of something that has no place here."""

    reason: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """No notice; `where` is the path to what is wrong."""

    where: str
    text: str


class _WrongError(Exception):
    """What is wrong, on its way to `parse_notice`."""

    def __init__(self, where: str, text: str) -> None:
        super().__init__(where, text)
        self.found = Malformed(where, text)


def parse_notice(body: bytes) -> Noticed | Skipped | Malformed:
    """Read the body of one event."""
    try:
        notice = json.loads(body)
    except (ValueError, RecursionError):
        return Malformed("(body)", "no JSON")
    if not isinstance(notice, dict):
        return Malformed("(body)", "not an object")
    try:
        return _read(notice)
    except _WrongError as wrong:
        return wrong.found


def date_of(text: str) -> datetime | None:
    """Decode `/Date(ms)/`: milliseconds since 1970 in UTC, whatever offset stands behind them. None if it is none."""
    match = _DATE.fullmatch(text)
    try:
        return _EPOCH + timedelta(milliseconds=int(match[1])) if match else None
    except OverflowError:
        return None


def _read(notice: Mapping[str, Any]) -> Noticed | Skipped:
    event = _text(notice, "BusinessEventId")
    data_event = _DATA_EVENT.fullmatch(event or "")
    if data_event:
        return _data_event(notice, data_event["entity"], data_event["what"])
    if event:
        return _business_event(notice, event)
    message = _text(notice, "MessageName")
    if message is None:
        raise _WrongError("BusinessEventId", "neither BusinessEventId nor MessageName is there: no event of Finance")
    change = _MESSAGE.fullmatch(message)
    if change is None:
        return Skipped(f"message {message} tells no change")
    return _data_event(notice, _needed(notice, "PrimaryEntityName"), change["what"])


def _business_event(notice: Mapping[str, Any], event: str) -> Noticed | Skipped:
    known = _BUSINESS_EVENTS.get(event.casefold())
    if known is None:
        return Skipped(f"business event {event} is not followed")
    entity_set, field = known
    return _noticed(notice, entity_set, _text(notice, "LegalEntity"), _text(notice, field))


def _data_event(notice: Mapping[str, Any], entity: str, what: str) -> Noticed | Skipped:
    known = _ENTITIES.get(entity.casefold().removeprefix(_VIRTUAL))
    if known is None:
        return Skipped(f"entity {entity} is not followed")
    entity_set, field = known
    columns = _columns(notice)
    company = columns.get("dataareaid") or _text(notice, "LegalEntity")
    return _noticed(notice, entity_set, company, columns.get(field), deleted=what.casefold() == "delete")


def _noticed(
    notice: Mapping[str, Any], entity_set: str, company: str | None, key: str | None, *, deleted: bool = False
) -> Noticed:
    event_id = _text(notice, "EventId") or _text(notice, "CorrelationId") or ""
    at = _moment(notice)
    return Noticed(entity_set, company.lower() if company else None, key, event_id, _control(notice), deleted, at)


def _columns(notice: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of the target's columns, by name in lower case without prefix. A deletion may have none."""
    columns: dict[str, str] = {}
    for index, parameter in enumerate(_list(notice, "InputParameters", "InputParameters")):
        where = f"InputParameters[{index}]"
        if not isinstance(parameter, dict):
            raise _WrongError(where, "not an object")
        target = parameter.get("value")
        if parameter.get("key") != "Target" or not isinstance(target, dict):
            continue
        for place, column in enumerate(_list(target, "Attributes", f"{where}.value.Attributes")):
            if not isinstance(column, dict) or not isinstance(column.get("key"), str):
                raise _WrongError(f"{where}.value.Attributes[{place}]", "no key and value")
            if isinstance(column.get("value"), str):
                columns[column["key"].casefold().removeprefix(_VIRTUAL)] = column["value"]
    return columns


def _list(holder: Mapping[str, Any], name: str, where: str) -> list[Any]:
    value = holder.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _WrongError(where, "not a list")
    return value


def _text(notice: Mapping[str, Any], name: str) -> str | None:
    value = notice.get(name)
    if value is not None and not isinstance(value, str):
        raise _WrongError(name, "not a text")
    return value.strip() or None if value else None


def _needed(notice: Mapping[str, Any], name: str) -> str:
    value = _text(notice, name)
    if value is None:
        raise _WrongError(name, "missing")
    return value


def _control(notice: Mapping[str, Any]) -> int | None:
    value = notice.get("ControlNumber")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise _WrongError("ControlNumber", "not a whole number")
    return value


def _moment(notice: Mapping[str, Any]) -> datetime | None:
    for name in ("EventTime", "OperationCreatedOn"):
        text = _text(notice, name)
        if text is not None:
            found = date_of(text)
            if found is None:
                raise _WrongError(name, "not of the form /Date(milliseconds)/")
            return found
    return None

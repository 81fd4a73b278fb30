"""What a webhook of Dataverse says: a RemoteExecutionContext as JSON. Only names and ids are read. Pure.

Above 256 KB Dataverse drops InputParameters, images and ParentContext and says so in the header
`x-ms-dynamics-msg-size-exceeded`; nothing of that is needed, and what a notice claims about values is never believed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

type EntitySet = Literal["accounts", "contacts", "customeraddresses"]
SETS: Mapping[str, EntitySet] = {
    "account": "accounts",
    "contact": "contacts",
    "customeraddress": "customeraddresses",
}
NO_ID = "00000000-0000-0000-0000-000000000000"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DATE = re.compile(r"/Date\((-?\d{1,15})([+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something happened to a record. Without `record_id` (several at once) only a pull of changes tells to which."""

    entity_set: EntitySet
    record_id: str | None
    message: str
    organization: str
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A body that is no notice of ours: where and why."""

    path: str
    problem: str


def read_notification(document: object) -> Noticed | Unreadable:
    """Read the parsed body of a webhook request."""
    if not isinstance(document, dict):
        return Unreadable("$", f"an object is expected, not {type(document).__name__}")
    texts: dict[str, str] = {}
    for name in ("MessageName", "PrimaryEntityName", "PrimaryEntityId", "OrganizationName"):
        value = document.get(name)
        if not isinstance(value, str) or not value:
            return Unreadable(f"$.{name}", "a text is expected")
        texts[name] = value
    entity_set = SETS.get(texts["PrimaryEntityName"].lower())
    if entity_set is None:
        known = ", ".join(SETS)
        return Unreadable("$.PrimaryEntityName", f"{texts['PrimaryEntityName'][:100]} is none of {known}")
    record_id = texts["PrimaryEntityId"].lower()
    if _GUID.fullmatch(record_id) is None:
        return Unreadable("$.PrimaryEntityId", "a GUID is expected")
    return Noticed(
        entity_set,
        None if record_id == NO_ID else record_id,
        texts["MessageName"],
        texts["OrganizationName"],
        moment_of(document.get("OperationCreatedOn")),
    )


def moment_of(value: object) -> datetime | None:
    """Read `/Date(milliseconds)/`, in UTC whatever offset stands behind; None when it is none."""
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=int(found[1]))
    except OverflowError:
        return None

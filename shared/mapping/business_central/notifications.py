"""Reading the webhook notifications of Business Central. Pure.

They carry no data, only what to look at. `resource` may or may not begin with a slash, and may be an absolute URL with
tenant and environment or begin at `api/v2.0`; in a `collection` it has a `$filter` in the place of a record's id.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import unquote

# Entity sets of API v2.0 that send notifications; lines notify for their header.
# Source: Microsoft's "Working with webhooks in Dynamics 365 Business Central".
SUPPORTED = frozenset(
    (
        "accounts",
        "companyInformation",
        "countriesRegions",
        "currencies",
        "customerPaymentJournals",
        "customers",
        "dimensions",
        "employees",
        "generalLedgerEntries",
        "itemCategories",
        "items",
        "journals",
        "paymentMethods",
        "paymentTerms",
        "purchaseInvoices",
        "salesCreditMemos",
        "salesInvoices",
        "salesOrders",
        "salesQuotes",
        "shipmentMethods",
        "unitsOfMeasure",
        "vendors",
    )
)
COLLECTION = "collection"
_RESOURCE = re.compile(r"companies\(([^)]+)\)/(\w+)(?:\(([^)]+)\))?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something changed: one record, or so many that a delta pull has to list them (`record_id` is None)."""

    company_id: str
    entity_set: str
    record_id: str | None
    change_type: str
    client_state: str
    subscription_id: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class SkippedNotice:
    """A notification that says nothing to us; `where` is its path in the body."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Notices:
    """What a body held."""

    noticed: tuple[Noticed, ...]
    skipped: tuple[SkippedNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class MalformedNotices:
    """A body that is no list of notifications; `where` is the path of what is wrong."""

    where: str
    reason: str


def read_notifications(body: bytes) -> Notices | MalformedNotices:
    """Read a request's body. One notification that cannot be read does not cost the others."""
    try:
        document = json.loads(body.decode("utf-8-sig"))  # some versions send a byte order mark
    except ValueError as error:
        return MalformedNotices("body", f"no JSON: {error}")
    if not isinstance(document, dict):
        return MalformedNotices("body", f"an object with value was expected, not {type(document).__name__}")
    entries = document.get("value")
    if not isinstance(entries, list):
        return MalformedNotices("value", f"a list was expected, not {type(entries).__name__}")
    read = [_notice(entry, f"value[{index}]") for index, entry in enumerate(entries)]
    return Notices(
        tuple(one for one in read if isinstance(one, Noticed)),
        tuple(one for one in read if isinstance(one, SkippedNotice)),
    )


def _notice(entry: object, where: str) -> Noticed | SkippedNotice:
    if not isinstance(entry, dict):
        return SkippedNotice(where, f"an object was expected, not {type(entry).__name__}")
    resource = entry.get("resource")
    if not isinstance(resource, str):
        return SkippedNotice(f"{where}.resource", "a text was expected")
    path, _, query = resource.partition("?")
    match = _RESOURCE.search(unquote(path).rstrip("/"))
    if match is None:
        return SkippedNotice(f"{where}.resource", f"{path} names no entity set of a company")
    company_id, entity_set, record_id = match.groups()
    if entity_set not in SUPPORTED:
        return SkippedNotice(f"{where}.resource", f"{entity_set} is no entity set that sends notifications")
    change_type = _text(entry.get("changeType"))
    is_single = record_id is not None and not query and change_type != COLLECTION
    return Noticed(
        company_id=company_id.strip("'").lower(),
        entity_set=entity_set,
        record_id=record_id.strip("'").lower() if is_single else None,
        change_type=change_type,
        client_state=_text(entry.get("clientState")),
        subscription_id=_text(entry.get("subscriptionId")),
        modified=_text(entry.get("lastModifiedDateTime")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

"""From a back-end's webhook request to notices: one reader for each type of back-end. Pure.

A notice is believed in nothing but the record that it names. What cannot be read, or does not show the shared secret,
is told as a refusal and never as an error: Business Central deletes a subscription whose notification is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from shared.mapping.business_central import notifications as business_central
from shared.mapping.dataverse import notifications as dataverse
from shared.mapping.finance import notifications as finance
from shared.markets import BackEndType
from shared.pipeline.envelope import FlowName
from shared.pipeline.notices import Notice

SECRET_HEADER = "x-ctd365-secret"  # noqa: S105 - the header's name; Business Central sends its own field instead
MAX_ID = 80  # characters of a record's id: with the prefix, an envelope takes it
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MAX_REASONS = 5  # of one request that are told
MAX_REASON = 150  # characters
_ADDRESS = re.compile(r"\S*@\S*")
FLOWS: Mapping[str, FlowName] = {
    "customers": "customers",
    "accounts": "customers",
    "contacts": "customers",
    "customersv3": "customers",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived, and the secret that it must show; header names are in lower case."""

    body: bytes
    headers: Mapping[str, str]
    secret: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a request told. `pulled` counts what names no record: the next pull brings it."""

    notices: tuple[Notice, ...] = ()
    pulled: int = 0
    refused: tuple[str, ...] = ()

    @property
    def why_refused(self) -> str:
        """Say why something was refused, shortly and without anybody's address: reasons quote what was sent."""
        told = [_ADDRESS.sub("…", reason)[:MAX_REASON] for reason in self.refused[:MAX_REASONS]]
        more = len(self.refused) - len(told)
        text = "; ".join([*told, *([f"and {more} more"] if more else [])])
        return text.encode("utf-8", "replace").decode()


def read_notices(back_end: BackEndType, request: Request) -> Read:
    """Read a request of a back-end's type."""
    try:
        read = _READERS[back_end](request)
    except RecursionError:
        return Read(refused=("(body): nested too deeply",))
    wrong = [notice for notice in read.notices if not _is_id(notice)]
    if not wrong:
        return read
    refused = (*read.refused, *("an id that no record of a back-end has" for _ in wrong))
    return replace(read, notices=tuple(notice for notice in read.notices if _is_id(notice)), refused=refused)


def _is_id(notice: Notice) -> bool:
    """Tell whether an envelope can carry the id."""
    return 0 < len(notice.record_id) <= MAX_ID and notice.record_id.isprintable()


def _from_business_central(request: Request) -> Read:
    found = business_central.read_notifications(request.body)
    if isinstance(found, business_central.MalformedNotices):
        return Read(refused=(f"{found.where}: {found.reason}",))
    refused = [f"{one.where}: {one.reason}" for one in found.skipped]
    notices: list[Notice] = []
    pulled = 0
    for one in found.noticed:
        flow = FLOWS.get(one.entity_set.casefold())
        if not _same(one.client_state, request.secret):
            refused.append(f"clientState of subscription {one.subscription_id or '?'} is not ours")
        elif flow is None or one.record_id is None:
            pulled += 1
        elif _GUID.fullmatch(one.record_id) is None:
            refused.append(f"an id of {one.entity_set} is no GUID")
        else:
            version = one.modified or _digest(request)
            notices.append(Notice(flow, one.company_id, one.record_id, one.change_type, version))
    return Read(tuple(notices), pulled, tuple(refused))


def _from_dataverse(request: Request) -> Read:
    if not _same(request.headers.get(SECRET_HEADER, ""), request.secret):
        return Read(refused=(f"the header {SECRET_HEADER} is missing or not ours",))
    try:
        document = json.loads(request.body)
    except ValueError:
        return Read(refused=("(body): no JSON",))
    found = dataverse.read_notification(document)
    if isinstance(found, dataverse.Unreadable):
        return Read(refused=(f"{found.path}: {found.problem}",))
    flow = FLOWS.get(found.entity_set)
    if flow is None or found.record_id is None:
        return Read(pulled=1)
    # A moment is no version: two changes may have the same one. The same request sent again is the same change.
    return Read((Notice(flow, "", f"{found.entity_set}({found.record_id})", found.message, _digest(request)),))


def _from_finance(request: Request) -> Read:
    if not _same(request.headers.get(SECRET_HEADER, ""), request.secret):
        return Read(refused=(f"the header {SECRET_HEADER} is missing or not ours",))
    found = finance.parse_notice(request.body)
    match found:
        case finance.Malformed():
            return Read(refused=(f"{found.where}: {found.text}",))
        case finance.Skipped():
            return Read(refused=(found.reason,))
        case finance.Noticed():
            flow = FLOWS.get(found.entity_set.casefold())
            if flow is None or found.key is None or found.company is None:
                return Read(pulled=1)
            cause = "Deleted" if found.deleted else "Changed"
            return Read((Notice(flow, found.company, found.key, cause, found.event_id or _digest(request)),))


_READERS: Mapping[BackEndType, Callable[[Request], Read]] = {
    "business_central": _from_business_central,
    "dataverse": _from_dataverse,
    "finance": _from_finance,
}


def _same(given: str, secret: str) -> bool:
    """Compare in constant time; without a secret of ours nothing is believed."""
    return bool(secret) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode())


def _digest(request: Request) -> str:
    return hashlib.sha256(request.body).hexdigest()[:32]

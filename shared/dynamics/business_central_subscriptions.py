"""Webhook subscriptions of Business Central: what there is is compared with what is wanted, then written.

They live for three days and are renewed by a PATCH; creating and renewing both call the notification URL with a
`validationToken` that has to come back with 200. An answer of the URL that is no success, 408, 429 or 5xx deletes the
subscription: the next `ensure` creates it anew. An environment takes 200 of them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from shared.dynamics.business_central_customers import ETAG, instant
from shared.dynamics.odata import ODataClient, Row, literal
from shared.errors import NotFound, ServiceError

type Done = Literal["created", "renewed", "deleted"]

MARGIN = timedelta(hours=24)
_RESOURCE = re.compile(r"companies\(([^)]+)\)/(\w+)(?:$|\?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription as Business Central lists it; `expires_at` is None when it does not say."""

    id: str
    notification_url: str
    company_id: str
    resource: str
    client_state: str
    expires_at: datetime | None
    etag: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What there shall be in one company; `margin` is how long before they expire subscriptions are renewed."""

    company_id: str
    notification_url: str
    client_state: str
    resources: frozenset[str]
    margin: timedelta = MARGIN


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: entity sets to subscribe to, and what becomes of the own subscriptions that there are."""

    create: tuple[str, ...] = ()
    renew: tuple[Subscription, ...] = ()
    keep: tuple[Subscription, ...] = ()
    delete: tuple[Subscription, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedSubscription:
    """A subscription that could not be written, and why."""

    resource: str
    reason: str


@dataclass(frozen=True, slots=True)
class SubscriptionReport:
    """What was done, by entity set."""

    created: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    failed: tuple[FailedSubscription, ...] = ()


def plan(existing: Collection[Subscription], wanted: Wanted, now: datetime) -> Plan:
    """Decide what to create, renew, keep and delete. Pure.

    Own subscriptions are those of this company whose notification URL is ours, whatever its query says: a key in it
    may have been changed. Everything else belongs to somebody else and is left alone.
    """
    own = sorted((one for one in existing if _is_own(one, wanted)), key=_expiry, reverse=True)
    renew: list[Subscription] = []
    keep: list[Subscription] = []
    delete: list[Subscription] = []
    known: set[str] = set()
    for one in own:
        if one.resource not in wanted.resources or one.resource in known:
            delete.append(one)
            continue
        known.add(one.resource)
        (keep if _holds(one, wanted, now) else renew).append(one)
    return Plan(tuple(sorted(wanted.resources - known)), tuple(renew), tuple(keep), tuple(delete))


def subscription_of(row: Row) -> Subscription | None:
    """Read a subscription; None when it is for something that is no entity set of a company."""
    match = _RESOURCE.search(row["resource"])
    if match is None:
        return None
    return Subscription(
        id=row["subscriptionId"],
        notification_url=row["notificationUrl"],
        company_id=match[1].lower(),
        resource=match[2],
        client_state=row.get("clientState") or "",
        expires_at=instant(row.get("expirationDateTime")),
        etag=row.get(ETAG, "*"),
    )


class Subscriptions:
    """Keeps the subscriptions of one environment."""

    def __init__(self, api: ODataClient, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock

    async def ensure(
        self,
        company_id: str,
        notification_url: str,
        client_state: str,
        resources: Collection[str],
        correlation_id: str,
        margin: timedelta = MARGIN,
    ) -> SubscriptionReport:
        """Make the subscriptions of a company those that are wanted; run it at least daily.

        Resources are entity sets, such as customers. One that fails is reported and does not stop the others; raises
        ServiceError only when the subscriptions cannot be listed.
        """
        wanted = Wanted(company_id.lower(), notification_url, client_state, frozenset(resources), margin)
        decided = plan(await self._list(correlation_id), wanted, self._clock())
        done = _Done(kept=[one.resource for one in decided.keep])
        for one in decided.delete:
            await done.attempt(one.resource, self._delete(one, correlation_id))
        for one in decided.renew:
            await done.attempt(one.resource, self._renew(one, wanted, correlation_id))
        for resource in decided.create:
            await done.attempt(resource, self._create(resource, wanted, correlation_id))
        return done.report()

    async def _list(self, correlation_id: str) -> list[Subscription]:
        rows = self._api.rows("subscriptions", correlation_id)
        return [one async for row in rows if (one := subscription_of(row)) is not None]

    async def _create(self, resource: str, wanted: Wanted, correlation_id: str) -> Done:
        await self._api.call("POST", "subscriptions", correlation_id, json=_body(resource, wanted))
        return "created"

    async def _renew(self, one: Subscription, wanted: Wanted, correlation_id: str) -> Done:
        body = _body(one.resource, wanted)
        try:
            await self._api.call("PATCH", _path(one), correlation_id, json=body, if_match=one.etag)
        except NotFound:  # it expired, or was deleted after an error answer, since it was listed
            return await self._create(one.resource, wanted, correlation_id)
        return "renewed"

    async def _delete(self, one: Subscription, correlation_id: str) -> Done:
        with suppress(NotFound):
            await self._api.call("DELETE", _path(one), correlation_id, if_match=one.etag)
        return "deleted"


@dataclass(slots=True)
class _Done:
    """What has been done so far."""

    kept: list[str]
    created: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    failed: list[FailedSubscription] = field(default_factory=list)

    async def attempt(self, resource: str, work: Awaitable[Done]) -> None:
        try:
            done = await work
        except ServiceError as error:
            self.failed.append(FailedSubscription(resource, str(error)))
            return
        getattr(self, done).append(resource)

    def report(self) -> SubscriptionReport:
        return SubscriptionReport(
            created=tuple(sorted(self.created)),
            renewed=tuple(sorted(self.renewed)),
            kept=tuple(sorted(self.kept)),
            deleted=tuple(sorted(self.deleted)),
            failed=tuple(self.failed),
        )


def _body(resource: str, wanted: Wanted) -> dict[str, str]:
    return {
        "notificationUrl": wanted.notification_url,
        "resource": f"/api/v2.0/companies({wanted.company_id})/{resource}",
        "clientState": wanted.client_state,
    }


def _path(one: Subscription) -> str:
    return f"subscriptions({literal(one.id)})"


def _is_own(one: Subscription, wanted: Wanted) -> bool:
    address = one.notification_url.partition("?")[0]
    return one.company_id == wanted.company_id.lower() and address == wanted.notification_url.partition("?")[0]


def _holds(one: Subscription, wanted: Wanted, now: datetime) -> bool:
    """Tell whether a subscription is as wanted, and will be for a while."""
    same = (one.notification_url, one.client_state) == (wanted.notification_url, wanted.client_state)
    return same and one.expires_at is not None and one.expires_at - now > wanted.margin


def _expiry(one: Subscription) -> datetime:
    return one.expires_at or datetime.min.replace(tzinfo=UTC)

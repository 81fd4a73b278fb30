"""Prices as commercetools writes them: money, periods, keys, drafts. Pure.

A StandalonePrice and a price embedded in a product differ in one thing here: the first one names its SKU.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.model.money import Money, minor_digits

MOST_FRACTION_DIGITS = 20  # of highPrecision money
_LONGEST_PART = 60  # of a key, which may have 256 characters
_KEY_PARTS = re.compile(r"[^A-Za-z0-9_-]+")

type Document = Mapping[str, Any]
type Draft = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """Who sees a price. Customer group and channel are keys in what is wanted, and ids in what is there."""

    currency: str
    country: str | None = None
    customer_group: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """When a price holds; None is open-ended. Times are aware."""

    starts: datetime | None = None
    ends: datetime | None = None

    @property
    def is_bound(self) -> bool:
        """Whether it has any end at all."""
        return self.starts is not None or self.ends is not None

    def overlaps(self, other: Period) -> bool:
        """Whether both are bound, and some time is in both; a period without ends is what others fall back to."""
        if not (self.is_bound and other.is_bound):
            return False
        return _before(self.starts, other.ends) and _before(other.starts, self.ends)


@dataclass(frozen=True, slots=True)
class Tier:
    """What one piece costs from a quantity on, which is 2 at least."""

    minimum: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """One price that commercetools shall have."""

    key: str
    sku: str
    book: str
    scope: Scope
    amount: Decimal
    tiers: tuple[Tier, ...] = ()
    period: Period = Period()


@dataclass(frozen=True, slots=True)
class ScopeIds:
    """Ids of customer groups and channels by their keys."""

    customer_groups: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)

    def known(self, scope: Scope) -> bool:
        """Whether commercetools has what the scope names."""
        group, channel = scope.customer_group, scope.channel
        return (group is None or group in self.customer_groups) and (channel is None or channel in self.channels)

    def resolved(self, scope: Scope) -> Scope:
        """Return a scope of keys as one of ids, as prices in commercetools have them."""
        group = self.customer_groups[scope.customer_group] if scope.customer_group else None
        channel = self.channels[scope.channel] if scope.channel else None
        return Scope(scope.currency, scope.country, group, channel)


def _before(starts: datetime | None, ends: datetime | None) -> bool:
    return starts is None or ends is None or starts < ends


def key_prefix(market: str) -> str:
    """Return how the keys of all prices that a market makes begin."""
    return f"ctd-{_digest(market)}-"


def price_key(market: str, sku: str, book: str, scope: Scope, period: Period) -> str:
    """Name a price: always the same for the same thing, and different for different ones. 256 characters at most."""
    edges = (period.starts, period.ends)
    parts = (book, scope.currency, scope.country, scope.customer_group, scope.channel, *map(moment_text, edges))
    readable = _KEY_PARTS.sub("-", sku)[:_LONGEST_PART]
    return f"{key_prefix(market)}{readable}-{_digest('\n'.join([sku, *(part or '' for part in parts)]))}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def moment_text(moment: datetime | None) -> str | None:
    """Spell a time as commercetools does, in UTC and to the millisecond."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money_draft(amount: Decimal, currency: str) -> Draft:
    """Spell an amount: in minor units if it has no more digits than the currency, else with all it has.

    `centAmount` is required in either form; in the precise one it is what one piece is rounded to.
    """
    money = Money(amount, currency)
    cents = {"currencyCode": currency, "centAmount": money.rounded_units()}
    digits = -int(amount.normalize().as_tuple().exponent)
    if digits <= minor_digits(currency):
        return {"type": "centPrecision", **cents}
    precise = int(amount.scaleb(digits))
    return {"type": "highPrecision", **cents, "preciseAmount": precise, "fractionDigits": digits}


def amount_of(money: Document) -> Decimal:
    """Read an amount of any precision."""
    currency, digits = money["currencyCode"], money.get("fractionDigits")
    units = money["preciseAmount"] if money.get("type") == "highPrecision" else money["centAmount"]
    return Money.from_cents(units, currency, digits).amount


def tier_drafts(price: ListedPrice) -> list[Draft]:
    """Spell the tiers of a price."""
    currency = price.scope.currency
    return [{"minimumQuantity": tier.minimum, "value": money_draft(tier.amount, currency)} for tier in price.tiers]


def tiers_of(document: Document) -> tuple[Tier, ...]:
    """Read the tiers of a price, smallest quantity first."""
    tiers = (Tier(tier["minimumQuantity"], amount_of(tier["value"])) for tier in document.get("tiers") or ())
    return tuple(sorted(tiers, key=lambda tier: tier.minimum))


def scope_of(document: Document) -> Scope:
    """Read who sees a price; the scope is one of ids."""
    group, channel = document.get("customerGroup") or {}, document.get("channel") or {}
    return Scope(document["value"]["currencyCode"], document.get("country"), group.get("id"), channel.get("id"))


def period_of(document: Document) -> Period:
    """Read when a price holds."""
    starts, ends = (document.get(name) for name in ("validFrom", "validUntil"))
    return Period(*(datetime.fromisoformat(text) if text else None for text in (starts, ends)))


def period_fields(period: Period) -> Draft:
    """Spell a period; ends that are open are left out."""
    texts = {"validFrom": moment_text(period.starts), "validUntil": moment_text(period.ends)}
    return {name: text for name, text in texts.items() if text is not None}


def embedded_draft(price: ListedPrice) -> Draft:
    """Draft a price as part of a product."""
    scope = price.scope
    draft: Draft = {"key": price.key, "value": money_draft(price.amount, scope.currency), **period_fields(price.period)}
    if scope.country:
        draft["country"] = scope.country
    if scope.customer_group:
        draft["customerGroup"] = {"typeId": "customer-group", "key": scope.customer_group}
    if scope.channel:
        draft["channel"] = {"typeId": "channel", "key": scope.channel}
    if price.tiers:
        draft["tiers"] = tier_drafts(price)
    return draft


def standalone_draft(price: ListedPrice) -> Draft:
    """Draft a StandalonePrice."""
    return {**embedded_draft(price), "sku": price.sku, "active": True}

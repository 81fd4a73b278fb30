"""What has to change so that a SKU has the listed prices: StandalonePrices, or prices embedded in its variant. Pure.

Prices are known by their keys. One whose key is not listed any more may still be the same price in another period, and
then it is moved rather than made anew, because periods of one scope must not overlap in between. Prices of others are
left alone, except one in the very scope and period that is listed: there can be no second one there.

Discounts belong to commercetools: `discounted` is never set, changed or removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from shared.mapping.commercetools.price_documents import (
    Document,
    Draft,
    ListedPrice,
    Scope,
    ScopeIds,
    amount_of,
    embedded_draft,
    money_draft,
    period_fields,
    period_of,
    scope_of,
    standalone_draft,
    tier_drafts,
    tiers_of,
)

type Action = dict[str, Any]
type Unlisted = Literal["keep", "deactivate", "delete"]
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PriceStep:
    """One request for one StandalonePrice. Without `price`, `draft` is created; without actions, `price` is deleted."""

    price: Document | None
    actions: Sequence[Action] = ()
    draft: Draft | None = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which price is which. `unlisted` are ours that the back-end does not list any more."""

    pairs: tuple[tuple[ListedPrice, Document | None], ...]
    unlisted: tuple[Document, ...]


def paired(listed: Iterable[ListedPrice], existing: Iterable[Document], prefix: str, ids: ScopeIds) -> Pairing:
    """Find for each listed price the one that is there: by key, by scope and period, then ours of the same scope."""
    # Both in the order of time: moving one past another would leave no order of requests without an overlap.
    wanted = sorted(listed, key=lambda price: price.period.starts or _BEGINNING)
    left = sorted(existing, key=lambda document: period_of(document).starts or _BEGINNING)
    found: dict[str, Document] = {}
    for fits in (_same_key, _same_place, _ours_in_scope):
        for price in wanted:
            if price.key in found:
                continue
            match = next((one for one in left if fits(price, ids.resolved(price.scope), one, prefix)), None)
            if match is not None:
                left.remove(match)
                found[price.key] = match
    unlisted = tuple(one for one in left if _is_ours(one, prefix))
    return Pairing(tuple((price, found.get(price.key)) for price in wanted), unlisted)


def standalone_steps(pairing: Pairing, prefix: str, unlisted: Unlisted) -> list[PriceStep]:
    """List the requests, in the order in which they have to be sent: first what makes room."""
    gone = [step for price in pairing.unlisted if (step := _unlisted_step(price, unlisted))]
    drafts = [PriceStep(None, draft=standalone_draft(price)) for price, document in pairing.pairs if document is None]
    changes = [
        PriceStep(document, actions)
        for price, document in _without_overlap(pairing)
        if (actions := standalone_actions(price, document, prefix))
    ]
    return gone + changes + drafts


def _without_overlap(pairing: Pairing) -> Iterable[tuple[ListedPrice, Document]]:
    """Order changes so that no price moves into a period that another one has yet to leave, where that is possible."""
    waiting = [(price, document) for price, document in pairing.pairs if document is not None]
    while waiting:
        free = (one for one in waiting if not any(_in_the_way(one[0], *other) for other in waiting if other is not one))
        chosen = next(free, waiting[0])
        waiting.remove(chosen)
        yield chosen


def _in_the_way(price: ListedPrice, other: ListedPrice, document: Document) -> bool:
    return other.scope == price.scope and price.period.overlaps(period_of(document))


def standalone_actions(price: ListedPrice, document: Document, prefix: str) -> list[Action]:
    """List what differs in one StandalonePrice."""
    actions: list[Action] = []
    if document.get("key") != price.key and (document.get("key") is None or _is_ours(document, prefix)):
        actions.append({"action": "setKey", "key": price.key})
    if amount_of(document["value"]) != price.amount:
        actions.append({"action": "changeValue", "value": money_draft(price.amount, price.scope.currency)})
    if tiers_of(document) != price.tiers:
        actions.append({"action": "setPriceTiers", "tiers": tier_drafts(price)})
    if period_of(document) != price.period:
        actions.append({"action": "setValidFromAndUntil", **period_fields(price.period)})
    if not document["active"]:
        actions.append({"action": "changeActive", "active": True})
    return actions


def embedded_actions(pairing: Pairing, sku: str, unlisted: Unlisted, *, staged: bool) -> list[Action]:
    """List what differs in the prices of one variant; prices in products cannot be inactive, so they are removed."""
    removed = [] if unlisted == "keep" else pairing.unlisted
    actions: list[Action] = [{"action": "removePrice", "priceId": price["id"], "staged": staged} for price in removed]
    for price, document in pairing.pairs:
        if document is None:
            actions.append({"action": "addPrice", "sku": sku, "price": embedded_draft(price), "staged": staged})
        elif embedded_differs(price, document):
            draft = _replacing(price, document)
            actions.append({"action": "changePrice", "priceId": document["id"], "price": draft, "staged": staged})
    return actions


def embedded_differs(price: ListedPrice, document: Document) -> bool:
    """Tell whether an embedded price is not what is listed; its key alone is no reason to touch it."""
    there = (amount_of(document["value"]), tiers_of(document), period_of(document))
    return there != (price.amount, price.tiers, price.period)


def _replacing(price: ListedPrice, document: Document) -> Draft:
    """Draft the whole price, since changePrice leaves nothing of the old one: its discount and custom fields stay.

    A discount that commercetools computes comes back by itself; only one from outside must be handed over again, which
    is known where `discounted.discount` is expanded.
    """
    draft = embedded_draft(price)
    if document.get("key"):
        draft["key"] = document["key"]
    discounted = document.get("discounted") or {}
    kind = discounted.get("discount", {}).get("obj", {}).get("value", {}).get("type")
    if kind == "external":
        reference = {"typeId": "product-discount", "id": discounted["discount"]["id"]}
        money = discounted["value"]
        draft["discounted"] = {"value": money_draft(amount_of(money), money["currencyCode"]), "discount": reference}
    if custom := document.get("custom"):
        draft["custom"] = {"type": {"typeId": "type", "id": custom["type"]["id"]}, "fields": custom["fields"]}
    return draft


def _unlisted_step(price: Document, unlisted: Unlisted) -> PriceStep | None:
    if unlisted == "delete":
        return PriceStep(price)
    if unlisted == "deactivate" and price["active"]:
        return PriceStep(price, [{"action": "changeActive", "active": False}])
    return None


def _is_ours(document: Document, prefix: str) -> bool:
    return str(document.get("key") or "").startswith(prefix)


def _same_key(price: ListedPrice, scope: Scope, document: Document, prefix: str) -> bool:  # noqa: ARG001 - one of three
    return document.get("key") == price.key and scope_of(document) == scope


def _same_place(price: ListedPrice, scope: Scope, document: Document, prefix: str) -> bool:  # noqa: ARG001
    return scope_of(document) == scope and period_of(document) == price.period


def _ours_in_scope(price: ListedPrice, scope: Scope, document: Document, prefix: str) -> bool:  # noqa: ARG001
    return _is_ours(document, prefix) and scope_of(document) == scope

"""Prices: the rows of the back-end's price books become StandalonePrices, or prices embedded in products.

All rows of an item are read together, because quantity tiers and periods of one price are rows of their own. What was
listed last is remembered as a digest: where the listing is as it was and commercetools differs, somebody has edited a
price in the shop, and the market map says whether that is corrected or only told.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from shared.commercetools.catalogue import Catalogue
from shared.dynamics.catalogue import OffersCatalogue
from shared.flows.sku_matching import SkuMatcher
from shared.mapping.catalogue import target_of, target_of_key
from shared.mapping.commercetools.price_differences import (
    Pairing,
    PriceStep,
    embedded_actions,
    paired,
    standalone_steps,
)
from shared.mapping.commercetools.price_documents import Document, ScopeIds, key_prefix
from shared.mapping.commercetools.prices import Listing, PriceProblem, listed_prices, within
from shared.mapping.commercetools.product_documents import Product, by_sku
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, PriceState, item_key
from shared.pipeline.bulk import Change, Comparison
from shared.state.protocols import DigestStore
from shared.state.records import Question

FLOW: Literal["prices"] = "prices"


@dataclass(frozen=True, slots=True)
class StandaloneChange:
    """The requests that bring one SKU's StandalonePrices in step. Implements `Change`."""

    shop: Catalogue
    digests: DigestStore
    scope: str
    listing_digest: str
    sku: str
    record_keys: Sequence[str]
    steps: Sequence[PriceStep]
    sent: list[PriceStep] = field(default_factory=list)  # of an attempt that did not come to its end

    @property
    def key(self) -> str:
        """See `Change.key`."""
        return self.sku

    @property
    def why(self) -> str:
        """See `Change.why`."""
        return f"{len(self.steps)} price(s) of {self.sku}"

    def difference(self) -> Mapping[str, Any]:
        """See `Change.difference`."""
        return {"steps": [_told(step) for step in self.steps]}

    async def write(self, correlation_id: str) -> None:
        """See `Change.write`. In order: what makes room goes first."""
        for step in self.steps[len(self.sent) :]:
            await self.shop.write_price(step, correlation_id)
            self.sent.append(step)
        await self.digests.put(self.scope, {self.sku: self.listing_digest})


@dataclass(frozen=True, slots=True)
class EmbeddedChange:
    """The actions that bring the embedded prices of one product in step. Implements `Change`."""

    shop: Catalogue
    digests: DigestStore
    scope: str
    listings: Mapping[str, str]
    product: Product
    record_keys: Sequence[str]
    actions: Sequence[Mapping[str, Any]]

    @property
    def key(self) -> str:
        """See `Change.key`."""
        return ", ".join(self.listings)

    @property
    def why(self) -> str:
        """See `Change.why`."""
        return f"{len(self.actions)} change(s) of prices in product {self.product.key or self.product.id}"

    def difference(self) -> Mapping[str, Any]:
        """See `Change.difference`."""
        return {"product": self.product.id, "actions": list(self.actions)}

    async def write(self, correlation_id: str) -> None:
        """See `Change.write`."""
        await self.shop.update_product(self.product, self.actions, correlation_id)
        await self.digests.put(self.scope, self.listings)


@dataclass(frozen=True, slots=True)
class _Sold:
    """One SKU with all rows of its item. `unit` is the one that it is sold in, where rows are in several."""

    sku: str
    target: ItemTarget
    rows: Sequence[PriceState]
    unit: str | None = None

    @property
    def record_keys(self) -> list[str]:
        return [row.key for row in self.rows] or [item_key(self.target.item, self.target.variant or "")]


@dataclass(frozen=True, slots=True)
class PricesFlow:
    """Implements `BulkFlow` for prices."""

    connector: OffersCatalogue
    shop: Catalogue
    matcher: SkuMatcher
    digests: DigestStore
    name: Literal["prices"] = FLOW

    def pages(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[PriceState]]:
        """See `BulkFlow.pages`."""
        return self.connector.prices(market, cursor, correlation_id)

    async def compare_keys(
        self, market: Market, keys: Sequence[str], read_at: datetime, correlation_id: str
    ) -> Comparison:
        """See `BulkFlow.compare_keys`. An item may have no row left: then its prices are not listed any more."""
        del read_at
        return await self._compare(market, keys, correlation_id)

    async def compare(
        self, market: Market, records: Sequence[PriceState], read_at: datetime, correlation_id: str
    ) -> Comparison:
        """See `BulkFlow.compare`."""
        del read_at
        return await self._compare(market, [record.key for record in records], correlation_id)

    async def _compare(self, market: Market, keys: Sequence[str], correlation_id: str) -> Comparison:
        targets = {key: target_of_key(key) for key in keys}
        matches = await self.matcher.match(market, set(targets.values()), correlation_id)
        sold = await self._sold(market, matches, correlation_id)
        groups = {book.customer_group for book in market.price_books if book.customer_group}
        channels = {book.channel for book in market.price_books if book.channel}
        ids = await self.shop.scope_ids(groups, channels, correlation_id)
        standalone = await self._standalone(market, sold, ids, correlation_id)
        embedded = await self._embedded(market, sold, ids, correlation_id)
        changes = [*standalone.changes, *embedded.changes]
        changed = {target_of_key(key) for change in changes for key in change.record_keys}
        unmatched = sorted(key for key, target in targets.items() if target not in matches)
        unchanged = [key for key, target in targets.items() if target in matches and target not in changed]
        return Comparison(changes, len(unchanged), unmatched, [*standalone.questions, *embedded.questions])

    async def _sold(
        self, market: Market, matches: Mapping[ItemTarget, Sequence[str]], correlation_id: str
    ) -> list[_Sold]:
        rows: defaultdict[ItemTarget, list[PriceState]] = defaultdict(list)
        for row in await self.connector.prices_of(market, list(matches), correlation_id) if matches else ():
            rows[target_of(row)].append(row)
        in_units = [target for target, some in rows.items() if any(row.unit for row in some)]
        items = await self.connector.items_of(market, in_units, correlation_id) if in_units else ()
        units = {target_of(item): item.unit for item in items}
        return [_Sold(sku, target, rows[target], units.get(target)) for target, skus in matches.items() for sku in skus]

    async def _standalone(
        self, market: Market, sold: Sequence[_Sold], ids: ScopeIds, correlation_id: str
    ) -> Comparison:
        if not any(book.kind == "standalone" for book in market.price_books):
            return Comparison()
        existing: defaultdict[str, list[Document]] = defaultdict(list)
        for document in await self.shop.prices_of([one.sku for one in sold], correlation_id) if sold else ():
            existing[document["sku"]].append(document)
        prefix, scope = key_prefix(market.name), _scope(market)
        known = await self._known(scope, sold)
        changes: list[Change] = []
        questions: list[Question] = []
        agreed: dict[str, str] = {}
        for one in sold:
            listing = within(listed_prices(one.rows, one.sku, market, unit=one.unit), ids)
            questions += _problems(listing.problems, market)
            pairing = paired(listing.prices, existing[one.sku], prefix, ids)
            steps = standalone_steps(pairing, prefix, market.prices.unlisted)
            digest = _digest(listing)
            if not steps:
                agreed[one.sku] = digest
            elif market.prices.drift == "report" and known.get(one.sku) == digest:
                questions.append(_drift(one.sku, pairing, market))
            else:
                change = StandaloneChange(self.shop, self.digests, scope, digest, one.sku, one.record_keys, steps)
                changes.append(change)
        await self._agree(market, agreed, known)
        return Comparison(changes, questions=questions)

    async def _embedded(self, market: Market, sold: Sequence[_Sold], ids: ScopeIds, correlation_id: str) -> Comparison:
        if not sold or not any(book.kind == "embedded" for book in market.price_books):
            return Comparison()
        products = by_sku(await self.shop.products_of([one.sku for one in sold], correlation_id))
        by_product: defaultdict[str, list[_Sold]] = defaultdict(list)
        for one in sold:
            if one.sku in products:
                by_product[products[one.sku].id].append(one)
        known = await self._known(_scope(market), sold)
        changes: list[Change] = []
        questions: list[Question] = []
        agreed: dict[str, str] = {}
        for some in by_product.values():
            change = self._of_product(market, products[some[0].sku], some, ids, known, questions)
            if change.actions:
                changes.append(change)
            else:
                agreed |= change.listings
        await self._agree(market, agreed, known)
        return Comparison(changes, questions=questions)

    def _of_product(
        self,
        market: Market,
        product: Product,
        sold: Sequence[_Sold],
        ids: ScopeIds,
        known: Mapping[str, str],
        questions: list[Question],
    ) -> EmbeddedChange:
        prefix, staged = key_prefix(market.name), market.products.publish == "never"
        actions: list[Mapping[str, Any]] = []
        listings: dict[str, str] = {}
        for one in sold:
            listing = within(listed_prices(one.rows, one.sku, market, kind="embedded", unit=one.unit), ids)
            questions += _problems(listing.problems, market)
            variant = product.variant(one.sku, staged=staged) or {}
            pairing = paired(listing.prices, variant.get("prices", ()), prefix, ids)
            differing = embedded_actions(pairing, one.sku, market.prices.unlisted, staged=staged)
            digest = _digest(listing)
            if differing and market.prices.drift == "report" and known.get(one.sku) == digest:
                questions.append(_drift(one.sku, pairing, market))
                continue
            actions += differing
            listings[one.sku] = digest
        keys = [key for one in sold for key in one.record_keys]
        return EmbeddedChange(self.shop, self.digests, _scope(market), listings, product, keys, actions)

    async def _agree(self, market: Market, agreed: Mapping[str, str], known: Mapping[str, str]) -> None:
        """Remember listings that commercetools had already: a price that differs later was edited there."""
        fresh = {sku: digest for sku, digest in agreed.items() if known.get(sku) != digest}
        if fresh and market.prices.drift == "report":
            await self.digests.put(_scope(market), fresh)

    async def _known(self, scope: str, sold: Sequence[_Sold]) -> Mapping[str, str]:
        """Return what was listed last, for telling an edit in the shop from one in the back-end."""
        return (await self.digests.page(scope, [one.sku for one in sold], "")).known if sold else {}


def _scope(market: Market) -> str:
    return f"{FLOW}:{market.name}:written"


def _digest(listing: Listing) -> str:
    return hashlib.sha256(repr(listing.prices).encode()).hexdigest()[:32]


def _told(step: PriceStep) -> Mapping[str, Any]:
    if step.price is None:
        return {"create": step.draft}
    return {"change": step.price["id"], "actions": list(step.actions)} if step.actions else {"delete": step.price["id"]}


def _problems(problems: Iterable[PriceProblem], market: Market) -> list[Question]:
    """Ask once for everything that has the same cause, however many items it concerns."""
    return [
        Question(
            scope=market.name,
            kind="price",
            key=f"{FLOW}/{one.book}/{hashlib.sha256(one.text.encode()).hexdigest()[:16]}",
            text=f"{one.sku}, and every item like it: price book {one.book} {one.text}",
            hint="correct the price list or the market map, and resolve with --note; the next change is tried again",
        )
        for one in problems
    ]


def _drift(sku: str, pairing: Pairing, market: Market) -> Question:
    listed = {price.key: str(price.amount) for price, _ in pairing.pairs}
    there = {price.key: (document or {}).get("value", {}).get("centAmount") for price, document in pairing.pairs}
    return Question(
        scope=market.name,
        kind="price_drift",
        key=f"{FLOW}/drift/{sku}",
        text=f"{sku}: a price was edited in commercetools, and the back-end lists another one",
        commercetools=there,
        dynamics=listed,
        hint="set it right on one side and resolve with --note; prices.drift: correct does it by itself",
    )

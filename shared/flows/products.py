"""Products: fields of items that the back-end owns arrive in products; new items become products, or a question."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.commercetools.catalogue import Catalogue
from shared.dynamics.catalogue import OffersCatalogue
from shared.flows.sku_matching import ITEM, SkuMatcher, expected_skus
from shared.mapping.catalogue import target_of, target_of_key
from shared.mapping.commercetools.product_documents import Product, by_sku
from shared.mapping.commercetools.product_drafts import product_draft, product_key, product_type_key
from shared.mapping.commercetools.products import Matched, ProductProblem, Vocabulary, product_change
from shared.markets import ItemTarget, Market
from shared.model.catalogue import CataloguePage, ItemState, item_key
from shared.pipeline.bulk import Change, Comparison
from shared.state.protocols import IdMap
from shared.state.records import IdPair, Question

FLOW: Literal["products"] = "products"


@dataclass(frozen=True, slots=True)
class UpdateProduct:
    """Implements `Change`."""

    shop: Catalogue
    product: Product
    record_keys: Sequence[str]
    actions: Sequence[Mapping[str, Any]]

    @property
    def key(self) -> str:
        """See `Change.key`."""
        return self.product.key or self.product.id

    @property
    def why(self) -> str:
        """See `Change.why`."""
        return ", ".join(dict.fromkeys(str(action["action"]) for action in self.actions))

    def difference(self) -> Mapping[str, Any]:
        """See `Change.difference`."""
        return {"product": self.product.id, "actions": list(self.actions)}

    async def write(self, correlation_id: str) -> None:
        """See `Change.write`."""
        await self.shop.update_product(self.product, self.actions, correlation_id)


@dataclass(frozen=True, slots=True)
class CreateProduct:
    """Implements `Change`."""

    shop: Catalogue
    number: str
    record_keys: Sequence[str]
    draft: Mapping[str, Any]

    @property
    def key(self) -> str:
        """See `Change.key`."""
        return self.number

    @property
    def why(self) -> str:
        """See `Change.why`."""
        return f"product of item {self.number} created"

    def difference(self) -> Mapping[str, Any]:
        """See `Change.difference`."""
        return {"create": self.draft}

    async def write(self, correlation_id: str) -> None:
        """See `Change.write`."""
        await self.shop.create_product(self.draft, correlation_id)


@dataclass(slots=True)
class _Found:
    """What the records of a page are in commercetools."""

    by_product: dict[str, tuple[Product, list[Matched]]]
    unmatched: list[ItemState]

    def add(self, product: Product, matched: Matched) -> None:
        self.by_product.setdefault(product.id, (product, []))[1].append(matched)


@dataclass(frozen=True, slots=True)
class ProductsFlow:
    """Implements `BulkFlow` for products."""

    connector: OffersCatalogue
    shop: Catalogue
    matcher: SkuMatcher
    id_map: IdMap
    name: Literal["products"] = FLOW

    def pages(
        self, market: Market, cursor: str | None, correlation_id: str
    ) -> AsyncGenerator[CataloguePage[ItemState]]:
        """See `BulkFlow.pages`."""
        return self.connector.items(market, cursor, correlation_id)

    async def compare_keys(
        self, market: Market, keys: Sequence[str], read_at: datetime, correlation_id: str
    ) -> Comparison:
        """See `BulkFlow.compare_keys`."""
        targets = {target_of_key(key) for key in keys}
        records = await self.connector.items_of(market, targets, correlation_id)
        return await self.compare(market, records, read_at, correlation_id)

    async def compare(
        self, market: Market, records: Sequence[ItemState], read_at: datetime, correlation_id: str
    ) -> Comparison:
        """See `BulkFlow.compare`."""
        del read_at
        found = await self._found(market, records, correlation_id)
        words = await self._vocabularies(market, [product for product, _ in found.by_product.values()], correlation_id)
        changes: list[Change] = []
        questions: list[Question] = []
        unchanged = 0
        for product, items in found.by_product.values():
            change = product_change(product, items, words[product.product_type_id], market)
            questions += _problems(change.problems, market)
            if change.actions:
                keys = [one.item.key for one in items]
                changes.append(UpdateProduct(self.shop, product, keys, change.actions))
            else:
                unchanged += len(items)
        if market.products.unmatched == "create":
            changes += await self._creations(market, found.unmatched, questions, correlation_id)
        unmatched = [item.key for item in found.unmatched] if market.products.unmatched == "review" else []
        if market.products.unmatched == "ignore":
            unchanged += len(found.unmatched)
        return Comparison(changes, unchanged, unmatched, questions)

    async def _found(self, market: Market, records: Sequence[ItemState], correlation_id: str) -> _Found:
        targets = {target_of(record) for record in records}
        expected = {sku for some in expected_skus(market, targets).values() for sku in some}
        products = dict(by_sku(await self.shop.products_of(expected, correlation_id))) if expected else {}
        matches = await self.matcher.match_known(market, targets, products)
        others = {sku for some in matches.values() for sku in some} - products.keys()
        products |= by_sku(await self.shop.products_of(others, correlation_id)) if others else {}
        found = _Found({}, [])
        for record in records:
            sold = [sku for sku in matches.get(target_of(record), ()) if sku in products]
            for sku in sold:
                found.add(products[sku], Matched(record, sku))
            if not sold:
                found.unmatched.append(record)
        await self._by_product_key(found, correlation_id)
        for attribute, text_of in self._identifiers(market):
            await self._by_attribute(market, found, attribute, text_of, correlation_id)
        return found

    async def _by_product_key(self, found: _Found, correlation_id: str) -> None:
        """Find items that are sold as their variants: the product carries their number as its key."""
        wholes = {product_key(item.number): item for item in found.unmatched if not item.variant}
        products = await self.shop.products_by_key(list(wholes), correlation_id) if wholes else []
        by_key = {product.key: product for product in products}
        for key, item in wholes.items():
            if key in by_key:
                found.add(by_key[key], Matched(item, None))
                found.unmatched.remove(item)

    @staticmethod
    def _identifiers(market: Market) -> list[tuple[str, str]]:
        rules = market.products
        named = ((rules.match_attribute, "number"), (rules.match_gtin, "gtin"))
        return [(attribute, field) for attribute, field in named if attribute]

    async def _by_attribute(
        self, market: Market, found: _Found, attribute: str, field: str, correlation_id: str
    ) -> None:
        """Find items by an identifier that variants carry; what is found so is remembered for the other flows."""
        wanted = {str(getattr(item, field)): item for item in found.unmatched if getattr(item, field)}
        products = await self.shop.products_by_attribute(attribute, list(wanted), correlation_id) if wanted else []
        for product in products:
            for sku, value in _values_of(product, attribute):
                item = wanted.pop(value, None)
                if item is None:
                    continue
                found.add(product, Matched(item, sku))
                found.unmatched.remove(item)
                await self._remember(market, sku, target_of(item))

    async def _remember(self, market: Market, sku: str, target: ItemTarget) -> None:
        details = {"variant": target.variant} if target.variant else {}
        key = item_key(target.item, target.variant or "")
        await self.id_map.put(IdPair(market.name, ITEM, sku, key, target.item, details))

    async def _vocabularies(
        self, market: Market, products: Sequence[Product], correlation_id: str
    ) -> Mapping[str, Vocabulary]:
        ids = {product.product_type_id for product in products}
        types = await self.shop.product_types(ids, correlation_id) if ids else {}
        keys = set(market.products.tax_categories.values())
        categories = await self.shop.tax_category_ids(keys, correlation_id) if keys else {}
        return {type_id: Vocabulary(types.get(type_id, {}), categories) for type_id in ids}

    async def _creations(
        self, market: Market, items: Sequence[ItemState], questions: list[Question], correlation_id: str
    ) -> list[Change]:
        groups: defaultdict[str, list[ItemState]] = defaultdict(list)
        for item in await self._whole_families(market, items, correlation_id):
            groups[item.number].append(item)
        keys = {key for group in groups.values() if (key := product_type_key(group, market))}
        types = await self.shop.product_types(keys, correlation_id, by="key") if keys else {}
        changes: list[Change] = []
        for number, group in groups.items():
            draft, problems = product_draft(group, types.get(product_type_key(group, market) or "", {}), market)
            questions += _problems(problems, market)
            if draft is not None:
                changes.append(CreateProduct(self.shop, number, [item.key for item in group], draft))
        return changes

    async def _whole_families(
        self, market: Market, items: Sequence[ItemState], correlation_id: str
    ) -> Sequence[ItemState]:
        """Read an item with all its variants: a page's edge may lie between them."""
        numbers = {ItemTarget(item=item.number) for item in items}
        return await self.connector.items_of(market, numbers, correlation_id) if numbers else ()


def _values_of(product: Product, attribute: str) -> Iterable[tuple[str, str]]:
    for sku in product.skus:
        variant = product.variant(sku) or {}
        for one in variant.get("attributes", ()):
            if one["name"] == attribute and isinstance(one["value"], str):
                yield sku, one["value"]


def _problems(problems: Iterable[ProductProblem], market: Market) -> list[Question]:
    """Ask once for everything that has the same cause, however many items it concerns."""
    return [
        Question(
            scope=market.name,
            kind="product_field",
            key=f"{FLOW}/{one.field}/{hashlib.sha256(one.text.encode()).hexdigest()[:16]}",
            text=f"{one.field} of {one.item}, and of every item like it: {one.text}",
            hint="set it right where the text says, and resolve with --note; the items' next change is tried again",
        )
        for one in problems
    ]

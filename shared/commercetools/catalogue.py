"""The catalogue of a project: variants, prices and inventory, read in bulk and written one by one.

Writes name the version that was read and are not tried again: Conflict says that somebody else was faster, and whoever
knows the back-end's side, too, has to decide again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from shared.commercetools.bulk_queries import all_of
from shared.commercetools.client import CommercetoolsClient, Document
from shared.errors import Conflict, Permanent
from shared.mapping.commercetools.attributes import Attribute, attributes_by_name
from shared.mapping.commercetools.inventory import Entry, entry_draft, entry_of, set_quantity
from shared.mapping.commercetools.price_differences import PriceStep
from shared.mapping.commercetools.price_documents import ScopeIds
from shared.mapping.commercetools.product_documents import Product, products_of

type Action = Mapping[str, Any]

MOST_ACTIONS = 500  # in one update
_SKU_OF_VARIANT = "masterVariant(sku in :v) or variants(sku in :v)"
_DISCOUNTS = tuple(f"{variant}.prices[*].discounted.discount" for variant in ("masterVariant", "variants[*]"))


class Catalogue:
    """One project. Remembers ids of channels and customer groups, which do not change as long as these exist."""

    def __init__(self, client: CommercetoolsClient) -> None:
        self.client = client
        self._ids: dict[tuple[str, str], str] = {}

    async def known_skus(self, skus: Iterable[str], correlation_id: str) -> Collection[str]:
        """Return those SKUs that a variant has, staged ones too. One request for 500 SKUs."""
        wanted = set(skus)
        found = await self._projections(_SKU_OF_VARIANT, wanted, correlation_id, per_value=1)
        return wanted & {sku for product in products_of(found) for sku in product.skus}

    async def products_of(self, skus: Iterable[str], correlation_id: str) -> list[Product]:
        """Read the products that have variants of these SKUs, staged and current, with what discounts prices."""
        return await self._products(_SKU_OF_VARIANT, skus, correlation_id, per_value=1)

    async def products_by_key(self, keys: Iterable[str], correlation_id: str) -> list[Product]:
        """Read products by their keys."""
        return await self._products("key in :v", keys, correlation_id, per_value=1)

    async def products_by_attribute(self, name: str, values: Iterable[str], correlation_id: str) -> list[Product]:
        """Read the products that have a variant with one of the values in an attribute, a text."""
        fits = f'attributes(name = "{name}" and value in :v)'
        return await self._products(f"masterVariant({fits}) or variants({fits})", values, correlation_id)

    async def product_types(
        self, values: Iterable[str], correlation_id: str, *, by: str = "id"
    ) -> Mapping[str, Mapping[str, Attribute]]:
        """Read what attributes product types have, by the types' ids or keys; unknown ones are left out."""
        found = await all_of(self.client, "product-types", f"{by} in :v", values, correlation_id)
        return {document[by]: attributes_by_name(document) for document in found}

    async def tax_category_ids(self, keys: Iterable[str], correlation_id: str) -> Mapping[str, str]:
        """Return tax categories by key; unknown ones are left out."""
        return await self._ids_of("tax-categories", keys, correlation_id)

    async def channel_ids(self, keys: Iterable[str], correlation_id: str) -> Mapping[str, str]:
        """Return channels by key; unknown ones are left out."""
        return await self._ids_of("channels", keys, correlation_id)

    async def scope_ids(self, customer_groups: Iterable[str], channels: Iterable[str], correlation_id: str) -> ScopeIds:
        """Return what prices may be limited to, by keys; unknown ones are left out."""
        groups = await self._ids_of("customer-groups", customer_groups, correlation_id)
        return ScopeIds(groups, await self._ids_of("channels", channels, correlation_id))

    async def entries(
        self, skus: Iterable[str], correlation_id: str, channel_ids: Iterable[str] | None = None
    ) -> Sequence[Entry]:
        """Read the inventory of SKUs; with `channel_ids`, only entries of these supply channels, and of none."""
        where = "sku in :v"
        channels: dict[str, Any] = {}
        if channel_ids is not None:
            channels = {"var.c": list(channel_ids)}
            inside = "supplyChannel(id in :c) or " if channels["var.c"] else ""
            where += f" and ({inside}supplyChannel is not defined)"
        # An SKU has one entry for each channel, and one for none.
        most = None if channel_ids is None else len(channels["var.c"]) + 1
        found = await all_of(self.client, "inventory", where, skus, correlation_id, per_value=most, **channels)
        return [entry_of(document) for document in found]

    async def change_quantity(self, entry: Entry, quantity: int, correlation_id: str) -> None:
        """Set the quantity on stock. Raises Conflict when the entry changed since it was read."""
        document = {"version": entry.version}
        await self._update(f"inventory/{entry.id}", document, set_quantity(quantity), correlation_id)

    async def create_entry(self, sku: str, channel_id: str | None, quantity: int, correlation_id: str) -> None:
        """Make an entry. Raises Conflict when there is one for this SKU and channel meanwhile."""
        try:
            await self.client.create("inventory", entry_draft(sku, channel_id, quantity), correlation_id)
        except Permanent as error:
            if error.code == "DuplicateField":
                raise Conflict(error.service, error.action, error.message, status=409, code=error.code) from error
            raise

    async def prices_of(self, skus: Iterable[str], correlation_id: str) -> list[Document]:
        """Read all StandalonePrices of SKUs, inactive and expired ones too."""
        return await all_of(self.client, "standalone-prices", "sku in :v", skus, correlation_id)

    async def write_price(self, step: PriceStep, correlation_id: str) -> None:
        """Send one request: create, update or delete a StandalonePrice."""
        if step.price is None:
            await self.client.create("standalone-prices", step.draft or {}, correlation_id)
            return
        path = f"standalone-prices/{step.price['id']}"
        if step.actions:
            await self._update(path, dict(step.price), step.actions, correlation_id)
        else:
            await self.client.delete(path, step.price["version"], correlation_id)

    async def update_product(self, product: Product, actions: Sequence[Action], correlation_id: str) -> None:
        """Apply actions to a product, 500 a request."""
        document: Document = {"version": product.version}
        for start in range(0, len(actions), MOST_ACTIONS):
            some = actions[start : start + MOST_ACTIONS]
            document = await self._update(f"products/{product.id}", document, some, correlation_id)

    async def create_product(self, draft: Mapping[str, Any], correlation_id: str) -> Document:
        """Create a product. Permanent, DuplicateField: its key, slug or a SKU is taken."""
        return await self.client.create("products", draft, correlation_id)

    async def _update(self, path: str, document: Document, actions: Sequence[Action], correlation_id: str) -> Document:
        return await self.client.update(path, document, lambda _: actions, correlation_id, attempts=1)

    async def _products(
        self, where: str, values: Iterable[str], correlation_id: str, *, per_value: int | None = None
    ) -> list[Product]:
        staged = await self._projections(where, values, correlation_id, expand=_DISCOUNTS, per_value=per_value)
        differing = [one["id"] for one in staged if one.get("published") and one.get("hasStagedChanges")]
        current = await self._projections(
            "id in :v", differing, correlation_id, staged="false", expand=_DISCOUNTS, per_value=1
        )
        return products_of(staged, current)

    async def _projections(
        self,
        where: str,
        values: Iterable[str],
        correlation_id: str,
        *,
        staged: str = "true",
        expand: Sequence[str] = (),
        per_value: int | None = None,
    ) -> list[Document]:
        params: dict[str, Any] = {"staged": staged} | ({"expand": list(expand)} if expand else {})
        found = await all_of(
            self.client, "product-projections", where, values, correlation_id, per_value=per_value, **params
        )
        return list({one["id"]: one for one in found}.values())  # two portions may meet in one product

    async def _ids_of(self, path: str, keys: Iterable[str], correlation_id: str) -> Mapping[str, str]:
        wanted = set(keys)
        missing = [key for key in wanted if (path, key) not in self._ids]
        for document in await all_of(self.client, path, "key in :v", missing, correlation_id):
            self._ids[path, document["key"]] = document["id"]
        return {key: self._ids[path, key] for key in wanted if (path, key) in self._ids}

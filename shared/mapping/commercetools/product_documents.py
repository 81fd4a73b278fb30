"""Products of commercetools as far as the connector looks at them, read from projections. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Product:
    """A product as it is staged, and as it is current where that differs or may differ."""

    staged: Document
    current: Document

    @property
    def id(self) -> str:
        """The id."""
        return str(self.staged["id"])

    @property
    def version(self) -> int:
        """The version that updates have to name."""
        return int(self.staged["version"])

    @property
    def key(self) -> str | None:
        """The key, if it has one."""
        return self.staged.get("key")

    @property
    def product_type_id(self) -> str:
        """What its attributes are defined by."""
        return str(self.staged["productType"]["id"])

    @property
    def tax_category_id(self) -> str | None:
        """The tax category, which is never staged."""
        return (self.staged.get("taxCategory") or {}).get("id")

    @property
    def is_published(self) -> bool:
        """Whether shoppers may see it."""
        return bool(self.staged.get("published"))

    @property
    def price_mode(self) -> str:
        """Which prices count: Embedded, or Standalone."""
        return str(self.staged.get("priceMode") or "Embedded")

    @property
    def skus(self) -> Sequence[str]:
        """The SKUs of all variants that have one, staged ones too."""
        return [variant["sku"] for variant in variants_of(self.staged) if variant.get("sku")]

    def variant(self, sku: str, *, staged: bool = True) -> Document | None:
        """Return the variant of a SKU."""
        projection = self.staged if staged else self.current
        return next((variant for variant in variants_of(projection) if variant.get("sku") == sku), None)


def variants_of(projection: Document) -> Iterator[Document]:
    """List all variants, the master variant first."""
    yield projection["masterVariant"]
    yield from projection.get("variants", ())


def attributes_of(variant: Document | None) -> Mapping[str, Any]:
    """Return the attributes of a variant, or of a product, by name."""
    return {one["name"]: one["value"] for one in (variant or {}).get("attributes") or ()}


def products_of(staged: Iterable[Document], current: Iterable[Document] = ()) -> list[Product]:
    """Join projections. A product without staged changes, or never published, is the same in both."""
    published = {projection["id"]: projection for projection in current}
    return [Product(projection, published.get(projection["id"], projection)) for projection in staged]


def by_sku(products: Iterable[Product]) -> Mapping[str, Product]:
    """Return products by each of their SKUs."""
    return {sku: product for product in products for sku in product.skus}

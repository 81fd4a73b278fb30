"""Items that commercetools does not know → drafts of new products. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from shared.mapping.catalogue import sku_of, target_of
from shared.mapping.commercetools.attributes import Attribute, Unmappable, value_for
from shared.mapping.commercetools.products import ProductProblem
from shared.markets import Market
from shared.model.catalogue import ItemState

type Draft = dict[str, Any]

_KEY = re.compile(r"[A-Za-z0-9_-]{2,256}")
_LONGEST_SLUG = 200  # of the 256 characters, so that a digest fits behind


def product_type_key(items: Sequence[ItemState], market: Market) -> str | None:
    """Return the key of the type that a new product gets: by the item's category, else the market's."""
    whole = _whole(items)
    return market.products.types.get(whole.category, market.products.product_type)


def product_draft(
    items: Sequence[ItemState], attributes: Mapping[str, Attribute], market: Market
) -> tuple[Draft | None, list[ProductProblem]]:
    """Draft the product of one item and its variants; each of these becomes a variant, and an item without any, too.

    `attributes` are those of the product type. Fields that cannot be mapped are left out and told; without a product
    type or a name there is no draft.
    """
    whole = _whole(items)
    type_key = product_type_key(items, market)
    if type_key is None:
        text = f"no product type for category {whole.category or '(none)'}: set products.product_type or products.types"
        return None, [ProductProblem(whole.key, "product_type", text)]
    if not whole.name:
        return None, [ProductProblem(whole.key, "name", "has no name, and a product needs one")]
    problems: list[ProductProblem] = []
    sold = [item for item in items if item.variant] or [whole]
    master, *others = [_variant(item, attributes, market, problems) for item in sold]
    locale = market.products.locale
    draft: Draft = {
        "key": product_key(whole.number),
        "productType": {"typeId": "product-type", "key": type_key},
        "name": {locale: whole.name},
        "slug": {locale: slug_of(whole.number)},
        "masterVariant": master,
        "variants": others,
        "publish": market.products.publish == "always" and not whole.blocked,
    }
    if market.price_books:
        embedded = any(book.kind == "embedded" for book in market.price_books)
        draft["priceMode"] = "Embedded" if embedded else "Standalone"
    if whole.description:
        draft["description"] = {locale: whole.description}
    if tax_category := market.products.tax_categories.get(whole.tax_code):
        draft["taxCategory"] = {"typeId": "tax-category", "key": tax_category}
    return draft, problems


def product_key(number: str) -> str:
    """Return the key of an item's product: its number, where that is a key."""
    return number if _KEY.fullmatch(number) else slug_of(number)


def slug_of(number: str) -> str:
    """Return a slug: the number where it is one; else what is left of it, with a digest that keeps it unique."""
    if _KEY.fullmatch(number) and len(number) <= _LONGEST_SLUG:
        return number.lower() if number.lower() == number else f"{number.lower()}-{_digest(number)}"
    readable = re.sub(r"[^a-z0-9_-]+", "-", number.lower()).strip("-")[:_LONGEST_SLUG]
    return f"{readable or 'item'}-{_digest(number)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _whole(items: Sequence[ItemState]) -> ItemState:
    return next((item for item in items if not item.variant), items[0])


def _variant(
    item: ItemState, attributes: Mapping[str, Attribute], market: Market, problems: list[ProductProblem]
) -> Draft:
    rules = market.products
    texts = {name: item.attributes[source] for source, name in rules.attributes.items() if item.attributes.get(source)}
    if rules.unit_attribute and item.unit:
        texts[rules.unit_attribute] = item.unit
    if rules.match_attribute:
        texts[rules.match_attribute] = item.number
    if rules.match_gtin and item.gtin:
        texts[rules.match_gtin] = item.gtin
    if rules.blocked == "attribute" and rules.sellable_attribute:
        texts[rules.sellable_attribute] = "false" if item.blocked else "true"
    values = []
    for name, text in texts.items():
        try:
            values.append({"name": name, "value": _value(attributes, name, text, rules.locale)})
        except Unmappable as error:
            problems.append(ProductProblem(item.key, name, f"attribute {name} {error}"))
    return {"sku": sku_of(target_of(item), market), "attributes": values}


def _value(attributes: Mapping[str, Attribute], name: str, text: str, locale: str) -> Any:
    definition = attributes.get(name)
    if definition is None:
        raise Unmappable("is not in the product type: add it there or unmap it")
    if definition.is_of_product:
        raise Unmappable("belongs to the product, not to its variants: it is set when the product is compared next")
    return value_for(definition, text, locale)

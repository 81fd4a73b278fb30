"""Items → what has to change in a product: only fields that the back-end owns, and only what differs. Pure.

A field is written to the current and the staged product at once, so that what a merchandiser has staged beside it stays
staged; with `publish: never` it is only staged. Empty names and descriptions of the back-end change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.mapping.commercetools.attributes import Attribute, Unmappable, is_equal, value_for
from shared.mapping.commercetools.product_documents import Document, Product, attributes_of
from shared.markets import Market
from shared.model.catalogue import ItemState

type Action = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Matched:
    """An item of the back-end and the SKU that sells it; None for an item that is sold as its variants."""

    item: ItemState
    sku: str | None


@dataclass(frozen=True, slots=True)
class ProductProblem:
    """Why a field of an item cannot be written."""

    item: str
    field: str
    text: str


@dataclass(slots=True)
class ProductChange:
    """What has to be done to one product, all of it in one request, and what cannot be done."""

    actions: list[Action] = field(default_factory=list)
    problems: list[ProductProblem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the mapping has to know of a project: attributes of the product's type, ids of tax categories by key."""

    attributes: Mapping[str, Attribute]
    tax_categories: Mapping[str, str] = field(default_factory=dict)


def product_change(product: Product, items: Sequence[Matched], words: Vocabulary, market: Market) -> ProductChange:
    """Compare a product with the items that it sells. Several items of one product make one change.

    Name, description and tax category come from the item itself; those of an item's variants count only where the
    product has a single variant.
    """
    change = ProductChange()
    whole = next((one for one in items if one.item.variant == ""), None)
    if whole is None and len(product.skus) == 1:
        whole = items[0]
    if whole is not None:
        _texts(product, whole.item, market, change)
        _tax_category(product, whole.item, words, market, change)
    for one in items:
        for name, value in _attribute_texts(one, market):
            _attribute(product, one, name, value, words, market, change)
    _publication(product, items, market, change)
    return change


def owns(market: Market, name: str) -> bool:
    """Tell whether the back-end owns a field of products."""
    return market.owner("product").of(name).owner == "dynamics"


def _is_staged(market: Market) -> bool:
    return market.products.publish == "never"


def _texts(product: Product, item: ItemState, market: Market, change: ProductChange) -> None:
    for name, text, action in (("name", item.name, "changeName"), ("description", item.description, "setDescription")):
        if not text or not owns(market, name):
            continue
        locale = market.products.locale
        staged, current = ((one.get(name) or {}) for one in (product.staged, product.current))
        # Writing both would publish what is staged in other languages.
        only_staged = _is_staged(market) or _without(staged, locale) != _without(current, locale)
        if staged.get(locale) == text and (only_staged or current.get(locale) == text):
            continue
        change.actions.append({"action": action, name: {**staged, locale: text}, "staged": only_staged})


def _without(texts: Mapping[str, str], locale: str) -> Mapping[str, str]:
    return {name: text for name, text in texts.items() if name != locale}


def _tax_category(product: Product, item: ItemState, words: Vocabulary, market: Market, change: ProductChange) -> None:
    if not owns(market, "tax_category") or not market.products.tax_categories:
        return
    key = market.products.tax_categories.get(item.tax_code)
    if key is None:
        if item.tax_code:
            text = f"tax code {item.tax_code} has no tax category: add it to products.tax_categories of {market.name}"
            change.problems.append(ProductProblem(item.key, "tax_category", text))
    elif key not in words.tax_categories:
        text = f"tax category {key} does not exist in commercetools: create it there"
        change.problems.append(ProductProblem(item.key, "tax_category", text))
    elif words.tax_categories[key] != product.tax_category_id:
        change.actions.append({"action": "setTaxCategory", "taxCategory": {"typeId": "tax-category", "key": key}})


def _attribute_texts(one: Matched, market: Market) -> Iterator[tuple[str, str]]:
    """List attributes and texts that an item gives a variant; a field that the back-end does not tell is left out."""
    rules = market.products
    for source, name in rules.attributes.items():
        if source in one.item.attributes:
            yield name, one.item.attributes[source]
    if rules.unit_attribute and one.item.unit:
        yield rules.unit_attribute, one.item.unit
    if rules.blocked == "attribute" and rules.sellable_attribute:
        yield rules.sellable_attribute, "false" if one.item.blocked else "true"


def _attribute(
    product: Product, one: Matched, name: str, text: str, words: Vocabulary, market: Market, change: ProductChange
) -> None:
    definition = words.attributes.get(name)
    if definition is None:
        problem = f"attribute {name} is not in the product's type {product.product_type_id}: add it there or unmap it"
        change.problems.append(ProductProblem(one.item.key, name, problem))
        return
    if not owns(market, name) or (one.sku is None and not (definition.is_of_product or definition.is_shared)):
        return
    staged, current = (_present(product, one.sku, definition, staged=staged) for staged in (True, False))
    try:
        value = value_for(definition, text, market.products.locale, staged) if text else None
    except Unmappable as error:
        change.problems.append(ProductProblem(one.item.key, name, f"attribute {name} {error}"))
        return
    seen = (staged,) if _is_staged(market) else (staged, current)
    if any(not _same(definition, value, there) for there in seen):
        action = _setting(one, definition, value, staged=_is_staged(market))
        if action not in change.actions:
            change.actions.append(action)


def _same(definition: Attribute, value: Any, there: Any) -> bool:
    return there is None if value is None else there is not None and is_equal(definition, value, there)


def _present(product: Product, sku: str | None, definition: Attribute, *, staged: bool) -> Any:
    projection: Document = product.staged if staged else product.current
    if definition.is_of_product:
        return attributes_of(projection).get(definition.name)
    variant = product.variant(sku, staged=staged) if sku else projection["masterVariant"]
    return attributes_of(variant).get(definition.name)


def _setting(one: Matched, definition: Attribute, value: Any, *, staged: bool) -> Action:
    """Set an attribute; without a value it is removed."""
    action: Action = {"action": "setAttribute", "name": definition.name, "staged": staged}
    if definition.is_of_product:
        action["action"] = "setProductAttribute"
    elif definition.is_shared:
        action["action"] = "setAttributeInAllVariants"
    else:
        action["sku"] = one.sku
    return action if value is None else {**action, "value": value}


def _publication(product: Product, items: Sequence[Matched], market: Market, change: ProductChange) -> None:
    rules = market.products
    blocked = {one.sku for one in items if one.item.blocked}
    if rules.blocked == "unpublish" and (None in blocked or blocked >= set(product.skus)) and blocked:
        if product.is_published:
            change.actions.append({"action": "unpublish"})
    elif rules.publish == "always" and not product.is_published:
        change.actions.append({"action": "publish", "scope": "All"})

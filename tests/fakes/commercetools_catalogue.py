"""What a commercetools project in memory does with inventory, prices and products. Unknown queries and actions fail."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx

from shared.model.money import minor_digits
from tests.fakes.commercetools_customers import Refused

type Json = dict[str, Any]
type Test = Callable[[Json], bool]

KINDS = ("inventory", "standalone-prices", "products", "channels", "customer-groups", "product-types", "tax-categories")
PROJECTIONS = "product-projections"
_SHARED = ("id", "version", "key", "productType", "taxCategory")
OPEN_ORDERS = 'orderState in ("Open", "Confirmed", "Complete")'
_TYPE_OF = {"channel": "channels", "customerGroup": "customer-groups", "taxCategory": "tax-categories"}
_TYPE_OF |= {"supplyChannel": "channels", "productType": "product-types"}
_SKU_OF_VARIANT = "masterVariant(sku in :v) or variants(sku in :v)"
_ATTRIBUTE = re.compile(r'masterVariant\((attributes\(name = "(\w+)" and value in :v\))\) or variants\(\1\)')
_AFTER = re.compile(r'(id|createdAt) > "([^"]+)"')
_NOT_EXPORTED = re.compile(r'not\(syncInfo\((?:channel\(id = "([^"]+)"\) and )?syncedAt < "([^"]+)"\)\)')


class OutOfStock(Exception):
    """The order cannot be placed: there is not enough in stock."""


def page_of(documents: Iterable[Json], params: httpx.QueryParams) -> list[Json]:
    """Answer one page of a query, sorted by id."""
    assert params["sort"] == "id asc"
    limit = int(params["limit"])
    assert limit <= 500
    tests = [_test(where, params) for where in params.get_list("where")]
    found = sorted((one for one in documents if all(test(one) for test in tests)), key=lambda one: str(one["id"]))
    return copy.deepcopy(found[:limit])


def _test(where: str, params: httpx.QueryParams) -> Test:
    values = set(params.get_list("var.v"))
    assert len(values) <= 500
    if after := _AFTER.fullmatch(where):
        return lambda one: str(one[after[1]]) > after[2]
    if where in ("sku in :v", "key in :v", "id in :v"):
        field = where.partition(" ")[0]
        return lambda one: one.get(field) in values
    if where.startswith("sku in :v and "):
        channels = {None, *params.get_list("var.c")}
        return lambda one: one["sku"] in values and one.get("supplyChannel", {}).get("id") in channels
    if where == _SKU_OF_VARIANT:
        return lambda one: any(variant.get("sku") in values for variant in variants(one))
    if attribute := _ATTRIBUTE.fullmatch(where):
        return lambda one: any(_attributes(variant).get(attribute[2]) in values for variant in variants(one))
    return _order_test(where)


def _order_test(where: str) -> Test:
    if where == OPEN_ORDERS:
        return lambda one: one["orderState"] in ("Open", "Confirmed", "Complete")
    exported = _NOT_EXPORTED.fullmatch(where)
    assert exported, f"the fake does not know the query {where}"
    return lambda one: (
        not any(
            exported[1] in (None, mark["channel"]["id"]) and mark["syncedAt"] < exported[2]
            for mark in one.get("syncInfo", ())
        )
    )


def variants(projection: Json) -> list[Json]:
    """Return all variants, the master variant first."""
    return [projection["masterVariant"], *projection["variants"]]


def _attributes(variant: Json) -> Json:
    return {one["name"]: one["value"] for one in variant.get("attributes", ())}


def projection_of(product: Json, *, staged: bool) -> Json | None:
    """Show a product as it is staged, or as it is current; nothing is current that is not published."""
    data = product["masterData"]
    if not (staged or data["published"]):
        return None
    names = ("id", "version", "key", "productType", "taxCategory", "priceMode")
    shown = {name: product[name] for name in names if name in product}
    state = {name: data[name] for name in ("published", "hasStagedChanges")}
    return {**shown, **data["staged" if staged else "current"], **state}


def new_document(kind: str, draft: Json, number: int, documents: Mapping[str, Json]) -> Json:
    """Store what a draft says. Raises Refused where another one has its place."""
    document: Json = {"id": f"new-{number}", "version": 1, **copy.deepcopy(draft)}
    _resolve(document, documents)
    others = [one for path, one in documents.items() if path.startswith(f"{kind}/")]
    if kind == "inventory":
        document["availableQuantity"] = document["quantityOnStock"]
        _check_unique(document, others, lambda one: (one["sku"], one.get("supplyChannel", {}).get("id")), "sku")
    elif kind == "standalone-prices":
        document = {**document, **_price(document)}
        _check_scope(document, others)
    elif kind == "products":
        document = _product(document, draft)
        _check_unique(document, others, lambda one: one.get("key"), "key")
    return document


def _product(document: Json, draft: Json) -> Json:
    shared: Json = {name: document[name] for name in _SHARED if name in document}
    data: Json = {name: draft[name] for name in ("name", "slug", "description") if name in draft}
    listed = [draft["masterVariant"], *draft.get("variants", ())]
    first, *rest = ({"id": place, "attributes": [], "prices": [], **one} for place, one in enumerate(listed, start=1))
    data |= {"masterVariant": first, "variants": rest, "attributes": []}
    state = {"published": draft.get("publish", False), "hasStagedChanges": False}
    both = {"staged": data, "current": copy.deepcopy(data)}
    return {**shared, "priceMode": draft.get("priceMode", "Embedded"), "masterData": {**both, **state}}


def _check_unique(document: Json, others: Iterable[Json], place: Callable[[Json], Any], field: str) -> None:
    own = place(document)
    if own is not None and any(place(one) == own for one in others if one["id"] != document["id"]):
        raise Refused("DuplicateField", f"there is one with this {field} already")


def _check_scope(document: Json, others: Iterable[Json]) -> None:
    for other in others:
        if other["id"] == document["id"] or _scope(other) != _scope(document):
            continue
        if _period(other) == _period(document):
            raise Refused("DuplicateStandalonePriceScope", f"price {other['id']} has the same scope")
        if None not in (_bounds(other), _bounds(document)) and _overlap(_bounds(other), _bounds(document)):
            raise Refused("OverlappingStandalonePriceValidity", f"price {other['id']} holds at the same time")


def _scope(price: Json) -> tuple[Any, ...]:
    ids = [price.get(name, {}).get("id") for name in ("customerGroup", "channel")]
    return (price["sku"], price["value"]["currencyCode"], price.get("country"), *ids)


def _period(price: Json) -> tuple[str | None, str | None]:
    return price.get("validFrom"), price.get("validUntil")


def _bounds(price: Json) -> tuple[str, str] | None:
    starts, ends = _period(price)
    return None if starts is None and ends is None else (starts or "", ends or "9")


def _overlap(one: tuple[str, str] | None, other: tuple[str, str] | None) -> bool:
    assert one is not None
    assert other is not None
    return one[0] < other[1] and other[0] < one[1]


def _price(draft: Json) -> Json:
    tiers = [{**tier, "value": _money(tier["value"])} for tier in draft.get("tiers", ())]
    return {"value": _money(draft["value"]), **({"tiers": tiers} if tiers else {})}


def _money(draft: Json) -> Json:
    digits = draft.get("fractionDigits", minor_digits(draft["currencyCode"]))
    return {"type": "centPrecision", **draft, "fractionDigits": digits}


def _resolve(document: Json, documents: Mapping[str, Json]) -> None:
    """Turn identifiers by key into references by id. Raises Refused when there is no such thing."""
    for name, kind in _TYPE_OF.items():
        key = document.get(name, {}).get("key")
        if key is None:
            continue
        ids = [one["id"] for path, one in documents.items() if path.startswith(f"{kind}/") and one.get("key") == key]
        if not ids:
            raise Refused("ReferencedResourceNotFound", f"there is no {kind} with the key {key}")
        document[name] = {"typeId": document[name]["typeId"], "id": ids[0]}


def apply_action(kind: str, document: Json, action: Json, documents: Mapping[str, Json]) -> None:
    """Do what one update action says, as the API does."""
    if kind == "inventory":
        assert action["action"] == "changeQuantity", action
        moved = action["quantity"] - document["quantityOnStock"]
        document["quantityOnStock"] += moved
        document["availableQuantity"] += moved
    elif kind == "standalone-prices":
        _apply_to_price(document, action)
        _check_scope(document, [one for path, one in documents.items() if path.startswith("standalone-prices/")])
    else:
        _apply_to_product(document, action, documents)


def _apply_to_price(price: Json, action: Json) -> None:
    match action["action"]:
        case "setKey":
            price["key"] = action["key"]
        case "changeValue":
            price["value"] = _money(action["value"])
        case "setPriceTiers":
            price["tiers"] = _price({**price, **action}).get("tiers", [])
        case "setValidFromAndUntil":
            for name in ("validFrom", "validUntil"):
                price.pop(name, None)
            price.update({name: action[name] for name in ("validFrom", "validUntil") if name in action})
        case "changeActive":
            price["active"] = action["active"]
        case unknown:
            raise AssertionError(f"the fake does not know the action {unknown}")


def _apply_to_product(product: Json, action: Json, documents: Mapping[str, Json]) -> None:
    data = product["masterData"]
    match action["action"]:
        case "publish":
            data.update(published=True, hasStagedChanges=False, current=copy.deepcopy(data["staged"]))
            return
        case "unpublish":
            data["published"] = False
            return
        case "setTaxCategory":
            product["taxCategory"] = action["taxCategory"]
            _resolve(product, documents)
            return
    for name in ("staged",) if action.get("staged", True) else ("staged", "current"):
        _apply_to_data(data[name], action, documents)
    data["hasStagedChanges"] = data["staged"] != data["current"]


def _apply_to_data(data: Json, action: Json, documents: Mapping[str, Json]) -> None:
    match action["action"]:
        case "changeName":
            data["name"] = action["name"]
        case "setDescription":
            data["description"] = action["description"]
        case "setProductAttribute":
            _set_attribute(data, action)
        case "setAttributeInAllVariants":
            for variant in variants(data):
                _set_attribute(variant, action)
        case "setAttribute":
            _set_attribute(_variant(data, action["sku"]), action)
        case _:
            _apply_to_embedded(data, action, documents)


def _apply_to_embedded(data: Json, action: Json, documents: Mapping[str, Json]) -> None:
    draft = copy.deepcopy(action.get("price", {}))
    _resolve(draft, documents)
    if action["action"] == "addPrice":
        new_id = f"price-{draft.get('key')}"
        _variant(data, action["sku"]).setdefault("prices", []).append({"id": new_id, **draft, **_price(draft)})
        return
    wanted = action["priceId"]
    found = [variant for variant in variants(data) if any(one["id"] == wanted for one in variant.get("prices", ()))]
    if not found:
        raise Refused("InvalidOperation", f"there is no price with the id {wanted}")
    rest = [one for one in found[0]["prices"] if one["id"] != wanted]
    changed = [] if action["action"] == "removePrice" else [{"id": wanted, **draft, **_price(draft)}]
    assert action["action"] in ("removePrice", "changePrice"), action
    found[0]["prices"] = [*rest, *changed]


def _variant(data: Json, sku: str) -> Json:
    found = [variant for variant in variants(data) if variant.get("sku") == sku]
    if not found:
        raise Refused("InvalidOperation", f"there is no variant with the SKU {sku}")
    return found[0]


def _set_attribute(holder: Json, action: Json) -> None:
    rest = [one for one in holder.get("attributes", ()) if one["name"] != action["name"]]
    value = action.get("value")
    holder["attributes"] = rest if value is None else [*rest, {"name": action["name"], "value": value}]


def take_stock(order: Json, entries: Iterable[Json], *, reserve: bool) -> None:
    """Take what an order needs, as ReserveOnOrder or TrackOnly; versions rise. Raises OutOfStock."""
    by_place = {(entry["sku"], entry.get("supplyChannel", {}).get("id")): entry for entry in entries}
    for line in order["lineItems"]:
        place = (line["variant"]["sku"], line.get("supplyChannel", {}).get("id"))
        if place not in by_place or (reserve and by_place[place]["availableQuantity"] < line["quantity"]):
            raise OutOfStock(f"not enough of {place}")
    for line in order["lineItems"]:
        entry = by_place[line["variant"]["sku"], line.get("supplyChannel", {}).get("id")]
        entry["quantityOnStock"] -= line["quantity"]
        entry["availableQuantity"] -= line["quantity"]
        entry["version"] += 1

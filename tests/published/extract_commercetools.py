"""Cut the part of commercetools' OpenAPI that the connector uses, and repair it for JSON Schema validation.

    python -m tests.published.extract_commercetools api-openapi.json > tests/data/commercetools/openapi-subset.json

Three repairs that the published file needs: map types name a regular expression as a required property; a
discriminator has no oneOf, so a base type accepts anything; and "datetime" is no JSON Schema format.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PREFIX = "#/components/schemas/"
ROOTS = (
    "OrderUpdate",
    "OrderFromCartDraft",
    "CustomerDraft",
    "CustomerUpdate",
    "BusinessUnitDraft",
    "BusinessUnitDraft__any",
    "BusinessUnitUpdate",
    "ChannelDraft",
    "TypeDraft",
    "SubscriptionDraft",
    "CustomerGroupDraft",
    "InventoryEntryDraft",
    "InventoryEntryUpdate",
    "ProductDraft",
    "ProductTypeDraft",
    "ProductUpdate",
    "StandalonePriceDraft",
    "StandalonePriceUpdate",
    "TaxCategoryDraft",
)
RESOURCES = (
    "orders",
    "customers",
    "business-units",
    "channels",
    "types",
    "subscriptions",
    "customer-groups",
    "inventory",
    "product-projections",
    "product-types",
    "products",
    "standalone-prices",
    "tax-categories",
)
SOURCE = "commercetools/commercetools-api-reference@5867aa22, oas/api (MIT)"

type Schema = dict[str, Any]


def main() -> None:
    """Print the subset of the file named on the command line."""
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    definitions = repaired(document["components"]["schemas"])
    subset = {"source": SOURCE, "definitions": closure(definitions, ROOTS), "operations": operations(document["paths"])}
    json.dump(subset, sys.stdout, indent=0, sort_keys=True)


def repaired(schemas: dict[str, Schema]) -> dict[str, Schema]:
    """Repair all schemas; each polymorphic base gets a twin `Name__any` that looks at its discriminator."""
    mappings = {name: found for name, schema in schemas.items() if (found := _discriminator(schema))}
    fixed = {name: _walk(schema, set(mappings), inherited=False) for name, schema in schemas.items()}
    fixed["FieldContainer"] = {"type": "object"}
    for name, (field, leaves) in mappings.items():
        branches = [_branch(field, value, leaf) for value, leaf in leaves.items() if leaf != name]
        known = {"required": [field], "properties": {field: {"enum": sorted(leaves)}}}
        fixed[f"{name}__any"] = {"allOf": [{"$ref": f"#/definitions/{name}"}, known, *branches]}
    return fixed


def _branch(field: str, value: str, leaf: str) -> Schema:
    condition = {"properties": {field: {"const": value}}, "required": [field]}
    return {"if": condition, "then": {"$ref": f"#/definitions/{leaf}"}}


def _discriminator(schema: Schema) -> tuple[str, dict[str, str]] | None:
    for part in (schema, *schema.get("allOf", ())):
        mapping = part.get("discriminator", {}).get("mapping")
        if mapping:
            field = part["discriminator"]["propertyName"]
            return field, {value: target.removeprefix(PREFIX) for value, target in mapping.items()}
    return None


def _walk(node: Any, polymorphic: set[str], *, inherited: bool) -> Any:
    if isinstance(node, list):
        return [_walk(item, polymorphic, inherited=inherited) for item in node]
    if not isinstance(node, dict):
        return node
    if str(node.get("$ref", "")).startswith(PREFIX):
        name = node["$ref"].removeprefix(PREFIX)
        return {"$ref": f"#/definitions/{name}{'__any' if name in polymorphic and not inherited else ''}"}
    return {
        key: _value(key, value, polymorphic)
        for key, value in node.items()
        if key not in {"discriminator", "description", "example"} and not _is_regex_list(key, value)
    }


def _value(key: str, value: Any, polymorphic: set[str]) -> Any:
    if key == "format" and value == "datetime":
        return "date-time"
    return _walk(value, polymorphic, inherited=key == "allOf")


def _is_regex_list(key: str, value: Any) -> bool:
    return key == "required" and isinstance(value, list) and any(name.startswith("/") for name in value)


def closure(definitions: dict[str, Schema], roots: tuple[str, ...]) -> dict[str, Schema]:
    """Keep what the roots refer to, however far."""
    kept: dict[str, Schema] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = definitions[name]
            waiting += [part.split('"')[0] for part in json.dumps(definitions[name]).split("#/definitions/")[1:]]
    return kept


def operations(paths: dict[str, Any]) -> dict[str, Any]:
    """Keep path templates, methods, query parameters and body schemas of the resources in use."""
    kept: dict[str, Any] = {}
    for path, item in paths.items():
        parts = path.strip("/").split("/")
        if len(parts) > 1 and parts[1] in RESOURCES:
            kept[path] = {
                method.upper(): _operation(found)
                for method, found in item.items()
                if method in {"get", "post", "delete"}
            }
    return kept


def _operation(found: Schema) -> Schema:
    query = [parameter["name"] for parameter in found.get("parameters", ()) if parameter.get("in") == "query"]
    content = found.get("requestBody", {}).get("content", {}).get("application/json", {})
    reference = content.get("schema", {}).get("$ref", "")
    return {"query": sorted(query), "body": reference.removeprefix(PREFIX) or None}


if __name__ == "__main__":
    main()

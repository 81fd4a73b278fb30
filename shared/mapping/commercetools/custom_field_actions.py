"""Update actions for custom fields of a Customer or Business Unit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from shared.market_options.customers import CustomerSync
from shared.model.back_end import MissingReference
from shared.model.customer_fields import CUSTOM, Fields, is_empty, same

type Action = dict[str, Any]
type Document = Mapping[str, Any]


def carried_values(
    fields: Fields, rules: CustomerSync, custom: Mapping[str, str], document: Document
) -> dict[str, JsonValue]:
    """Find which custom fields shall have which value, among the changed fields."""
    now = _values(document)
    values = {field: fields[name] for name, field in rules.carried.items() if name in fields}
    values |= {field: fields[f"{CUSTOM}{field}"] for field in custom if f"{CUSTOM}{field}" in fields}
    return {field: _as_now(value, now.get(field)) for field, value in values.items()}


def custom_field_actions(
    document: Document, values: Mapping[str, JsonValue], rules: CustomerSync
) -> list[Action] | MissingReference:
    """List the actions that set these custom fields; a field that may not be set says which type is in its way."""
    now = _values(document)
    changed = {field: None if is_empty(value) else value for field, value in values.items()}
    changed = {field: value for field, value in changed.items() if not same(_said(value), _said(now.get(field)))}
    if not changed:
        return []
    custom = document.get("custom")
    if custom is None:
        return _first(changed, rules)
    obstacle = _obstacle(custom.get("type") or {}, changed, rules)
    return obstacle or [{"action": "setCustomField", "name": field, "value": value} for field, value in changed.items()]


def _first(changed: Mapping[str, JsonValue], rules: CustomerSync) -> list[Action] | MissingReference:
    if rules.type is None:
        return MissingReference(
            kind="custom_type",
            key=", ".join(changed),
            text=f"the customer has no custom type, so {', '.join(changed)} cannot be set",
            hint="name the type with these fields in customers.sync.type of the market map",
        )
    return [{"action": "setCustomType", "type": {"typeId": "type", "key": rules.type}, "fields": dict(changed)}]


def _obstacle(
    found: Mapping[str, Any], changed: Mapping[str, JsonValue], rules: CustomerSync
) -> MissingReference | None:
    """Tell when the document has another type, and that lacks the fields. What is not expanded cannot be told."""
    expanded = found.get("obj")
    if expanded is None or rules.type is None or expanded.get("key") == rules.type:
        return None
    known = {definition.get("name") for definition in expanded.get("fieldDefinitions", ())}
    missing = [field for field in changed if field not in known]
    if not missing:
        return None
    name = expanded.get("key") or found.get("id") or "without a key"
    return MissingReference(
        kind="custom_type",
        key=name,
        text=f"the customer has the custom type {name}, which lacks {', '.join(missing)}",
        hint=f"add these fields to the type {name}, or give the customer the type {rules.type}",
        facts={"type": name, "wanted": rules.type, "fields": ", ".join(missing)},
    )


def _said(value: JsonValue) -> JsonValue:
    """Read a boolean that was never set as no."""
    return None if value is False else value


def _values(document: Document) -> Mapping[str, JsonValue]:
    values: Mapping[str, JsonValue] = (document.get("custom") or {}).get("fields") or {}
    return values


def _as_now(value: JsonValue, now: JsonValue) -> JsonValue:
    """Keep a number a number: the credit limit travels as text, the custom field may be either."""
    if isinstance(now, bool) or not isinstance(now, int | float) or not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else number

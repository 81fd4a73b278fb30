"""Update actions that tell commercetools what became of an order. Pure.

No commercetools message follows `updateSyncInfo` or a custom field on an order, so this write does not echo.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.markets import WriteBack

type Action = dict[str, Any]


def sync_actions(order: Mapping[str, Any], rules: WriteBack, number: str, now: datetime) -> list[Action]:
    """List the actions that are still missing: the sync mark, then the custom field."""
    marks = (mark.get("externalId") for mark in order.get("syncInfo", ()))
    actions = [] if number in marks else [_sync_mark(rules.channel, number, now)]
    return actions + field_actions(order, rules, number)


def field_actions(order: Mapping[str, Any], rules: WriteBack, number: str) -> list[Action]:
    """List the action for the custom field alone, if the market wants one and it differs."""
    if rules.type is None or rules.field is None:
        return []
    custom = order.get("custom")
    if custom is None:
        return [
            {"action": "setCustomType", "type": {"typeId": "type", "key": rules.type}, "fields": {rules.field: number}}
        ]
    if custom.get("fields", {}).get(rules.field) == number:
        return []
    return [{"action": "setCustomField", "name": rules.field, "value": number}]


def _sync_mark(channel: str, number: str, now: datetime) -> Action:
    return {
        "action": "updateSyncInfo",
        "channel": {"typeId": "channel", "key": channel},
        "externalId": number,
        "syncedAt": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }

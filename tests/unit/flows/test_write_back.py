"""What is still missing on the commercetools order once the back-end has its number."""

from __future__ import annotations

from typing import Any

import pytest

from shared.commercetools.write_back import field_actions, sync_actions
from shared.markets import WriteBack
from tests.fakes.clock import START

MARK_ONLY = WriteBack(channel="dynamics")
BOTH = WriteBack(channel="dynamics", type="order-export", field="erpOrderNo")
MARK = {
    "action": "updateSyncInfo",
    "channel": {"typeId": "channel", "key": "dynamics"},
    "externalId": "S-1",
    "syncedAt": "2026-11-24T12:00:00.000Z",
}
TYPE = {"action": "setCustomType", "type": {"typeId": "type", "key": "order-export"}, "fields": {"erpOrderNo": "S-1"}}
FIELD = {"action": "setCustomField", "name": "erpOrderNo", "value": "S-1"}


def custom(**fields: Any) -> dict[str, Any]:
    return {"custom": {"type": {"typeId": "type", "id": "t"}, "fields": fields}}


@pytest.mark.parametrize(
    ("order", "rules", "expected"),
    [
        ({}, MARK_ONLY, [MARK]),
        ({"syncInfo": [{"externalId": "S-1"}]}, MARK_ONLY, []),
        ({"syncInfo": [{"externalId": "S-0"}, {}]}, MARK_ONLY, [MARK]),
        ({}, BOTH, [MARK, TYPE]),
        (custom(gift=True), BOTH, [MARK, FIELD]),
        (custom(erpOrderNo="S-0"), BOTH, [MARK, FIELD]),
        (custom(erpOrderNo="S-1"), BOTH, [MARK]),
        ({"syncInfo": [{"externalId": "S-1"}], **custom(erpOrderNo="S-1")}, BOTH, []),
    ],
    ids=[
        "mark",
        "marked already",
        "marked with another number",
        "mark and type",
        "mark and field",
        "another number in the field",
        "field already set",
        "nothing to do",
    ],
)
def test_only_what_is_missing_is_written(
    order: dict[str, Any], rules: WriteBack, expected: list[dict[str, Any]]
) -> None:
    assert sync_actions(order, rules, "S-1", START) == expected


def test_the_field_alone_needs_no_mark() -> None:
    assert field_actions({}, BOTH, "S-1") == [TYPE]
    assert field_actions({}, MARK_ONLY, "S-1") == []

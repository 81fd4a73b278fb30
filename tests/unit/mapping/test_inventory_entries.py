"""Quantities of inventory entries: what is reserved stays reserved, and what is right is left alone."""

from __future__ import annotations

import pytest

from shared.mapping.commercetools.inventory import Entry, entry_draft, entry_of, quantity_actions, wanted_quantity
from tests.unit.mapping.catalogue import assert_actions_published, assert_published


def entry(on_stock: int, available: int) -> Entry:
    return Entry("entry-1", 3, "SKU-1", None, on_stock, available)


def test_an_entry_is_read_with_its_channel_or_without() -> None:
    document = {"id": "1", "version": 2, "sku": "A", "quantityOnStock": 9, "availableQuantity": 7}
    assert entry_of(document) == Entry("1", 2, "A", None, 9, 7)
    with_channel = {**document, "supplyChannel": {"typeId": "channel", "id": "c"}}
    assert entry_of(with_channel).channel_id == "c"


@pytest.mark.parametrize(
    ("on_stock", "available", "sellable", "wanted"),
    [(10, 10, 7, 7), (10, 8, 7, 9), (10, 8, 0, 2), (0, 0, 5, 5), (-3, -3, 4, 4), (2, 5, 4, 4)],
)
def test_the_quantity_leaves_what_is_sellable_above_what_is_reserved(
    on_stock: int, available: int, sellable: int, wanted: int
) -> None:
    assert wanted_quantity(entry(on_stock, available), sellable) == wanted
    actions = quantity_actions(entry(on_stock, available), sellable)
    assert actions == [{"action": "changeQuantity", "quantity": wanted}]
    assert_actions_published("inventory", actions)


@pytest.mark.parametrize(("on_stock", "available"), [(7, 7), (9, 7), (0, 0)])
def test_an_entry_that_offers_the_right_number_is_left_alone(on_stock: int, available: int) -> None:
    assert quantity_actions(entry(on_stock, available), available) == []


@pytest.mark.parametrize("channel", [None, "channel-1"])
def test_a_new_entry_is_valid_with_and_without_a_channel(channel: str | None) -> None:
    draft = entry_draft("SKU-1", channel, 4)
    assert (draft["sku"], draft["quantityOnStock"]) == ("SKU-1", 4)
    assert draft.get("supplyChannel", {}).get("id") == channel
    assert_published("inventory", draft)

"""Units of Dataverse are built on each other, and open lines count in the base unit of their group."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from shared.mapping.dataverse.catalogue import reserved_of, units_of

PIECE = {"uomid": "piece", "name": "Piece", "quantity": 1, "_baseuom_value": None}
BOX = {"uomid": "box", "name": "Box", "quantity": 12.0, "_baseuom_value": "piece"}
PALLET = {"uomid": "pallet", "name": "Pallet", "quantity": 40, "_baseuom_value": "box"}


def test_a_unit_counts_what_its_base_units_count() -> None:
    factors = {key: unit.factor for key, unit in units_of([PALLET, PIECE, BOX]).items()}
    assert factors == {"piece": 1, "box": 12, "pallet": 480}


def test_a_unit_without_its_base_unit_counts_as_one() -> None:
    assert units_of([BOX])["box"].factor == 1


def test_units_that_are_built_on_each_other_in_a_ring_end() -> None:
    ring = [BOX | {"_baseuom_value": "pallet"}, PALLET]
    assert set(units_of(ring)) == {"box", "pallet"}


def test_lines_are_added_up_by_product() -> None:
    units = units_of([PIECE, BOX])
    line: dict[str, Any] = {"_productid_value": "socks", "quantityshipped": None, "quantitycancelled": 0}
    lines: list[dict[str, Any]] = [
        line | {"_uomid_value": "box", "quantity": 2.5},
        line | {"_uomid_value": "piece", "quantity": 0.1},
        line | {"_uomid_value": "piece", "quantity": 3, "quantityshipped": 2},
        line | {"_uomid_value": "piece", "quantity": 3, "quantitycancelled": 4},
        line | {"_productid_value": None, "_uomid_value": None, "quantity": 9},
    ]
    assert reserved_of(lines, units) == {"socks": Decimal("31.1")}

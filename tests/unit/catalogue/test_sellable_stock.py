"""How much may be sold: the arithmetic, and counting every order once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.stock import EXPORT_TAKES, OpenLine, open_orders, sellable
from shared.market_options.catalogue import StockRules
from shared.market_options.trade import Warehouse
from shared.model.catalogue import StockState

READ_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MAIN = Warehouse(code="MAIN", channel="warehouse-main")
EAST = Warehouse(code="EAST", channel="warehouse-east")


def state(on_hand: str, reserved: str = "0", planned: str = "0") -> StockState:
    return StockState("MUG", "", "MAIN", Decimal(on_hand), Decimal(reserved), Decimal(planned))


@pytest.mark.parametrize(
    ("stock", "warehouse", "rules", "open_quantity", "pieces"),
    [
        (state("10"), MAIN, StockRules(), 0, 10),
        (state("10", "3"), MAIN, StockRules(), 0, 7),
        (state("10", "3"), MAIN, StockRules(), 4, 3),
        (state("10", "3", "5"), MAIN, StockRules(), 0, 7),
        (state("10", "3", "5"), MAIN, StockRules(planned=True), 0, 12),
        (state("10"), Warehouse(code="MAIN", safety_stock=4), StockRules(), 0, 6),
        (state("10"), Warehouse(code="MAIN", safety_stock=4, safety_stock_of={"MUG": 9}), StockRules(), 0, 1),
        (state("2.9"), MAIN, StockRules(), 0, 2),
        (state("1.5"), MAIN, StockRules(units_per_base={"MUG": 12}), 0, 18),
        (state("1.49"), MAIN, StockRules(units_per_base={"MUG": 12}), 1, 16),
        (state("-3"), MAIN, StockRules(), 0, 0),
        (state("5", "9"), MAIN, StockRules(), 0, 0),
        (state("5"), MAIN, StockRules(), 9, 0),
        (state("0.7"), MAIN, StockRules(units_per_base={"MUG": 0.1}), 0, 0),
    ],
)
def test_what_may_be_sold(
    stock: StockState, warehouse: Warehouse, rules: StockRules, open_quantity: int, pieces: int
) -> None:
    assert sellable(stock, "MUG", warehouse, rules, open_quantity) == pieces


@given(
    on_hand=st.decimals("-1000", "1000", places=5),
    reserved=st.decimals("0", "1000", places=5),
    safety=st.integers(0, 50),
    taken=st.integers(0, 50),
)
def test_never_more_is_sold_than_there_is(on_hand: Decimal, reserved: Decimal, safety: int, taken: int) -> None:
    warehouse = Warehouse(code="MAIN", safety_stock=safety)
    pieces = sellable(StockState("MUG", "", "MAIN", on_hand, reserved), "MUG", warehouse, StockRules(), taken)
    assert pieces >= 0
    assert pieces == 0 or pieces + safety + taken + reserved <= on_hand


def line(order: str, quantity: int, channel: str | None = None, exported_at: datetime | None = None) -> OpenLine:
    return OpenLine(order, "MUG", quantity, channel, exported_at)


def test_orders_that_the_back_end_does_not_know_are_added_up_by_warehouse() -> None:
    lines = [line("1", 2, "warehouse-main"), line("2", 3, "warehouse-east"), line("3", 1, "warehouse-main")]
    orders = open_orders(lines, (MAIN, EAST), None, READ_AT)
    assert orders.taken == {("MUG", "MAIN"): 3, ("MUG", "EAST"): 3}


def test_an_order_that_was_exported_well_before_the_stock_was_read_is_in_the_reservations() -> None:
    exported = READ_AT - EXPORT_TAKES - timedelta(seconds=1)
    orders = open_orders([line("1", 2, "warehouse-main", exported)], (MAIN,), None, READ_AT)
    assert orders.taken == {}


@pytest.mark.parametrize("seconds", [-119, 0, 60])
def test_an_order_that_was_exported_at_about_that_time_is_taken_off(seconds: int) -> None:
    exported = READ_AT + timedelta(seconds=seconds)
    orders = open_orders([line("1", 2, "warehouse-main", exported)], (MAIN,), None, READ_AT)
    assert orders.taken == {("MUG", "MAIN"): 2}


@pytest.mark.parametrize(("home", "code"), [("EAST", "EAST"), (None, "MAIN"), ("ELSEWHERE", "MAIN")])
def test_a_line_without_a_channel_is_taken_off_the_markets_own_warehouse(home: str | None, code: str) -> None:
    assert open_orders([line("1", 2)], (MAIN, EAST), home, READ_AT).taken == {("MUG", code): 2}


def test_without_warehouses_nothing_is_counted() -> None:
    assert open_orders([line("1", 2)], (), None, READ_AT).taken == {}

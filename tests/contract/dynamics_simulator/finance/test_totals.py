"""Totals by the rules of the documentation, worked out by hand."""

from typing import Any

import pytest

from tests.contract.dynamics_simulator.finance.simulator import Finance, item_line


def money(order: dict[str, Any]) -> tuple[float, float]:
    return order["OrderTotalAmount"], order["OrderTotalTaxAmount"]


async def test_tax_comes_on_top_of_prices_without_tax(finance: Finance) -> None:
    order = await finance.order(
        item_line(OrderedSalesQuantity=3, SalesPrice=16.80), item_line("BOOK-001", SalesPrice=9.35)
    )
    # 50.40 at 19 % is 9.576, so 9.58; 9.35 at 7 % is 0.6545, so 0.65
    assert money(order) == (69.98, 10.23)


async def test_tax_is_inside_prices_with_tax(finance: Finance) -> None:
    order = await finance.order(item_line(OrderedSalesQuantity=3, SalesPrice=19.99), ArePricesIncludingSalesTax="Yes")
    # 59.97 / 1.19 is 50.3949…, so 50.39
    assert money(order) == (59.97, 9.58)


@pytest.mark.parametrize(
    ("line", "amount"),
    [
        ({"OrderedSalesQuantity": 3, "SalesPrice": 10, "LineDiscountAmount": 1.5}, 25.5),
        ({"OrderedSalesQuantity": 3, "SalesPrice": 10, "SalesPriceQuantity": 3}, 10),
        ({"OrderedSalesQuantity": 3, "SalesPrice": 10, "SalesPriceQuantity": 0}, 30),
        ({"OrderedSalesQuantity": 3, "SalesPrice": 3.333333}, 10),
        ({"OrderedSalesQuantity": 3, "SalesPrice": 10, "LineDiscountPercentage": 10}, 27),
        ({"OrderedSalesQuantity": 3, "SalesPrice": 10, "LineDiscountAmount": 0.333}, 29.01),
        ({"OrderedSalesQuantity": -1, "SalesPrice": 5}, -5),
        ({"OrderedSalesQuantity": 2, "SalesPrice": 5, "LineAmount": 1}, 10),
    ],
)
async def test_the_line_amount_is_quantity_times_price_less_the_discount_of_each_unit(
    finance: Finance, line: dict[str, Any], amount: float
) -> None:
    await finance.order(item_line(**line))
    (stored,) = await finance.rows("SalesOrderLines")
    assert stored["LineAmount"] == amount


async def test_an_agreed_discount_counts_unless_a_line_says_another(finance: Finance) -> None:
    order = await finance.order(
        item_line("AGREED", SalesPrice=10), item_line("AGREED", SalesPrice=10, LineDiscountPercentage=0)
    )
    assert order["OrderTotalAmount"] - order["OrderTotalTaxAmount"] == pytest.approx(19)


async def test_currencies_without_decimals_have_none(finance: Finance) -> None:
    order = await finance.order(item_line(OrderedSalesQuantity=1, SalesPrice=101), CurrencyCode="JPY")
    assert money(order) == (120, 19)  # 19.19


async def test_tax_needs_a_code_that_both_groups_name(finance: Finance) -> None:
    order = await finance.order(item_line(SalesPrice=100), SalesTaxGroupCode="EXPORT")
    assert money(order) == (100, 0)


async def test_rates_of_several_codes_add_up(finance: Finance) -> None:
    us = Finance(finance.environment, finance.http, "usmf")
    order = await us.order(item_line(SalesPrice=100))
    assert money(order) == (108.88, 8.88)  # 4 % and 4.875 %


async def test_tax_by_total_rounds_once_for_each_rate(finance: Finance) -> None:
    lines = [item_line(SalesPrice=0.13) for _ in range(3)]
    by_line = await finance.order(*lines)
    assert money(by_line) == (0.45, 0.06)  # 0.0247 is 0.02, three times
    answer = await finance.http.post("http://simulator/__settings", json={"tax_calculation": "total"})
    assert answer.status_code == 200
    by_total = await finance.order(*lines)
    assert money(by_total) == (0.46, 0.07)  # 0.39 at 19 % is 0.0741


async def test_changing_and_removing_lines_changes_the_totals(finance: Finance) -> None:
    order = await finance.order(item_line(SalesPrice=100), item_line(SalesPrice=50))
    first, second = await finance.rows("SalesOrderLines")
    await finance.patch(finance.key("SalesOrderLines", InventoryLotId=first["InventoryLotId"]), {"SalesPrice": 10})
    assert money(await finance.read_order(order["SalesOrderNumber"])) == (71.4, 11.4)
    await finance.delete(finance.key("SalesOrderLines", InventoryLotId=second["InventoryLotId"]))
    assert money(await finance.read_order(order["SalesOrderNumber"])) == (11.9, 1.9)


async def test_a_programmed_deviation_moves_tax_and_total(finance: Finance) -> None:
    await finance.http.post("http://simulator/__settings", json={"tax_shift": 0.01})
    assert money(await finance.order(item_line(SalesPrice=100))) == (119.01, 19.01)

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.dynamics.business_central.tax import TaxableLine, compute, distribute, round_to
from tests.contract.dynamics_simulator.simulator import BusinessCentral, error_of, item_line
from tests.unit.money.orders import checked

CENT = Decimal("0.01")


def totals(order: dict[str, Any]) -> tuple[Any, Any, Any]:
    return order["totalAmountExcludingTax"], order["totalTaxAmount"], order["totalAmountIncludingTax"]


def column(order: dict[str, Any], name: str) -> list[Any]:
    return [line[name] for line in order["salesOrderLines"]]


async def test_tax_is_rounded_once_per_code_and_carried_between_lines(bc: BusinessCentral) -> None:
    # 3 x 0.33 = 0.99; 19 % of it is 0.1881 -> 0.19, while each line alone would give 3 x 0.06 = 0.18.
    order = await bc.order(*[item_line(quantity=1, unitPrice=0.33)] * 3)
    assert totals(order) == (0.99, 0.19, 1.18)
    assert column(order, "netTaxAmount") == [0.06, 0.07, 0.06]
    assert column(order, "totalTaxAmount") == [0.06, 0.06, 0.06]


async def test_prices_that_include_tax_are_split_by_the_sum_of_the_code(bc: BusinessCentral) -> None:
    # 3 x 9.99 = 29.97; 29.97 / 1.19 = 25.1848... -> 25.18, the tax is the rest.
    order = await bc.order(*[item_line(quantity=1, unitPrice=9.99)] * 3, pricesIncludeTax=True)
    assert totals(order) == (25.18, 4.79, 29.97)
    assert column(order, "netAmount") == [8.39, 8.4, 8.39]


async def test_each_tax_code_has_its_own_rate(bc: BusinessCentral) -> None:
    # 33.60 at 19 % = 6.384 -> 6.38; 9.35 at 7 % = 0.6545 -> 0.65; 0.01 without tax.
    rounding = {"lineType": "Account", "lineObjectNumber": "9140", "quantity": 1, "unitPrice": 0.01}
    order = await bc.order(item_line(quantity=2), item_line("BOOK-001", quantity=1), rounding)
    assert totals(order) == (42.96, 7.03, 49.99)
    assert column(order, "taxPercent") == [19, 7, 0]
    assert column(order, "taxCode") == ["VAT19", "VAT7", "NOVAT"]


async def test_a_tax_code_can_be_chosen_for_a_line(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1, unitPrice=100, taxCode="vat25"))
    assert totals(order) == (100, 25, 125)


async def test_yen_have_no_decimals(bc: BusinessCentral) -> None:
    # 3 x 333.5 = 1000.5 -> 1001; 19 % = 190.19 -> 190.
    order = await bc.order(item_line(quantity=3, unitPrice=333.5), currencyCode="JPY")
    assert totals(order) == (1001, 190, 1191)


async def test_dinars_have_three_decimals(bc: BusinessCentral) -> None:
    # 1.2345 -> 1.235; 19 % = 0.23465 -> 0.235.
    order = await bc.order(item_line(quantity=1, unitPrice=1.2345), currencyCode="KWD")
    assert totals(order) == (1.235, 0.235, 1.47)


async def test_unit_prices_have_five_decimals(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1000, unitPrice=0.123456))
    assert column(order, "unitPrice") == [0.12346]
    assert order["totalAmountExcludingTax"] == 123.46


async def test_halves_are_rounded_away_from_zero(bc: BusinessCentral) -> None:
    # 25 % of -0.50 is -0.125 -> -0.13.
    order = await bc.order(item_line(quantity=-1, unitPrice=0.5, taxCode="VAT25"))
    assert totals(order) == (-0.5, -0.13, -0.63)


async def test_a_line_discount_reduces_the_taxed_amount(bc: BusinessCentral) -> None:
    # 29.97 - 5.00 = 24.97; 19 % = 4.7443 -> 4.74; 5.00 / 29.97 = 16.68335 %.
    order = await bc.order(item_line(quantity=3, unitPrice=9.99, discountAmount=5))
    assert totals(order) == (24.97, 4.74, 29.71)
    assert column(order, "discountPercent") == [16.68335]


async def test_a_discount_percentage_gives_a_rounded_amount(bc: BusinessCentral) -> None:
    # 12.5 % of 29.97 = 3.74625 -> 3.75.
    order = await bc.order(item_line(quantity=3, unitPrice=9.99, discountPercent=12.5))
    assert column(order, "discountAmount") == [3.75]
    assert order["totalAmountExcludingTax"] == 26.22


async def test_an_invoice_discount_is_distributed_over_the_lines(bc: BusinessCentral) -> None:
    # 10.01 over 60 and 40: 6.006 -> 6.01 and the rest 4.00. 53.99 at 19 % = 10.2581, 36.00 at 7 % = 2.52.
    dear = item_line(quantity=1, unitPrice=60)
    cheap = item_line("BOOK-001", quantity=1, unitPrice=40)
    order = await bc.order(dear, cheap, discountAmount=10.01)
    assert column(order, "invoiceDiscountAllocation") == [6.01, 4]
    assert column(order, "amountExcludingTax") == [60, 40]
    assert column(order, "netAmount") == [53.99, 36]
    assert totals(order) == (89.99, 12.78, 102.77)
    assert order["discountAmount"] == 10.01


async def test_an_invoice_discount_above_the_lines_is_refused(bc: BusinessCentral) -> None:
    body = {"customerNumber": "10000", "discountAmount": 20, "salesOrderLines": [item_line(quantity=1)]}
    assert "The invoice discount 20 is greater" in error_of(await bc.post("salesOrders", body))[2]
    assert bc.environment.seeder.rows("salesOrders") == []


async def test_an_invoice_discount_can_be_set_later(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1, unitPrice=100))
    changed = await bc.patch(f"salesOrders({order['id']})", {"discountAmount": 10})
    assert totals(changed.json()) == (90, 17.1, 107.1)


async def test_totals_follow_every_change_of_the_lines(bc: BusinessCentral) -> None:
    order = await bc.order(item_line(quantity=1, unitPrice=100))
    path = f"salesOrders({order['id']})"
    added = await bc.post(f"{path}/salesOrderLines", item_line("BOOK-001", quantity=2, unitPrice=50))
    assert added.status_code == 201
    assert totals(await bc.read_order(order["id"])) == (200, 26, 226)
    await bc.patch(f"{path}/salesOrderLines({added.json()['id']})", {"unitPrice": 10})
    assert totals(await bc.read_order(order["id"])) == (120, 20.4, 140.4)
    assert (await bc.delete(f"{path}/salesOrderLines({added.json()['id']})")).status_code == 204
    assert totals(await bc.read_order(order["id"])) == (100, 19, 119)


async def test_customers_outside_the_tax_area_pay_no_tax(bc: BusinessCentral) -> None:
    export = {"displayName": "Example Export", "taxAreaId": bc.id_of("taxAreas", "EXPORT")}
    customer = (await bc.post("customers", export)).json()
    order = await bc.order(item_line(quantity=1, unitPrice=100), customerNumber=customer["number"])
    assert totals(order) == (100, 0, 100)


async def test_sales_tax_is_added_in_the_american_company(us: BusinessCentral) -> None:
    # 8.875 % of 33.60 is 2.982.
    order = await us.order(item_line(quantity=2), item_line("BOOK-001", quantity=1))
    assert totals(order) == (42.95, 2.98, 45.93)
    assert order["currencyCode"] == "USD"


async def test_sales_tax_does_not_go_with_prices_that_include_tax(us: BusinessCentral) -> None:
    body = {"customerNumber": "10000", "pricesIncludeTax": True, "salesOrderLines": [item_line(quantity=1)]}
    assert "if VAT Calculation Type is Sales Tax" in error_of(await us.post("salesOrders", body))[2]


async def test_a_programmed_shift_makes_totals_that_do_not_match(bc: BusinessCentral) -> None:
    await bc.http.post("http://simulator/__settings", json={"vat_rounding_shift": "0.01"})
    order = await bc.order(item_line(quantity=1, unitPrice=100))
    assert totals(order) == (100, 19.01, 119.01)


AMOUNTS = st.lists(
    st.tuples(st.integers(-100_000, 100_000), st.sampled_from(["VAT19", "VAT7", "VAT0"])), min_size=1, max_size=12
)
RATES = {"VAT19": Decimal(19), "VAT7": Decimal(7), "VAT0": Decimal(0)}


@checked
@given(amounts=AMOUNTS, included=st.booleans())
def test_the_tax_of_each_code_is_the_rounded_tax_of_its_sum(amounts: list[tuple[int, str]], included: bool) -> None:
    lines = [TaxableLine(amount * CENT, RATES[code], code) for amount, code in amounts]
    results = compute(lines, Decimal(0), 2, prices_include_tax=included, shift=Decimal(0))
    for code, rate in RATES.items():
        members = [result for line, result in zip(lines, results, strict=True) if line.tax_code == code]
        base = sum((line.line_amount for line in lines if line.tax_code == code), Decimal(0))
        tax = sum((member.net_tax_amount for member in members), Decimal(0))
        expected = base - round_to(base / (1 + rate / 100), 2) if included else round_to(base * rate / 100, 2)
        assert tax == expected


@checked
@given(total=st.integers(0, 10_000), weights=st.lists(st.integers(1, 10_000), min_size=1, max_size=20))
def test_distributed_parts_add_up_to_the_whole(total: int, weights: list[int]) -> None:
    parts = distribute(total * CENT, [weight * CENT for weight in weights], 2)
    assert sum(parts, Decimal(0)) == total * CENT
    exact = [total * CENT * weight / sum(weights) for weight in weights]
    assert all(abs(part - share) <= CENT for part, share in zip(parts, exact, strict=True))


@pytest.mark.parametrize(("value", "rounded"), [("0.125", "0.13"), ("-0.125", "-0.13"), ("0.1249", "0.12")])
def test_rounding_is_half_away_from_zero(value: str, rounded: str) -> None:
    assert round_to(Decimal(value), 2) == Decimal(rounded)

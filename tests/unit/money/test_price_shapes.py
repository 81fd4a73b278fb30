"""One order for each price shape, with figures worked out by hand."""

from typing import Any

import pytest

from shared.mapping.commercetools import UnmappableOrder, order_from_document
from shared.model.money import Money, MoneyMismatch
from shared.model.order import DiscountPart, Order, Totals
from tests.unit.money.documents import Json, custom_line, euro, line, order, rate, sample, taxed


def amounts(document: Json) -> list[tuple[int, int, int]]:
    mapped = order_from_document(document, "demo")
    return [(row.net.minor_units, row.tax.minor_units, row.gross.minor_units) for row in mapped.lines]


def refusal(document: Json) -> UnmappableOrder:
    with pytest.raises(UnmappableOrder) as refused:
        order_from_document(document, "demo")
    return refused.value


def total_discount(cents: int) -> Json:
    return {"discountedAmount": euro(cents), "includedDiscounts": []}


def test_tax_by_line_and_tax_by_unit_differ_as_published() -> None:
    # The published example: $1.08 x 3 at 19 % is 3.86 by line and 3.87 by unit.
    row = line(1, 108, 3, taxRate=rate(0.19, included=False))
    assert amounts(order(324, row)) == [(324, 62, 386)]
    assert amounts(order(324, row, taxCalculationMode="UnitPriceLevel")) == [(324, 63, 387)]


@pytest.mark.parametrize(("mode", "tax"), [("HalfEven", 2), ("HalfUp", 3), ("HalfDown", 2)])
def test_half_a_cent_of_tax_is_rounded_as_the_order_says(mode: str, tax: int) -> None:
    row = line(1, 10, taxRate=rate(0.25, included=False))
    assert amounts(order(10, row, taxRoundingMode=mode)) == [(10, tax, 10 + tax)]


def test_an_order_without_any_tax_has_the_same_net_and_gross() -> None:
    assert amounts(order(1000, line(1, 1000))) == [(1000, 0, 1000)]
    assert amounts(order(1000, line(1, 1000, taxRate=rate(0.25)), taxMode="Disabled")) == [(1000, 0, 1000)]


def test_an_external_tax_amount_makes_the_total_the_net_even_if_the_rate_says_included() -> None:
    row = line(1, 1000, taxRate=rate(0.19), taxedPrice=taxed(1000, 1150))
    document = order(1000, row, taxMode="ExternalAmount", taxedPrice=taxed(1000, 1150))
    assert amounts(document) == [(1000, 150, 1150)]
    assert not order_from_document(document, "demo").lines[0].price_includes_tax


def test_a_voucher_without_tax_keeps_net_and_gross_together() -> None:
    # From a capture: goods of 549.00 with 19 %, a coupon of -299.00 at 0 %; order gross 250.00, tax 87.66.
    goods = line(1, 54900, taxRate=rate(0.19))
    coupon = custom_line(1, -29900, taxRate=rate(0))
    assert amounts(order(25000, goods, coupon, taxedPrice=taxed(16234, 25000))) == [
        (46134, 8766, 54900),
        (-29900, 0, -29900),
    ]


def test_a_total_discount_is_shared_out_over_lines_and_shipping() -> None:
    # From a capture: 13 % off lines of 22375, 2 x 23134 and 73128 and shipping of 870 takes off 18543.
    shipping = {"shippingMethodName": "Parcel", "price": euro(870), "taxRate": rate(0)}
    document = order(
        124098,
        line(1, 22375),
        line(2, 23134, 2),
        line(3, 73128),
        shippingInfo=shipping,
        discountOnTotalPrice=total_discount(18543),
    )
    lines = order_from_document(document, "demo").lines
    shares = [row.discount.minor_units for row in lines]
    assert sum(shares) == 18543
    for share, own in zip(shares, (22375, 46268, 73128, 870), strict=True):
        assert abs(share - 0.13 * own) <= 1


def test_rates_in_and_on_top_of_the_price_can_be_mixed() -> None:
    inside = line(1, 1190, taxRate=rate(0.19))
    on_top = line(2, 1000, taxRate=rate(0.19, included=False))
    document = order(2190, inside, on_top, taxedPrice=taxed(2000, 2380))
    assert amounts(document) == [(1000, 190, 1190), (1000, 190, 1190)]


def test_a_cent_that_rounding_left_goes_to_the_line_that_rounding_moved_most() -> None:
    # Net of 101 at 19 % is 84.87 -> 85, of 102 is 85.71 -> 86; together 170.59. An order net of 170 takes one cent off.
    rows = [line(1, 101, taxRate=rate(0.19)), line(2, 102, taxRate=rate(0.19))]
    assert amounts(order(203, *rows, taxedPrice=taxed(170, 203))) == [(85, 16, 101), (85, 17, 102)]


def test_a_line_without_tax_never_takes_the_cent() -> None:
    rows = [line(1, 50000, taxRate=rate(0)), line(2, 101, taxRate=rate(0.19))]
    assert amounts(order(50101, *rows, taxedPrice=taxed(50084, 50101))) == [(50000, 0, 50000), (84, 17, 101)]


def test_a_gift_is_a_line_of_nothing_whose_discount_is_its_price() -> None:
    gift = line(2, 500, lineItemMode="GiftLineItem", totalPrice=euro(0), taxRate=rate(0.19))
    row = order_from_document(order(1190, line(1, 1190, taxRate=rate(0.19)), gift), "demo").lines[1]
    assert (row.kind, row.gross.minor_units, row.discount.minor_units) == ("gift", 0, 500)


def test_a_line_edited_to_nothing_is_left_out() -> None:
    assert len(amounts(order(1000, line(1, 1000), line(2, 500, 0)))) == 1


def test_a_line_of_no_quantity_that_costs_something_is_refused() -> None:
    assert refusal(order(500, line(1, 500, 0, totalPrice=euro(500)))).component == "lineItems[0].totalPrice"


def test_a_precise_unit_price_is_kept_and_its_line_rounded() -> None:
    precise = euro(0) | {"type": "highPrecision", "preciseAmount": 12345, "fractionDigits": 6}
    row = line(1, 0, 1000, price={"value": precise}, totalPrice=euro(1234))
    mapped = order_from_document(order(1234, row), "demo").lines[0]
    assert str(mapped.unit_price) == "0.012345 EUR"
    assert mapped.list_amount.minor_units == 1234


@pytest.mark.parametrize(("currency", "digits", "text"), [("JPY", 0, "1100 JPY"), ("KWD", 3, "1.100 KWD")])
def test_currencies_with_other_minor_units_are_exact(currency: str, digits: int, text: str) -> None:
    money = {"currencyCode": currency, "centAmount": 1100, "fractionDigits": digits}
    row = line(1, 0, price={"value": money}, totalPrice=money, taxRate=rate(0.1))
    mapped = order_from_document(order(0, row, totalPrice=money), "demo")
    assert str(mapped.totals.gross) == text
    assert mapped.totals.tax.minor_units == 100


def test_a_product_discount_is_in_the_unit_price() -> None:
    row = line(1, 2000, price={"value": euro(2000), "discounted": {"value": euro(1500)}}, totalPrice=euro(1500))
    mapped = order_from_document(order(1500, row), "demo").lines[0]
    assert (mapped.unit_price.minor_units, mapped.discount.minor_units) == (1500, 0)


def test_sub_rates_are_kept() -> None:
    composed = rate(0.08875, included=False) | {"subRates": [{"name": "state", "amount": 0.04}]}
    tax_rate = order_from_document(order(1000, line(1, 1000, taxRate=composed)), "demo").lines[0].tax_rate
    assert tax_rate is not None
    assert [(str(sub.rate), sub.name) for sub in tax_rate.sub_rates] == [("0.04", "state")]


def test_taxes_from_outside_stay_whole_where_the_total_discount_does_not_reduce_them() -> None:
    row = line(1, 1000, taxRate=rate(0.2, included=False), taxedPrice=taxed(1000, 1200))
    fields = {"discountOnTotalPrice": total_discount(100), "taxedPrice": taxed(900, 1100)}
    assert amounts(order(900, row, taxMode="External", **fields)) == [(900, 200, 1100)]


def test_taxes_from_outside_shrink_with_the_total_discount_even_if_their_sum_happens_to_stay() -> None:
    # Half of everything comes off: -58 with 19 % in it and 136 with 5.5 % on top become -29 and 68.
    rows = [custom_line(1, -58, taxRate=rate(0.19)), line(1, 136, taxRate=rate(0.055, included=False))]
    fields = {"discountOnTotalPrice": total_discount(39), "taxedPrice": taxed(44, 42)}
    assert amounts(order(39, *rows, taxMode="External", **fields)) == [(68, 3, 71), (-24, -5, -29)]


def multiple_shipping(**line_fields: Any) -> Json:
    targets = [
        {"addressKey": "a", "quantity": 1, "shippingMethodKey": "fast"},
        {"addressKey": "b", "quantity": 2, "shippingMethodKey": "slow"},
    ]
    rates = [
        {"shippingMethodKey": "fast", "taxRate": rate(0.25)},
        {"shippingMethodKey": "slow", "taxRate": rate(0.1)},
    ]
    row = line(1, 1100, 3, shippingDetails={"targets": targets, "valid": True}, perMethodTaxRate=rates, **line_fields)
    shipping = [
        {"shippingKey": key, "shippingInfo": {"price": euro(125), "taxRate": rate(0.25)}, "shippingAddress": address}
        for key, address in (("fast", {"country": "SE"}), ("slow", {"country": "DE"}))
    ]
    return order(3550, row, shippingMode="Multiple", shipping=shipping)


def test_a_line_with_two_shipping_methods_becomes_two_lines_with_their_own_rates() -> None:
    mapped = order_from_document(multiple_shipping(), "demo")
    rows = [(row.id, row.shipping_key, row.quantity, row.net.minor_units) for row in mapped.lines]
    assert rows == [
        ("line-1/fast", "fast", 1, 880),
        ("line-1/slow", "slow", 2, 2000),
        ("shipping/fast", "fast", 1, 100),
        ("shipping/slow", "slow", 1, 100),
    ]
    assert [(place.key, place.address.country) for place in mapped.shipping_addresses] == [
        ("fast", "SE"),
        ("slow", "DE"),
    ]


def test_a_line_whose_targets_do_not_cover_its_quantity_is_refused() -> None:
    document = multiple_shipping()
    document["lineItems"][0]["quantity"] = 4
    assert refusal(document).component == "lineItems[0].shippingDetails"


def test_a_wrong_line_total_is_refused_and_the_line_named() -> None:
    document = sample("synthetic-order-full.json")
    document["lineItems"][1]["totalPrice"]["centAmount"] += 1000
    refused = refusal(document)
    assert refused.component == "totalPrice"
    assert "946.23 SEK" in str(refused)
    assert "956.23 SEK" in str(refused)
    assert "lineItems[1] (BOOK-001)" in str(refused)


def test_a_wrong_line_tax_is_refused_and_the_line_named() -> None:
    document = sample("synthetic-order-full.json")
    del document["discountOnTotalPrice"]
    document["totalPrice"]["centAmount"] = 99623
    document["taxedPrice"] = {
        side: document["totalPrice"] | {"centAmount": units}
        for side, units in (("totalNet", 84777), ("totalGross", 99623))
    }
    assert order_from_document(document, "demo").totals.net.minor_units == 84777
    document["lineItems"][0]["taxedPrice"]["totalNet"]["centAmount"] -= 1000
    document["lineItems"][0]["taxedPrice"]["totalTax"]["centAmount"] += 1000
    refused = refusal(document)
    assert refused.component == "taxedPrice.totalNet"
    assert "lineItems[0] (TSHIRT-BLK-M)" in str(refused)


@pytest.mark.parametrize(("included", "net", "gross", "side"), [(True, 840, 1001, "Gross"), (False, 1001, 1190, "Net")])
def test_a_total_that_is_a_cent_away_from_what_the_lines_cost_is_refused(
    included: bool, net: int, gross: int, side: str
) -> None:
    # Only the side that tax computes is rounded; the other one is the sum of the prices.
    row = line(1, 1000, taxRate=rate(0.19, included=included))
    assert refusal(order(1000, row, taxedPrice=taxed(net, gross))).component == f"taxedPrice.total{side}"


def test_a_total_without_tax_is_what_the_lines_cost_even_beside_a_taxed_line() -> None:
    rows = line(1, 1000, taxRate=rate(0.19)), custom_line(1, 500, taxRate=rate(0))
    assert order_from_document(order(1500, *rows, taxedPrice=taxed(1340, 1500)), "demo").totals.net.minor_units == 1340
    assert refusal(order(1500, *rows, taxedPrice=taxed(1341, 1501))).component == "taxedPrice.totalGross"


@pytest.mark.parametrize("side", ["totalNet", "totalTax", "totalGross"])
def test_a_line_whose_net_and_tax_are_not_its_gross_is_refused(side: str) -> None:
    document = sample("synthetic-order-full.json")
    document["lineItems"][1]["taxedPrice"][side]["centAmount"] += 1
    assert refusal(document).component == "lineItems[1].taxedPrice.totalTax"


@pytest.mark.parametrize("off", [-1, 1])
def test_discounted_prices_that_do_not_come_to_the_line_total_are_refused(off: int) -> None:
    document = sample("synthetic-order-full.json")
    document["lineItems"][0]["discountedPricePerQuantity"][0]["discountedPrice"]["value"]["centAmount"] += off
    assert refusal(document).component == "lineItems[0].discountedPricePerQuantity"


def test_a_total_that_another_system_set_need_not_be_its_discounted_prices() -> None:
    part = {"quantity": 1, "discountedPrice": {"value": euro(900), "includedDiscounts": []}}
    row = line(1, 1000, priceMode="ExternalTotal", discountedPricePerQuantity=[part])
    assert amounts(order(1000, row)) == [(1000, 0, 1000)]


def test_a_total_tax_that_is_not_gross_less_net_is_refused() -> None:
    document = order(1000, line(1, 1000), taxedPrice=taxed(1000, 1000) | {"totalTax": euro(1)})
    assert refusal(document).component == "taxedPrice.totalTax"


def test_a_total_discount_larger_than_the_order_is_refused() -> None:
    document = order(-1, line(1, 1000), discountOnTotalPrice=total_discount(1001))
    assert refusal(document).component == "discountOnTotalPrice.discountedAmount"


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("totalPrice", {"totalPrice": None}),
        ("lineItems", {"lineItems": None}),
        ("lineItems[0].quantity", {"lineItems": [{**line(1, 1), "quantity": None}]}),
        ("lineItems[0].taxRate.amount", {"lineItems": [line(1, 1, taxRate={"amount": -0.1})]}),
        ("totalPrice.fractionDigits", {"totalPrice": euro(1) | {"fractionDigits": 0}}),
        ("lineItems[0].price.value", {"lineItems": [line(1, 1, price={"value": euro(1) | {"currencyCode": "SEK"}})]}),
        ("taxRoundingMode", {"taxRoundingMode": "Sideways"}),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_with_the_path(path: str, change: Json) -> None:
    assert refusal(order(1, line(1, 1)) | change).component == path


def test_unknown_fields_and_enum_values_are_no_obstacle() -> None:
    document = order(100, line(1, 100, priceMode="Novel"), origin="Novel", novelty={"a": 1}, inventoryMode="Novel")
    assert amounts(document) == [(100, 0, 100)]


def test_an_order_that_does_not_add_up_cannot_be_built() -> None:
    mapped = order_from_document(order(1000, line(1, 1000)), "demo")
    money = Money.from_cents(999, "EUR")
    totals = Totals(net=money, tax=Money.zero("EUR"), gross=money)
    with pytest.raises(MoneyMismatch) as refused:
        Order(**{**dict(mapped), "totals": totals})
    assert refused.value.component == "totals net"
    assert refused.value.actual == Money.from_cents(1000, "EUR")


@pytest.mark.parametrize(
    ("component", "changes"),
    [
        ("gross", {"tax": Money.from_cents(1, "EUR")}),
        ("discount", {"list_amount": Money.from_cents(1001, "EUR")}),
        ("discounts", {"discounts": (DiscountPart(kind="item", amount=Money.from_cents(1, "EUR")),)}),
    ],
)
def test_a_line_that_does_not_add_up_cannot_be_built(component: str, changes: dict[str, object]) -> None:
    row = order_from_document(order(1000, line(1, 1000)), "demo").lines[0]
    with pytest.raises(MoneyMismatch) as refused:
        type(row)(**{**dict(row), **changes})
    assert refused.value.component == f"line line-1 {component}"


@pytest.mark.parametrize(
    ("locale", "expected"), [("de-AT", "Zeile 1"), ("de", "Zeile 1"), ("fr", "Line 1"), (None, "Line 1")]
)
def test_names_fall_back_from_locale_to_language_to_english(locale: str | None, expected: str) -> None:
    assert order_from_document(order(1, line(1, 1), locale=locale), "demo").lines[0].name == expected

"""Payloads worked out by hand from the documentation of the data entities."""

from __future__ import annotations

from typing import Any

import pytest

from shared.mapping.finance.orders import draft_order, rounding_line
from shared.market_options.finance import FinanceOptions
from shared.markets import LineTarget, Market, OrderRules, ShippingRules
from shared.model.address import Address
from shared.model.back_end import Cut, ItemRecord, MissingReference, OrderDraft
from shared.model.order import Order, ShipTo
from tests.contract.connectors.finance_harness import finance_market
from tests.unit.mapping.orders import ADDRESS, line, money, order, references

SHIRT = line("80.00", "100.00", unit="100.00")


def drafted(what: Order, where: Market | None = None) -> OrderDraft:
    draft = draft_order(what, references(), where or finance_market())
    assert isinstance(draft, OrderDraft), draft
    return draft


def header(what: Order, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = drafted(what, finance_market(**options)).payload["header"]
    return found


def lines(what: Order, **options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = drafted(what, finance_market(**options)).payload["lines"]
    return found


def missing(what: Order, where: Market) -> MissingReference:
    found = draft_order(what, references(), where)
    assert isinstance(found, MissingReference), found
    return found


def test_a_header_has_everything_but_the_customer() -> None:
    assert header(order(SHIRT, purchase_order_number="PO-1")) == {
        "dataAreaId": "demf",
        "CustomersOrderReference": "SE-1001",
        "CurrencyCode": "SEK",
        "ArePricesIncludingSalesTax": "Yes",
        "CustomerRequisitionNumber": "PO-1",
        "Email": "customer@example.com",
        "IsDeliveryAddressOrderSpecific": "Yes",
        "DeliveryAddressName": "Example Customer",
        "DeliveryAddressDescription": "Example Customer",
        "DeliveryAddressStreet": "Example Street 1",
        "DeliveryAddressCity": "Example Town",
        "DeliveryAddressCountryRegionId": "SWE",
        "SkipCreateAutoCharges": "Yes",
        "DefaultShippingWarehouseId": "MAIN",
    }


def test_a_line_says_its_number_its_groups_and_that_there_is_no_other_discount() -> None:
    assert lines(order(SHIRT)) == [
        {
            "dataAreaId": "demf",
            "CustomersLineNumber": 1,
            "ItemNumber": "SHIRT",
            "LineDescription": "Shirt",
            "OrderedSalesQuantity": 1,
            "SalesPrice": 100.0,
            "SalesPriceQuantity": 1,
            "LineDiscountAmount": 0.0,
            "LineDiscountPercentage": 0,
            "SkipCreateAutoCharges": "Yes",
            "SalesTaxItemGroupCode": "VAT25",
        }
    ]


def test_options_of_the_market_go_into_the_header() -> None:
    found = header(order(SHIRT), sales_tax_group="DOM", sales_origin="WEB", sales_pool="ONLINE")
    names = ("SalesTaxGroupCode", "SalesOrderOriginCode", "SalesOrderPoolId")
    assert [found[name] for name in names] == ["DOM", "WEB", "ONLINE"]


def test_without_a_warehouse_the_site_of_the_market_counts() -> None:
    where = finance_market(site="1").model_copy(update={"location": None})
    found = drafted(order(SHIRT), where).payload["header"]
    assert found["DefaultShippingSiteId"] == "1"
    assert "DefaultShippingWarehouseId" not in found
    assert "DefaultShippingSiteId" not in header(order(SHIRT), site="1")


def test_a_tax_code_may_name_both_groups() -> None:
    target = LineTarget.model_validate({"as": "item", "number": "FREIGHT", "tax_code": "DOM/FULL"})
    where = finance_market().model_copy(update={"shipping": ShippingRules(default=target)})
    freight = line("40.00", "50.00", unit="50.00", kind="shipping", sku=None, name="Parcel")
    (row,) = drafted(order(freight), where).payload["lines"]
    assert (row["SalesTaxGroupCode"], row["SalesTaxItemGroupCode"]) == ("DOM", "FULL")


def test_freight_is_a_line_of_a_service_item() -> None:
    freight = line("40.00", "50.00", unit="50.00", kind="shipping", sku=None, name="Parcel")
    shirt, row = lines(order(SHIRT, freight))
    assert (row["ItemNumber"], row["CustomersLineNumber"], row["LineDescription"]) == ("FREIGHT", 2, "Parcel")
    assert shirt["CustomersLineNumber"] == 1


@pytest.mark.parametrize("kind", ["charge", "account"])
def test_freight_as_charge_or_account_is_a_question(kind: str) -> None:
    target = LineTarget.model_validate({"as": kind, "number": "FREIGHT"})
    where = finance_market().model_copy(update={"shipping": ShippingRules(default=target)})
    found = missing(order(line("40.00", "50.00", unit="50.00", kind="shipping", sku=None)), where)
    assert (found.kind, found.key) == ("line_target", "FREIGHT")
    assert "service item" in found.hint


def test_a_variant_brings_its_dimensions() -> None:
    item = ItemRecord("SHIRT", "SHIRT", "SHIRT : M", details={"ProductSizeId": "M"})
    draft = draft_order(order(SHIRT), references(items={"SHIRT": item}), finance_market())
    assert isinstance(draft, OrderDraft)
    assert draft.payload["lines"][0]["ProductSizeId"] == "M"


def test_an_address_keeps_its_lines_and_its_company() -> None:
    address = Address(
        country="DE",
        company="Example Ltd",
        first_name="Example",
        last_name="Customer",
        street="Example Road",
        number="2",
        building="House B",
        postal_code="10115",
        city="Berlin",
        state="Berlin",
    )
    found = header(order(SHIRT, shipping_addresses=(ShipTo(address=address),)))
    assert found["DeliveryAddressName"] == "Example Ltd, Example Customer"
    assert found["DeliveryAddressStreet"] == "Example Road 2\nHouse B"
    assert found["DeliveryAddressCountryRegionId"] == "DEU"
    assert "DeliveryAddressStateId" not in found


def test_a_state_goes_where_finance_knows_states() -> None:
    address = ADDRESS.model_copy(update={"country": "US", "state": "NY"})
    what = order(SHIRT, shipping_addresses=(ShipTo(address=address),))
    assert header(what)["DeliveryAddressStateId"] == "NY"
    assert "DeliveryAddressStateId" not in header(what, states_of=())


def test_an_order_without_any_address_goes_to_the_customers_own() -> None:
    found = header(order(SHIRT, shipping_addresses=(), billing_address=None))
    assert "IsDeliveryAddressOrderSpecific" not in found


OFFICE = Address(country="DE", company="Example Ltd", last_name="Clerk", street="Office Road", city="Hamburg")
TWO = (ShipTo(key="home", address=ADDRESS), ShipTo(key="office", address=OFFICE))
PARTED = [SHIRT.model_copy(update={"shipping_key": key}) for key in ("home", "office")]


def test_a_line_that_goes_elsewhere_has_its_own_address() -> None:
    what = order(*PARTED, shipping_addresses=TWO)
    assert header(what)["DeliveryAddressCity"] == "Example Town"
    first, second = lines(what)
    assert not [name for name in first if "Address" in name]
    assert {name: value for name, value in second.items() if "Address" in name} == {
        "IsDeliveryAddressOrderSpecific": "Yes",
        "DeliveryAddressName": "Example Ltd, Clerk",
        "DeliveryAddressDescription": "Example Ltd, Clerk",
        "DeliveryAddressStreet": "Office Road",
        "DeliveryAddressCity": "Hamburg",
        "DeliveryAddressCountryRegionId": "DEU",
    }


def test_an_address_that_no_line_names_is_a_question_that_says_what_goes_where() -> None:
    found = missing(order(PARTED[0], SHIRT, shipping_addresses=TWO), finance_market())
    assert (found.kind, found.key) == ("shipping_address", "unassigned")
    assert "address office" in found.text
    assert "shippingDetails" in found.hint
    assert found.facts == {
        "address home": "Example Town, SE: item SHIRT x 1, item SHIRT x 1",
        "address office": "Hamburg, DE: nothing",
    }


def test_an_address_that_only_freight_names_is_a_question_too() -> None:
    freight = line("40.00", "50.00", unit="50.00", kind="shipping", sku=None, shipping_key="office")
    assert missing(order(SHIRT, freight, shipping_addresses=TWO), finance_market()).key == "unassigned"


def test_an_address_named_twice_needs_lines_only_once() -> None:
    again = ShipTo(key="office-address", address=OFFICE.model_copy(update={"id": "a-2", "key": "office-address"}))
    assert len(lines(order(*PARTED, shipping_addresses=(*TWO, again)))) == 2


def test_the_country_of_a_lines_own_address_is_translated_or_asked_about() -> None:
    nowhere = (TWO[0], ShipTo(key="office", address=OFFICE.model_copy(update={"country": "ZZ"})))
    found = missing(order(*PARTED, shipping_addresses=nowhere), finance_market())
    assert (found.kind, found.key) == ("country", "ZZ")
    _, there = lines(order(*PARTED, shipping_addresses=nowhere), countries={"ZZ": "ZZZ"})
    assert there["DeliveryAddressCountryRegionId"] == "ZZZ"


def test_a_lines_own_address_too_long_for_finance_is_refused_like_the_orders() -> None:
    long = (TWO[0], ShipTo(key="office", address=OFFICE.model_copy(update={"city": "x" * 61})))
    assert missing(order(*PARTED, shipping_addresses=long), finance_market()).key == "DeliveryAddressCity"


def test_the_wanted_day_is_noon_utc() -> None:
    where = finance_market().model_copy(update={"order": OrderRules(requested_delivery_field="wanted")})
    found = drafted(order(SHIRT, custom={"wanted": "2026-12-24"}), where).payload["header"]
    assert found["RequestedReceiptDate"] == "2026-12-24T12:00:00Z"


def test_a_value_too_long_is_refused_unless_the_market_lets_it_be_cut() -> None:
    address = ADDRESS.model_copy(update={"city": "x" * 61})
    what = order(SHIRT, shipping_addresses=(ShipTo(address=address),))
    assert missing(what, finance_market()).key == "DeliveryAddressCity"
    cut = OrderRules(cut=frozenset({"DeliveryAddressCity"}))
    draft = drafted(what, finance_market().model_copy(update={"order": cut}))
    assert draft.cuts == (Cut("DeliveryAddressCity", "x" * 61, 60),)


def test_only_a_batch_with_own_numbers_names_the_order() -> None:
    assert "SalesOrderNumber" not in header(order(SHIRT))
    assert "SalesOrderNumber" not in header(order(SHIRT), batch=True)
    assert "SalesOrderNumber" not in header(order(SHIRT), batch_link="own_number")
    assert header(order(SHIRT), batch=True, batch_link="own_number")["SalesOrderNumber"] == "SE-1001"
    long = header(order(SHIRT, number="X" * 30), batch=True, batch_link="own_number")
    assert len(long["SalesOrderNumber"]) == 20
    assert long["CustomersOrderReference"] == "X" * 30


@pytest.mark.parametrize(("gap", "quantity"), [("0.03", 1), ("-0.03", -1)])
def test_a_rounding_line_adds_or_takes_away_exactly_the_gap(gap: str, quantity: int) -> None:
    target = LineTarget.model_validate({"as": "item", "number": "ROUNDING", "tax_code": "VAT0"})
    row = rounding_line(target, money(gap), 3, finance_market())
    names = ("ItemNumber", "CustomersLineNumber", "OrderedSalesQuantity", "SalesPrice", "SalesTaxItemGroupCode")
    assert [row[name] for name in names] == ["ROUNDING", 3, quantity, 0.03, "VAT0"]


def test_a_market_without_options_gets_the_default_ones() -> None:
    where = finance_market().model_copy(update={"finance": None})
    assert drafted(order(SHIRT), where).payload == drafted(order(SHIRT), finance_market()).payload
    assert FinanceOptions().headers == "SalesOrderHeadersV2"

"""Payloads worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from shared.mapping.dataverse.orders import draft_order, rounding_line, service_key
from shared.market_options.dataverse import DataverseOptions
from shared.markets import CustomLineRules, LineTarget, Market, OrderRules, ShippingRules
from shared.model.address import Address
from shared.model.back_end import Cut, ItemRecord, MissingReference, OrderDraft, References
from shared.model.order import Order, ShipTo
from tests.fakes.markets import market
from tests.unit.mapping.orders import line, money, order, references

SHIRT = ItemRecord("p-1", "SHIRT", details={"unit": "u-1"})
FREIGHT = ItemRecord("p-2", "FREIGHT", details={"unit": "u-1"})
WRAPPING = ItemRecord("p-3", "GIFTWRAP", details={"unit": "u-1"})
ITEM = LineTarget.model_validate({"as": "item", "number": "FREIGHT"})
ACCOUNT = LineTarget.model_validate({"as": "account", "number": "3520"})
GOODS = line("300.00", "375.00", unit="125.00", quantity=3)
PARCEL = line("40.00", "50.00", unit="50.00", kind="shipping", sku=None, name="Parcel", reference="Parcel")
FREE_OF_TAX = line("40.00", "40.00", unit="40.00", kind="shipping", sku=None, name="Parcel", reference="Parcel")
WRAP = line("8.00", "10.00", unit="10.00", kind="custom", sku=None, name="Gift wrap", reference="gift-wrap")
ITEMS = {"SHIRT": SHIRT, service_key("FREIGHT"): FREIGHT, service_key("GIFTWRAP"): WRAPPING}


def a_market(**options: Any) -> Market:
    return market(shipping=ShippingRules(default=ITEM), dataverse=DataverseOptions.model_validate(options))


def resolved(**items: ItemRecord) -> References:
    return references(items={**ITEMS, **items})


def drafted(what: Order, where: Market | None = None, given: References | None = None) -> dict[str, Any]:
    draft = draft_order(what, given or resolved(), where or a_market())
    assert isinstance(draft, OrderDraft), draft
    return dict(draft.payload)


def missing(what: Order, where: Market, given: References | None = None) -> MissingReference:
    answer = draft_order(what, given or resolved(), where)
    assert isinstance(answer, MissingReference)
    return answer


def test_an_order_becomes_header_and_lines() -> None:
    assert drafted(order(GOODS)) == {
        "name": "SE-1001",
        "ctd365_ordernumber": "SE-1001",
        "emailaddress": "customer@example.com",
        "billto_name": "Example Customer",
        "billto_line1": "Example Street 1",
        "billto_city": "Example Town",
        "billto_country": "SE",
        "shipto_name": "Example Customer",
        "shipto_line1": "Example Street 1",
        "shipto_city": "Example Town",
        "shipto_country": "SE",
        "order_details": [
            {
                "lineitemnumber": 1,
                "isproductoverridden": False,
                "productid@odata.bind": "/products(p-1)",
                "uomid@odata.bind": "/uoms(u-1)",
                "description": "Shirt",
                "quantity": 3,
                "ispriceoverridden": True,
                "priceperunit": 100.0,
                "tax": 75.0,
            }
        ],
    }


def test_the_reference_is_the_order_id_whatever_the_number_is() -> None:
    answer = draft_order(order(GOODS, number=None), resolved(), a_market())
    assert isinstance(answer, OrderDraft)
    assert answer.reference == "00000001-0000-4000-8000-000000000001"
    assert answer.payload["name"] == answer.reference


def test_a_discount_stays_visible_beside_the_list_price() -> None:
    (row,) = drafted(order(line("270.00", "337.50", unit="125.00", quantity=3)))["order_details"]
    assert (row["priceperunit"], row["manualdiscountamount"], row["tax"]) == (100.0, 30.0, 67.5)


def test_taxed_freight_is_a_line_of_the_service_product() -> None:
    payload = drafted(order(GOODS, PARCEL))
    assert "freightamount" not in payload
    row = payload["order_details"][1]
    assert row["productid@odata.bind"] == "/products(p-2)"
    assert (row["lineitemnumber"], row["description"], row["priceperunit"], row["tax"]) == (2, "Parcel", 40.0, 10.0)


def test_untaxed_freight_is_the_freight_amount_of_the_header() -> None:
    draft = draft_order(order(GOODS, FREE_OF_TAX, FREE_OF_TAX), resolved(), a_market())
    assert isinstance(draft, OrderDraft)
    assert draft.payload["freightamount"] == 80.0
    assert len(draft.payload["order_details"]) == 1
    assert draft.lines[-1].net == money("80.00")


def test_untaxed_freight_may_be_a_line_too() -> None:
    payload = drafted(order(GOODS, FREE_OF_TAX), a_market(untaxed_freight="line"))
    assert "freightamount" not in payload
    assert payload["order_details"][1]["tax"] == 0.0


def test_a_custom_line_is_the_product_that_the_market_names() -> None:
    row = drafted(order(GOODS, WRAP))["order_details"][1]
    assert (row["productid@odata.bind"], row["description"]) == ("/products(p-3)", "Gift wrap")


def test_a_target_that_is_no_product_is_refused_unless_write_ins_are_allowed() -> None:
    where = a_market().model_copy(update={"shipping": ShippingRules(default=ACCOUNT)})
    answer = missing(order(GOODS, PARCEL), where)
    assert (answer.kind, "write_in" in answer.hint) == ("shipping_line", True)
    allowed = where.model_copy(update={"dataverse": DataverseOptions(write_in=True)})
    row = drafted(order(GOODS, PARCEL), allowed)["order_details"][1]
    assert (row["isproductoverridden"], row["productdescription"]) == (True, "Parcel")
    assert not {"productid@odata.bind", "uomid@odata.bind", "description"} & row.keys()


def test_a_line_that_the_market_does_not_know_is_a_question() -> None:
    where = a_market().model_copy(update={"custom_lines": CustomLineRules()})
    assert missing(order(GOODS, WRAP), where).kind == "custom_line"


def test_a_service_product_that_cannot_be_sold_is_a_question_for_the_order_that_needs_it() -> None:
    broken = {service_key("FREIGHT"): ItemRecord("", "FREIGHT", details={"problem": "does not exist"})}
    answer = missing(order(GOODS, PARCEL), a_market(), resolved(**broken))
    assert (answer.kind, answer.key) == ("service_product", "FREIGHT")
    assert drafted(order(GOODS), a_market(), resolved(**broken))["name"] == "SE-1001"


def test_a_preview_without_anything_resolved_names_the_number() -> None:
    payload = drafted(order(GOODS, PARCEL), a_market(), references(items={"SHIRT": ItemRecord("SHIRT", "SHIRT")}))
    first, second = payload["order_details"]
    assert "uomid@odata.bind" not in first
    assert second["productid@odata.bind"] == "/products(productnumber='FREIGHT')"


def test_price_lists_are_by_currency_and_a_missing_one_is_a_question() -> None:
    assert drafted(order(GOODS), a_market(price_lists={"SEK": "Web SEK"}))["name"] == "SE-1001"
    answer = missing(order(GOODS), a_market(price_lists={"EUR": "Web EUR"}))
    assert (answer.kind, answer.key) == ("price_list", "SEK")


def test_a_line_that_goes_elsewhere_has_its_own_address() -> None:
    other = Address(country="NO", company="Example Office", first_name="Example", last_name="Clerk", city="Oslo")
    home = Address(country="SE", last_name="Customer", city="Stockholm")
    ships = (ShipTo(key="home", address=home), ShipTo(key="office", address=other))
    rows = [GOODS.model_copy(update={"shipping_key": key}) for key in ("home", "office")]
    payload = drafted(order(*rows, shipping_addresses=ships))
    assert payload["shipto_city"] == "Stockholm"
    first, second = payload["order_details"]
    assert "shipto_city" not in first
    assert (second["shipto_name"], second["shipto_contactname"]) == ("Example Office", "Example Clerk")
    assert (second["shipto_city"], second["shipto_country"]) == ("Oslo", "NO")


def test_additional_address_lines_fill_the_second_and_third_line() -> None:
    address = Address(country="SE", street="Road", number="2", building="B", apartment="7", additional_street="Yard")
    payload = drafted(order(GOODS, billing_address=address))
    assert (payload["billto_line1"], payload["billto_line2"], payload["billto_line3"]) == ("Road 2", "Yard", "B, 7")


def test_a_value_that_is_too_long_is_cut_only_where_the_market_says_so() -> None:
    address = Address(country="SE", city="x" * 81)
    assert missing(order(GOODS, billing_address=address), a_market()).kind == "value_too_long"
    where = a_market().model_copy(update={"order": OrderRules(cut=frozenset({"billto_city", "shipto_city"}))})
    draft = draft_order(order(GOODS, billing_address=address), resolved(), where)
    assert isinstance(draft, OrderDraft)
    assert draft.payload["billto_city"] == "x" * 80
    assert [cut.field for cut in draft.cuts] == ["billto_city"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("2026-05-01", "2026-05-01T12:00:00Z"),
        ("2026-05-01T08:00:00Z", "2026-05-01T12:00:00Z"),
        ("soon", None),
        (7, None),
    ],
)
def test_the_requested_date_is_the_noon_of_a_day(wanted: Any, expected: str | None) -> None:
    where = a_market().model_copy(update={"order": OrderRules(requested_delivery_field="wanted")})
    assert drafted(order(GOODS, custom={"wanted": wanted}), where).get("requestdeliveryby") == expected


def test_an_address_that_no_line_names_is_a_question() -> None:
    home, other = Address(country="SE", city="Stockholm"), Address(country="NO", city="Oslo")
    ships = (ShipTo(key="home", address=home), ShipTo(key="office", address=other))
    answer = missing(order(GOODS, shipping_addresses=ships), a_market())
    assert (answer.kind, answer.key) == ("shipping_address", "unassigned")
    assert "address office" in answer.text


def test_the_purchase_order_number_has_a_column_of_its_own() -> None:
    assert drafted(order(GOODS, purchase_order_number="PO 4711"))["ctd365_purchaseordernumber"] == "PO 4711"
    assert "ctd365_purchaseordernumber" not in drafted(order(GOODS))
    named = a_market(purchase_order_number="shop_po")
    assert drafted(order(GOODS, purchase_order_number="PO 4711"), named)["shop_po"] == "PO 4711"


def test_a_purchase_order_number_without_a_column_is_left_out_and_said() -> None:
    draft = draft_order(order(GOODS, purchase_order_number="PO 4711"), resolved(), a_market(purchase_order_number=None))
    assert isinstance(draft, OrderDraft)
    assert "PO 4711" not in draft.payload.values()
    assert draft.cuts == (Cut("purchaseOrderNumber", "PO 4711", 0),)


def test_a_purchase_order_number_that_is_too_long_is_refused() -> None:
    answer = missing(order(GOODS, purchase_order_number="x" * 101), a_market())
    assert (answer.kind, answer.key) == ("value_too_long", "ctd365_purchaseordernumber")


def test_names_of_columns_and_of_the_lines_come_from_the_market() -> None:
    where = a_market(order_number=None, lines_property="salesorder_details")
    payload = drafted(order(GOODS), where)
    assert "ctd365_ordernumber" not in payload
    assert len(payload["salesorder_details"]) == 1


def test_a_rounding_line_goes_up_or_down() -> None:
    up = rounding_line({"productid@odata.bind": "/products(p)"}, money("0.02"), 2)
    down = rounding_line({"productid@odata.bind": "/products(p)"}, money("-0.02"), 2)
    assert (up["quantity"], up["priceperunit"], up["tax"], up["ispriceoverridden"]) == (1, 0.02, 0.0, True)
    assert down["priceperunit"] == -0.02

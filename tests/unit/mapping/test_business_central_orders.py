"""The canonical order → one Business Central sales order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from shared.mapping.business_central.orders import draft_order, rounding_line
from shared.mapping.commercetools.orders import order_from_document
from shared.markets import LineTarget, OrderRules, ShippingRules
from shared.model.address import Address
from shared.model.back_end import Cut, ItemRecord, MissingReference, OrderDraft
from shared.model.order import CustomerRef, Order, ShipTo
from tests.fakes.documents import sample
from tests.fakes.markets import market
from tests.unit.mapping.orders import ADDRESS, line, money, order, references

SHIRT = line("80.00", "100.00", unit="100.00")


def drafted(what: Order, **changes: Any) -> OrderDraft:
    draft = draft_order(what, references(), market(**changes))
    assert isinstance(draft, OrderDraft), draft
    return draft


def missing(what: Order, **changes: Any) -> MissingReference:
    found = draft_order(what, references(), market(**changes))
    assert isinstance(found, MissingReference), found
    return found


def test_the_sample_order_becomes_the_sales_order_that_its_document_describes() -> None:
    document = sample("synthetic-order-full.json")
    skus = [item["variant"]["sku"] for item in document["lineItems"]]
    mapped = draft_order(order_from_document(document, "shop"), references(*skus), market())
    assert isinstance(mapped, OrderDraft)
    payload, address = dict(mapped.payload), document["shippingAddress"]
    lines = payload.pop("salesOrderLines")
    street = f"{address['streetName']} {address['streetNumber']}"
    place = {"AddressLine1": street, "City": address["city"], "PostCode": address["postalCode"]}
    place["Country"] = address["country"]
    assert payload == {
        "externalDocumentNumber": document["orderNumber"],
        "orderDate": document["createdAt"][:10],
        "currencyCode": "SEK",
        "pricesIncludeTax": True,
        "email": document["customerEmail"],
        "phoneNumber": document["billingAddress"]["phone"],
        "shipToName": f"{address['firstName']} {address['lastName']}",
        **{f"{role}{name}": value for role in ("sellTo", "shipTo") for name, value in place.items()},
    }
    numbers = [(row["lineType"], row["lineObjectNumber"]) for row in lines]
    assert numbers == [*(("Item", sku) for sku in skus), ("Item", "GIFTWRAP"), ("Account", "3520")]
    expected_lines = [*document["lineItems"], *document["customLineItems"]]
    assert [row["quantity"] for row in lines] == [*(item["quantity"] for item in expected_lines), 1]
    assert [row["taxCode"] for row in lines] == ["MOMS25", "MOMS6", "MOMS12", "MOMS25", "MOMS25", "MOMS25"]
    assert [row["description"] for row in lines][:3] == ["T-shirt", "Bok", "Kaffe"]


def test_the_lines_of_the_sample_order_add_up_to_its_gross_total() -> None:
    document = sample("synthetic-order-full.json")
    skus = [item["variant"]["sku"] for item in document["lineItems"]]
    mapped = draft_order(order_from_document(document, "shop"), references(*skus), market())
    assert isinstance(mapped, OrderDraft)
    amounts = (
        round(Decimal(str(row["unitPrice"])) * row["quantity"], 2) - Decimal(str(row.get("discountAmount", 0)))
        for row in mapped.payload["salesOrderLines"]
    )
    assert sum(amounts) * 100 == document["taxedPrice"]["totalGross"]["centAmount"]
    assert mapped.expected.gross.minor_units == document["taxedPrice"]["totalGross"]["centAmount"]


def test_fields_arrive_in_the_order_in_which_business_central_can_validate_them() -> None:
    discounted = line("72.00", "90.00", unit="100.00")
    (row,) = drafted(order(discounted)).payload["salesOrderLines"]
    assert list(row) == [
        "lineType",
        "lineObjectNumber",
        "description",
        "quantity",
        "unitPrice",
        "discountAmount",
        "taxCode",
    ]


def test_a_line_without_discount_sends_none() -> None:
    (row,) = drafted(order(SHIRT)).payload["salesOrderLines"]
    assert "discountAmount" not in row


def test_an_order_of_mixed_price_modes_is_written_in_the_mode_of_its_greater_part() -> None:
    net_line = line("10.00", "12.50", unit="10.00", included=False)
    payload = drafted(order(SHIRT, net_line)).payload
    assert payload["pricesIncludeTax"] is True
    assert [row["unitPrice"] for row in payload["salesOrderLines"]] == [100.0, 12.5]


def test_a_negative_custom_line_becomes_a_negative_quantity() -> None:
    credit = line("-20.00", "-20.00", unit="-20.00", kind="custom", sku=None, reference="gift-wrap", tax_rate=None)
    rows = drafted(order(SHIRT, credit), tax=(*market().tax, _untaxed("NONE"))).payload["salesOrderLines"]
    assert (rows[1]["quantity"], rows[1]["unitPrice"], rows[1]["taxCode"]) == (-1, 20.0, "NONE")


def _untaxed(code: str) -> Any:
    return type(market().tax[0])(code=code, untaxed=True)


def test_the_order_date_is_the_day_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    placed = order(SHIRT, placed_at=datetime(2026, 11, 21, 1, 30, tzinfo=east))
    assert drafted(placed).payload["orderDate"] == "2026-11-20"
    assert drafted(order(SHIRT, placed_at=datetime(2026, 11, 21, tzinfo=UTC))).payload["orderDate"] == "2026-11-21"


def test_the_requested_date_comes_from_the_custom_field_that_the_market_names() -> None:
    wanted = order(SHIRT, custom={"deliverOn": "2026-12-01T00:00:00.000Z"})
    rules = OrderRules(requested_delivery_field="deliverOn")
    assert drafted(wanted, order=rules).payload["requestedDeliveryDate"] == "2026-12-01"
    assert "requestedDeliveryDate" not in drafted(wanted).payload
    assert "requestedDeliveryDate" not in drafted(order(SHIRT), order=rules).payload


def test_goods_for_a_company_are_shipped_to_it_with_the_person_as_contact() -> None:
    company = ADDRESS.model_copy(update={"company": "Example Ltd"})
    payload = drafted(order(SHIRT, shipping_addresses=(ShipTo(address=company),))).payload
    assert (payload["shipToName"], payload["shipToContact"]) == ("Example Ltd", "Example Customer")


def test_what_has_no_shipping_address_is_shipped_to_the_billing_address() -> None:
    payload = drafted(order(SHIRT, shipping_addresses=())).payload
    assert payload["shipToAddressLine1"] == "Example Street 1"


def test_empty_texts_are_left_out() -> None:
    bare = Address(country="SE", city="  ")
    what = order(SHIRT, billing_address=bare, shipping_addresses=(), customer=CustomerRef())
    payload = drafted(what).payload
    assert {name for name in payload if name.startswith(("sellTo", "shipTo", "email", "phone"))} == {
        "sellToCountry",
        "shipToCountry",
    }


def test_several_shipping_addresses_are_a_question_that_names_their_keys() -> None:
    work = Address(country="NO", last_name="Clerk", street="Office Street", postal_code="0150", city="Oslo")
    two = (ShipTo(key="home", address=ADDRESS), ShipTo(key="work", address=work))
    there = SHIRT.model_copy(update={"shipping_key": "work"})
    found = missing(order(SHIRT, there, shipping_addresses=two))
    assert found.kind == "shipping_address"
    assert "home, work" in found.text
    assert found.facts == {
        "address home": "Example Town, SE: item SHIRT x 1",
        "address work": "0150, Oslo, NO: item SHIRT x 1",
    }
    assert "split the order" in found.hint


def test_several_shipments_to_one_address_are_one_sales_order() -> None:
    again = ADDRESS.model_copy(update={"id": "other", "key": "other"})
    two = (ShipTo(key="fast", address=ADDRESS), ShipTo(key="slow", address=again))
    assert drafted(order(SHIRT, shipping_addresses=two)).payload["shipToCity"] == "Example Town"


@pytest.mark.parametrize(
    ("field", "address", "limit"),
    [("sellToCity", {"city": "x" * 31}, 30), ("sellToAddressLine2", {"building": "x" * 51}, 50)],
)
def test_a_value_too_long_is_refused_unless_the_market_lets_it_be_cut(
    field: str, address: dict[str, str], limit: int
) -> None:
    what = order(
        SHIRT, billing_address=ADDRESS.model_copy(update=address), shipping_addresses=(ShipTo(address=ADDRESS),)
    )
    found = missing(what)
    assert (found.kind, found.key) == ("value_too_long", field)
    assert f"has {limit + 1} characters, the back-end takes {limit}" in found.text
    draft = drafted(what, order=OrderRules(cut=frozenset({field})))
    assert draft.payload[field] == "x" * limit
    assert draft.cuts == (Cut(field, "x" * (limit + 1), limit),)


def test_values_that_just_fit_are_not_touched() -> None:
    what = order(SHIRT, billing_address=ADDRESS.model_copy(update={"city": "x" * 30}))
    assert drafted(what).payload["sellToCity"] == "x" * 30


def test_a_description_may_be_cut_too() -> None:
    long = line("80.00", "100.00", unit="100.00", name="y" * 101)
    assert missing(order(long)).key == "description"
    draft = drafted(order(long), order=OrderRules(cut=frozenset({"description"})))
    assert draft.cuts == (Cut("description", "y" * 101, 100),)


def test_shipping_goes_where_its_method_says_and_else_to_the_default() -> None:
    shipping = line("40.00", "50.00", unit="50.00", kind="shipping", sku=None, name="Parcel", reference="parcel")
    target = LineTarget.model_validate({"as": "charge", "number": "FREIGHT", "tax_code": "FRT"})
    (row,) = drafted(order(shipping), shipping=ShippingRules(methods={"parcel": target})).payload["salesOrderLines"]
    assert (row["lineType"], row["lineObjectNumber"], row["taxCode"]) == ("Charge", "FREIGHT", "FRT")
    (row,) = drafted(order(shipping)).payload["salesOrderLines"]
    assert (row["lineType"], row["lineObjectNumber"], row["taxCode"]) == ("Account", "3520", "MOMS25")


@pytest.mark.parametrize(("kind", "section"), [("shipping", "shipping.methods"), ("custom", "custom_lines.slugs")])
def test_a_service_line_without_a_target_is_a_question_that_names_the_section(kind: str, section: str) -> None:
    service = line("40.00", "50.00", unit="50.00", kind=kind, sku=None, reference="surprise")
    found = missing(order(service), shipping=ShippingRules())
    assert (found.kind, found.key) == (f"{kind}_line", "surprise")
    assert section in found.hint


def test_items_carry_their_variant_and_the_warehouse() -> None:
    stock = references(items={"SHIRT": ItemRecord("id", "1000", "variant-1")}, location_id="location-1")
    draft = draft_order(order(SHIRT), stock, market())
    assert isinstance(draft, OrderDraft)
    row = draft.payload["salesOrderLines"][0]
    assert (row["lineObjectNumber"], row["itemVariantId"], row["locationId"]) == ("1000", "variant-1", "location-1")


def test_the_draft_expects_the_orders_own_totals_and_lines() -> None:
    draft = drafted(order(SHIRT))
    assert (draft.expected.net, draft.expected.gross) == (money("80.00"), money("100.00"))
    assert [(one.label, one.net, one.gross) for one in draft.lines] == [("item SHIRT", money("80.00"), money("100.00"))]


@pytest.mark.parametrize(("gap", "quantity"), [("0.03", 1), ("-0.03", -1)])
def test_a_rounding_line_adds_or_takes_away_exactly_the_gap(gap: str, quantity: int) -> None:
    target = market().totals.rounding
    assert target is not None
    row = rounding_line(target, money(gap))
    assert row == {
        "lineType": "Account",
        "lineObjectNumber": "3740",
        "description": "Rounding",
        "quantity": quantity,
        "unitPrice": 0.03,
        "taxCode": "MOMS0",
    }

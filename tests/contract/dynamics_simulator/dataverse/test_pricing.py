from typing import Any

import pytest

from tests.contract.dynamics_simulator.dataverse.simulator import Dataverse, bind, error_of, line, order_body

WRITE_IN = {"isproductoverridden": True, "productdescription": "Engraving", "quantity": 2, "priceperunit": 10}


async def refused(dv: Dataverse, own: dict[str, Any], **header: Any) -> str:
    answer = await dv.post("salesorders", order_body(**header) | {"order_details": [own]})
    assert answer.status_code == 400, answer.text
    return error_of(answer)[2]


async def first_line(dv: Dataverse, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
    order = await dv.read_order((await dv.order(*lines, **header))["salesorderid"])
    row: dict[str, Any] = order["order_details"][0]
    return row


async def test_without_the_override_the_price_list_wins(dv: Dataverse) -> None:
    row = await first_line(dv, line(priceperunit=1, ispriceoverridden=False))
    assert row["priceperunit"] == 16.8
    assert (await first_line(dv, line(priceperunit=1)))["priceperunit"] == 1


async def test_the_override_is_off_unless_it_is_sent(dv: Dataverse) -> None:
    own = line(priceperunit=1)
    del own["ispriceoverridden"]
    assert (await first_line(dv, own))["priceperunit"] == 16.8


async def test_a_line_is_price_times_quantity_less_discount_plus_tax(dv: Dataverse) -> None:
    # 3 x 9.99 = 29.97; 29.97 - 5.00 + 4.74 = 29.71
    row = await first_line(dv, line(quantity=3, priceperunit=9.99, manualdiscountamount=5, tax=4.74))
    assert (row["baseamount"], row["extendedamount"]) == (29.97, 29.71)


async def test_unit_prices_are_rounded_to_the_organisations_decimals(dv: Dataverse) -> None:
    # 0.125 -> 0.13 with two decimals: 10 x 0.13 = 1.30
    assert (await first_line(dv, line(quantity=10, priceperunit=0.125)))["baseamount"] == 1.3
    dv.environment.settings.pricing_decimals = 4
    assert (await first_line(dv, line(quantity=10, priceperunit=0.125)))["baseamount"] == 1.25


async def test_totals_add_lines_discount_freight_and_tax(dv: Dataverse) -> None:
    # lines 60 + 40 = 100; 10 % and 5 off = 85; freight 4.90; tax 12 + 3
    lines = [line(priceperunit=60, tax=12), line("BOOK-001", priceperunit=50, manualdiscountamount=10, tax=3)]
    order = await dv.order(*lines, discountpercentage=10, discountamount=5, freightamount=4.9)
    assert order["totallineitemamount"] == 100
    assert order["totallineitemdiscountamount"] == 10
    assert order["totaldiscountamount"] == 15
    assert order["totalamountlessfreight"] == 85
    assert order["totaltax"] == 15
    assert order["totalamount"] == 104.9


async def test_yen_have_no_decimals(dv: Dataverse) -> None:
    # 3 x 333.5 = 1000.5 -> 1001
    row = await first_line(dv, line(quantity=3, priceperunit=333.5, tax=100.4), currency="JPY")
    assert (row["baseamount"], row["tax"], row["extendedamount"]) == (1001, 100, 1101)


async def test_totals_follow_every_change_of_the_lines(dv: Dataverse) -> None:
    order = await dv.order(line(priceperunit=10))
    path = f"salesorders({order['salesorderid']})"
    await dv.post("salesorderdetails", line(priceperunit=5) | {"salesorderid@odata.bind": f"/{path}"})
    row = (await dv.read_order(order["salesorderid"]))["order_details"][0]
    await dv.patch(f"salesorderdetails({row['salesorderdetailid']})", {"quantity": 2})
    assert (await dv.get(path)).json()["totalamount"] == 25
    await dv.delete(f"salesorderdetails({row['salesorderdetailid']})")
    assert (await dv.get(path)).json()["totalamount"] == 5


async def test_locked_prices_keep_the_totals(dv: Dataverse) -> None:
    order = await dv.order(line(priceperunit=10))
    path = f"salesorders({order['salesorderid']})"
    assert (await dv.patch(path, {"ispricelocked": True})).status_code == 204
    await dv.post("salesorderdetails", line(priceperunit=5) | {"salesorderid@odata.bind": f"/{path}"})
    assert (await dv.get(path)).json()["totalamount"] == 10


async def test_a_credit_is_a_negative_price(dv: Dataverse) -> None:
    order = await dv.order(line(priceperunit=10), line("GIFT-WRAP", priceperunit=-3, tax=-0.57))
    assert (order["totallineitemamount"], order["totaltax"], order["totalamount"]) == (7, -0.57, 6.43)


async def test_a_write_in_has_a_description_and_no_product(dv: Dataverse) -> None:
    assert (await first_line(dv, WRITE_IN))["extendedamount"] == 20
    assert "write-in" in await refused(dv, WRITE_IN | {"productid@odata.bind": bind("products", "BOOK-001")})
    assert "write-in" in await refused(dv, WRITE_IN | {"productdescription": None})


async def test_an_existing_product_needs_its_unit(dv: Dataverse) -> None:
    own = line(priceperunit=1)
    del own["uomid@odata.bind"]
    assert "needs productid and uomid" in await refused(dv, own)
    assert "unit group" in await refused(dv, line(priceperunit=1) | {"uomid@odata.bind": bind("uoms", "KG")})


async def test_a_retired_product_cannot_be_sold(dv: Dataverse) -> None:
    assert "OLD-ITEM is not active" in await refused(dv, line("OLD-ITEM", priceperunit=1))


async def test_an_existing_product_must_be_in_the_orders_price_list(dv: Dataverse) -> None:
    assert "ProductNotInPriceLevel" in await refused(
        dv, line(priceperunit=1) | {"uomid@odata.bind": bind("uoms", "BOX")}
    )
    assert "no price list" in await refused(dv, line(priceperunit=1), **{"pricelevelid@odata.bind": None})
    dv.environment.settings.price_list_required = False
    row = await first_line(dv, line(priceperunit=1), **{"pricelevelid@odata.bind": None})
    assert row["extendedamount"] == 1


async def test_the_price_list_must_be_in_the_orders_currency(dv: Dataverse) -> None:
    price_list = {"pricelevelid@odata.bind": bind("pricelevels", "Web SEK")}
    assert "currency" in error_of(await dv.post("salesorders", order_body() | price_list))[2]


async def test_quantities_have_the_decimals_of_the_product(dv: Dataverse) -> None:
    assert "0 decimals" in await refused(dv, line(priceperunit=1, quantity=1.5))


async def test_a_line_needs_an_order(dv: Dataverse) -> None:
    assert "salesorderid" in error_of(await dv.post("salesorderdetails", line(priceperunit=1)))[2]


async def test_a_programmed_shift_makes_totals_that_do_not_match(dv: Dataverse) -> None:
    await dv.http.post("http://simulator/__settings", json={"tax_shift": "0.01"})
    assert (await dv.order(line(priceperunit=10, tax=1.9)))["totaltax"] == 1.91


def close(order_id: str, status: Any, **more: Any) -> dict[str, Any]:
    activity = {"@odata.type": "Microsoft.Dynamics.CRM.orderclose"}
    return {"OrderClose": activity | {"salesorderid@odata.bind": f"/salesorders({order_id})"}, "Status": status} | more


@pytest.mark.parametrize(("action", "status", "state"), [("CancelSalesOrder", 4, 2), ("FulfillSalesOrder", 100001, 3)])
async def test_a_closed_order_is_read_only(dv: Dataverse, action: str, status: int, state: int) -> None:
    order_id = (await dv.order(line(priceperunit=10)))["salesorderid"]
    assert (await dv.post(action, close(order_id, status))).status_code == 204
    order = await dv.read_order(order_id)
    assert (order["statecode"], order["statuscode"]) == (state, status)
    row_path = f"salesorderdetails({order['order_details'][0]['salesorderdetailid']})"
    answers = [
        await dv.patch(f"salesorders({order_id})", {"name": "other"}),
        await dv.patch(row_path, {"quantity": 2}),
        await dv.delete(row_path),
        await dv.post(
            "salesorderdetails", line(priceperunit=1) | {"salesorderid@odata.bind": f"/salesorders({order_id})"}
        ),
        await dv.post(action, close(order_id, status)),
    ]
    assert [answer.status_code for answer in answers] == [400] * 5
    assert all("read-only" in error_of(answer)[2] for answer in answers)


async def test_the_close_actions_take_only_their_own_status_and_type(dv: Dataverse) -> None:
    order_id = (await dv.order())["salesorderid"]
    wrong_type = close(order_id, 4)
    wrong_type["OrderClose"].pop("@odata.type")
    for body in (close(order_id, 100001), close(order_id, "4"), wrong_type, close(order_id, 4, Reason="none")):
        assert error_of(await dv.post("CancelSalesOrder", body))[0] == 400
    nowhere = close("00000000-0000-4000-8000-00000000dead", 4)
    assert error_of(await dv.post("CancelSalesOrder", nowhere))[0] == 404
    assert dv.state("salesorders")[0]["statecode"] == 0


async def test_states_change_by_patch_only_where_no_action_is_needed(dv: Dataverse) -> None:
    path = f"salesorders({(await dv.order())['salesorderid']})"
    assert "FulfillSalesOrder" in error_of(await dv.patch(path, {"statecode": 3, "statuscode": 100001}))[2]
    assert "not a valid status" in error_of(await dv.patch(path, {"statecode": 1, "statuscode": 1}))[2]
    assert (await dv.patch(path, {"statecode": 1, "statuscode": 3})).status_code == 204
    assert (await dv.patch(path, {"statecode": 0, "statuscode": 2})).status_code == 204

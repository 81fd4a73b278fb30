"""Stock by warehouse follows the open lines of sales orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.contract.dynamics_simulator.finance.simulator import Finance

SOCKS = {"ItemNumber": "SOCKS-3PACK"}
MAIN = {"InventoryWarehouseId": "MAIN", "InventorySiteId": "1"}
CUSTOMER = {"OrderingCustomerAccountNumber": "10000", "DefaultShippingWarehouseId": "MAIN"}
KEY = ",".join(
    [
        "dataAreaId='demf',ItemNumber='SOCKS-3PACK',ProductConfigurationId='',ProductSizeId='',ProductColorId=''",
        "ProductStyleId='',ProductVersionId='',InventorySiteId='1',InventoryWarehouseId='MAIN'",
    ]
)


async def order(finance: Finance, quantity: int, item: str = SOCKS["ItemNumber"], **line: Any) -> dict[str, Any]:
    header = (await finance.post("SalesOrderHeadersV2", CUSTOMER)).json()
    body = {"SalesOrderNumber": header["SalesOrderNumber"], "ItemNumber": item, "OrderedSalesQuantity": quantity}
    answer = await finance.post("SalesOrderLines", body | line)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def on_hand(finance: Finance) -> tuple[float, ...]:
    """What is there, what of it is reserved, what is on order besides, and what is left of it all."""
    row = (await finance.get(f"WarehousesOnHandV2({KEY})")).json()
    names = ("OnHandQuantity", "ReservedOnHandQuantity", "OnOrderQuantity", "TotalAvailableQuantity")
    return tuple(row[name] for name in names)


def stock(finance: Finance, quantity: str, **more: Any) -> None:
    finance.environment.seeder.seed("WarehousesOnHandV2", [SOCKS | MAIN | {"OnHandQuantity": quantity} | more], "demf")


async def test_an_order_without_reservation_is_on_order(finance: Finance) -> None:
    stock(finance, "10")
    line = await order(finance, 4)
    assert await on_hand(finance) == (10, 0, 4, 6)
    path = f"SalesOrderLines(dataAreaId='demf',InventoryLotId='{line['InventoryLotId']}')"
    await finance.patch(path, {"OrderedSalesQuantity": 6})
    assert await on_hand(finance) == (10, 0, 6, 4)
    await finance.http.delete(f"http://simulator/data/{path}?cross-company=true")
    assert await on_hand(finance) == (10, 0, 0, 10)


async def test_automatic_reservation_takes_what_is_free(finance: Finance) -> None:
    stock(finance, "10", ReservedOnHandQuantity="7")
    await order(finance, 5, InventoryReservationMethod="Automatic")
    assert await on_hand(finance) == (10, 10, 2, -2)


async def test_what_is_seeded_anew_keeps_the_orders(finance: Finance) -> None:
    stock(finance, "10", OrderedQuantity="3")
    await order(finance, 4)
    assert await on_hand(finance) == (10, 0, 4, 9)
    stock(finance, "8")
    assert await on_hand(finance) == (8, 0, 4, 4)


async def test_what_was_never_there_has_a_row_once_it_is_sold(finance: Finance) -> None:
    assert await finance.rows("WarehousesOnHandV2") == []
    await order(finance, 4)
    (row,) = await finance.rows("WarehousesOnHandV2")
    assert (row["OnHandQuantity"], row["OnOrderQuantity"]) == (0, 4)
    assert Decimal(row["TotalAvailableQuantity"]) == -4


async def test_services_have_no_stock(finance: Finance) -> None:
    await order(finance, 1, item="FREIGHT")
    assert await finance.rows("WarehousesOnHandV2") == []


async def test_stock_and_prices_are_not_written_over_the_api(finance: Finance) -> None:
    assert (await finance.post("WarehousesOnHandV2", SOCKS | MAIN)).status_code >= 400
    assert (await finance.post("SalesPriceAgreements", {"RecordId": 1, **SOCKS})).status_code >= 400

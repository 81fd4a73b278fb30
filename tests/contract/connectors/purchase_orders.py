"""Where each back-end keeps the customer's purchase order number, for reading it and for changing it by hand."""

from __future__ import annotations

from typing import Any

from shared.dynamics.business_central import BusinessCentral
from shared.dynamics.dataverse import Dataverse
from shared.dynamics.finance import Finance
from shared.mapping.commercetools.orders import order_from_document
from shared.model.order import Order
from tests.contract.connectors.harness import TRACE, BackEndUnderTest, an_order

TEXT = "Purchase order "  # begins the comment line in Business Central


def order_with(number: str, purchase_order: str | None) -> Order:
    """The order of the demo with a purchase order number, always under the same id for the same order number."""
    document, _ = an_order(number)
    return order_from_document({**document, "id": f"id-of-{number}", "purchaseOrderNumber": purchase_order}, "demo")


def comment_lines(end: BackEndUnderTest) -> list[dict[str, Any]]:
    return [row for row in end.rows(end.lines) if row["lineType"] == "Comment"]


def purchase_orders(end: BackEndUnderTest) -> list[str]:
    """The numbers in the back-end, without orders that have none."""
    if isinstance(end.connector, BusinessCentral):
        texts = [row["description"] for row in comment_lines(end)]
        assert all(text.startswith(TEXT) for text in texts), texts
        return [text.removeprefix(TEXT) for text in texts]
    column = "ctd365_purchaseordernumber" if isinstance(end.connector, Dataverse) else "CustomerRequisitionNumber"
    return [row[column] for row in end.rows(end.orders) if row.get(column)]


async def write_by_hand(end: BackEndUnderTest, order_id: str, number: str) -> None:
    """Change the number as somebody would who works in the back-end."""
    if isinstance(end.connector, BusinessCentral):
        (line,) = comment_lines(end)
        path = f"companies({end.market.company})/salesOrderLines({line['id']})"
        await end.connector._api.call("PATCH", path, TRACE, json={"description": TEXT + number}, if_match="*")
    elif isinstance(end.connector, Dataverse):
        body = {"ctd365_purchaseordernumber": number}
        await end.connector.api.call("PATCH", f"salesorders({order_id})", TRACE, json=body, if_match="*")
    else:
        assert isinstance(end.connector, Finance)
        path = f"{end.orders}(dataAreaId='demf',SalesOrderNumber='{order_id}')"
        await end.connector._api.call("PATCH", path, TRACE, json={"CustomerRequisitionNumber": number}, if_match="*")

"""Unbound actions and functions."""

from collections.abc import Mapping
from typing import Any

from local.dynamics.dataverse.messages import MESSAGES
from local.dynamics.dataverse.orders import ORDERS, SalesOrderRules
from local.dynamics.dataverse.service import SCOPE, Operation
from local.dynamics.odata.paths import parse_path
from local.dynamics.odata.product import Request, Response
from local.dynamics.odata.store import Store

CLOSE_TYPE = "Microsoft.Dynamics.CRM.orderclose"
WHO = {
    "BusinessUnitId": "d0000000-0000-4000-8000-00000000b001",
    "UserId": "d0000000-0000-4000-8000-00000000a001",
    "OrganizationId": "d0000000-0000-4000-8000-00000000d365",
}


class Operations:
    """CancelSalesOrder, FulfillSalesOrder and WhoAmI."""

    def __init__(self, store: Store, orders: SalesOrderRules) -> None:
        self._store = store
        self._orders = orders

    def table(self) -> dict[tuple[str, str], Operation]:
        """Return the operations by method and name."""
        return {
            ("POST", "CancelSalesOrder"): lambda _request, body: self._close(body, state=2),
            ("POST", "FulfillSalesOrder"): lambda _request, body: self._close(body, state=3),
            ("GET", "WhoAmI"): self._who,
        }

    def _close(self, body: Mapping[str, Any], *, state: int) -> Response:
        activity, status = body.get("OrderClose"), body.get("Status")
        unknown = set(body) - {"OrderClose", "Status"}
        if unknown:
            raise MESSAGES.error("unknown_property", property=", ".join(sorted(unknown)), type="action parameters")
        if not isinstance(activity, dict) or activity.get("@odata.type") != CLOSE_TYPE or not isinstance(status, int):
            raise MESSAGES.error("bad_json", reason=f"OrderClose of type {CLOSE_TYPE} and Status are needed")
        segments = parse_path(str(activity.get("salesorderid@odata.bind", "")))
        key = segments[0].key if len(segments) == 1 and segments[0].name == ORDERS else None
        row = self._store.table(SCOPE, ORDERS).rows.get(key or ())
        if row is None:
            raise MESSAGES.error("not_found", type="salesorder", key=",".join(key or ("",)))
        self._orders.close(SCOPE, row, state, status)
        return Response(204)

    def _who(self, request: Request, _body: Mapping[str, Any]) -> Response:
        context = f"{request.root}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse"
        return Response(200, {"@odata.context": context, **WHO})

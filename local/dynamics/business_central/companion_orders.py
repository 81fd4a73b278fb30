"""Sales orders with the companion: released, reopened, shipped in parts; shipments keep order line and tracking."""

import uuid
from collections.abc import Mapping
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from local.dynamics.business_central.companion_rules import (
    STAMP,
    CompanionRules,
    companion_scope,
    company_of,
    replace_derived,
)
from local.dynamics.business_central.companion_stock import StockBook
from local.dynamics.business_central.documents import DRAFT
from local.dynamics.business_central.messages import dialog
from local.dynamics.business_central.posting import SHIPMENTS, PostingDocumentRules
from local.dynamics.odata.definitions import Row
from local.dynamics.odata.rules import MODIFIED, EntityRules

RELEASED = "Open"  # what the standard API calls a released order
STATUS = {DRAFT: "Open", "In_x0020_Review": "Pending_x0020_Approval", RELEASED: "Released"}
HEADERS, LINES = "salesShipmentHeaders", "salesShipmentLines"
LINE_TYPES = {"Account": "G_x002F_L_x0020_Account", "Charge": "Charge_x0020__x0028_Item_x0029_", "Comment": "_x0020_"}
CORRECTION_STEP = 5000

type Shipped = list[tuple[Row, Decimal]]  # order lines with what is shipped of them


class ShippedLine(BaseModel):
    """A part of an order line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lineNumber: int  # noqa: N815  # the API's own names
    quantity: Decimal


class Shipment(BaseModel):
    """The body of `POST /__shipments`; without lines all that is outstanding is shipped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: str
    lines: tuple[ShippedLine, ...] = Field(default=())
    trackingNumber: str = ""  # noqa: N815
    shippingAgent: str = ""  # noqa: N815
    shippingAgentService: str = ""  # noqa: N815


class CompanionOrderRules(PostingDocumentRules):
    """Sales orders of the standard API whose shipments the companion shows."""

    stock: StockBook
    shipments: Mapping[str, EntityRules]  # the companion's headers and lines

    def act(self, scope: str, row: Row, action: str) -> None:
        """Perform a posting action, on a released order too."""
        super().act(scope, row | {"status": DRAFT}, action)

    def release(self, scope: str, order: Row) -> None:
        """Release the order."""
        if order["status"] == RELEASED:
            return
        if not any(line["quantity"] for line in self.totals.lines(scope, order["id"])):
            raise dialog(
                f"There is nothing to release for the document of type Order with the number {order['number']}."
            )
        self.save(scope, order | {"status": RELEASED})

    def reopen(self, scope: str, order: Row) -> None:
        """Make the order changeable again."""
        if order["status"] != DRAFT:
            self.save(scope, order | {"status": DRAFT})

    def ship(self, scope: str, order: Row) -> None:
        """Post what the lines have as quantity to ship."""
        lines = self.totals.lines(scope, order["id"])
        self.post_shipment(scope, order, [(line, min(line["shipQuantity"], outstanding(line))) for line in lines], {})

    def ship_as_told(self, scope: str, told: Shipment) -> Row:
        """Post the shipment that a control request describes, and return its companion header."""
        order = self.companies.require(scope, "salesOrders", "number", told.order, named="order")
        by_number = {line["sequence"]: line for line in self.totals.lines(scope, order["id"])}
        missing = [part.lineNumber for part in told.lines if part.lineNumber not in by_number]
        if missing:
            raise ValueError(f"order {told.order} has no lines {missing}; it has {sorted(by_number)}")
        parts = [(by_number[part.lineNumber], part.quantity) for part in told.lines]
        whole = [(line, outstanding(line)) for line in by_number.values()]
        tracking = {
            "packageTrackingNumber": told.trackingNumber,
            "shippingAgentCode": told.shippingAgent,
            "shippingAgentServiceCode": told.shippingAgentService,
        }
        return self.post_shipment(scope, order, parts or whole, tracking)

    def post_shipment(self, scope: str, order: Row, shipped: Shipped, tracking: Row) -> Row:
        """Post a shipment in both APIs, take its stock and count it on the order."""
        parts = [(line, quantity) for line, quantity in shipped if quantity]
        if not parts:
            raise dialog("There is nothing to post.")
        for line, quantity in parts:
            if not 0 < quantity <= outstanding(line):
                raise dialog(f"You cannot ship more than {outstanding(line)} units of line {line['sequence']}.")
        number = self.companies.next_number(scope, *SHIPMENTS)
        header = self._post_header(scope, order, number, tracking)
        for line, quantity in parts:
            self._post_line(scope, order, line, quantity, number)
        lines = self.totals.lines(scope, order["id"])
        self.save(scope, order | {"fullyShipped": not any(outstanding(line) for line in lines)})
        return header

    def undo_shipment(self, scope: str, number: str) -> list[Row]:
        """Correct a shipment: each line gets a counterpart, its stock and the order's quantities come back."""
        lines = self.store.table(companion_scope(scope), LINES).find("documentNumber", number)
        if not lines or any(line["correction"] for line in lines):
            raise ValueError(f"there is no shipment {number} that could be undone")
        return [self._undo_line(scope, line) for line in lines]

    def _check_draft(self, row: Row) -> None:
        if row["status"] != DRAFT:
            raise dialog(
                f"Status must be equal to 'Open' in Sales Header: Document Type=Order, No.={row['number']}. "
                "Current value is 'Released'."
            )

    def _ship(self, scope: str, order: Row, lines: list[Row]) -> None:
        rest = [(line, outstanding(line)) for line in lines]
        if any(quantity for _, quantity in rest):
            self.post_shipment(scope, order, rest, {})

    def _post_header(self, scope: str, order: Row, number: str, tracking: Row) -> Row:
        dates = {"invoiceDate": order["postingDate"], "dueDate": order["postingDate"]}
        links = {"number": number, "orderNumber": order["number"], "customerPurchaseOrderReference": ""}
        posted = self._copy(scope, "salesShipments", order, dates | links)
        method = self.companies.find(scope, "shipmentMethods", "id", order["shipmentMethodId"])
        own = {
            "id": posted["id"],
            "number": number,
            "orderNumber": order["number"],
            "externalDocumentNumber": order["externalDocumentNumber"],
            "customerNumber": order["customerNumber"],
            "postingDate": order["postingDate"],
            "shipmentDate": order["postingDate"],
            "shipmentMethodCode": method["code"] if method else "",
        }
        rules = self.shipments[HEADERS]
        return rules.save(companion_scope(scope), rules.entity_set.defaults() | own | tracking)

    def _post_line(self, scope: str, order: Row, line: Row, quantity: Decimal, number: str) -> None:
        header = self.store.table(scope, "salesShipments").find("number", number)[0]
        links = {"documentId": header["id"], "documentNo": number, "quantity": quantity}
        posted = self._copy(scope, LINES, line, links)
        shipped = line["shippedQuantity"] + quantity
        progress = {"shippedQuantity": shipped, "shipQuantity": line["quantity"] - shipped}
        self.store.put(scope, self.kind.lines, (line["id"],), line | progress)
        item, variant, location = self.stock.place_of(scope, line)
        own = {
            "id": posted["id"],
            "documentNumber": number,
            "lineNumber": line["sequence"],
            "orderNumber": order["number"],
            "orderLineNumber": line["sequence"],
            "externalDocumentNumber": order["externalDocumentNumber"],
            "lineType": LINE_TYPES.get(line["lineType"], line["lineType"]),
            "lineObjectNumber": item,
            "variantCode": variant,
            "locationCode": location,
            "description": line["description"],
            "unitOfMeasureCode": line["unitOfMeasureCode"],
            "quantity": quantity,
            "quantityBase": quantity,
            "itemEntryNumber": self.stock.move(scope, (item, variant, location), -quantity),
            "shipmentDate": order["postingDate"],
            "postingDate": order["postingDate"],
        }
        rules = self.shipments[LINES]
        rules.save(companion_scope(scope), rules.entity_set.defaults() | own)

    def _undo_line(self, scope: str, line: Row) -> Row:
        order = self.companies.require(scope, "salesOrders", "number", line["orderNumber"], named="orderNumber")
        ordered = next(
            row for row in self.totals.lines(scope, order["id"]) if row["sequence"] == line["orderLineNumber"]
        )
        shipped = ordered["shippedQuantity"] - line["quantity"]
        progress = {"shippedQuantity": shipped, "shipQuantity": ordered["quantity"] - shipped}
        self.store.put(scope, self.kind.lines, (ordered["id"],), ordered | progress)
        self.save(scope, order | {"fullyShipped": False})
        place = (line["lineObjectNumber"], line["variantCode"], line["locationCode"])
        entry = self.stock.move(scope, place, line["quantity"])
        rules = self.shipments[LINES]
        rules.save(companion_scope(scope), line | {"correction": True})
        counterpart = {
            "id": str(uuid.uuid4()),
            "lineNumber": line["lineNumber"] + CORRECTION_STEP,
            "quantity": -line["quantity"],
            "quantityBase": -line["quantityBase"],
            "itemEntryNumber": entry,
            "correction": True,
        }
        return rules.save(companion_scope(scope), line | counterpart)


def outstanding(line: Row) -> Decimal:
    """Return what is still to be shipped of an order line."""
    return Decimal(line["quantity"] - line["shippedQuantity"])


class OrderViewRules(CompanionRules):
    """The companion's view on the standard sales orders, with its actions."""

    orders: CompanionOrderRules

    def refresh(self, company: str) -> None:
        """Derive the view again."""
        rows = self.store.table(company, "salesOrders").rows
        replace_derived(self.companies, company, self.entity_set, {key: _view(row) for key, row in rows.items()})

    def act(self, scope: str, row: Row, action: str) -> None:
        """Perform an action on the order itself."""
        company = company_of(scope)
        order = self.store.table(company, "salesOrders").rows[(row["id"],)]
        {"release": self.orders.release, "reopen": self.orders.reopen, "ship": self.orders.ship}[action](company, order)


def _view(order: Row) -> Row:
    same = ("id", "number", "externalDocumentNumber")
    return {name: order[name] for name in same} | {"status": STATUS[order["status"]], STAMP: order[MODIFIED]}

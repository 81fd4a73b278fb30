"""Posting: ship and invoice an order, post invoices and credit memos, post payment journals."""

import uuid
from collections.abc import Mapping
from decimal import Decimal

from local.dynamics.business_central.documents import DocumentRules, only_fields
from local.dynamics.business_central.masters import CompanyRules
from local.dynamics.business_central.messages import dialog
from local.dynamics.business_central.totals import CREDIT_MEMOS, INVOICES, ORDERS
from local.dynamics.odata.definitions import Row
from local.dynamics.odata.rules import EntityRules

OPEN, PAID = "Open", "Paid"
POSTED_SERIES = {ORDERS.headers: ("PS-INV", 103001), INVOICES.headers: ("PS-INV", 103001)}
POSTED_SERIES[CREDIT_MEMOS.headers] = ("PS-CR", 104001)
SHIPMENTS = ("S-SHPT", 102001)


class PostingDocumentRules(DocumentRules):
    """Documents with their posting actions."""

    rules: Mapping[str, EntityRules]

    def act(self, scope: str, row: Row, action: str) -> None:
        """Perform a posting action; sending and cancelling are not simulated."""
        if action == "shipAndInvoice":
            self._ship_and_invoice(scope, row)
        elif action == "post":
            self._check_draft(row)
            self._check_not_empty(scope, row)
            self._finish(scope, row, row)
        else:
            super().act(scope, row, action)

    def _check_not_empty(self, scope: str, row: Row) -> list[Row]:
        lines = self.totals.lines(scope, row["id"])
        if not any(line["quantity"] for line in lines):
            raise dialog("There is nothing to post.")
        return lines

    def _finish(self, scope: str, row: Row, source: Row) -> Row:
        series, first = POSTED_SERIES[self.entity_set.name]
        posted = {"number": self.companies.next_number(scope, series, first), "status": OPEN}
        if "remainingAmount" in self.entity_set.fields:
            posted["remainingAmount"] = source["totalAmountIncludingTax"]
        return self.save(scope, row | posted)

    def _ship_and_invoice(self, scope: str, order: Row) -> None:
        customer = self.companies.require(scope, "customers", "id", order["customerId"], named="customerId")
        if customer["blocked"] != "_x0020_":
            raise dialog(
                f"You cannot post when Customer {customer['number']} is blocked with type {customer['blocked']}."
            )
        lines = self._check_not_empty(scope, order)
        if any(line["lineType"] == "Charge" for line in lines):
            raise dialog(f"You must assign the item charges of Order {order['number']} if you want to invoice them.")
        self._ship(scope, order, lines)
        self._invoice(scope, order, lines)
        DocumentRules.delete(self, scope, order)

    def _ship(self, scope: str, order: Row, lines: list[Row]) -> None:
        number = self.companies.next_number(scope, *SHIPMENTS)
        header = order | {"number": number, "orderNumber": order["number"], "invoiceDate": order["postingDate"]}
        header |= {"dueDate": order["postingDate"], "customerPurchaseOrderReference": ""}
        shipment = self._copy(scope, "salesShipments", header, {})
        for line in lines:
            self._copy(scope, "salesShipmentLines", line, {"documentId": shipment["id"], "documentNo": number})
            self._reduce_stock(scope, line)

    def _invoice(self, scope: str, order: Row, lines: list[Row]) -> None:
        dates = {"invoiceDate": order["postingDate"], "dueDate": order["postingDate"]}
        links = {"orderId": order["id"], "orderNumber": order["number"]}
        invoice = self._copy(scope, INVOICES.headers, order, dates | links)
        for line in lines:
            self._copy(scope, INVOICES.lines, line, {"documentId": invoice["id"]})
        invoices = self.rules[INVOICES.headers]
        if isinstance(invoices, PostingDocumentRules):
            invoices._finish(scope, invoice, order)  # noqa: SLF001  # another instance of this class

    def _copy(self, scope: str, entity_set: str, source: Row, values: Row) -> Row:
        rules = self.rules[entity_set]
        row = rules.entity_set.defaults() | only_fields(rules.entity_set, source) | values | {"id": str(uuid.uuid4())}
        return rules.save(scope, row)

    def _reduce_stock(self, scope: str, line: Row) -> None:
        item = self.companies.find(scope, "items", "id", line["itemId"])
        if item is not None and item["type"] == "Inventory":
            self.rules["items"].save(scope, item | {"inventory": item["inventory"] - line["quantity"]})


class JournalRules(CompanyRules):
    """Journals: posting one applies its customer payments to their invoices and empties it."""

    def act(self, scope: str, row: Row, action: str) -> None:
        """Post the payments of the journal."""
        if action != "post":
            super().act(scope, row, action)
            return
        payments = self.store.table(scope, "customerPayments").find("journalId", row["id"])
        if not payments:
            raise dialog("There is nothing to post.")
        for payment in payments:
            self._post(scope, payment)

    def _post(self, scope: str, payment: Row) -> None:
        invoice = self.companies.find(scope, "salesInvoices", "id", payment["appliesToInvoiceId"])
        if invoice is not None:
            remaining = invoice["remainingAmount"] + payment["amount"]
            state = {"remainingAmount": remaining, "status": OPEN if remaining > 0 else PAID}
            self.store.put(scope, "salesInvoices", (invoice["id"],), invoice | state)
        self.store.remove(scope, "customerPayments", (payment["id"],))

    def save(self, scope: str, row: Row) -> Row:
        """Store a journal; payment journals are a view on the same batches, so they are journals too."""
        stored = super().save(scope, row)
        if self.entity_set.name == "customerPaymentJournals":
            self.store.put(scope, "journals", (row["id"],), {"templateDisplayName": "CASHRCPT"} | stored)
        return stored


class CustomerPaymentRules(CompanyRules):
    """Customer payments: lines of a payment journal, numbered in steps."""

    def insert(self, scope: str, values: Mapping[str, object]) -> Row:
        """Store a new payment line."""
        resolved = self.related(scope, values)
        if not resolved.get("journalId"):
            raise dialog('The "journalId" must be provided.')
        siblings = self.store.table(scope, "customerPayments").find("journalId", resolved["journalId"])
        line = max((int(row["lineNumber"]) for row in siblings), default=0) + 10_000
        today = self.clock().date().isoformat()
        return super().insert(scope, {"lineNumber": line, "postingDate": today, "amount": Decimal(0)} | resolved)

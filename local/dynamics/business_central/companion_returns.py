"""Sales return orders, as the companion's pages write them: values in a fixed order, whatever the order of the JSON."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from local.dynamics.business_central.companion_rules import CompanionRules, companion_scope, company_of, one_of
from local.dynamics.business_central.companion_stock import StockBook
from local.dynamics.business_central.company import Companies
from local.dynamics.business_central.messages import dialog
from local.dynamics.business_central.sales_lines import amount_decimals
from local.dynamics.business_central.tax import HUNDRED, round_to
from local.dynamics.odata.definitions import EntitySet, Row
from local.dynamics.odata.store import ETAG

ORDERS, LINES, RECEIPTS = "salesReturnOrders", "salesReturnOrderLines", "returnReceiptLines"
SERIES = ("S-RETORD", 1001)
RECEIPT_SERIES = ("S-RCPT", 107001)
OPEN = "Open"
LINE_STEP = 10_000
OBJECTS = {"Item": "items", "G_x002F_L_x0020_Account": "accounts"}


class ReturnOrderRules(CompanionRules):
    """Headers: the customer is needed and stays; the number comes from a series."""

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new return order without lines."""
        if not values.get("customerNumber"):
            raise dialog('A "customerNumber" must be provided.')
        company = company_of(scope)
        customer = self.code(scope, "customers", "number", values["customerNumber"], "customerNumber") or {}
        if customer["blocked"] == "All":
            raise dialog(f"You cannot create this type of document when Customer {customer['number']} is blocked.")
        today = self.clock().date().isoformat()
        row = self.entity_set.defaults() | {"id": str(uuid.uuid4()), "documentDate": today, "postingDate": today}
        row |= {"number": self.companies.next_number(company, *SERIES), "status": OPEN}
        row["currencyCode"] = self._currency(scope, customer["currencyCode"])
        return self.save(scope, row | self._checked(scope, values))

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed header."""
        if values.get("customerNumber", row["customerNumber"]) != row["customerNumber"]:
            raise dialog('The value for "customerNumber" cannot be modified.')
        return self.save(scope, row | self._checked(scope, values))

    def delete(self, scope: str, row: Row) -> None:
        """Remove the return order with its lines; what has been received stays."""
        lines = self.store.table(scope, LINES).find("documentNumber", row["number"])
        if any(line["returnQuantityReceived"] != line["quantityInvoiced"] for line in lines):
            raise dialog(f"You cannot delete the return order {row['number']}: it has been received and not invoiced.")
        for line in lines:
            self.store.remove(scope, LINES, (line["id"],))
        super().delete(scope, row)

    def _checked(self, scope: str, values: Mapping[str, Any]) -> Row:
        self.code(scope, "locations", "code", values.get("locationCode"), "locationCode")
        self.code(scope, "currencies", "code", values.get("currencyCode"), "currencyCode")
        unset = {name for name in ("locationCode", "currencyCode") if not values.get(name)}
        own = {name: value for name, value in values.items() if name not in unset}
        return own | ({"currencyCode": self._currency(scope, own["currencyCode"])} if "currencyCode" in own else {})

    def _currency(self, scope: str, code: str) -> str:
        """Return the code as documents hold it: blank for the local currency."""
        return "" if code == self.companies.profile(company_of(scope)).local_currency else code


class ReturnLineRules(CompanionRules):
    """Lines: object, place, quantity, price, discount, origin; the quantity calculates the price anew."""

    def __init__(
        self, companies: Companies, entity_set: EntitySet, clock: Callable[[], datetime], reasons: Iterable[str]
    ) -> None:
        super().__init__(companies, entity_set, clock)
        self._reasons = tuple(reasons)

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new line at the end of its document."""
        header = self._header(scope, values.get("documentNumber", ""))
        numbers = [row["lineNumber"] for row in self.store.table(scope, LINES).find("documentNumber", header["number"])]
        start = {"id": str(uuid.uuid4()), "documentNumber": header["number"], "lineType": "Item"}
        row = self.entity_set.defaults() | start | {"lineNumber": max(numbers, default=0) + LINE_STEP}
        row |= {name: values[name] for name in ("lineType", "lineObjectNumber") if name in values}
        target = self._object(scope, row)
        row |= {"description": target["displayName"], "unitOfMeasureCode": target.get("baseUnitOfMeasureCode", "")}
        row["locationCode"] = header["locationCode"]
        return self._apply(scope, header, row, {"unitPrice": Decimal(target.get("unitPrice", 0))} | dict(values))

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed line; its price and discount stay unless they are sent."""
        for name in ("documentNumber", "lineType", "lineObjectNumber"):
            if values.get(name, row[name]) != row[name]:
                raise dialog(f'The value for "{name}" cannot be modified.')
        if values.get("quantity", row["quantity"]) < row["returnQuantityReceived"]:
            raise dialog(f"Quantity must not be less than the {row['returnQuantityReceived']} received.")
        return self._apply(scope, self._header(scope, row["documentNumber"]), row, values)

    def delete(self, scope: str, row: Row) -> None:
        """Remove the line unless something of it has been received."""
        if row["returnQuantityReceived"]:
            raise dialog(f"Return Qty. Received must be equal to '0' in Sales Line {row['lineNumber']}.")
        super().delete(scope, row)

    def _header(self, scope: str, number: str) -> Row:
        found = self.store.table(scope, ORDERS).find("number", number)
        if not found:
            raise dialog('A "documentNumber" of a return order must be provided.')
        return found[0]

    def _object(self, scope: str, row: Row) -> Row:
        entity_set = OBJECTS.get(row["lineType"])
        if entity_set is None:
            raise dialog(f"The simulator has no lines of type {row['lineType']} on return orders.")
        if not row["lineObjectNumber"]:
            raise dialog("lineObjectNumber must have a value. It cannot be zero or empty.")
        return self.code(scope, entity_set, "number", row["lineObjectNumber"], "lineObjectNumber") or {}

    def _apply(self, scope: str, header: Row, row: Row, values: Mapping[str, Any]) -> Row:
        changed = row | {name: value for name, value in values.items() if name not in {"lineType", "documentNumber"}}
        changed |= {name: row[name] for name in ("locationCode", "unitOfMeasureCode") if not changed[name]}
        self._check(scope, changed)
        company = company_of(scope)
        decimals = amount_decimals(self.companies.currency(company, header["currencyCode"]))
        gross = round_to(changed["quantity"] * changed["unitPrice"], decimals)
        if not 0 <= changed["discountAmount"] <= max(gross, Decimal(0)):
            raise dialog("You have set the line amount to a value that results in a discount that is not valid.")
        amount = gross - changed["discountAmount"]
        if not header["pricesIncludeTax"]:
            amount += round_to(amount * self._rate(scope, header, changed) / HUNDRED, decimals)
        return self.save(scope, changed | {"amountIncludingTax": amount})

    def _check(self, scope: str, row: Row) -> None:
        self.code(scope, "locations", "code", row["locationCode"], "locationCode")
        self.code(scope, "unitsOfMeasure", "code", row["unitOfMeasureCode"], "unitOfMeasureCode")
        one_of(row["returnReasonCode"], self._reasons, "returnReasonCode", "Return Reason")
        if row["variantCode"]:
            variants = self.store.table(company_of(scope), "itemVariants").find("itemNumber", row["lineObjectNumber"])
            one_of(row["variantCode"], [variant["code"] for variant in variants], "variantCode", "Item Variant")

    def _rate(self, scope: str, header: Row, row: Row) -> Decimal:
        company = company_of(scope)
        customer = self.companies.require(company, "customers", "number", header["customerNumber"], named="customer")
        area = self.companies.find(company, "taxAreas", "id", customer["taxAreaId"])
        target = self._object(scope, row)
        code = target.get("taxGroupCode", target.get("$taxGroupCode", ""))
        return self.companies.tax_rate(company, area["code"] if area else "", code) if code else Decimal(0)


class ReceivedLine(BaseModel):
    """One line of a control request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lineNumber: int  # noqa: N815  # the API's own names
    quantity: Decimal


class Receipt(BaseModel):
    """The body of `POST /__returns`: what of a return order has come back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: str
    lines: tuple[ReceivedLine, ...]


def receive(
    companies: Companies, rules: Mapping[str, CompanionRules], stock: StockBook, company: str, told: Receipt
) -> list[Row]:
    """Post a return receipt: its lines, the stock, the received quantities; ValueError when a line cannot be."""
    scope = companion_scope(company)
    lines = {row["lineNumber"]: row for row in companies.store.table(scope, LINES).find("documentNumber", told.order)}
    number = companies.next_number(company, *RECEIPT_SERIES)
    posted = []
    for part in told.lines:
        line = lines.get(part.lineNumber)
        if line is None or not 0 < part.quantity <= line["quantity"] - line["returnQuantityReceived"]:
            raise ValueError(f"line {part.lineNumber} of return order {told.order} cannot take {part.quantity}")
        rules[LINES].save(scope, line | {"returnQuantityReceived": line["returnQuantityReceived"] + part.quantity})
        stock.move(company, (line["lineObjectNumber"], line["variantCode"], line["locationCode"]), part.quantity)
        posted.append(rules[RECEIPTS].save(scope, _received(rules[RECEIPTS], line, part.quantity, number)))
    return posted


def _received(rules: CompanionRules, line: Row, quantity: Decimal, number: str) -> Row:
    defaults = rules.entity_set.defaults()
    own = {
        "id": str(uuid.uuid4()),
        "documentNumber": number,
        "returnOrderNumber": line["documentNumber"],
        "returnOrderLineNumber": line["lineNumber"],
        "quantity": quantity,
        "quantityInvoiced": Decimal(0),
        "postingDate": rules.clock().date().isoformat(),
    }
    return {name: line[name] for name in defaults if name in line and name != ETAG} | _unlike(defaults, line) | own


def _unlike(defaults: Row, line: Row) -> Row:
    return {name: value for name, value in defaults.items() if name not in line}

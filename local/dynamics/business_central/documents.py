"""Headers of sales orders, invoices and credit memos."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from local.dynamics.business_central import tax
from local.dynamics.business_central.company import VAT, Companies
from local.dynamics.business_central.masters import CompanyRules, currency_of
from local.dynamics.business_central.messages import dialog
from local.dynamics.business_central.relations import RELATIONS, resolve
from local.dynamics.business_central.sales_lines import LineContext, apply_all, unit_decimals
from local.dynamics.business_central.totals import WANTED_DISCOUNT, DocumentKind, Totals
from local.dynamics.odata.definitions import ZERO_GUID, EntitySet, Row

DRAFT = "Draft"
ADDRESS = {
    "AddressLine1": "addressLine1",
    "AddressLine2": "addressLine2",
    "City": "city",
    "Country": "country",
    "State": "state",
    "PostCode": "postalCode",
}


def only_fields(entity_set: EntitySet, row: Mapping[str, Any]) -> Row:
    """Return what the entity has of the row, and the simulator's private values."""
    return {name: value for name, value in row.items() if name in entity_set.fields or name.startswith("$")}


class DocumentRules(CompanyRules):
    """Headers: everything that is not sent comes from the customer."""

    def __init__(
        self, companies: Companies, kind: DocumentKind, entity_set: EntitySet, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(companies, entity_set, clock)
        self.kind = kind
        self.totals = Totals(companies, kind)

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new document without lines."""
        customers = self._customers(scope, values, None)
        number = self.companies.next_number(scope, self.kind.series, self.kind.first_number)
        today = self.clock().date().isoformat()
        row = self.entity_set.defaults() | {"id": str(uuid.uuid4()), "number": number, "status": DRAFT}
        row |= {self.kind.date_field: today, "postingDate": today, "dueDate": today, "partialShipping": True}
        row |= self._from_customers(scope, *customers) | self._own_values(scope, values)
        self._check_tax_mode(scope, row)
        return self.save(scope, only_fields(self.entity_set, row))

    def inserted_deep(self, scope: str, row: Row) -> Row:
        """Check what only the whole document can tell."""
        stored = self.store.table(scope, self.entity_set.name).rows[(row["id"],)]
        self._check_discount(scope, row["discountAmount"], stored)
        return stored

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed header and recompute the document."""
        self._check_draft(row)
        changed = dict(row)
        if any(name in values for name in ("customerId", "customerNumber", "billToCustomerId", "billToCustomerNumber")):
            changed |= only_fields(self.entity_set, self._from_customers(scope, *self._customers(scope, values, row)))
        changed |= self._own_values(scope, values)
        self._check_tax_mode(scope, changed)
        if changed["pricesIncludeTax"] != row["pricesIncludeTax"]:
            self._convert_prices(scope, changed)
        totals = self.totals.recompute(scope, changed)
        if "discountAmount" in values:
            self._check_discount(scope, changed["discountAmount"], totals)
        return self.save(scope, totals)

    def delete(self, scope: str, row: Row) -> None:
        """Remove the document with its lines."""
        self._check_draft(row)
        for line in self.totals.lines(scope, row["id"]):
            self.store.remove(scope, self.kind.lines, (line["id"],))
        super().delete(scope, row)

    def standard(self, scope: str, given: Row) -> Row:
        """Return what a seeded document has that was not given: a number, its customer's values."""
        result: Row = {"status": DRAFT}
        if not given.get("number"):
            result["number"] = self.companies.next_number(scope, self.kind.series, self.kind.first_number)
        if given.get("customerId") or given.get("customerNumber"):
            sell_to, bill_to = self._customers(scope, given, None)
            result |= only_fields(self.entity_set, self._from_customers(scope, sell_to, bill_to))
        return result

    def line_changed(self, scope: str, document_id: str) -> None:
        """Recompute the document after a change of its lines."""
        header = self.store.table(scope, self.entity_set.name).rows[(document_id,)]
        self.save(scope, self.totals.recompute(scope, header))

    def check_changeable(self, header: Row) -> None:
        """Refuse changes of a posted document's lines."""
        self._check_draft(header)

    def _check_draft(self, row: Row) -> None:
        if row["status"] != DRAFT:
            raise dialog(f"The {self.kind.noun} {row['number']} has been posted and can no longer be modified.")

    def _customers(self, scope: str, values: Mapping[str, Any], row: Row | None) -> tuple[Row, Row]:
        sell_to = self._customer(scope, values, "customerId", "customerNumber", "sell-to")
        if sell_to is None and row is not None:
            sell_to = self.companies.find(scope, "customers", "id", row["customerId"])
        if sell_to is None:
            raise dialog('A "customerNumber" or a "customerId" must be provided.')
        bill_to = self._customer(scope, values, "billToCustomerId", "billToCustomerNumber", "bill-to") or sell_to
        for customer in (sell_to, bill_to):
            self._check_blocked(customer)
        return sell_to, bill_to

    def _customer(self, scope: str, values: Mapping[str, Any], by_id: str, by_number: str, role: str) -> Row | None:
        found = []
        for name, field in ((by_id, "id"), (by_number, "number")):
            if values.get(name) not in (None, "", ZERO_GUID):
                found.append(self.companies.require(scope, "customers", field, values[name], named=name))
        if len(found) > 1 and found[0]["id"] != found[1]["id"]:
            raise dialog(f"The {role} customer values do not match to a specific Customer.")
        return found[0] if found else None

    def _check_blocked(self, customer: Row) -> None:
        if customer["blocked"] in ("All", "Invoice"):
            raise dialog(
                f"You cannot create this type of document when Customer {customer['number']} is blocked with type "
                f"{customer['blocked']}."
            )

    def _from_customers(self, scope: str, sell_to: Row, bill_to: Row) -> dict[str, Any]:
        area = self.companies.find(scope, "taxAreas", "id", bill_to["taxAreaId"])
        return {
            "customerId": sell_to["id"],
            "customerNumber": sell_to["number"],
            "customerName": sell_to["displayName"],
            "billToCustomerId": bill_to["id"],
            "billToCustomerNumber": bill_to["number"],
            "billToName": bill_to["displayName"],
            "shipToName": sell_to["displayName"],
            **{f"sellTo{suffix}": sell_to[field] for suffix, field in ADDRESS.items()},
            **{f"shipTo{suffix}": sell_to[field] for suffix, field in ADDRESS.items()},
            **{f"billTo{suffix}": bill_to[field] for suffix, field in ADDRESS.items()},
            "phoneNumber": sell_to["phoneNumber"],
            "email": sell_to["email"],
            "paymentTermsId": bill_to["paymentTermsId"],
            "shipmentMethodId": sell_to["shipmentMethodId"],
            **self.companies.currency_values(scope, bill_to["currencyCode"]),
            "$taxArea": area["code"] if area else "",
        }

    def _own_values(self, scope: str, values: Mapping[str, Any]) -> dict[str, Any]:
        own = {name: value for name, value in values.items() if "ustomerId" not in name and "ustomerNumber" not in name}
        own |= resolve(self.companies, scope, RELATIONS["documents"], own)
        if "discountAmount" in own:
            own[WANTED_DISCOUNT] = own["discountAmount"]
        return own | currency_of(self.companies, scope, own)

    def _check_tax_mode(self, scope: str, row: Row) -> None:
        if row["pricesIncludeTax"] and self.companies.profile(scope).tax_type != VAT:
            raise dialog("pricesIncludeTax cannot be set to true if VAT Calculation Type is Sales Tax.")

    def _check_discount(self, scope: str, wanted: Decimal, totals: Row) -> None:
        if wanted > totals["discountAmount"] or (wanted and not self.totals.lines(scope, totals["id"])):
            raise dialog(f"The invoice discount {wanted} is greater than the amount of the document's lines.")

    def _convert_prices(self, scope: str, header: Row) -> None:
        context = LineContext(self.companies, scope, header)
        decimals = unit_decimals(context.currency)
        for line in self.totals.lines(scope, header["id"]):
            factor = 1 + line["taxPercent"] / tax.HUNDRED
            price = line["unitPrice"] * factor if header["pricesIncludeTax"] else line["unitPrice"] / factor
            values = {"unitPrice": tax.round_to(price, decimals), "discountPercent": line["discountPercent"]}
            changed = apply_all(context, line, values)
            self.store.put(scope, self.kind.lines, (line["id"],), changed)

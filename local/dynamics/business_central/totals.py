"""The kinds of sales documents and the totals that follow from their headers and lines."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.dynamics.business_central import tax
from local.dynamics.business_central.company import Companies
from local.dynamics.business_central.sales_lines import LineContext
from local.dynamics.odata.definitions import Row

# While a deep insert adds lines, the discount may be greater than the lines that are there already.
WANTED_DISCOUNT = "$invoiceDiscount"


@dataclass(frozen=True)
class DocumentKind:
    """What distinguishes orders, invoices and credit memos."""

    headers: str
    lines: str
    noun: str
    series: str
    first_number: int
    date_field: str


ORDERS = DocumentKind("salesOrders", "salesOrderLines", "Order", "S-ORD", 101001, "orderDate")
INVOICES = DocumentKind("salesInvoices", "salesInvoiceLines", "Invoice", "S-INV", 102001, "invoiceDate")
CREDIT_MEMOS = DocumentKind("salesCreditMemos", "salesCreditMemoLines", "Credit Memo", "S-CR", 1001, "creditMemoDate")
KINDS = (ORDERS, INVOICES, CREDIT_MEMOS)


class Totals:
    """Recomputes a document after each change of its header or lines."""

    def __init__(self, companies: Companies, kind: DocumentKind) -> None:
        self._companies = companies
        self._kind = kind

    def lines(self, scope: str, document_id: str) -> list[Row]:
        """Return the lines in the order of their numbers."""
        rows = self._companies.store.table(scope, self._kind.lines).find("documentId", document_id)
        return sorted(rows, key=lambda row: int(row["sequence"]))

    def recompute(self, scope: str, header: Row) -> Row:
        """Return the header with its totals; lines whose amounts changed are stored."""
        context = LineContext(self._companies, scope, header)
        rows = [row for row in self.lines(scope, header["id"]) if row["lineObjectNumber"]]
        decimals = context.decimals
        lines = [self._taxable(context, row, decimals) for row in rows]
        most = max(sum((line.line_amount for line in lines), Decimal(0)), Decimal(0))
        wanted = header[WANTED_DISCOUNT] if WANTED_DISCOUNT in header else header["discountAmount"]
        discount = min(tax.round_to(wanted, decimals), most)
        shift = self._companies.settings.vat_rounding_shift
        amounts = tax.compute(lines, discount, decimals, prices_include_tax=header["pricesIncludeTax"], shift=shift)
        for row, line, amount in zip(rows, lines, amounts, strict=True):
            self._store_line(scope, row, line.rate, amount)
        return header | self._header_totals(amounts, discount)

    def _taxable(self, context: LineContext, row: Row, decimals: int) -> tax.TaxableLine:
        amount = tax.line_amount(row["quantity"], row["unitPrice"], row["discountAmount"], decimals)
        rate = context.rate(row["taxCode"]) if row["taxCode"] else Decimal(0)
        return tax.TaxableLine(amount, rate, row["taxCode"])

    def _store_line(self, scope: str, row: Row, rate: Decimal, amounts: tax.LineAmounts) -> None:
        computed = {
            "taxPercent": rate,
            "amountExcludingTax": amounts.amount_excluding_tax,
            "totalTaxAmount": amounts.tax_amount,
            "amountIncludingTax": amounts.amount_including_tax,
            "invoiceDiscountAllocation": amounts.invoice_discount,
            "netAmount": amounts.net_amount,
            "netTaxAmount": amounts.net_tax_amount,
            "netAmountIncludingTax": amounts.net_amount_including_tax,
        }
        if any(row[name] != value for name, value in computed.items()):
            self._companies.store.put(scope, self._kind.lines, (row["id"],), row | computed)

    def _header_totals(self, amounts: list[tax.LineAmounts], discount: Decimal) -> dict[str, Any]:
        net = sum((amount.net_amount for amount in amounts), Decimal(0))
        tax_amount = sum((amount.net_tax_amount for amount in amounts), Decimal(0))
        return {
            "discountAmount": discount,
            "totalAmountExcludingTax": net,
            "totalTaxAmount": tax_amount,
            "totalAmountIncludingTax": net + tax_amount,
        }

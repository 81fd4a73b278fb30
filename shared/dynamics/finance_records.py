"""Rows of Finance's data entities → records, addresses of rows, and the cause hidden in an error answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote

import httpx

from shared.dynamics.odata import Row, literal, standard_error_text
from shared.mapping.finance.customer_fields import ON_HOLD
from shared.mapping.finance.fields import YES
from shared.model.back_end import CustomerRecord, LineAmounts, OrderRecord
from shared.model.money import Money
from shared.model.order import Totals

CROSS_COMPANY = "?cross-company=true"  # without it, only the company of the service user is seen
OPEN = "Backorder"
DIMENSIONS = ("ProductConfigurationId", "ProductSizeId", "ProductColorId", "ProductStyleId", "ProductVersionId")
_INFOLOG = re.compile(r"Infolog:\s*(.*)", re.DOTALL)
_SEPARATOR = re.compile(r";\s*(?=(?:Error|Warning|Info):)")
_SAYS_NOTHING = "Update has been canceled"


def entity_path(entity_set: str, company: str, **key: str) -> str:
    """Address one row by its whole key."""
    values = {"dataAreaId": company.lower(), **key}
    parts = ",".join(f"{name}={quote(literal(value), safe="'")}" for name, value in values.items())
    return f"{entity_set}({parts})"


def in_company(company: str, condition: str) -> str:
    """Narrow a filter to one company."""
    return f"dataAreaId eq {literal(company.lower())} and {condition}"


def same_text(one: object, other: object) -> bool:
    """Compare as Finance does: codes and companies come back in another case than they were sent."""
    return str(one).casefold() == str(other).casefold()


def infolog_text(response: httpx.Response) -> tuple[str, str]:
    """Code and cause of an error: what business logic logged, errors first, else the innermost message."""
    code, message = standard_error_text(response)
    try:
        inner = str(response.json()["error"]["innererror"]["message"])
    except (ValueError, KeyError, TypeError):
        return code, message
    logged = _INFOLOG.search(inner)
    return code, _by_weight(logged[1]) if logged else inner


def _by_weight(log: str) -> str:
    lines = [line.strip(" .;") for line in _SEPARATOR.split(log)]
    telling = [line for line in lines if line and _SAYS_NOTHING not in line] or lines
    return "; ".join(sorted(telling, key=lambda line: not line.startswith("Error:")))


def customer_record(row: Row) -> CustomerRecord:
    """Read a row of CustomersV3."""
    person = " ".join(part for part in (row.get("PersonFirstName"), row.get("PersonLastName")) if part)
    account = row["CustomerAccount"]
    blocked = row.get("OnHoldStatus") in ON_HOLD
    return CustomerRecord(
        account, account, row.get("OrganizationName") or person, row.get("PrimaryContactEmail", ""), blocked
    )


def order_record(header: Row, lines: Iterable[Row]) -> OrderRecord:
    """Read a header and its lines. Tax is known for the order as a whole, not for a line."""
    currency = header["CurrencyCode"]
    rows = sorted(lines, key=_place)
    gross, tax = _money(header["OrderTotalAmount"], currency), _money(header["OrderTotalTaxAmount"], currency)
    stated: Literal["gross", "net"] = "gross" if header["ArePricesIncludingSalesTax"] == YES else "net"
    return OrderRecord(
        id=header["SalesOrderNumber"],
        number=header["SalesOrderNumber"],
        reference=header["CustomersOrderReference"],
        totals=Totals(net=gross - tax, tax=tax, gross=gross),
        lines=tuple(_line_amounts(row, currency, stated) for row in rows),
        customer_number=header["OrderingCustomerAccountNumber"],
        untouched=_untouched(header, rows),
    )


def _line_amounts(row: Row, currency: str, stated: Literal["gross", "net"]) -> LineAmounts:
    amount = _money(row["LineAmount"], currency)
    return LineAmounts(f"{row['ItemNumber']} {row['LineDescription']}", amount, amount, stated)


def _place(row: Row) -> tuple[bool, int, Decimal]:
    """Our own line numbers first: a repaired order has its lines in another order than they were sent."""
    own = int(row.get("CustomersLineNumber") or 0)
    return own == 0, own, Decimal(str(row.get("LineNumber") or 0))


def _money(value: Any, currency: str) -> Money:
    return Money(Decimal(str(value)), currency)


def _untouched(header: Row, lines: Iterable[Row]) -> bool:
    """Nobody has confirmed, picked, delivered or invoiced anything of it."""
    is_open = header["SalesOrderStatus"] == OPEN and header["SalesOrderProcessingStatus"] == "Active"
    return is_open and all(line["SalesOrderLineStatus"] == OPEN for line in lines)

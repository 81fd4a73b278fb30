"""Rows of the Web API → records. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shared.dynamics.odata import Row
from shared.mapping.dataverse.customers import CustomerSet
from shared.mapping.dataverse.orders import FREIGHT
from shared.market_options.dataverse import DataverseOptions
from shared.model.back_end import CustomerRecord, LineAmounts, OrderRecord
from shared.model.money import Money
from shared.model.order import Totals

NUMBER_OF_ACCOUNT = "accountnumber"
CUSTOMER_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "accounts": ("name", "emailaddress1", "statecode"),
    "contacts": ("fullname", "emailaddress1", "statecode"),
}
ORDER_COLUMNS = (
    "ordernumber",
    "statecode",
    "statuscode",
    "totalamountlessfreight",
    "freightamount",
    "totaltax",
    "totalamount",
    "_customerid_value",
    "_transactioncurrencyid_value",
)
LINE_COLUMNS = (
    "lineitemnumber",
    "description",
    "productdescription",
    "extendedamount",
    "tax",
    "quantityshipped",
    "quantitycancelled",
)
# New and Pending of the state Active: nobody has submitted, fulfilled or cancelled it.
UNTOUCHED = frozenset({(0, 1), (0, 2)})


def bind_name(customer: CustomerRecord) -> str:
    """Return the navigation property by which an order names this customer; its id says account or contact."""
    kind = "account" if customer.id.startswith("accounts(") else "contact"
    return f"customerid_{kind}@odata.bind"


def customer_record(entity_set: CustomerSet, number_column: str | None, row: Row) -> CustomerRecord:
    """Read an account or contact. Its id carries the set, since the id map keeps nothing else."""
    row_id = row[f"{entity_set[:-1]}id"]
    name = row["name"] if entity_set == "accounts" else row["fullname"]
    number = row.get(number_column or "") or row_id
    return CustomerRecord(
        id=f"{entity_set}({row_id})",
        number=number,
        name=name or "",
        email=row.get("emailaddress1") or "",
        blocked=row["statecode"] != 0,
        kind=entity_set[:-1],
    )


def order_record(row: Row, options: DataverseOptions, currencies: Mapping[str, str]) -> OrderRecord:
    """Read an order with its lines; freight of the header is a line like the others."""
    currency = currencies[row["_transactioncurrencyid_value"]]
    lines = sorted(row[options.lines_property], key=lambda line: int(line["lineitemnumber"] or 0))
    freight = _money(row["freightamount"], currency)
    amounts = [_line_amounts(line, currency) for line in lines]
    if freight:
        amounts.append(LineAmounts(FREIGHT, freight, freight))
    totals = Totals(
        net=_money(row["totalamountlessfreight"], currency) + freight,
        tax=_money(row["totaltax"], currency),
        gross=_money(row["totalamount"], currency),
    )
    return OrderRecord(
        row["salesorderid"],
        row["ordernumber"],
        row[options.order_key] or "",
        totals,
        tuple(amounts),
        row["_customerid_value"],
        _untouched(row, lines),
    )


def _line_amounts(line: Row, currency: str) -> LineAmounts:
    gross = _money(line["extendedamount"], currency)
    label = line["description"] or line["productdescription"] or f"line {line['lineitemnumber']}"
    return LineAmounts(label, gross - _money(line["tax"], currency), gross)


def _money(value: Any, currency: str) -> Money:
    return Money(Decimal(str(value or 0)), currency)


def _untouched(row: Row, lines: list[Row]) -> bool:
    worked_on = any(line["quantityshipped"] or line["quantitycancelled"] for line in lines)
    return (row["statecode"], row["statuscode"]) in UNTOUCHED and not worked_on

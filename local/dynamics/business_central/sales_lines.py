"""How a sales line takes its values: each one is validated in the order in which it was sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from local.dynamics.business_central.company import Companies
from local.dynamics.business_central.messages import MESSAGES, dialog, invalid_relation
from local.dynamics.business_central.tax import HUNDRED, round_to
from local.dynamics.odata.definitions import ZERO_GUID, Row

PERCENT_DECIMALS = 5
TAX_CODE_LENGTH = 20
# The rows that a line can sell; item charges have no entity set in the API.
OBJECTS = {"Item": "items", "Account": "accounts", "Charge": "$itemCharges"}
COMMENT = "Comment"  # the blank type: a text alone
NOT_OF_COMMENTS = ("quantity", "unitPrice", "discountAmount", "discountPercent", "taxCode")
READ_ONLY = ("shippedQuantity", "invoicedQuantity")


@dataclass(frozen=True)
class LineContext:
    """The document around a line."""

    companies: Companies
    scope: str
    header: Row

    @property
    def currency(self) -> Row:
        """The document's currency."""
        return self.companies.currency(self.scope, self.header["currencyCode"])

    @property
    def decimals(self) -> int:
        """The decimals of amounts in the document's currency."""
        return amount_decimals(self.currency)

    def rate(self, tax_code: str) -> Decimal:
        """Return the tax percentage of a code for this document's customer."""
        return self.companies.tax_rate(self.scope, self.header.get("$taxArea", ""), tax_code)

    def find(self, entity_set: str, field: str, value: Any, named: str) -> Row:
        """Return a related row or refuse the property called named."""
        return self.companies.require(self.scope, entity_set, field, value, named=named)


def amount_decimals(currency: Row) -> int:
    """Return the decimals of amounts, from text like 2:2."""
    return int(currency["amountDecimalPlaces"].rpartition(":")[2])


def unit_decimals(currency: Row) -> int:
    """Return the decimals of unit prices."""
    return int(currency.get("$unitDecimals", 5 if amount_decimals(currency) else 3))


def apply_all(context: LineContext, row: Row, values: Mapping[str, Any]) -> Row:
    """Return the line after all values were validated in order."""
    _check_exclusive(values)
    for name, value in values.items():
        if name in READ_ONLY:
            raise MESSAGES.error("read_only", property=name, type="Microsoft.NAV.salesOrderLine")
        row = HANDLERS.get(name, _plain(name))(context, row, value)
    _check_complete(context, row)
    return row


def item_price(context: LineContext, item: Row, tax_code: str) -> Decimal:
    """Return the item's own price in the document's currency, with or without tax as the document has it."""
    price = Decimal(item["unitPrice"])
    factor = 1 + (context.rate(tax_code) if tax_code else Decimal(0)) / HUNDRED
    if context.header["pricesIncludeTax"] and not item["priceIncludesTax"]:
        price *= factor
    elif item["priceIncludesTax"] and not context.header["pricesIncludeTax"]:
        price /= factor
    price *= Decimal(context.currency.get("$exchangeRate", "1"))
    return round_to(price, unit_decimals(context.currency))


def gross(row: Row, decimals: int) -> Decimal:
    """Return quantity times unit price, rounded."""
    return round_to(row["quantity"] * row["unitPrice"], decimals)


def _plain(name: str) -> Callable[[LineContext, Row, Any], Row]:
    return lambda _context, row, value: row | {name: value}


def _check_exclusive(values: Mapping[str, Any]) -> None:
    if all(values.get(name, ZERO_GUID) != ZERO_GUID for name in ("itemId", "accountId")):
        raise dialog('Both "itemId" and "accountId" are specified. Specify only one of them.')


def _check_complete(context: LineContext, row: Row) -> None:
    if row["lineType"] == COMMENT and any(row[name] for name in NOT_OF_COMMENTS):
        raise dialog(
            f"Type must have a value in Sales Line: Document Type=Order, Document No.={context.header['number']}, "
            f"Line No.={row['sequence']}. It cannot be zero or empty."
        )
    if row["lineObjectNumber"] and row["quantity"] and not row["taxCode"]:
        raise dialog(
            "VAT Prod. Posting Group must have a value in Sales Line: Document Type=Order, "
            f"Document No.={context.header['number']}, Line No.={row['sequence']}. It cannot be zero or empty."
        )


def _set_object(context: LineContext, row: Row, kind: str, target: Row) -> Row:
    if target.get("blocked"):
        raise dialog(f"Blocked must be equal to 'No' in {kind}: No.={target['number']}. Current value is 'Yes'.")
    if kind == "Account" and not target.get("directPosting"):
        raise dialog(f"Direct Posting must be equal to 'Yes' in G/L Account: No.={target['number']}.")
    is_item = kind == "Item"
    tax_code = target["taxGroupCode"] if is_item else target.get("$taxGroupCode", "")
    return row | {
        "lineType": kind,
        "lineObjectNumber": target["number"],
        "itemId": target["id"] if is_item else ZERO_GUID,
        "accountId": target["id"] if kind == "Account" else ZERO_GUID,
        "itemVariantId": ZERO_GUID,
        "description": target["displayName"],
        "unitOfMeasureCode": target["baseUnitOfMeasureCode"] if is_item else "",
        "unitOfMeasureId": target["baseUnitOfMeasureId"] if is_item else ZERO_GUID,
        "taxCode": tax_code,
        "unitPrice": item_price(context, target, tax_code) if is_item else Decimal(0),
        "discountAmount": Decimal(0),
        "discountPercent": Decimal(0),
    }


def _line_type(_context: LineContext, row: Row, value: Any) -> Row:
    if row["lineObjectNumber"] and value != row["lineType"]:
        raise dialog('The value for "lineType" cannot be modified.')
    return row | {"lineType": value}


def _line_object_number(context: LineContext, row: Row, value: Any) -> Row:
    if row["lineObjectNumber"]:
        if value != row["lineObjectNumber"]:
            raise dialog('The value for "lineObjectNumber" cannot be modified.')
        return row
    if row["lineType"] not in OBJECTS:
        raise invalid_relation("lineObjectNumber", value, row["lineType"])
    target = context.find(OBJECTS[row["lineType"]], "number", value, "lineObjectNumber")
    return _set_object(context, row, row["lineType"], target)


def _item_id(context: LineContext, row: Row, value: Any) -> Row:
    if value in (ZERO_GUID, row["itemId"]):
        return row
    return _set_object(context, row, "Item", context.find("items", "id", value, "itemId"))


def _account_id(context: LineContext, row: Row, value: Any) -> Row:
    if value in (ZERO_GUID, row["accountId"]):
        return row
    return _set_object(context, row, "Account", context.find("accounts", "id", value, "accountId"))


def _variant(context: LineContext, row: Row, value: Any) -> Row:
    if value != ZERO_GUID:
        variant = context.find("itemVariants", "id", value, "itemVariantId")
        if variant["itemId"] != row["itemId"]:
            raise invalid_relation("itemVariantId", value, f"itemVariants of item {row['lineObjectNumber']}")
    return row | {"itemVariantId": value}


def _location(context: LineContext, row: Row, value: Any) -> Row:
    if value != ZERO_GUID:
        context.find("locations", "id", value, "locationId")
    return row | {"locationId": value}


def _unit(field: str) -> Callable[[LineContext, Row, Any], Row]:
    def apply(context: LineContext, row: Row, value: Any) -> Row:
        target = "code" if field == "unitOfMeasureCode" else "id"
        unit = context.find("unitsOfMeasure", target, value, field)
        return row | {"unitOfMeasureCode": unit["code"], "unitOfMeasureId": unit["id"]}

    return apply


def _quantity(context: LineContext, row: Row, value: Any) -> Row:
    changed = row | {"quantity": value, "shipQuantity": value, "invoiceQuantity": value}
    if row["lineType"] != "Item" or not row["lineObjectNumber"]:
        return _from_percent(context, changed)
    # The price calculation runs again: a price or discount that was set before is lost.
    item = context.find("items", "id", row["itemId"], "itemId")
    price = item_price(context, item, row["taxCode"])
    return changed | {"unitPrice": price, "discountAmount": Decimal(0), "discountPercent": Decimal(0)}


def _unit_price(context: LineContext, row: Row, value: Any) -> Row:
    return _from_percent(context, row | {"unitPrice": round_to(value, unit_decimals(context.currency))})


def _from_percent(context: LineContext, row: Row) -> Row:
    amount = round_to(gross(row, context.decimals) * row["discountPercent"] / HUNDRED, context.decimals)
    return row | {"discountAmount": amount}


def _discount_amount(context: LineContext, row: Row, value: Any) -> Row:
    whole = gross(row, context.decimals)
    if value and not row["quantity"]:
        raise dialog("Quantity must have a value in Sales Line. It cannot be zero or empty.")
    if abs(value) > abs(whole) or value * whole < 0:
        raise dialog("You have set the line amount to a value that results in a discount that is not valid.")
    amount = round_to(value, context.decimals)
    percent = round_to(amount * HUNDRED / whole, PERCENT_DECIMALS) if whole else Decimal(0)
    return row | {"discountAmount": amount, "discountPercent": percent}


def _discount_percent(context: LineContext, row: Row, value: Any) -> Row:
    if not 0 <= value <= HUNDRED:
        raise dialog(f"The value must be between 0 and 100. Value: {value}.")
    return _from_percent(context, row | {"discountPercent": round_to(value, PERCENT_DECIMALS)})


def _tax_code(context: LineContext, row: Row, value: Any) -> Row:
    code = value[:TAX_CODE_LENGTH]
    context.find("taxGroups", "code", code, "taxCode")
    return row | {"taxCode": code}


def _fixed(name: str) -> Callable[[LineContext, Row, Any], Row]:
    def apply(_context: LineContext, row: Row, value: Any) -> Row:
        if value != row[name]:
            raise dialog(f'The value for "{name}" cannot be modified.')
        return row

    return apply


HANDLERS: Mapping[str, Callable[[LineContext, Row, Any], Row]] = {
    "documentId": _fixed("documentId"),
    "sequence": _fixed("sequence"),
    "lineType": _line_type,
    "lineObjectNumber": _line_object_number,
    "itemId": _item_id,
    "accountId": _account_id,
    "itemVariantId": _variant,
    "locationId": _location,
    "unitOfMeasureId": _unit("unitOfMeasureId"),
    "unitOfMeasureCode": _unit("unitOfMeasureCode"),
    "quantity": _quantity,
    "unitPrice": _unit_price,
    "discountAmount": _discount_amount,
    "discountPercent": _discount_percent,
    "taxCode": _tax_code,
}

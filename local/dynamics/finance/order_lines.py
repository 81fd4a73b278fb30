"""Lines of sales orders."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from local.dynamics.finance.company import COMPANY, SCOPE
from local.dynamics.finance.masters import EntityRulesOfFinance, check_state
from local.dynamics.finance.messages import CANCELED, infolog, must_be_filled, not_related
from local.dynamics.finance.orders import ADDRESS_FIELDS, HEADERS, OPEN, YES, HeaderRules, order_lines
from local.dynamics.finance.tax import line_amount, round_to
from local.dynamics.odata.definitions import EntitySet, Row

RELATIONS: Mapping[str, tuple[str, str]] = {
    "SalesTaxGroupCode": ("sales tax groups", "Sales tax group"),
    "SalesTaxItemGroupCode": ("item sales tax groups", "Item sales tax group"),
    "SalesUnitSymbol": ("units", "Unit"),
    "DeliveryAddressCountryRegionId": ("countries", "Country/region"),
}
DIMENSIONS = {
    "ProductConfigurationId": "Configuration",
    "ProductSizeId": "Size",
    "ProductColorId": "Color",
    "ProductStyleId": "Style",
    "ProductVersionId": "Version",
}
OWN_ADDRESS = "IsDeliveryAddressOrderSpecific"
PRICE_DIGITS = 6  # of SalesPrice
QUANTITY_DIGITS = 6


class LineRules(EntityRulesOfFinance):
    """Lines: what is not sent comes from the header and the released product; the amount is computed."""

    def __init__(self, headers: HeaderRules, entity_set: EntitySet) -> None:
        super().__init__(headers.companies, entity_set, headers.clock)
        self._headers = headers

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new line and compute the order's totals anew."""
        company = self.company_of(values)
        header = self._header(company, values)
        item = self._item(company, values)
        self.related(company, values, RELATIONS)
        others = order_lines(self.companies, header)
        number = len(others) and max(int(line["LineCreationSequenceNumber"]) for line in others)
        own = {
            COMPANY: company,
            "InventoryLotId": f"{company.upper()}-{self.companies.next_number(company, 'lots'):06}",
            "LineCreationSequenceNumber": number + 1,
            "CurrencyCode": header["CurrencyCode"],
            "SalesOrderLineStatus": OPEN,
        }
        row = self.entity_set.defaults() | self._standard(header, item, number + 1) | dict(values) | own
        row |= self._site(company, row) | self._delivery(header, row)
        self._check_dimensions(company, row)
        stored = self.save_new(scope, self._priced(header, row))
        self._headers.line_changed(header)
        return stored

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed line and compute the order's totals anew."""
        header = self._header(row[COMPANY], row)
        self.check_key_unchanged(row, values)
        for name in ("SalesOrderNumber", "ItemNumber"):
            if values.get(name, row[name]) != row[name]:
                raise infolog(self.entity, f"Field '{name}' cannot be changed.")
        self.related(row[COMPANY], values, RELATIONS)
        kept = {name: row[name] for name in self.entity_set.key}
        changed = row | dict(values) | kept
        changed |= self._delivery(header if OWN_ADDRESS in values else row, changed)
        self._check_dimensions(row[COMPANY], changed)
        stored = self.save(scope, self._priced(header, changed))
        self._headers.line_changed(header)
        return stored

    def delete(self, scope: str, row: Row) -> None:
        """Remove the line."""
        header = self._header(row[COMPANY], row)
        super().delete(scope, row)
        self._headers.line_changed(header)

    def _header(self, company: str, values: Mapping[str, Any]) -> Row:
        number = values.get("SalesOrderNumber")
        if not number:
            raise must_be_filled(self.entity, "Sales order")
        header = self.companies.check(self.entity, HEADERS, company, str(number), "Sales order")
        self._headers.check_open(header)
        return header

    def _item(self, company: str, values: Mapping[str, Any]) -> Row:
        number = values.get("ItemNumber")
        if not number:
            raise must_be_filled(self.entity, "Item number")
        item = self.companies.check(self.entity, "ReleasedProductsV2", company, str(number), "Item number")
        if item.get("$stopped"):
            raise infolog(self.entity, f"Item {number} is stopped for sales orders.", CANCELED)
        return item

    def _standard(self, header: Row, item: Row, number: int) -> Row:
        """Return what a line has that nobody sent; a trade agreement may give a discount."""
        return {
            "LineNumber": Decimal(number),
            "LineDescription": item["ProductSearchName"],
            "OrderedSalesQuantity": Decimal(1),
            "SalesUnitSymbol": item["SalesUnitSymbol"],
            "SalesPrice": item["SalesPrice"],
            "SalesPriceQuantity": Decimal(1),
            "LineDiscountPercentage": Decimal(item.get("$agreedDiscount", 0)),
            "SalesTaxGroupCode": header["SalesTaxGroupCode"],
            "SalesTaxItemGroupCode": item["SalesSalesTaxItemGroupCode"],
            "ShippingWarehouseId": header["DefaultShippingWarehouseId"],
            "ShippingSiteId": header["DefaultShippingSiteId"],
            "RequestedShippingDate": header["RequestedShippingDate"],
            "RequestedReceiptDate": header["RequestedReceiptDate"],
        }

    def _site(self, company: str, row: Row) -> Row:
        """Derive the site from the warehouse; a line without site is refused."""
        if row["ShippingWarehouseId"]:
            warehouse = self.companies.check(
                self.entity, "Warehouses", company, row["ShippingWarehouseId"], "Warehouse"
            )
            return {"ShippingSiteId": warehouse["OperationalSiteId"]}
        if row["ShippingSiteId"]:
            return {}
        text = "Warning: Inventory dimension Site is mandatory and must consequently be specified."
        raise infolog(self.entity, text, CANCELED)

    def _delivery(self, inherited: Row, row: Row) -> Row:
        """Return the inherited address unless the line has one of its own; that one needs a country."""
        if row[OWN_ADDRESS] != YES:
            return {name: inherited[name] for name in ADDRESS_FIELDS}
        if not row["DeliveryAddressCountryRegionId"]:
            raise must_be_filled(self.entity, "Country/region")
        check_state(self.companies, self.entity, row, "DeliveryAddressCountryRegionId", "DeliveryAddressStateId")
        return {}

    def _check_dimensions(self, company: str, row: Row) -> None:
        """Refuse product dimensions that name no released variant of the item."""
        table = self.store.table(SCOPE, "ReleasedProductVariantsV2")
        variants = [one for one in table.find("ProductMasterNumber", row["ItemNumber"]) if one[COMPANY] == company]
        for name, label in DIMENSIONS.items():
            if any(variant[name] for variant in variants) and not row[name]:
                text = f"Warning: Inventory dimension {label} is mandatory and must consequently be specified."
                raise infolog(self.entity, text, CANCELED)
            if row[name] and row[name] not in {variant[name] for variant in variants}:
                raise not_related(self.entity, row[name], label, "Product dimensions")

    def _priced(self, header: Row, row: Row) -> Row:
        digits = self.companies.digits(header["CurrencyCode"])
        price_quantity = row["SalesPriceQuantity"] or Decimal(1)  # 0 means not set
        if price_quantity < 0:
            raise infolog(self.entity, "Price quantity must not be negative.")
        values = {
            "OrderedSalesQuantity": round_to(row["OrderedSalesQuantity"], QUANTITY_DIGITS).normalize() + 0,
            "SalesPrice": round_to(row["SalesPrice"], PRICE_DIGITS),
            "LineDiscountAmount": round_to(row["LineDiscountAmount"], digits),
            "SalesPriceQuantity": price_quantity,
        }
        amount = line_amount(
            values["OrderedSalesQuantity"],
            values["SalesPrice"],
            price_quantity,
            values["LineDiscountAmount"],
            row["LineDiscountPercentage"],
            digits,
        )
        return row | values | {"LineAmount": amount}

"""Headers of sales orders."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from local.dynamics.finance.company import COMPANY, SCOPE, Companies
from local.dynamics.finance.masters import EntityRulesOfFinance, check_state
from local.dynamics.finance.messages import CANCELED, infolog, must_be_filled
from local.dynamics.finance.tax import TaxedLine, common_rate, totals
from local.dynamics.odata.definitions import Row

HEADERS, LINES = "SalesOrderHeadersV2", "SalesOrderLines"
OPEN = "Backorder"
YES = "Yes"
RELATIONS: Mapping[str, tuple[str, str]] = {
    "CurrencyCode": ("currencies", "Currency"),
    "SalesTaxGroupCode": ("sales tax groups", "Sales tax group"),
    "DeliveryAddressCountryRegionId": ("countries", "Country/region"),
    "DeliveryModeCode": ("modes of delivery", "Mode of delivery"),
    "SalesOrderOriginCode": ("sales origins", "Sales origin"),
    "SalesOrderPoolId": ("sales pools", "Pool"),
}
# What the delivery address is made of, and where a customer has it.
ADDRESS = {
    "DeliveryAddressStreet": "AddressStreet",
    "DeliveryAddressCity": "AddressCity",
    "DeliveryAddressStateId": "AddressState",
    "DeliveryAddressZipCode": "AddressZipCode",
    "DeliveryAddressCountryRegionId": "AddressCountryRegionId",
}
ADDRESS_FIELDS = ("DeliveryAddressName", "DeliveryAddressDescription", *ADDRESS)


def order_lines(companies: Companies, header: Row) -> list[Row]:
    """Return the lines of an order by line number."""
    rows = companies.store.table(SCOPE, LINES).find("SalesOrderNumber", header["SalesOrderNumber"])
    return sorted((row for row in rows if row[COMPANY] == header[COMPANY]), key=lambda row: Decimal(row["LineNumber"]))


class HeaderRules(EntityRulesOfFinance):
    """Headers: what is not sent comes from the customer; totals are computed from the lines."""

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store a new order without lines."""
        company = self.company_of(values)
        customer = self._customer(company, values)
        self._check(company, values)
        today = self.clock().date().isoformat()
        computed = {
            "SalesOrderNumber": self._number(company, values),
            "SalesOrderStatus": OPEN,
            "SalesOrderProcessingStatus": "Active",
            "OrderCreationDateTime": self.clock().isoformat(timespec="seconds").replace("+00:00", "Z"),
            COMPANY: company,
        }
        dates = {"RequestedShippingDate": f"{today}T12:00:00Z", "RequestedReceiptDate": f"{today}T12:00:00Z"}
        given = dict(values) | computed
        row = self.entity_set.defaults() | dates | self._from_customer(customer) | given
        return self.save_new(scope, self._delivered(row, customer) | self._site(company, row))

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """Store the changed header and compute its totals anew."""
        self.check_open(row)
        self.check_key_unchanged(row, values)
        for name in ("OrderingCustomerAccountNumber", "CurrencyCode"):
            if values.get(name, row[name]) != row[name] and order_lines(self.companies, row):
                raise infolog(self.entity, f"Field '{name}' cannot be changed: the order has lines.")
        self._check(row[COMPANY], row | dict(values))
        kept = {name: row[name] for name in self.entity_set.key}
        return self.save(scope, self.computed(row | dict(values) | kept))

    def delete(self, scope: str, row: Row) -> None:
        """Remove the order with its lines."""
        self.check_open(row)
        for line in order_lines(self.companies, row):
            self.store.remove(scope, LINES, (line[COMPANY], line["InventoryLotId"]))
        super().delete(scope, row)

    def check_open(self, row: Row) -> None:
        """Refuse changes of an order that somebody has begun to deliver."""
        if row["SalesOrderStatus"] != OPEN or row["SalesOrderProcessingStatus"] not in ("Active", "Confirmed"):
            state = f"{row['SalesOrderStatus']}/{row['SalesOrderProcessingStatus']}"
            raise infolog(self.entity, f"Sales order {row['SalesOrderNumber']} is {state} and cannot be changed.")

    def line_changed(self, header: Row) -> None:
        """Compute the totals anew."""
        self.save(SCOPE, self.computed(header))

    def computed(self, header: Row) -> Row:
        """Return the header with its totals."""
        lines = [self._taxed(header[COMPANY], line) for line in order_lines(self.companies, header)]
        settings = self.companies.settings
        result = totals(
            lines,
            self.companies.digits(header["CurrencyCode"]),
            included=header["ArePricesIncludingSalesTax"] == YES,
            method=settings.tax_calculation,
            shift=settings.tax_shift if lines else Decimal(0),
        )
        return header | {
            "OrderTotalAmount": result.amount,
            "OrderTotalTaxAmount": result.tax,
            "OrderTotalDiscountAmount": result.discount,
        }

    def _taxed(self, company: str, line: Row) -> TaxedLine:
        tables = self.companies
        group = tables.table_row("sales tax groups", company, line["SalesTaxGroupCode"]) or {}
        item_group = tables.table_row("item sales tax groups", company, line["SalesTaxItemGroupCode"]) or {}
        rates = {key: Decimal(row["rate"]) for (_, key), row in tables.tables["sales tax codes"].items()}
        rate = common_rate(group.get("codes", ()), item_group.get("codes", ()), rates)
        return TaxedLine(line["LineAmount"], rate, line["LineDiscountAmount"] * line["OrderedSalesQuantity"])

    def _number(self, company: str, values: Mapping[str, Any]) -> str:
        if not values.get("SalesOrderNumber"):
            return f"SO-{company.upper()}-{self.companies.next_number(company, 'sales orders'):06}"
        if not self.companies.settings.manual_order_numbers:
            text = "Error: Number sequence Sales order is not set up for manual numbers."
            raise infolog(self.entity, text, CANCELED)
        return str(values["SalesOrderNumber"])

    def _customer(self, company: str, values: Mapping[str, Any]) -> Row:
        account = values.get("OrderingCustomerAccountNumber")
        if not account:
            raise must_be_filled(self.entity, "Customer account")
        customer = self._orderable(company, str(account), "Customer account")
        if values.get("InvoiceCustomerAccountNumber"):
            self._orderable(company, values["InvoiceCustomerAccountNumber"], "Invoice account")
        return customer

    def _orderable(self, company: str, account: str, label: str) -> Row:
        customer = self.companies.check(self.entity, "CustomersV3", company, account, label)
        if customer["OnHoldStatus"] == "All":
            raise infolog(self.entity, f"Customer {account} is on hold: All.")
        return customer

    def _check(self, company: str, values: Mapping[str, Any]) -> None:
        self.related(company, values, RELATIONS)
        check_state(self.companies, self.entity, values, "DeliveryAddressCountryRegionId", "DeliveryAddressStateId")
        warehouse = values.get("DefaultShippingWarehouseId")
        if warehouse:
            row = self.companies.check(self.entity, "Warehouses", company, warehouse, "Warehouse")
            if values.get("DefaultShippingSiteId", "") not in ("", row["OperationalSiteId"]):
                raise infolog(self.entity, f"Warehouse {warehouse} does not belong to the site.")

    def _from_customer(self, customer: Row) -> Row:
        return {
            "InvoiceCustomerAccountNumber": customer["InvoiceAccount"] or customer["CustomerAccount"],
            "CurrencyCode": customer["SalesCurrencyCode"],
            "SalesTaxGroupCode": customer["SalesTaxGroup"],
            "ArePricesIncludingSalesTax": customer["IsSalesTaxIncludedInPrices"],
            "LanguageId": customer["LanguageId"],
            "Email": customer["PrimaryContactEmail"],
            "PaymentTermsName": customer["PaymentTerms"],
            "SalesOrderName": (customer["OrganizationName"] or customer["PersonLastName"])[:60],
        }

    def _delivered(self, row: Row, customer: Row) -> Row:
        """Give the order the customer's address unless it has one of its own."""
        if row["IsDeliveryAddressOrderSpecific"] != YES:
            return row | {name: customer[source] for name, source in ADDRESS.items()}
        if not row["DeliveryAddressCountryRegionId"]:
            raise must_be_filled(self.entity, "Country/region")
        return row

    def _site(self, company: str, row: Row) -> Row:
        warehouse = self.companies.find("Warehouses", company, row["DefaultShippingWarehouseId"])
        return {"DefaultShippingSiteId": warehouse["OperationalSiteId"]} if warehouse else {}

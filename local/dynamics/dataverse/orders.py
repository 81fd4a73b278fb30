"""Sales orders and their lines: what they need, when they are closed, and that totals follow every change."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from local.dynamics.dataverse.messages import MESSAGES
from local.dynamics.dataverse.pricing import amount, priced_line, priced_order
from local.dynamics.dataverse.rules import TableRules
from local.dynamics.odata.definitions import Row

ORDERS, LINES = "salesorders", "salesorderdetails"
STATES = {0: "Active", 1: "Submitted", 2: "Canceled", 3: "Fulfilled", 4: "Invoiced"}
FULFILLED = 3
CLOSED = frozenset({2, FULFILLED, 4})
STATUS_OF_STATE = {0: (1, 2), 1: (3,), 2: (4,), 3: (100001, 100002), 4: (100003,)}
ACTION_OF_STATE = {2: "CancelSalesOrder", 3: "FulfillSalesOrder"}
# Numbers that the platform gives; the middle part counts.
FIRST_NUMBER = 1000


def check_open(order: Row) -> None:
    """Refuse changes to an order that is closed."""
    state = order["statecode"]
    if state in CLOSED:
        raise MESSAGES.error("closed_order", number=order["ordernumber"], state=STATES[state])


class SalesOrderRules(TableRules):
    """Orders."""

    required = ("name",)
    _count = 0

    def complete(self, scope: str, row: Row) -> Row:
        """See `TableRules.complete`."""
        row = super().complete(scope, row)
        if not row["_customerid_value"]:
            raise MESSAGES.error("no_customer")
        price_list = self.find(scope, "pricelevels", row["_pricelevelid_value"])
        currency = row["_transactioncurrencyid_value"] or self._currency(scope, price_list)
        row = row | {"_transactioncurrencyid_value": currency, "ordernumber": row["ordernumber"] or self._next()}
        self._check_price_list(scope, row)
        return self.recomputed(scope, row)

    def _check_price_list(self, scope: str, row: Row) -> None:
        price_list = self.find(scope, "pricelevels", row["_pricelevelid_value"])
        if price_list and price_list["_transactioncurrencyid_value"] != row["_transactioncurrencyid_value"]:
            raise MESSAGES.error("currency_mismatch")

    def _currency(self, scope: str, price_list: Row | None) -> Any:
        if price_list is not None:
            return price_list["_transactioncurrencyid_value"]
        currencies = self.store.table(scope, "transactioncurrencies")
        base = currencies.find("isocurrencycode", self.settings.base_currency)
        return base[0]["transactioncurrencyid"]

    def _next(self) -> str:
        # Like the real one the counter keeps its gaps when a transaction fails.
        self._count += 1
        return f"ORD-{FIRST_NUMBER + self._count:05}-{self.clock():%y%m%d}"

    def decimals(self, scope: str, order: Row) -> int:
        """Return the decimals of amounts in the order's currency."""
        currency = self.find(scope, "transactioncurrencies", order["_transactioncurrencyid_value"])
        return int(currency["currencyprecision"]) if currency else 2

    def recomputed(self, scope: str, row: Row) -> Row:
        """Return the order with totals that follow its lines, unless its prices are locked."""
        if row["ispricelocked"]:
            return row
        lines = self.store.table(scope, LINES).find("_salesorderid_value", row["salesorderid"])
        return priced_order(row, lines, self.decimals(scope, row), self.settings.tax_shift)

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """See `EntityRules.modify`."""
        check_open(row)
        changed = row | dict(values)
        if "statecode" in values or "statuscode" in values:
            self._check_state(row, changed)
        self._check_price_list(scope, changed)
        return self.save(scope, self.recomputed(scope, changed))

    def _check_state(self, before: Row, after: Row) -> None:
        state, status = after["statecode"], after["statuscode"]
        if state != before["statecode"] and state in ACTION_OF_STATE:
            raise MESSAGES.error("use_action", state=STATES[state], action=ACTION_OF_STATE[state])
        if status not in STATUS_OF_STATE[state]:
            raise MESSAGES.error("status_of_state", status=status, state=state, type=self.table.name)

    def close(self, scope: str, row: Row, state: int, status: int) -> Row:
        """Cancel or fulfil an order."""
        check_open(row)
        if status not in STATUS_OF_STATE[state]:
            raise MESSAGES.error("status_of_state", status=status, state=state, type=self.table.name)
        fulfilled = {"datefulfilled": self._now()} if state == FULFILLED else {}
        return self.save(scope, row | {"statecode": state, "statuscode": status} | fulfilled)

    def delete(self, scope: str, row: Row) -> None:
        """Remove the order with its lines."""
        lines = self.store.table(scope, LINES).find("_salesorderid_value", row["salesorderid"])
        for line in lines:
            self.store.remove(scope, LINES, (line["salesorderdetailid"],))
            self.changes.note(LINES, line["salesorderdetailid"], line, None)
        super().delete(scope, row)


class OrderLineRules(TableRules):
    """Lines of orders."""

    required = ("quantity",)
    orders: SalesOrderRules

    def complete(self, scope: str, row: Row) -> Row:
        """See `TableRules.complete`."""
        row = super().complete(scope, row)
        order = self._order(scope, row)
        check_open(order)
        if row["isproductoverridden"]:
            self._check_write_in(row)
        else:
            row = self._existing_product(scope, row, order)
        number = row["lineitemnumber"] or len(self._siblings(scope, order)) + 1
        currency = {"_transactioncurrencyid_value": order["_transactioncurrencyid_value"], "lineitemnumber": number}
        return self._priced(scope, row | currency, order)

    def _order(self, scope: str, row: Row) -> Row:
        order = self.find(scope, ORDERS, row["_salesorderid_value"])
        if order is None:
            raise MESSAGES.error("missing_parent")
        return order

    def _siblings(self, scope: str, order: Row) -> list[Row]:
        return self.store.table(scope, LINES).find("_salesorderid_value", order["salesorderid"])

    def _check_write_in(self, row: Row) -> None:
        if row["_productid_value"] or not row["productdescription"]:
            raise MESSAGES.error("write_in_product")

    def _existing_product(self, scope: str, row: Row, order: Row) -> Row:
        product = self.find(scope, "products", row["_productid_value"])
        unit = self.find(scope, "uoms", row["_uomid_value"])
        if product is None or unit is None:
            raise MESSAGES.error("missing_product")
        if product["statecode"] != 0:
            raise MESSAGES.error("product_state", number=product["productnumber"])
        if unit["_uomscheduleid_value"] != product["_defaultuomscheduleid_value"]:
            raise MESSAGES.error("unit_group", number=product["productnumber"])
        self._check_quantity(row, product)
        listed = self._listed_price(scope, order, product, unit)
        # The price engine: without the override the price that was sent is lost.
        price = {} if row["ispriceoverridden"] else {"priceperunit": listed}
        return row | price

    def _check_quantity(self, row: Row, product: Row) -> None:
        decimals = int(product["quantitydecimal"] or 0)
        quantity = Decimal(row["quantity"])
        if quantity != round(quantity, decimals):
            raise MESSAGES.error("quantity_decimals", number=product["productnumber"], decimals=decimals)

    def _listed_price(self, scope: str, order: Row, product: Row, unit: Row) -> Decimal | None:
        price_list = order["_pricelevelid_value"]
        if price_list is None and self.settings.price_list_required:
            raise MESSAGES.error("no_price_list")
        prices = self.store.table(scope, "productpricelevels").find("_productid_value", product["productid"])
        for row in prices:
            if (row["_pricelevelid_value"], row["_uomid_value"]) == (price_list, unit["uomid"]):
                return amount(row, "amount")
        if price_list is not None:
            raise MESSAGES.error("not_in_price_list", number=product["productnumber"])
        return amount(product, "price")

    def _priced(self, scope: str, row: Row, order: Row) -> Row:
        return priced_line(row, self.settings.pricing_decimals, self.orders.decimals(scope, order))

    def insert(self, scope: str, values: Mapping[str, Any]) -> Row:
        """Store the line; the order's totals follow."""
        row = super().insert(scope, {"ispriceoverridden": False, "isproductoverridden": False} | dict(values))
        self._follow(scope, self._order(scope, row))
        return row

    def modify(self, scope: str, row: Row, values: Mapping[str, Any]) -> Row:
        """See `EntityRules.modify`."""
        order = self._order(scope, row)
        check_open(order)
        changed = row | dict(values)
        if not changed["isproductoverridden"]:
            changed = self._existing_product(scope, changed, order)
        saved = self.save(scope, self._priced(scope, changed, order))
        self._follow(scope, order)
        return saved

    def delete(self, scope: str, row: Row) -> None:
        """Remove the line; the order's totals follow."""
        order = self._order(scope, row)
        check_open(order)
        super().delete(scope, row)
        self._follow(scope, order)

    def _follow(self, scope: str, order: Row) -> None:
        self.orders.save(scope, self.orders.recomputed(scope, order))

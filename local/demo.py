"""`make demo`: orders and a customer on their way, step by step. What nobody knows, or both change, is put right."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from local.demo_customers import CustomerDemonstration
from local.orders import DEMO_LINES, Line, Shopper, customer_document, order_document
from local.processes import ProcessFailed
from local.scenario import Row, Scenario, wait_until
from local.up import running_stack

UNKNOWN_SKU = "MUG-RED"
KNOWN_CUSTOMER = "10000"  # a customer number of the Business Central simulator's seed
STORES = {"Business Central": None, "Dataverse": "trade", "Finance": "outlet"}  # see local/market-map.yaml
QUEUED = "notification type=OrderCreated resource=order project=demo queued=true"  # what the intake logs
STYLES = {"refused": "bold red", "conflict": "bold red", "DeadLetter": "bold red", "Done": "bold green"}
MIN_COLUMNS = 140  # the listings of ctd365 wrap badly below


def demo() -> int:
    """Run the demo. Returns 0, or 1 when something did not happen."""
    console = Console(highlight=False)
    console.print("[bold]Starting the local stack[/] (Functions host, Service Bus, Tables, commercetools, Dynamics) …")
    try:
        with running_stack({}) as stack:
            demonstration = Demonstration(console, Scenario(stack.description()))
            demonstration.first_order()
            demonstration.second_order()
            demonstration.same_order_everywhere()
            demonstration.customer_on_both_sides()
    except (ProcessFailed, AssertionError) as error:
        print(error, file=sys.stderr)
        return 1
    console.print("\n[bold green]That was it.[/] The stack has stopped; [bold]make up[/] starts one that stays.")
    return 0


class Demonstration:
    """Places orders and tells what happens to them."""

    def __init__(self, console: Console, scenario: Scenario) -> None:
        self._console = console
        self._scenario = scenario

    def first_order(self) -> None:
        """An order that everything is known about."""
        shopper = Shopper("shopper@example.com", id="5f0d1c1e-0000-4000-8000-000000000001")
        number = f"WEB-{secrets.randbelow(90000) + 10000}"
        order = order_document(number, shopper)
        self._title(f"1  Order {number} over {_gross(order)} is placed in commercetools")
        self._scenario.seed("customer", customer_document(shopper, external_id=KNOWN_CUSTOMER))
        self._place(order)
        self._follow(order, number)

    def second_order(self) -> None:
        """An order with an SKU that Business Central does not know."""
        number = f"WEB-{secrets.randbelow(90000) + 10000}"
        lines = (*DEMO_LINES[:1], Line(UNKNOWN_SKU, "Becher rot", 1, 1290))
        order = order_document(number, Shopper("guest@example.com"), lines)
        self._title(f"2  Order {number} has a line with the SKU {UNKNOWN_SKU}, which nobody knows")
        self._place(order)
        wait_until("the message is a dead letter", lambda: self._scenario.queue()["dead_letter"])
        self._say("refused", "nothing was written to Business Central; the message is a dead letter")
        self._command("dead-letters", "list", "--queue", "orders")
        self._command("review", "list", "--kind", "item")
        item = self._scenario.listing("review", "list", "--kind", "item")[0]
        self._say("decision", f"a person says that {UNKNOWN_SKU} is item GIFT-MUG; one command keeps it and resubmits")
        self._command("review", "resolve", str(item["id"]), "--item", "GIFT-MUG", "--actor", "demo")
        self._follow(order, number)

    def same_order_everywhere(self) -> None:
        """The same order in three stores, whose business lands in three back-ends."""
        self._title("3  The same order in three stores lands in Business Central, Dataverse and Finance")
        shopper = Shopper("shopper@example.com", id="5f0d1c1e-0000-4000-8000-000000000001")
        orders = {}
        for back_end, store in STORES.items():
            orders[back_end] = order_document(f"WEB-{secrets.randbelow(90000) + 10000}", shopper, store=store)
            self._place(orders[back_end])
        table = Table(title="Totals, as each back-end computed them", title_justify="left")
        for column in ("", "sales order", "net", "tax", "gross"):
            table.add_column(column, justify="right" if column in ("net", "tax", "gross") else "left")
        taxed = next(iter(orders.values()))["taxedPrice"]
        names = ("totalNet", "totalTax", "totalGross")
        table.add_row("commercetools", "", *(_amount(taxed[name]["centAmount"]) for name in names))
        for back_end, order in orders.items():
            wait_until(f"the order in {back_end}", partial(self._done, order["id"]))
            after = next(e["after"] for e in self._scenario.audit(order["id"]) if e["step"] == "totals compared")
            table.add_row(back_end, *(after[name] for name in ("number", "net", "tax", "gross")))
        self._console.print(table)

    def customer_on_both_sides(self) -> None:
        """A customer whom both sides change."""
        self._title("4  A customer of commercetools and of Business Central is changed on either side")
        CustomerDemonstration(self._console, self._scenario, self._say, self._command).run()

    def _place(self, order: Row) -> None:
        """Let commercetools store the order and deliver its message; wait until the intake has queued it."""
        queued_before = self._scenario.functions_log().count(QUEUED)
        self._scenario.seed("order", order, message="OrderCreated")
        wait_until("the webhook", lambda: self._scenario.functions_log().count(QUEUED) > queued_before)
        self._say("webhook accepted", "commercetools delivered OrderCreated as a CloudEvent, the intake answered 200")
        self._say("queued", f"on queue orders, session orders:{order['id']}")

    def _follow(self, order: Row, number: str) -> None:
        """Wait for the order's arrival and show it from every side."""
        created = wait_until("the sales order", lambda: self._scenario.sales_orders(number))[0]
        synced = wait_until("the number in commercetools", lambda: self._scenario.order(order["id"])["syncInfo"])
        wait_until("the outcome", lambda: self._done(order["id"]))
        for entry in self._scenario.audit(order["id"]):
            self._say(entry["outcome"] if entry["step"] == "outcome" else entry["step"], entry["why"])
        self._console.print(_lines(created))
        self._console.print(_totals(order, created))
        self._say("commercetools", f"order {number} now carries {synced[0]['externalId']}")
        self._command("audit", "show", order["id"])

    def _done(self, order_id: str) -> bool:
        return any(entry["outcome"] == "Done" for entry in self._scenario.audit(order_id))

    def _title(self, text: str) -> None:
        self._console.print()
        self._console.rule(Text(text, style="bold cyan"), align="left")

    def _say(self, step: str, text: str) -> None:
        style = STYLES.get(step, "green")
        self._console.print(Text.assemble(("→ ", "dim"), (f"{step:<22}", style), text))

    def _command(self, *arguments: str) -> None:
        self._console.print(Text.assemble(("\n$ ", "dim"), ("ctd365 " + " ".join(arguments), "bold yellow")))
        done = self._scenario.ctd365(*arguments, columns=max(self._console.width, MIN_COLUMNS))
        self._console.print(Text(done.stdout.rstrip() or done.stderr.rstrip()), soft_wrap=True)


def _gross(order: Row) -> str:
    return _amount(order["taxedPrice"]["totalGross"]["centAmount"])


def _amount(cents: int) -> str:
    return f"{cents / 100:.2f} EUR"


def _lines(sales_order: Row) -> Table:
    table = Table(title=f"Business Central sales order {sales_order['number']}", title_justify="left")
    for column in ("item", "description", "quantity", "unit price", "discount", "incl. tax"):
        table.add_column(column, justify="left" if column in ("item", "description") else "right")
    for line in sales_order["salesOrderLines"]:
        texts = (str(line[name]) for name in ("lineObjectNumber", "description", "quantity"))
        amounts = (f"{line[name]:.2f}" for name in ("unitPrice", "discountAmount", "netAmountIncludingTax"))
        table.add_row(*texts, *amounts)
    return table


def _totals(order: Row, sales_order: Row) -> Table:
    table = Table(title="Totals", title_justify="left")
    for column in ("", "net", "tax", "gross"):
        table.add_column(column, justify="right")
    taxed: Mapping[str, Any] = order["taxedPrice"]
    shop = (_amount(taxed[name]["centAmount"]) for name in ("totalNet", "totalTax", "totalGross"))
    names = ("totalAmountExcludingTax", "totalTaxAmount", "totalAmountIncludingTax")
    table.add_row("commercetools", *shop)
    table.add_row("Business Central", *(f"{float(sales_order[name]):.2f} EUR" for name in names))
    return table

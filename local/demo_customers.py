"""The demo's customer: a change each way between commercetools and Business Central, and a conflict that is decided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from local.people import PLACES, BackOffice, Shop, new_phone, phone_of
from local.scenario import Row, Scenario, wait_until

SIGNED_UP, RENAMED = "member@example.com", "member.renamed@example.com"
PHONE, SHOP_PHONE, OFFICE_PHONE = "+49 30 5550101", "+49 30 5550111", "+49 30 5550122"

type Say = Callable[[str, str], None]
type Command = Callable[..., None]


@dataclass(frozen=True, slots=True)
class CustomerDemonstration:
    """Edits one customer on both sides and tells what happens."""

    console: Console
    scenario: Scenario
    say: Say
    command: Command

    @property
    def _shop(self) -> Shop:
        return Shop(self.scenario)

    @property
    def _office(self) -> BackOffice:
        return BackOffice(self.scenario, PLACES["business_central"])

    def run(self) -> None:
        """Sign up, change each way, meet in the middle."""
        customer = self._shop.sign_up(SIGNED_UP)
        self.say("commercetools", f"{SIGNED_UP} signs up")
        wait_until("the customer's number", lambda: self._account(SIGNED_UP).get("externalId"))
        number = self._account(SIGNED_UP)["externalId"]
        self.say("Business Central", f"customer {number} was created, and commercetools knows the number")
        self._each_way(customer, number)
        self._conflict(number)
        self.command("audit", "show", customer["id"])

    def _each_way(self, customer: Row, number: str) -> None:
        self._shop.change(self._account(SIGNED_UP), {"action": "changeEmail", "email": RENAMED})
        self.say("commercetools", f"the shopper's e-mail becomes {RENAMED}")
        record = wait_until("the e-mail in Business Central", lambda: self._office.find(RENAMED))[0]
        self.say("Business Central", f"customer {number} has it, too")
        self._office.change(record["id"], phone=PHONE)
        self.say("Business Central", f"a clerk enters the phone number {PHONE}; a webhook tells the connector")
        wait_until("the phone number in commercetools", lambda: phone_of(self._account(RENAMED)) == PHONE)
        self.say("commercetools", f"customer {customer['id']} has it, too")
        self._show("Both sides agree")

    def _conflict(self, number: str) -> None:
        """Hold the connector back for a moment, so that both edits are there when it looks."""
        held = {"method": "GET", "path": "^/demo/customers/", "status": 503, "seconds": 60}
        self.scenario.faults(self.scenario.shop, held)
        account, record = self._account(RENAMED), self._office.find(RENAMED)[0]
        self._shop.change(account, new_phone(account, SHOP_PHONE))
        self._office.change(record["id"], phone=OFFICE_PHONE)
        self.scenario.faults(self.scenario.shop)
        self.say("conflict", "shopper and clerk change the phone number at the same time")
        item = wait_until("the question", lambda: self._question(account["id"]))
        if item is None:  # `wait_until` returns what is there
            raise AssertionError("no question")
        self._show("The map says that a person decides on phone numbers: nothing was written")
        self.command("review", "show", item["id"])
        self.say("decision", "a person says that Business Central is right")
        self.command("review", "resolve", item["id"], "--take", "dynamics", "--actor", "demo")
        wait_until("the phone number in commercetools", lambda: phone_of(self._account(RENAMED)) == OFFICE_PHONE)
        self._show(f"Customer {number} after the decision")

    def _account(self, email: str) -> Row:
        return self._shop.find(email)[0]

    def _question(self, customer_id: str) -> Row | None:
        items = self.scenario.listing("review", "list", "--kind", "customer_conflict")
        return next((item for item in items if item["question"]["key"].startswith(customer_id)), None)

    def _show(self, title: str) -> None:
        account, record = self._account(RENAMED), self._office.find(RENAMED)[0]
        table = Table(title=title, title_justify="left")
        for column in ("", "e-mail", "phone"):
            table.add_column(column)
        table.add_row("commercetools", account["email"], phone_of(account))
        table.add_row("Business Central", *(self._office.value(record, name) for name in ("email", "phone")))
        self.console.print(table)

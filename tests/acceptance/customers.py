"""Customers for the acceptance and fault tests: each test has people of its own."""

from __future__ import annotations

import itertools
import time
import uuid
from dataclasses import dataclass

from local.people import PLACES, BackOffice, Place, Shop
from local.scenario import Row, Scenario, steps, wait_until

QUIET_SECONDS = 1.5  # webhooks collect changes for a while before they tell
_numbers = itertools.count(10)


def new_email() -> str:
    return f"person-{uuid.uuid4().hex[:10]}@example.com"


def new_phone_number() -> str:
    return f"+49 30 5550{next(_numbers):04d}"


@dataclass(frozen=True)
class Sides:
    """The shop and one back-end."""

    scenario: Scenario
    place: Place

    @property
    def shop(self) -> Shop:
        return Shop(self.scenario)

    @property
    def office(self) -> BackOffice:
        return BackOffice(self.scenario, self.place)

    def signed_up(self) -> tuple[Row, Row]:
        """An account of the shop that is a customer of the back-end, and nothing is under way; (customer, record)."""
        email = new_email()
        self.shop.sign_up(email, self.place.store)
        wait_until("the customer in the back-end", lambda: self.office.find(email))
        at_rest(self.scenario)
        return self.account(email), self.record(email)

    def account(self, email: str) -> Row:
        """The one account with this e-mail."""
        (found,) = self.shop.find(email)
        return found

    def record(self, email: str) -> Row:
        """The one customer of the back-end with this e-mail."""
        (found,) = self.office.find(email)
        return found

    def number(self, record: Row) -> str:
        return self.office.value(record, "number")

    def phone(self, record: Row) -> str:
        return self.office.value(record, "phone")

    def change_by_hand(self, record: Row, **values: str) -> None:
        self.office.change(record[self.place.id], **values)


def sides(scenario: Scenario, back_end: str) -> Sides:
    return Sides(scenario, PLACES[back_end])


def at_rest(scenario: Scenario) -> None:
    """Wait until no customer is on its way for a while."""
    quiet_since: list[float] = []

    def quiet() -> bool:
        counts = scenario.queue("customers")
        if counts["active"] + counts["scheduled"]:
            quiet_since.clear()
            return False
        quiet_since.append(time.monotonic())
        return quiet_since[-1] - quiet_since[0] >= QUIET_SECONDS

    wait_until("customers at rest", quiet, seconds=60)


def story(scenario: Scenario, customer: Row) -> list[str]:
    return steps(scenario.audit(customer["id"]))

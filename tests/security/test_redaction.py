"""Orders of a marked person, through real clients and stores, with every logger at DEBUG: no mark and no secret stays.

commercetools and Business Central keep the data; that is their business. Everything that the connector itself keeps or
says is searched: log records, errors, audit entries, review items, failures, claims, the messages it sends, and what
it shows of itself.
"""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from azure.data.tables.aio import TableServiceClient

from local.orders import DEMO_LINES, Line, Shopper, customer_document, order_document
from local.scenario import Row, Scenario, wait_until
from shared.composition import App, build_app
from shared.messaging.memory import MemorySender
from shared.pipeline.envelope import Cause, Envelope
from shared.pipeline.failures import Incoming, MessageFailed
from shared.pipeline.outcome import Done, Outcome, RetryAt
from shared.pipeline.process import process
from shared.state.tables.state import TABLE_NAMES
from tests.acceptance.stack_process import stack_process
from tests.fakes.clock import START

NO_SWEEP = "ORDERS_SWEEP_SCHEDULE=0 0 0 1 1 *"
MARKS = {
    "email": "marked-mail-4711@example.com",
    "firstName": "Markedfirst4711",
    "lastName": "Markedlast4711",
    "company": "Marked Company 4711",
    "streetName": "Markedstreet4711",
    "additionalStreetInfo": "Markedfloor4711",
    "postalCode": "MARK4711",
    "city": "Markedcity4711",
    "phone": "+47114711",
}


@pytest.fixture(scope="module")
def stack() -> Iterator[Scenario]:
    with stack_process(NO_SWEEP) as scenario:
        yield scenario


class Everything(logging.Handler):
    """Keeps every record with all that it carries."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.said: list[str] = []
        self.loggers: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.loggers.add(record.name.split(".")[0])
        extras = {name: value for name, value in vars(record).items() if name not in {"msg", "args"}}
        self.said.append(f"{record.name} {record.getMessage()} {extras} {self.format(record)}")


@pytest.fixture
def log() -> Iterator[Everything]:
    handler, root = Everything(), logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@dataclass
class Works:
    """The application in this process, on the stack's systems; only the queue is a list."""

    scenario: Scenario
    app: App
    sender: MemorySender
    log: Everything
    outcomes: list[str] = field(default_factory=list)

    async def run(self, order: Row) -> Outcome | MessageFailed:
        self.scenario.seed("order", order)
        body = Envelope(
            flow="orders",
            project="demo",
            entity_type="order",
            entity_id=order["id"],
            cause=Cause(source="commercetools", type="OrderCreated", id=str(uuid.uuid4())),
            correlation_id=f"demo/{uuid.uuid4()}",
            accepted_at=START,
        )
        road = replace(self.app.road, sender=self.sender)
        content = body.model_dump_json(by_alias=True).encode()
        incoming = Incoming("orders", content, str(uuid.uuid4()), len(self.outcomes) + 1)
        try:
            outcome: Outcome | MessageFailed = await process(road, self.app.orders, incoming)
        except MessageFailed as failed:
            outcome = failed
        self.outcomes.append(f"{outcome!r} {outcome}")
        return outcome

    async def kept(self) -> str:
        """Everything that the connector wrote down."""
        connection = self.scenario.env["TABLES_CONNECTION_STRING"]
        async with TableServiceClient.from_connection_string(connection) as service:
            rows = [
                str(dict(row)) for name in TABLE_NAMES async for row in service.get_table_client(name).list_entities()
            ]
        return "\n".join([*rows, *self.outcomes, *(sent.body for sent in self.sender.sent.get("orders", []))])

    async def secrets(self) -> set[str]:
        """Everything that opens a door: from the settings, and the tokens that were issued."""
        env = self.scenario.env
        keys = re.findall(
            r"(?:SharedAccessKey|AccountKey)=([^;]+)", env["ServiceBus"] + env["TABLES_CONNECTION_STRING"]
        )
        clients = [await client._access_token() for client in self.app.projects.values()]
        tokens = [await limiter.token() for limiter in self.app.limiters]
        return {env["CT_CLIENT_SECRET"], env["BC_CLIENT_SECRET"], env["FUNCTIONS_KEY"], *keys, *clients, *tokens}


@pytest.fixture
async def works(stack: Scenario, log: Everything) -> AsyncIterator[Works]:
    app = build_app(stack.env)
    yield Works(stack, app, MemorySender(), log)
    await app.close()


def marked_order(lines: tuple[Line, ...] = DEMO_LINES, *, shopper_id: str | None = None, **address: str) -> Row:
    shopper = Shopper(MARKS["email"], MARKS["firstName"], MARKS["lastName"], shopper_id)
    order = order_document(f"RED-{uuid.uuid4().hex[:8].upper()}", shopper, lines)
    for name in ("shippingAddress", "billingAddress"):
        order[name] |= {**MARKS, **address}
    return order


def found_in(text: str) -> list[str]:
    """The marks in a text, in whatever case."""
    return [mark for mark in MARKS.values() if mark.casefold() in text.casefold()]


async def assert_nothing_stays(works: Works) -> None:
    kept, said = await works.kept(), "\n".join(works.log.said)
    assert found_in(kept) == []
    assert found_in(said) == []
    secrets = await works.secrets()
    assert len(secrets) >= 6
    assert [secret for secret in secrets if secret in kept or secret in said] == []


async def test_nothing_stays_of_a_person_whose_order_is_done(works: Works) -> None:
    assert isinstance(await works.run(marked_order()), Done)
    await assert_nothing_stays(works)
    # What was searched is not empty. Not every library speaks in every process: other tests lower some levels.
    assert {"msal", "urllib3", "httpcore"} & works.log.loggers


async def test_nothing_stays_of_a_registered_person_with_an_account(works: Works) -> None:
    shopper_id = str(uuid.uuid4())
    shopper = Shopper(MARKS["email"], MARKS["firstName"], MARKS["lastName"], shopper_id)
    works.scenario.seed("customer", customer_document(shopper))
    await works.run(marked_order(shopper_id=shopper_id))
    await assert_nothing_stays(works)


async def test_nothing_stays_in_a_question_about_an_item_or_a_value_that_is_too_long(works: Works) -> None:
    for order in (
        marked_order((Line("NO-SUCH-SKU", "Nothing", 1, 1000),)),
        marked_order(city=MARKS["city"] + "x" * 40),
        marked_order(streetName=MARKS["streetName"] + "x" * 120),
    ):
        assert isinstance(await works.run(order), MessageFailed)
    await assert_nothing_stays(works)


async def test_nothing_stays_in_a_question_about_who_the_person_is(works: Works) -> None:
    twins = [{"displayName": MARKS["lastName"], "email": MARKS["email"]} for _ in range(2)]
    async with httpx.AsyncClient() as client:
        (await client.post(f"{works.scenario.central}/__seed/customers", json=twins)).raise_for_status()
    outcome = await works.run(marked_order())
    assert isinstance(outcome, MessageFailed)
    assert outcome.failure.reason == "NeedsReview:customer"
    await assert_nothing_stays(works)


@pytest.mark.parametrize("status", [400, 429, 503, 504])
async def test_nothing_stays_when_the_back_end_refuses_or_fails(works: Works, status: int) -> None:
    fault = {"method": "POST", "path": "/salesOrders$", "status": status, "times": 1}
    works.scenario.faults(works.scenario.central, fault)
    try:
        assert isinstance(await works.run(marked_order(email=f"x{status}{MARKS['email']}")), MessageFailed | RetryAt)
    finally:
        works.scenario.faults(works.scenario.central)
    await assert_nothing_stays(works)


async def test_the_functions_host_and_the_command_line_say_nothing_either(works: Works) -> None:
    order = marked_order((Line("NO-SUCH-SKU", "Nothing", 1, 1000),))
    works.scenario.seed("order", order, message="OrderCreated")
    wait_until("the dead letter", lambda: works.scenario.queue()["dead_letter"])
    shown = [
        works.scenario.ctd365(*command).stdout
        for command in (("dead-letters", "list"), ("review", "list"), ("audit", "show", order["orderNumber"]))
    ]
    assert order["orderNumber"] in shown[2]
    said = works.scenario.functions_log() + "".join(shown)
    assert found_in(said) == []
    assert [secret for secret in await works.secrets() if secret in said] == []
    await assert_nothing_stays(works)


async def test_nothing_that_can_be_printed_shows_a_secret(works: Works) -> None:
    app = works.app
    things: list[Any] = [
        app,
        app.settings,
        app.markets,
        *app.markets.projects.values(),
        *app.markets.back_ends.values(),
    ]
    things += [user for end in app.markets.back_ends.values() for user in end.per_user()]
    things += [*app.projects.values(), *app.connectors.values(), *app.limiters]
    shown = "".join(f"{thing!r}{thing}" for thing in things) + app.settings.model_dump_json()
    shown += json.dumps(app.markets.model_dump(mode="json"), default=str)
    assert [secret for secret in await works.secrets() if secret in shown] == []

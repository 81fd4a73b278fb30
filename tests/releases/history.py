"""One of everything that the connector keeps, written through the road and the real adapters into real tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from azure.data.tables.aio import TableServiceClient

from shared.dynamics.limiter.gate import User
from shared.dynamics.limiter.limiter import SharedLimiter
from shared.dynamics.limiter.limits import Limits
from shared.errors import OutcomeUnknown
from shared.messaging.memory import MemorySender
from shared.pipeline.envelope import Envelope
from shared.pipeline.failures import FailureMemory, MessageFailed
from shared.pipeline.intake import accept_message
from shared.pipeline.outcome import Outcome
from shared.pipeline.process import Road, process
from shared.pipeline.sweep import SWEPT_ORDERS, sweep
from shared.state.records import Claimed, Question
from shared.state.tables import TablesState
from shared.state.tables.state import TABLE_NAMES
from tests.fakes.clock import ManualClock
from tests.fakes.connector import with_gross_off_by
from tests.fakes.documents import line_document, order_document
from tests.fakes.markets import map_with, market
from tests.fakes.road import BACKOFF, LEASE, envelope, incoming
from tests.fakes.telemetry import ListTelemetry
from tests.fakes.tokens import CountingTokens
from tests.unit.flows.desk import Desk
from tests.unit.intake.deliveries import message, platform

DONE, UNKNOWN_SKU, LOST_ANSWER, TOTALS, SHADOWED = "order-1", "order-2", "order-3", "order-4", "order-5"
HELD, RELEASED = "orders:shop:order-held", "orders:shop:order-released"
USER = "https://bc.example.com|connector"
LIMITS = Limits(in_flight=5, requests=6000)

type Entity = dict[str, Any]
type Tables = dict[str, list[Entity]]


@dataclass
class Works:
    """The road on tables. `desk` has the other two sides, in memory."""

    state: TablesState
    desk: Desk = field(default_factory=Desk)
    sender: MemorySender = field(default_factory=MemorySender)
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.desk.state = self.state  # type: ignore[assignment]  # the desk needs no more than the protocol
        for order in (DONE, UNKNOWN_SKU, LOST_ANSWER, TOTALS, SHADOWED):
            line = line_document("HAT" if order == UNKNOWN_SKU else "SHIRT")
            self.desk.place(id=order, orderNumber=f"SE-{order}", lineItems=[line])

    @property
    def road(self) -> Road:
        """The road of a process that has just started."""
        return Road(
            state=self.state,
            sender=self.sender,
            telemetry=ListTelemetry(),
            failures=FailureMemory(self.state.failures),
            backoff=BACKOFF,
            lease=LEASE,
            now=self.clock,
            jitter=lambda: 0.0,
        )

    async def run(self, body: Envelope, sequence: int = 1) -> Outcome | MessageFailed:
        try:
            return await process(self.road, self.desk.flow, incoming(body, sequence=sequence, message=body.entity_id))
        except MessageFailed as failed:
            return failed


async def write_everything(works: Works) -> list[str]:
    """Let everything happen that leaves a trace; returns the bodies of the messages that were sent."""
    state, desk = works.state, works.desk
    desk.connector.customers.clear()  # so that one is created
    await works.run(envelope("message-1", entity=DONE))
    await works.run(envelope("message-2", entity=UNKNOWN_SKU), sequence=2)
    desk.connector.errors_after["create_order"] = [OutcomeUnknown("Business Central", "POST salesOrders", "no answer")]
    await works.run(envelope("message-3", entity=LOST_ANSWER), sequence=3)
    desk.connector.sums = with_gross_off_by(500)
    await works.run(envelope("message-4", entity=TOTALS), sequence=4)
    desk.markets = map_with(market(modes={"orders": "shadow"}))
    await works.run(envelope("message-5", entity=SHADOWED), sequence=5)
    await _claims_and_questions(state)
    await _intake_and_sweep(works)
    return [sent.body for sent in works.sender.sent["orders"]]


async def _claims_and_questions(state: TablesState) -> None:
    await state.idempotency.claim(HELD, "hash of the cause", timedelta(days=36_500))
    released = await state.idempotency.claim(RELEASED, "hash of the cause", LEASE)
    assert isinstance(released, Claimed)
    await state.idempotency.release(released)
    question = Question("se", "tax", "0.30", "no tax code for 30 %", {"rate": "0.30"}, {}, "add a rule")
    item = await state.review.ask(question, None)
    await state.review.resolve(item.id, {"note": "a rule was added"}, "an operator")


async def _intake_and_sweep(works: Works) -> None:
    await accept_message(works.road, ["shop"], platform(message(order=DONE))[1])
    swept = order_document(id="order-swept", country="US", store=None)
    works.desk.commercetools.pages = [[swept]]
    await sweep(works.road, works.desk.commercetools.client, works.desk.markets, timedelta(minutes=5), SWEPT_ORDERS)


async def write_leases(state: TablesState) -> None:
    """Let a process take its part of a back-end's limits; it keeps it, as one that was killed does."""
    limiter = SharedLimiter([User(USER, CountingTokens())], state.leases, LIMITS)
    async with limiter.permit("GET items"):
        pass
    for keeping in limiter._keepings.values():
        if keeping.task is not None:
            keeping.task.cancel()


async def read_rows(connection_string: str, prefix: str) -> Tables:
    """Read every row as the table service has it."""
    async with TableServiceClient.from_connection_string(connection_string) as service:
        return {
            name: [dict(row) async for row in service.get_table_client(prefix + name).list_entities()]
            for name in TABLE_NAMES
        }


async def write_rows(connection_string: str, prefix: str, tables: Tables) -> None:
    """Put rows into tables as they are."""
    async with TableServiceClient.from_connection_string(connection_string) as service:
        for name, rows in tables.items():
            table = service.get_table_client(prefix + name)
            for row in rows:
                await table.upsert_entity(row)

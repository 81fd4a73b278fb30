"""A command line whose stores are in memory and whose dead letters are a list."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
from typer.testing import CliRunner, Result

from shared.cli.context import Context
from shared.cli.main import app
from shared.composition import App, make_app
from shared.dynamics.connector import Connector
from shared.errors import Transient
from shared.markets import ItemTarget, Market, parse_market_map
from shared.messaging.dead_letter import (
    Copy,
    DeadLetterMessage,
    Edit,
    Resubmitted,
    Wanted,
    is_wanted,
    plain_copy,
)
from shared.messaging.memory import MemorySender
from shared.model.back_end import CustomerRecord, ItemRecord
from shared.pipeline.envelope import Cause, Envelope
from shared.pipeline.failures import FailureMemory
from shared.pipeline.process import Road
from shared.settings import read_settings
from shared.state.memory import MemoryState
from shared.state.records import AuditEntry, Failure, Question, ReviewItem, WaitingMessage
from shared.telemetry.masking import mask_personal_data
from shared.telemetry.seam import LogTelemetry
from tests.fakes.settings import SETTINGS

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
MARKET_MAP = """
schema: 1
projects:
  shop: {api_url: "http://localhost", auth_url: "http://localhost", client_id: id, client_secret: none}
back_ends:
  bc: {type: business_central, url: "http://localhost", tenant_id: t, client_id: c, scope: s}
markets:
  - {name: germany, project: shop, back_end: bc, company: example}
"""


class FakeDeadLetters:
    """Dead letters by queue; `sent` holds the copies by queue. `down` makes it unreachable."""

    def __init__(self) -> None:
        self.messages: list[DeadLetterMessage] = []
        self.held: set[int] = set()
        self.sent: list[tuple[str, Copy, Resubmitted]] = []
        self.down = False

    async def list_messages(self, queue: str) -> list[DeadLetterMessage]:
        if self.down:
            raise Transient("service bus", f"read the dead letters of {queue}", "connection refused")
        return [message for message in self.messages if message.queue == queue]

    async def resubmit(
        self,
        queue: str,
        wanted: Wanted,
        *,
        edit: Edit | None = None,
        settled: Callable[[Resubmitted], Awaitable[None]] | None = None,
    ) -> list[Resubmitted]:
        done = []
        for message in await self._take(queue, wanted):
            result = Resubmitted(message, f"copy-of-{message.message_id}")
            self.sent.append((queue, (edit or plain_copy)(message), result))
            done.append(result)
            if settled is not None:
                await settled(result)
        return done

    async def discard(
        self,
        queue: str,
        wanted: Wanted,
        *,
        settled: Callable[[DeadLetterMessage], Awaitable[None]] | None = None,
    ) -> list[DeadLetterMessage]:
        done = await self._take(queue, wanted)
        for message in done:
            if settled is not None:
                await settled(message)
        return done

    async def _take(self, queue: str, wanted: Wanted) -> list[DeadLetterMessage]:
        listed = await self.list_messages(queue)
        taken = [item for item in listed if is_wanted(item, wanted) and item.sequence_number not in self.held]
        self.messages = [message for message in self.messages if message not in taken]
        return taken


@dataclass
class FakeBackEnd:
    """Items and customers by number; the other methods of a connector are not needed here."""

    items: dict[tuple[str, str | None], ItemRecord] = field(default_factory=dict)
    customers: list[CustomerRecord] = field(default_factory=list)

    async def find_items(
        self, market: Market, targets: Mapping[str, ItemTarget], correlation_id: str
    ) -> Mapping[str, ItemRecord]:
        found = {sku: self.items.get((target.item, target.variant)) for sku, target in targets.items()}
        return {sku: item for sku, item in found.items() if item is not None}

    async def find_customers(
        self, market: Market, correlation_id: str, *, number: str | None = None, email: str | None = None
    ) -> list[CustomerRecord]:
        return [customer for customer in self.customers if customer.number == number]


class Desk:
    """Fills the stores and runs commands."""

    def __init__(self) -> None:
        self.now = NOW
        self.state = MemoryState(lambda: self.now)
        self.dead_letters = FakeDeadLetters()
        self.back_end = FakeBackEnd()
        self.pauses: list[float] = []
        self.on_pause: Callable[[], None] = lambda: None
        self._runner = CliRunner(env={"COLUMNS": "220", "NO_COLOR": "1"})

    def run(self, *arguments: str, answer: str | None = None) -> Result:
        """Run `ctd365` with arguments."""
        return self._runner.invoke(app, list(arguments), obj=self._open, input=answer)

    def json(self, *arguments: str) -> Any:
        """Run a command with --json; answer what it printed."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Context]:
        built = self._app()
        try:
            yield Context(built, self.dead_letters, pause=self._pause)
        finally:
            await built.close()

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)
        self.on_pause()

    def _app(self) -> App:
        markets = parse_market_map(MARKET_MAP, "test", {})
        connectors = {"bc": cast("Connector", self.back_end)}
        return make_app(
            settings=read_settings(SETTINGS),
            markets=markets,
            road=Road(
                state=self.state,
                sender=MemorySender(),
                telemetry=LogTelemetry(),
                failures=FailureMemory(self.state.failures),
                now=lambda: self.now,
                mask=mask_personal_data,
            ),
            projects={},
            connectors=connectors,
            http=httpx.AsyncClient(),
        )

    def do[Result](self, work: Coroutine[Any, Any, Result]) -> Result:
        """Await something from a plain test."""
        return asyncio.run(work)

    def audit_of(self, entity_id: str) -> list[AuditEntry]:
        """Read an entity's audit."""

        async def read() -> list[AuditEntry]:
            return [entry async for entry in self.state.audit.by_entity(entity_id)]

        return self.do(read())

    def add_dead_letter(self, number: int, **changes: Any) -> DeadLetterMessage:
        """Put a dead letter of order `order-NUMBER` into the queue; `failed` False leaves out our own failure."""
        message = replace(dead_letter(number), **{k: v for k, v in changes.items() if k in {"body", "queue"}})
        self.dead_letters.messages.append(message)
        if changes.get("failed", True):
            self.do(self.state.failures.put(failure(message, number, changes.get("reason", "NotFound"))))
        return message

    def ask(self, question: Question, *numbers: int) -> ReviewItem:
        """Open a review item that the dead letters with these numbers wait for."""

        async def asked() -> ReviewItem:
            item = await self.state.review.ask(question, waiting(numbers[0]) if numbers else None)
            for number in numbers[1:]:
                item = await self.state.review.ask(question, waiting(number))
            return item

        return self.do(asked())


def waiting(number: int) -> WaitingMessage:
    # The failed delivery in the queue itself has another sequence number than the dead letter.
    return WaitingMessage("orders", f"message-{number}", 1000 + number, f"order-{number}")


def failure(message: DeadLetterMessage, number: int, reason: str) -> Failure:
    return Failure(
        queue=message.queue,
        message_id=message.message_id,
        sequence_number=1000 + number,
        flow="orders",
        entity_id=f"order-{number}",
        reason=reason,
        detail=f"what went wrong with {number}",
        correlation_id=f"shop/{number}",
        failed_at=NOW - timedelta(minutes=5),
    )


def envelope(number: int, attempt: int = 1) -> Envelope:
    return Envelope(
        flow="orders",
        project="shop",
        entity_type="order",
        entity_id=f"order-{number}",
        cause=Cause(source="commercetools", type="OrderCreated", id=f"event-{number}"),
        correlation_id=f"shop/{number}",
        attempt=attempt,
        accepted_at=NOW - timedelta(hours=1),
    )


def dead_letter(number: int) -> DeadLetterMessage:
    return DeadLetterMessage(
        queue="orders",
        sequence_number=number,
        message_id=f"message-{number}",
        session_id=f"orders:order-{number}",
        correlation_id=f"shop/{number}",
        enqueued_at=NOW - timedelta(hours=1),
        delivery_count=10,
        reason="MaxDeliveryCountExceeded",
        description="delivered ten times",
        body=envelope(number).model_dump_json(by_alias=True).encode(),
        properties={"flow": "orders", "entity_id": f"order-{number}"},
        content_type="application/json",
    )


def audit_entry(number: int, **changes: Any) -> AuditEntry:
    entry = AuditEntry(
        at=NOW - timedelta(minutes=10),
        flow="orders",
        market="germany",
        entity_type="order",
        entity_id=f"order-{number}",
        step="outcome",
        outcome="DeadLetter",
        why=f"what went wrong with {number}",
        actor="commercetools:OrderCreated",
        correlation_id=f"shop/{number}",
        document_number=f"WEB-{number}",
    )
    return replace(entry, **changes)

"""What only the Azure Tables adapter can get wrong: layout, crashes between rows, the store's clock, outages."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableServiceClient

from shared.errors import Conflict, Permanent, Transient
from shared.state.records import AlreadyDone, AuditEntry, Busy, Claimed, IdPair, Question, Snapshot
from shared.state.tables import TablesState
from shared.state.tables.id_map import TablesIdMap
from shared.state.tables.keys import escape, key
from shared.state.tables.state import CLIENT_OPTIONS, TABLE_NAMES
from shared.state.tables.table import Fields, Row, Table
from tests.contract.state.stores import unused_prefix

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEASE = timedelta(minutes=5)
PAIR = IdPair("emea", "order", "ct-1", "bc-1", "SO-1")


def table(state: TablesState, name: str) -> Table:
    return state._tables[name]


# Crashes between the two rows of an id pair


async def leave_one_row(state: TablesState, side: str, pair: IdPair) -> None:
    """Put a pair and take the other row away, as if the process had ended between the two writes."""
    await state.id_map.put(pair)
    other = (
        key("c", "emea", "order", pair.commercetools_id) if side == "d" else key("d", "emea", "order", pair.dynamics_id)
    )
    row = await table(state, "idmap").get(other, "pair")
    assert row is not None
    await table(state, "idmap").delete(other, "pair", row.etag)


@pytest.mark.parametrize("side", ["c", "d"])
async def test_half_a_pair_counts_for_nobody_until_it_is_put_again(tables_state: TablesState, side: str) -> None:
    id_map = tables_state.id_map
    await leave_one_row(tables_state, side, PAIR)
    assert await id_map.by_commercetools_id("emea", "order", "ct-1") is None
    assert await id_map.by_dynamics_id("emea", "order", "bc-1") is None
    await id_map.put(PAIR)
    assert await id_map.by_commercetools_id("emea", "order", "ct-1") == PAIR
    assert await id_map.by_dynamics_id("emea", "order", "bc-1") == PAIR


@pytest.mark.parametrize("side", ["c", "d"])
@pytest.mark.parametrize("second", [replace(PAIR, commercetools_id="ct-2"), replace(PAIR, dynamics_id="bc-2")])
async def test_half_a_pair_does_not_block_another(tables_state: TablesState, side: str, second: IdPair) -> None:
    id_map = tables_state.id_map
    await leave_one_row(tables_state, side, PAIR)
    await id_map.put(second)
    assert await id_map.by_commercetools_id("emea", "order", second.commercetools_id) == second
    assert await id_map.by_dynamics_id("emea", "order", second.dynamics_id) == second
    with pytest.raises(Conflict):
        await id_map.put(PAIR)


class Overtaken(Table):
    """A table in which somebody else's step is done just before the first write to a commercetools row."""

    step: Callable[[], Awaitable[None]] | None = None

    async def write(self, partition: str, row_key: str, fields: Fields, seen: Row | None) -> str:
        if self.step is not None and partition.startswith("c|"):
            step, self.step = self.step, None
            await step()
        return await super().write(partition, row_key, fields, seen)


async def test_a_put_that_was_overtaken_between_its_rows_leaves_the_pair_to_the_other(
    tables_state: TablesState, tables_connection_string: str
) -> None:
    second = replace(PAIR, commercetools_id="ct-2")
    async with TableServiceClient.from_connection_string(tables_connection_string) as service:
        overtaken = Overtaken(service.get_table_client(table(tables_state, "idmap").name))
        overtaken.step = lambda: tables_state.id_map.put(second)
        with pytest.raises(Conflict, match="ct-2 and bc-1 belong together already"):
            await TablesIdMap(overtaken).put(PAIR)
    assert await tables_state.id_map.by_commercetools_id("emea", "order", "ct-1") is None
    assert await tables_state.id_map.by_commercetools_id("emea", "order", "ct-2") == second
    assert await tables_state.id_map.by_dynamics_id("emea", "order", "bc-1") == second


async def test_a_put_overtaken_by_half_a_put_does_not_report_success_for_a_pair_that_is_gone(
    tables_state: TablesState, tables_connection_string: str
) -> None:
    second = replace(PAIR, commercetools_id="ct-2")

    async def half_a_put() -> None:
        await leave_one_row(tables_state, "d", second)

    async with TableServiceClient.from_connection_string(tables_connection_string) as service:
        overtaken = Overtaken(service.get_table_client(table(tables_state, "idmap").name))
        overtaken.step = half_a_put
        await TablesIdMap(overtaken).put(PAIR)
    assert await tables_state.id_map.by_commercetools_id("emea", "order", "ct-1") == PAIR
    assert await tables_state.id_map.by_dynamics_id("emea", "order", "bc-1") == PAIR


# The store's clock


class ShiftedDate(AioHttpTransport):  # type: ignore[misc]  # the SDK exports it without a type
    """Makes the store's answers carry a Date that is off by `shift`."""

    shift = timedelta()

    async def send(self, request: Any, **config: Any) -> Any:
        response = await super().send(request, **config)
        response.headers["Date"] = format_datetime(datetime.now(UTC) + self.shift, usegmt=True)
        return response


@pytest.fixture
async def shifted(tables_connection_string: str) -> AsyncIterator[tuple[TablesState, ShiftedDate]]:
    transport = ShiftedDate()
    service = TableServiceClient.from_connection_string(tables_connection_string, transport=transport)
    state = TablesState(service, prefix=unused_prefix())
    await state.ensure()
    yield state, transport
    await state.close()


async def test_a_lease_lapses_by_the_date_of_the_stores_answer(shifted: tuple[TablesState, ShiftedDate]) -> None:
    state, transport = shifted
    await state.idempotency.claim("key", "a", LEASE)
    transport.shift = LEASE - timedelta(seconds=30)
    assert isinstance(await state.idempotency.claim("key", "a", LEASE), Busy)
    transport.shift = LEASE + timedelta(seconds=30)
    taken = await state.idempotency.claim("key", "a", LEASE)
    assert isinstance(taken, Claimed)
    assert not taken.fresh


async def test_busy_tells_when_the_lease_ends_on_the_stores_clock(tables_state: TablesState) -> None:
    await tables_state.idempotency.claim("key", "a", LEASE)
    row = await table(tables_state, "idempotency").get("key", "claim")
    assert row is not None
    assert await tables_state.idempotency.claim("key", "a", LEASE) == Busy(row.written_at + LEASE)


# Answers that were lost


class LostAnswer(AioHttpTransport):  # type: ignore[misc]  # the SDK exports it without a type
    """Loses the answer to the next request of each method named, after the store has done what it asked."""

    methods: frozenset[str] = frozenset()

    async def send(self, request: Any, **config: Any) -> Any:
        response = await super().send(request, **config)
        if request.method in self.methods:
            self.methods -= {request.method}
            raise ServiceRequestError("connection lost")
        return response


@pytest.fixture
async def losing(tables_connection_string: str) -> AsyncIterator[tuple[TablesState, LostAnswer]]:
    transport = LostAnswer()
    service = TableServiceClient.from_connection_string(tables_connection_string, transport=transport, **CLIENT_OPTIONS)
    state = TablesState(service, prefix=unused_prefix())
    await state.ensure()
    yield state, transport
    await state.close()


async def test_a_claim_whose_answer_was_lost_is_still_the_callers(losing: tuple[TablesState, LostAnswer]) -> None:
    state, transport = losing
    transport.methods = frozenset({"POST"})
    claim = await state.idempotency.claim("key", "a", LEASE)
    assert isinstance(claim, Claimed)
    assert claim.fresh
    transport.methods = frozenset({"PATCH"})
    assert await state.idempotency.complete(claim, {"number": "SO-1"})
    assert transport.methods == frozenset()
    assert await state.idempotency.claim("key", "a", LEASE) == AlreadyDone({"number": "SO-1"})


async def test_an_audit_entry_whose_answer_was_lost_is_kept_once(losing: tuple[TablesState, LostAnswer]) -> None:
    state, transport = losing
    entry = AuditEntry(AT, "orders", "emea", "order", "order-1", "write", "done", "why", "flow", "correlation-1")
    transport.methods = frozenset({"POST"})
    await state.audit.append(entry)
    assert transport.methods == frozenset()
    assert [found async for found in state.audit.by_entity("order-1")] == [entry]
    assert [found async for found in state.audit.by_day(AT)] == [entry]


async def test_a_takeover_whose_answer_was_lost_is_still_the_callers(losing: tuple[TablesState, LostAnswer]) -> None:
    state, transport = losing
    first = await state.idempotency.claim("key", "a", LEASE)
    assert isinstance(first, Claimed)
    await state.idempotency.release(first)
    transport.methods = frozenset({"PUT"})
    second = await state.idempotency.claim("key", "a", LEASE)
    assert transport.methods == frozenset()
    assert isinstance(second, Claimed)
    assert not second.fresh
    assert await state.idempotency.complete(second, {})


async def test_an_id_pair_whose_answer_was_lost_is_kept(losing: tuple[TablesState, LostAnswer]) -> None:
    state, transport = losing
    transport.methods = frozenset({"POST", "PUT"})
    await state.id_map.put(PAIR)
    assert transport.methods == frozenset()
    assert await state.id_map.by_dynamics_id("emea", "order", "bc-1") == PAIR


async def test_a_decision_whose_answer_was_lost_is_the_callers_and_no_conflict(
    losing: tuple[TablesState, LostAnswer],
) -> None:
    state, transport = losing
    item = await state.review.ask(Question("emea", "mapping", "sku:1", "Which item?"), None)
    transport.methods = frozenset({"POST"})
    resolved = await state.review.resolve(item.id, {"item": "1000"}, "reviewer@example.com")
    assert transport.methods == frozenset()
    assert resolved.decision == {"item": "1000"}


# Layout


async def test_every_row_carries_the_schema_version(tables_state: TablesState, tables_connection_string: str) -> None:
    await tables_state.idempotency.claim("key", "a", LEASE)
    await tables_state.id_map.put(PAIR)
    await tables_state.cursors.put("cursor", "value")
    await tables_state.audit.append(
        AuditEntry(AT, "orders", "emea", "order", "1", "s", "done", "w", "a", "c", document_number="SO-1")
    )
    seen = {}
    async with TableServiceClient.from_connection_string(tables_connection_string) as service:
        for name in ("idempotency", "idmap", "cursors", "audit", "auditindex"):
            rows = service.get_table_client(table(tables_state, name).name).list_entities()
            seen[name] = [row["SchemaVersion"] async for row in rows]
    assert seen == {"idempotency": [1], "idmap": [1, 1], "cursors": [1], "audit": [1], "auditindex": [1, 1]}


async def test_a_days_entries_spread_over_many_partitions(
    tables_state: TablesState, tables_connection_string: str
) -> None:
    for number in range(64):
        await tables_state.audit.append(
            AuditEntry(AT, "orders", "emea", "order", f"order-{number}", "s", "done", "w", "a", "c")
        )
    async with TableServiceClient.from_connection_string(tables_connection_string) as service:
        rows = service.get_table_client(table(tables_state, "auditindex").name).list_entities()
        partitions = {row["PartitionKey"] async for row in rows}
    assert len(partitions) > 8


async def test_tables_are_created_once_and_creating_them_again_is_fine(
    tables_state: TablesState, tables_connection_string: str
) -> None:
    await asyncio.gather(tables_state.ensure(), tables_state.ensure())
    prefix = table(tables_state, "audit").name.removesuffix("audit")
    async with TableServiceClient.from_connection_string(tables_connection_string) as service:
        names = {listed.name async for listed in service.list_tables()}
    assert {name for name in names if name.startswith(prefix)} == {f"{prefix}{name}" for name in TABLE_NAMES}


@pytest.mark.parametrize("prefix", ["1a", "a-b", "a_b", "ä", "a" * 41, "a\n"])
def test_a_prefix_that_cannot_begin_a_table_name_is_refused(prefix: str, tables_connection_string: str) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        TablesState.from_connection_string(tables_connection_string, prefix)


async def test_missing_tables_are_a_permanent_error_that_says_so(tables_connection_string: str) -> None:
    state = TablesState.from_connection_string(tables_connection_string, prefix=unused_prefix())
    try:
        with pytest.raises(Permanent, match="Create the tables first"):
            await state.idempotency.claim("key", "a", LEASE)
        with pytest.raises(Permanent, match="Create the tables first"):
            await state.cursors.get("cursor")
        with pytest.raises(Permanent, match="Create the tables first"):
            await state.review.resolve("a-1", {}, "reviewer@example.com")
    finally:
        await state.close()


# Sizes and keys


async def test_a_snapshot_of_440_kilobytes_fits_and_a_larger_one_is_refused(tables_state: TablesState) -> None:
    snapshot = Snapshot("emea", "order", "order-1", 1, {"text": "x" * 440_000}, AT)
    await tables_state.snapshots.put(snapshot)
    assert await tables_state.snapshots.get("emea", "order", "order-1") == snapshot
    with pytest.raises(Permanent, match=r"snapshot of order order-1 .* a row holds 450,000"):
        await tables_state.snapshots.put(replace(snapshot, data={"text": "x" * 450_000}))


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a-1_b.c:d@e", "a-1_b.c:d@e"),
        ("a/b", "a~2Fb"),
        ("ü", "~C3~BC"),
        ("~", "~7E"),
        ("\x00", "~00"),
        ("", ""),
    ],
)
def test_a_key_part_is_escaped_byte_by_byte(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_a_long_key_stays_below_the_limit_and_unique() -> None:
    keys = {key("ü" * 2_000 + ending) for ending in ("a", "b", "c")}
    assert len(keys) == 3
    assert max(len(each.encode("utf-16-le")) for each in keys) <= 1024


# Outages


def connection_string(port: int) -> str:
    return (
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;"
        f"TableEndpoint=http://127.0.0.1:{port}/devstoreaccount1;"
    )


async def raises_transient_within_ten_seconds(state: TablesState) -> None:
    async with asyncio.timeout(10):
        with pytest.raises(Transient, match="read idempotency key / claim: no answer"):
            await state.idempotency.claim("key", "a", LEASE)


async def test_a_store_that_refuses_connections_is_transient() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        state = TablesState.from_connection_string(connection_string(unused.getsockname()[1]))
        try:
            await raises_transient_within_ten_seconds(state)
        finally:
            await state.close()


async def test_a_store_that_accepts_but_never_answers_is_transient() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        state = TablesState.from_connection_string(connection_string(silent.getsockname()[1]))
        try:
            await raises_transient_within_ten_seconds(state)
        finally:
            await state.close()


@pytest.mark.parametrize(
    ("status", "expected"), [(500, Transient), (503, Transient), (429, Transient), (403, Permanent), (400, Permanent)]
)
async def test_an_answer_is_classed_by_its_status(status: int, expected: type[Exception]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            f"HTTP/1.1 {status} X\r\nRetry-After: 30\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        state = TablesState.from_connection_string(connection_string(server.sockets[0].getsockname()[1]))
        try:
            async with asyncio.timeout(5):
                with pytest.raises(expected, match=f"read idempotency key / claim: {status}"):
                    await state.idempotency.claim("key", "a", LEASE)
        finally:
            await state.close()


@pytest.mark.parametrize(("length", "body"), [(999, '{"Par'), (11, "<p>busy</p>")])
async def test_an_answer_that_cannot_be_read_is_transient(length: int, body: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        headers = f"Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close"
        writer.write(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        state = TablesState.from_connection_string(connection_string(server.sockets[0].getsockname()[1]))
        try:
            with pytest.raises(Transient):
                await state.cursors.get("cursor")
        finally:
            await state.close()


def test_importing_the_protocols_and_the_memory_state_does_not_import_azure() -> None:
    code = "import sys, shared.state.memory, shared.state.protocols; print('azure' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"

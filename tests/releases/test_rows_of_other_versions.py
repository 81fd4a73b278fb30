"""What another version left in the tables is read and carried on by this one, through the real adapters."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared.dynamics.limiter.gate import User
from shared.dynamics.limiter.limiter import SharedLimiter
from shared.errors import Conflict
from shared.pipeline.envelope import parse_envelope
from shared.pipeline.failures import MessageFailed
from shared.pipeline.outcome import Done, NoChange, Superseded
from shared.state.records import AlreadyDone, Busy, Claimed, IdPair
from tests.contract.state.stores import unused_prefix
from tests.fakes.clock import START
from tests.fakes.road import envelope, incoming
from tests.fakes.tokens import CountingTokens
from tests.releases.history import (
    DONE,
    HELD,
    LIMITS,
    LOST_ANSWER,
    RELEASED,
    TOTALS,
    UNKNOWN_SKU,
    USER,
    Tables,
    Works,
)
from tests.releases.record import record
from tests.releases.versions import VERSIONS, keys, recorded, shape

LEASE = timedelta(minutes=5)


async def test_what_was_done_is_not_done_again(works: Works) -> None:
    outcome = await works.run(envelope("message-1", entity=DONE))
    assert isinstance(outcome, Superseded)
    assert works.desk.connector.calls == []


async def test_an_order_that_is_in_step_is_still_in_step(works: Works) -> None:
    outcome = await works.run(envelope("another cause", entity=DONE))
    assert outcome == NoChange("already in the back-end as S-ORD1")
    assert works.desk.connector.calls == []


async def test_a_claim_that_is_held_is_respected_and_a_released_one_is_taken_over(works: Works) -> None:
    idempotency = works.state.idempotency
    assert isinstance(await idempotency.claim(HELD, "hash of the cause", LEASE), Busy)
    taken = await idempotency.claim(RELEASED, "hash of the cause", LEASE)
    assert isinstance(taken, Claimed)
    assert not taken.fresh


async def test_the_result_of_a_claim_is_read(works: Works) -> None:
    body = envelope("message-1", entity=DONE)
    found = await works.state.idempotency.claim(body.claim_key, body.payload_hash, LEASE)
    assert isinstance(found, AlreadyDone)
    assert (found.result["number"], found.result["id"]) == ("S-ORD1", "id-S-ORD1")


async def test_after_a_lost_answer_the_next_attempt_looks_up_before_it_writes(works: Works) -> None:
    outcome = await works.run(envelope("message-3", entity=LOST_ANSWER, attempt=2), sequence=33)
    assert isinstance(outcome, Done)
    calls = works.desk.connector.calls
    assert calls.index("find_orders") < calls.index("create_order")


async def test_both_directions_of_the_id_map_are_read(works: Works) -> None:
    pair = IdPair("se", "order", DONE, "id-S-ORD1", "S-ORD1")
    assert await works.state.id_map.by_commercetools_id("se", "order", DONE) == pair
    assert await works.state.id_map.by_dynamics_id("se", "order", "id-S-ORD1") == pair
    with pytest.raises(Conflict):
        await works.state.id_map.put(IdPair("se", "order", "another-order", "id-S-ORD1"))


async def test_the_cursor_is_where_the_other_version_left_it(works: Works) -> None:
    assert await works.state.cursors.get("orders:shop") == "2026-11-20T23:30:00.000Z"


async def test_redeliveries_of_what_failed_there_fail_here_without_a_call(works: Works) -> None:
    found = await works.state.failures.latest("orders", UNKNOWN_SKU)
    assert found is not None
    assert (found.sequence_number, found.reason, found.entity_id) == (2, "NeedsReview:item", UNKNOWN_SKU)
    redelivered = incoming(envelope(entity=UNKNOWN_SKU), sequence=2, delivery=2, message=UNKNOWN_SKU)
    with pytest.raises(MessageFailed):
        await works.road.failures.refuse_known(redelivered)


async def test_the_audit_is_read_by_entity_by_number_and_by_day(works: Works) -> None:
    audit = works.state.audit
    story = [entry.step async for entry in audit.by_entity(DONE)]
    assert story == ["customer created", "sales order created", "totals compared", "written back", "outcome"]
    assert {entry.entity_id async for entry in audit.by_document_number("S-ORD1")} == {DONE}
    assert {entry.entity_id async for entry in audit.by_document_number(f"SE-{DONE}")} == {DONE}
    failed = {entry.entity_id async for entry in audit.by_day(START, "DeadLetter")}
    assert failed == {UNKNOWN_SKU, TOTALS}
    shadows = [entry.after async for entry in audit.by_day(START) if entry.step == "shadow"]
    assert [after["sell_to"] for after in shadows] == ["C00001"]


async def test_a_question_is_listed_resolved_and_what_waits_for_it_is_done(works: Works) -> None:
    review = works.state.review
    items = {item.question.kind: item async for item in review.list_items()}
    assert set(items) == {"item", "totals"}
    assert [waiting.entity_id for waiting in items["item"].waiting] == [UNKNOWN_SKU]
    await review.resolve(items["item"].id, {"note": "created"}, "an operator")
    works.desk.connector.add_item("HAT")
    assert isinstance(await works.run(envelope("message-2", entity=UNKNOWN_SKU), sequence=22), Done)


async def test_the_same_question_asked_again_counts_up(works: Works) -> None:
    (before,) = [item async for item in works.state.review.list_items() if item.question.kind == "item"]
    await works.run(envelope("message-2", entity=UNKNOWN_SKU), sequence=22)
    (after,) = [item async for item in works.state.review.list_items() if item.question.kind == "item"]
    assert (after.id, after.asked, len(after.waiting)) == (before.id, before.asked + 1, 2)


async def test_a_resolved_question_stays_resolved(works: Works) -> None:
    (item,) = [item async for item in works.state.review.list_items("resolved")]
    assert (item.decision, item.resolved_by) == ({"note": "a rule was added"}, "an operator")


async def test_limits_are_shared_with_processes_of_the_other_version(works: Works) -> None:
    limiter = SharedLimiter([User(USER, CountingTokens())], works.state.leases, LIMITS)
    async with limiter.permit("GET items") as permit:
        assert await permit.tokens.token() == "token-1"
    await limiter.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_is_written_today_is_what_that_version_reads(connection_string: str, version: str) -> None:
    """The reverse: every key is where it was, every property and field that was there is there, of the same type."""
    bodies, today = await record(connection_string, unused_prefix())
    before: Tables = recorded(version, "tables.json")
    assert keys(before) - keys(today) == set()
    written = shape(today)
    missing = {kind: fields - written.get(kind, set()) for kind, fields in shape(before).items()}
    assert {kind: fields for kind, fields in missing.items() if fields} == {}
    fields_before = {name for document in recorded(version, "envelopes.json") for name in document}
    assert [name for body in bodies for name in fields_before - json.loads(body).keys()] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_envelopes_of_that_version_are_read(version: str) -> None:
    for document in recorded(version, "envelopes.json"):
        found = parse_envelope(json.dumps(document))
        assert (found.entity_id, found.attempt) == (document["entity_id"], document["attempt"])
        assert found.cause.id == document["cause"]["id"]


@pytest.mark.parametrize("version", VERSIONS)
def test_envelopes_of_a_later_version_are_read_and_mean_the_same(version: str) -> None:
    for document in recorded(version, "envelopes.json"):
        later = {**document, "schema": document["schema"] + 1, "addedLater": {}}
        later["cause"] = {**document["cause"], "addedLater": 1}
        today, tomorrow = parse_envelope(json.dumps(document)), parse_envelope(json.dumps(later))
        assert (tomorrow.claim_key, tomorrow.payload_hash) == (today.claim_key, today.payload_hash)
        assert tomorrow.session_id == today.session_id

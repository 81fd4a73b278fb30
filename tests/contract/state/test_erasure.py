"""What is left when a person is erased: that something happened, not to whom or with which values."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.state.records import AuditEntry, Question, Snapshot, WaitingMessage
from tests.contract.state.stores import Store

NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
SECRET = "customer@example.com"
WAITING = WaitingMessage("customers", "m-1", 7, "c-1")


def entry(entity: str, step: str) -> AuditEntry:
    return AuditEntry(
        at=NOW,
        flow="customers",
        market="eu",
        entity_type="customer",
        entity_id=entity,
        step=step,
        outcome="step",
        why=f"told {SECRET}",
        actor="commercetools:CustomerEmailChanged",
        correlation_id="shop/1",
        document_number="10000",
        before={"email": SECRET},
        after={"email": SECRET},
    )


async def test_the_audit_of_an_entity_keeps_its_steps_and_loses_its_values(store: Store) -> None:
    audit = store.state.audit
    for entity, step in (("c-1", "conflict"), ("c-1", "outcome"), ("c-2", "outcome")):
        await audit.append(entry(entity, step))
    assert await audit.erase("c-1") == 2
    by_entity = [found async for found in audit.by_entity("c-1")]
    by_number = [found async for found in audit.by_document_number("10000") if found.entity_id == "c-1"]
    by_day = [found async for found in audit.by_day(NOW) if found.entity_id == "c-1"]
    for listing in (by_entity, by_number, by_day):
        assert [found.step for found in listing] == ["conflict", "outcome"]
        assert SECRET not in str(listing)
        assert {found.document_number for found in listing} == {"10000"}
    assert [found.after async for found in audit.by_entity("c-2")] == [{"email": SECRET}]


async def test_erasing_twice_is_erasing_once(store: Store) -> None:
    await store.state.audit.append(entry("c-1", "outcome"))
    await store.state.audit.erase("c-1")
    assert await store.state.audit.erase("c-1") == 1
    assert await store.state.audit.erase("nobody") == 0


async def test_review_items_about_somebody_lose_what_they_tell_open_or_resolved(store: Store) -> None:
    review = store.state.review
    values = {"email": SECRET}
    open_item = await review.ask(Question("eu", "conflict", "c-1/fields", SECRET, values, values), WAITING)
    resolved = await review.ask(Question("eu", "customer", "c-1", SECRET, values, values), None)
    await review.resolve(resolved.id, {"note": f"called {SECRET}"}, "operator")
    other = await review.ask(Question("eu", "customer", "c-2", SECRET, values, values), None)
    assert await review.erase("c-1") == 2
    for identifier in (open_item.id, resolved.id):
        found = await review.get(identifier)
        assert found is not None
        assert SECRET not in str(found)
    still_open = await review.get(open_item.id)
    assert still_open is not None
    assert (still_open.status, still_open.waiting) == ("open", (WAITING,))
    untouched = await review.get(other.id)
    assert untouched is not None
    assert untouched.question.commercetools == values


async def test_a_snapshot_can_be_forgotten_and_twice(store: Store) -> None:
    snapshots = store.state.snapshots
    await snapshots.put(Snapshot("eu", "customer", "c-1", 1, {"email": "print"}, NOW))
    await snapshots.remove("eu", "customer", "c-1")
    await snapshots.remove("eu", "customer", "c-1")
    assert await snapshots.get("eu", "customer", "c-1") is None

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared.pipeline.envelope import MalformedEnvelope, parse_envelope
from tests.fakes.clock import START
from tests.fakes.road import envelope

# Written by schema 1, field by field: a release must go on reading what its predecessor sent.
SCHEMA_1 = {
    "schema": 1,
    "flow": "orders",
    "project": "shop",
    "entity_type": "order",
    "entity_id": "order-1",
    "cause": {"source": "commercetools", "type": "OrderCreated", "id": "message-1", "sequence_number": 1},
    "correlation_id": "shop/1",
    "attempt": 1,
    "accepted_at": "2026-11-24T12:00:00Z",
}


def test_what_schema_1_wrote_is_read() -> None:
    assert parse_envelope(json.dumps(SCHEMA_1)) == envelope()


def test_an_envelope_survives_the_queue() -> None:
    sent = envelope(attempt=4)
    assert parse_envelope(sent.to_message().body) == sent


def test_unknown_fields_of_a_newer_release_are_ignored() -> None:
    newer = {**SCHEMA_1, "priority": "high", "cause": {**SCHEMA_1["cause"], "trace": "x"}}  # type: ignore[dict-item]
    assert parse_envelope(json.dumps(newer)) == envelope()


@pytest.mark.parametrize("schema", [0, 2])
def test_another_schema_number_is_accepted_as_long_as_the_fields_are_there(schema: int) -> None:
    assert parse_envelope(json.dumps({**SCHEMA_1, "schema": schema})).schema_version == schema


@pytest.mark.parametrize("left_out", ["schema", "attempt"])
def test_fields_that_an_older_release_did_not_write_have_defaults(left_out: str) -> None:
    older = {name: value for name, value in SCHEMA_1.items() if name != left_out}
    assert parse_envelope(json.dumps(older)) == envelope()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"entity_id": ""}, "entity_id"),
        ({"entity_id": "x" * 101}, "entity_id"),
        ({"flow": "weather"}, "flow"),
        ({"attempt": 0}, "attempt"),
        ({"accepted_at": "2026-11-24T12:00:00"}, "accepted_at"),
        ({"cause": {"source": "sweep", "type": "Changed"}}, "cause.id"),
    ],
)
def test_each_wrong_field_is_named(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(MalformedEnvelope, match=f"not an envelope: {problem}: "):
        parse_envelope(json.dumps({**SCHEMA_1, **changes}))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe"])
def test_what_is_no_json_object_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedEnvelope, match="body"):
        parse_envelope(body)


def test_copies_of_one_cause_have_one_payload_hash_and_other_causes_have_others() -> None:
    first = envelope("message-1")
    assert first.next_attempt().payload_hash == first.payload_hash
    assert envelope("message-2").payload_hash != first.payload_hash
    assert envelope("message-1", entity="order-2").payload_hash != first.payload_hash


def test_a_message_carries_its_session_and_schedule_and_a_message_id_of_its_own() -> None:
    when = START + timedelta(seconds=5)
    first, second = envelope().to_message(when), envelope().to_message(when)
    assert (first.session_id, first.scheduled_at, first.correlation_id) == ("orders:order-1", when, "shop/1")
    assert first.message_id != second.message_id


def test_the_longest_entity_id_still_fits_into_a_session_id() -> None:
    assert len(envelope(entity="x" * 100).session_id) <= 128

"""Which messages about customers and business units are work, and that an erasure reaches the envelope."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.pipeline.envelope import Envelope, parse_envelope
from shared.pipeline.intake import Accepted, accept_message, accept_request
from tests.fakes.road import Bench
from tests.unit.intake.deliveries import Json, cloud_event, message, official, structured

PROJECTS = {"shop": None}


def about(kind: str, message_type: str, **more: Any) -> Json:
    return {**message(message_type, **more), "resource": {"typeId": kind, "id": "one"}}


def change(name: str, kind: str = "customer", **more: Any) -> Json:
    """A change payload with the fields of the official example."""
    document = {**official(f"{name}-payload"), "projectKey": "shop", "version": 7}
    return {**document, "resource": {"typeId": kind, "id": "one"}, **more}


async def envelopes(payload: Json) -> list[Envelope]:
    """By both ways that a notification may come."""
    bench = Bench()
    straight = await accept_message(bench.road, PROJECTS, json.dumps(payload).encode())
    posted = await accept_request(bench.road, PROJECTS, *structured(cloud_event(payload)), "delivery-1")
    assert straight == posted
    found = [parse_envelope(one.body) for one in bench.sender.sent.get("customers", [])]
    assert len(found) == 2 * straight.queued
    return found[:1]


@pytest.mark.parametrize("kind", ["customer", "business-unit"])
@pytest.mark.parametrize("name", ["resource-created", "resource-updated", "resource-deleted"])
async def test_every_change_of_a_customer_or_business_unit_is_queued(kind: str, name: str) -> None:
    (found,) = await envelopes(change(name, kind))
    assert (found.flow, found.entity_type, found.entity_id) == ("customers", kind, "one")
    assert (found.cause.id, found.session_id) == ("one/7", "customers:one")


@pytest.mark.parametrize(
    ("said", "expected"), [({"dataErasure": True}, True), ({"dataErasure": False}, False), ({}, False)]
)
async def test_a_deletion_says_whether_personal_data_must_go(said: Json, expected: bool) -> None:
    payload = {name: value for name, value in change("resource-deleted").items() if name != "dataErasure"}
    (found,) = await envelopes({**payload, **said})
    assert found.cause.erasure is expected


@pytest.mark.parametrize(
    ("kind", "message_type"),
    [
        ("customer", "CustomerCreated"),
        ("customer", "CustomerDeleted"),
        ("customer", "CustomerEmailChanged"),
        ("customer", "CustomerAddressRemoved"),
        ("customer", "CustomerGroupSet"),
        ("customer", "CustomerCustomFieldChanged"),
        ("business-unit", "BusinessUnitCreated"),
        ("business-unit", "BusinessUnitDeleted"),
        ("business-unit", "BusinessUnitStatusChanged"),
        ("business-unit", "BusinessUnitAssociateAdded"),
        ("business-unit", "BusinessUnitDefaultShippingAddressSet"),
    ],
)
async def test_messages_of_customers_and_business_units_are_queued(kind: str, message_type: str) -> None:
    (found,) = await envelopes(about(kind, message_type))
    assert (found.entity_type, found.cause.type, found.cause.erasure) == (kind, message_type, False)


@pytest.mark.parametrize(
    ("kind", "message_type"),
    [
        ("customer", "CustomerPasswordUpdated"),
        ("customer", "CustomerPasswordTokenCreated"),
        ("customer", "CustomerEmailTokenCreated"),
        ("customer", "CustomerEmailVerified"),
        ("customer-group", "CustomerGroupCreated"),
        ("business-unit", "CustomerCreated"),
        ("associate-role", "AssociateRoleCreated"),
    ],
)
async def test_secrets_of_customers_and_other_resources_are_nobodys_business(kind: str, message_type: str) -> None:
    assert await envelopes(about(kind, message_type)) == []


async def test_no_token_and_no_address_of_a_message_travels_on() -> None:
    bench = Bench()
    payload = about("customer", "CustomerEmailChanged", email="person@example.com", value="a-token")
    assert await accept_message(bench.road, PROJECTS, json.dumps(payload).encode()) == Accepted(1, 0)
    (sent,) = bench.sender.sent["customers"]
    assert "example.com" not in sent.body
    assert "a-token" not in sent.body

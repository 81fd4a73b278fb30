"""CloudEvents in three modes and the Platform payload all become the same notification."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.commercetools.messages import (
    MAX_BASE64,
    MAX_EVENTS,
    MalformedNotification,
    Notification,
    parse_document,
    parse_request,
)
from shared.pipeline.intake import envelope_of
from tests.fakes.unhurried import unhurried
from tests.unit.intake.deliveries import (
    Delivery,
    Json,
    batch,
    binary,
    cloud_event,
    message,
    official,
    platform,
    structured,
)


def parsed(delivery: Delivery) -> list[Notification]:
    return parse_request(*delivery)


def refused(delivery: Delivery) -> str:
    with pytest.raises(MalformedNotification) as raised:
        parse_request(*delivery)
    return str(raised.value)


def test_the_official_cloud_event_is_read() -> None:
    event = official("cloudevents-payload")
    assert parsed(structured(event)) == [
        Notification(
            project="<project-key>",
            resource_type="product",
            resource_id=event["subject"],
            type="ProductPublished",
            id=event["id"],
            sequence_number=2,
        )
    ]


def test_the_official_message_is_read() -> None:
    assert parsed(platform(official("message-payload"))) == [
        Notification("<project_key>", "customer", "<customer_id>", "CustomerLastNameSet", "<message_id>", 2)
    ]


@pytest.mark.parametrize(
    ("name", "kind", "version"),
    [
        ("resource-created-payload", "ResourceCreated", 1),
        ("resource-updated-payload", "ResourceUpdated", 3),
        ("resource-deleted-payload", "ResourceDeleted", 3),
    ],
)
def test_the_official_changes_are_known_by_resource_and_version(name: str, kind: str, version: int) -> None:
    document = official(name)
    (found,) = parsed(platform(document))
    assert (found.type, found.resource_type, found.sequence_number) == (kind, "product", version)
    assert found.id == f"{document['resource']['id']}/{version}"


@pytest.mark.parametrize(
    "delivery",
    [
        structured(cloud_event(message())),
        binary(cloud_event(message())),
        batch(cloud_event(message())),
        batch(message()),
        platform(message()),
        platform([message()]),
    ],
    ids=["structured", "binary", "batch", "batch of platform payloads", "platform", "array without a content type"],
)
def test_every_form_of_one_message_is_the_same_notification(delivery: Delivery) -> None:
    assert parsed(delivery) == [Notification("shop", "order", "order-1", "OrderCreated", "message-of-order-1", 2)]


def in_base64(event: Json, **changes: Any) -> Json:
    encoded = base64.b64encode(json.dumps(event["data"]).encode()).decode()
    return {name: value for name, value in event.items() if name != "data"} | {"data_base64": encoded} | changes


@pytest.mark.parametrize("form", [structured, batch])
def test_data_in_base64_is_the_same_notification(form: Callable[[Json], Delivery]) -> None:
    assert parsed(form(in_base64(cloud_event(message())))) == parsed(form(cloud_event(message())))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": {}}, "exclude each other"),
        ({"data_base64": 7}, "no text"),
        ({"data_base64": "no base64!"}, "no base64"),
        ({"data_base64": "ünö="}, "no base64"),
        ({"data_base64": base64.b64encode(b"no JSON").decode()}, "no JSON"),
        ({"data_base64": base64.b64encode(b"[]").decode()}, "no JSON object"),
        ({"data_base64": "A" * (MAX_BASE64 + 1)}, f"at most {MAX_BASE64} are taken"),
    ],
)
def test_data_in_base64_that_cannot_be_read_is_refused_with_the_reason(changes: Json, said: str) -> None:
    assert said in refused(structured(in_base64(cloud_event(message()), **changes)))


def test_a_message_whose_payload_was_left_out_is_work_all_the_same() -> None:
    whole = message()
    bare = {name: value for name, value in whole.items() if name != "lastName"}
    without = {**bare, "payloadNotIncluded": official("payload-not-included")}
    assert parsed(platform(without)) == parsed(platform(whole))


def test_the_test_notification_of_a_new_subscription_is_recognised() -> None:
    document = {**official("resource-created-payload"), "resource": {"typeId": "subscription", "id": "s-1"}}
    (found,) = parsed(platform(document))
    assert found.is_subscription_test
    assert not parsed(platform(message()))[0].is_subscription_test


def test_a_batch_keeps_its_order() -> None:
    found = parsed(batch(*(cloud_event(message(order=f"order-{number}")) for number in range(3))))
    assert [one.resource_id for one in found] == ["order-0", "order-1", "order-2"]


def test_attributes_of_binary_mode_are_percent_decoded() -> None:
    event = cloud_event(message()) | {"id": "äö 100%"}
    assert parsed(binary(event))[0].resource_id == "order-1"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"notificationType": None}, "notificationType is missing"),
        ({"projectKey": ""}, "projectKey is missing"),
        ({"projectKey": 7}, "projectKey is missing"),
        ({"resource": None}, "resource is missing"),
        ({"resource": {"id": "order-1"}}, "resource.typeId is missing"),
        ({"resource": {"typeId": "order"}}, "resource.id is missing"),
        ({"type": None}, "type is missing"),
        ({"resource": {"typeId": "order", "id": "x" * 101}}, "resource.id has 101 characters"),
        ({"resource": {"typeId": "order", "id": "../customers/1"}}, "resource.id has characters"),
        ({"resource": {"typeId": "order", "id": "1?expand=paymentInfo"}}, "resource.id has characters"),
    ],
)
def test_a_payload_that_lacks_something_is_refused_by_its_name(changes: Json, text: str) -> None:
    document = {**message(), **changes}
    for delivery in (platform(document), structured(cloud_event(document)), binary(cloud_event(document))):
        assert text in refused(delivery)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": "1\ud800"}, "id"),
        ({"projectKey": "\udfff"}, "projectKey"),
        ({"resource": {"typeId": "order", "id": "1\ud800"}}, "resource.id"),
    ],
)
def test_half_a_surrogate_pair_which_nothing_could_store_is_refused(changes: Json, path: str) -> None:
    for delivery in (platform({**message(), **changes}), structured(cloud_event({**message(), **changes}))):
        assert f"{path} is no Unicode text" in refused(delivery)


@pytest.mark.parametrize("attribute", ["id", "source", "type"])
@pytest.mark.parametrize("form", [structured, binary])
def test_a_cloud_event_without_a_required_attribute_is_refused_by_its_name(attribute: str, form: Any) -> None:
    event = {name: value for name, value in cloud_event(message()).items() if name != attribute}
    assert refused(form(event)) == f"CloudEvents attribute {attribute} is missing"


@pytest.mark.parametrize("version", ["0.3", "2.0", None])
def test_another_specversion_is_refused(version: str | None) -> None:
    assert "expected 1.0" in refused(structured(cloud_event(message()) | {"specversion": version}))


@pytest.mark.parametrize("data", [None, "text", [1]])
def test_a_cloud_event_without_an_object_as_data_is_refused(data: Any) -> None:
    assert refused(structured(cloud_event(message()) | {"data": data})) == "data is missing or no JSON object"


def test_a_broken_event_of_a_batch_is_named_by_its_index() -> None:
    assert refused(batch(cloud_event(message()), {"specversion": "1.0"})).startswith("event 1: ")


def test_a_batch_must_be_an_array_of_bearable_length() -> None:
    headers, _ = batch()
    assert "must be a JSON array" in refused((headers, b"{}"))
    text = refused(batch(*([1] * (MAX_EVENTS + 1))))
    assert text == f"a batch may carry {MAX_EVENTS} events, this one has {MAX_EVENTS + 1}"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    assert refused(({}, body)).startswith("no JSON")


@pytest.mark.parametrize("document", [1, "text", None, [[]]])
def test_what_is_no_object_is_refused(document: Any) -> None:
    assert "expected a JSON object" in refused(platform(document))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(["specversion", "id", "source", "type", "data", "notificationType", "projectKey", "resource"])


@unhurried
@given(json_values | st.dictionaries(keys, json_values | st.sampled_from(["1.0", "Message", {"typeId": "order"}])))
def test_no_document_whatever_ends_in_anything_but_a_notification_or_a_refusal(document: Any) -> None:
    with contextlib.suppress(MalformedNotification):
        found = parse_document(document)
        assert found.project
        assert found.resource_id


def test_an_event_of_the_import_api_is_taken_and_is_nobodys_work() -> None:
    sample = official("event-payload")
    (notification,) = parsed(platform(sample))
    assert (notification.type, notification.project) == (sample["type"], "")
    assert envelope_of(notification, datetime(2026, 1, 1, tzinfo=UTC)) is None

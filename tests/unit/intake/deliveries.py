"""Deliveries as commercetools makes them, in each of their forms."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from tests.fakes.documents import sample

type Json = dict[str, Any]
type Delivery = tuple[dict[str, str], bytes]


def official(name: str) -> Json:
    return sample(f"Subscription__{name}.example.json")


def message(message_type: str = "OrderCreated", *, order: str = "order-1", project: str = "shop", **more: Any) -> Json:
    """A message in the Platform form, with the fields of the official example."""
    return {
        **official("message-payload"),
        "projectKey": project,
        "id": f"message-of-{order}",
        "type": message_type,
        "resource": {"typeId": "order", "id": order},
        **more,
    }


def cloud_event(data: Json) -> Json:
    """The same as a structured CloudEvent, with the attributes of the official example."""
    return {**official("cloudevents-payload"), "id": data.get("id", "event-1"), "data": data}


def structured(document: Any) -> Delivery:
    return {"content-type": "application/cloudevents+json; charset=utf-8"}, json.dumps(document).encode()


def batch(*documents: Any) -> Delivery:
    return {"content-type": "application/cloudevents-batch+json"}, json.dumps(documents).encode()


def binary(event: Json) -> Delivery:
    attributes = {name: value for name, value in event.items() if name != "data"}
    headers = {f"ce-{name}": quote(str(value)) for name, value in attributes.items()}
    return {"content-type": "application/json", **headers}, json.dumps(event["data"]).encode()


def platform(document: Any) -> Delivery:
    return {"content-type": "application/json"}, json.dumps(document).encode()

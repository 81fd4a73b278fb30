"""The command line as it is installed: real settings, real tables, a real broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from typer.testing import CliRunner, Result

from local import azurite
from local.servicebus.config import QueueConfig
from local.servicebus.embedded import EmbeddedBroker
from shared.cli.main import app
from shared.messaging.queues import QUEUES
from shared.state.records import Question, WaitingMessage
from shared.state.tables import TablesState

MARKET_MAP = """
schema: 1
projects:
  shop: {api_url: "http://127.0.0.1", auth_url: "http://127.0.0.1", client_id: id, client_secret: none}
back_ends:
  bc: {type: business_central, url: "http://127.0.0.1", tenant_id: t, client_id: c, scope: s}
markets:
  - {name: germany, project: shop, back_end: bc, company: example}
"""
ENVELOPE = {
    "schema": 1,
    "flow": "orders",
    "project": "shop",
    "entity_type": "order",
    "entity_id": "order-7",
    "cause": {"source": "commercetools", "type": "OrderCreated", "id": "event-7"},
    "correlation_id": "shop/7",
    "attempt": 20,
    "accepted_at": "2026-03-29T12:00:00Z",
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    market_map = tmp_path_factory.mktemp("map") / "market-map.yaml"
    market_map.write_text(MARKET_MAP)
    queues = [QueueConfig(name=queue.name, requires_session=queue.requires_session) for queue in QUEUES]
    with EmbeddedBroker(queues) as broker, azurite.start() as tables:
        asyncio.run(_ensure(tables.tables_connection_string))
        yield {
            "MARKET_MAP": str(Path(market_map)),
            "ServiceBus": broker.connection_string,
            "TABLES_CONNECTION_STRING": tables.tables_connection_string,
        }


async def _ensure(connection_string: str) -> None:
    state = TablesState.from_connection_string(connection_string)
    await state.ensure()
    await state.close()


async def _fail_order(environment: dict[str, str]) -> str:
    """Leave behind what the road leaves: a dead letter and a review item that it waits for."""
    async with ServiceBusClient.from_connection_string(environment["ServiceBus"], retry_total=0) as client:
        async with client.get_queue_sender("orders") as sender:
            message = ServiceBusMessage(json.dumps(ENVELOPE), message_id="message-7", session_id="orders:order-7")
            await sender.send_messages(message)
        async with client.get_queue_receiver("orders", session_id="orders:order-7") as receiver:
            [received] = await receiver.receive_messages(max_message_count=1, max_wait_time=5)
            await receiver.dead_letter_message(received, "MaxDeliveryCountExceeded", "failed ten times")
    state = TablesState.from_connection_string(environment["TABLES_CONNECTION_STRING"])
    question = Question(scope="germany", kind="totals", key="order-7", text="totals differ")
    item = await state.review.ask(question, WaitingMessage("orders", "message-7", 1, "order-7"))
    await state.close()
    return item.id


async def _arrived(environment: dict[str, str]) -> dict[str, Any]:
    async with (
        ServiceBusClient.from_connection_string(environment["ServiceBus"], retry_total=0) as client,
        client.get_queue_receiver("orders", session_id="orders:order-7") as receiver,
    ):
        [received] = await receiver.receive_messages(max_message_count=1, max_wait_time=5)
        await receiver.complete_message(received)
        return dict(json.loads(str(received)))


def ctd365(environment: dict[str, str], *arguments: str) -> Result:
    return CliRunner(env=environment).invoke(app, arguments)


def test_resolving_a_question_brings_the_message_back_to_its_queue(environment: dict[str, str]) -> None:
    item = asyncio.run(_fail_order(environment))
    listed = ctd365(environment, "dead-letters", "list", "--json")
    assert [row["entity_id"] for row in json.loads(listed.stdout)] == ["order-7"]

    resolved = ctd365(environment, "review", "resolve", item, "--note", "tax corrected", "--actor", "operator")

    assert resolved.exit_code == 0, resolved.output
    assert asyncio.run(_arrived(environment)) == {**ENVELOPE, "attempt": 1}
    assert json.loads(ctd365(environment, "dead-letters", "list", "--json").stdout) == []
    trail = json.loads(ctd365(environment, "audit", "show", "order-7", "--json").stdout)
    assert [entry["step"] for entry in trail] == ["review resolved", "resubmitted"]
    assert {entry["actor"] for entry in trail} == {"operator"}


@pytest.mark.parametrize("setting", ["ServiceBus", "TABLES_CONNECTION_STRING"])
def test_a_service_that_is_down_is_named_in_one_line(environment: dict[str, str], setting: str) -> None:
    nobody = {
        "ServiceBus": "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=name;SharedAccessKey=key;"
        "UseDevelopmentEmulator=true",
        "TABLES_CONNECTION_STRING": "DefaultEndpointsProtocol=http;AccountName=name;AccountKey=a2V5;"
        "TableEndpoint=http://127.0.0.1:1/name",
    }
    command = ("dead-letters", "list") if setting == "ServiceBus" else ("review", "list")

    result = ctd365({**environment, setting: nobody[setting]}, *command)

    assert result.exit_code == 4, result.output
    assert "Next:" in result.stderr
    assert "Traceback" not in result.output

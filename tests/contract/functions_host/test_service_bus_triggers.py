"""Service Bus triggers: a real host process and a real broker process."""

import json
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusSubQueue

from tests.contract.functions_host.processes import RunningHost, eventually, start_broker

Send = Callable[..., None]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def connection_string(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    broker, ready = start_broker(tmp_path_factory.mktemp("broker"))
    with broker:
        yield ready["connection_string"]


@pytest.fixture(scope="module")
def bus(connection_string: str) -> Iterator[ServiceBusClient]:
    with ServiceBusClient.from_connection_string(connection_string, retry_total=0) as client:
        yield client


@pytest.fixture(scope="module")
def send(bus: ServiceBusClient) -> Iterator[Send]:
    with bus.get_queue_sender("with-sessions") as with_sessions, bus.get_queue_sender("plain") as plain:

        def send_body(session: str | None, _properties: dict[str, Any] | None = None, **body: Any) -> None:
            message = ServiceBusMessage(json.dumps(body), session_id=session, **(_properties or {}))
            (with_sessions if session else plain).send_messages(message)

        yield send_body


@pytest.fixture(scope="module")
def host(connection_string: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    folder = tmp_path_factory.mktemp("host")
    with RunningHost(folder, "on_session", "on_plain", settings={"ServiceBus": connection_string}) as running:
        yield running.started()


@pytest.fixture
def name() -> str:
    return uuid.uuid4().hex


def events(host: RunningHost, function: str, name: str) -> list[dict[str, Any]]:
    return [entry for entry in host.records(function) if entry["body"]["name"] == name]


def wait_for(host: RunningHost, function: str, name: str, count: int) -> list[dict[str, Any]]:
    return eventually(lambda: events(host, function, name), lambda found: len(found) >= count)


def test_messages_of_a_session_are_run_one_after_the_other_in_order(host: RunningHost, send: Send, name: str) -> None:
    for number in range(6):
        send(name, name=name, number=number, seconds=0.05)
    entries = wait_for(host, "on_session", name, 12)
    assert [(entry["body"]["number"], entry["event"]) for entry in entries] == [
        (number, event) for number in range(6) for event in ("start", "end")
    ]


def test_sessions_run_beside_each_other_up_to_the_limit_of_host_json(host: RunningHost, send: Send, name: str) -> None:
    for number in range(6):
        send(f"{name}-{number}", name=name, together=4, seconds=0.5)
    entries = wait_for(host, "on_session", name, 12)
    running, highest = 0, 0
    for entry in entries:
        running += 1 if entry["event"] == "start" else -1
        highest = max(highest, running)
    assert (highest, running, len(entries)) == (4, 0, 12)


def test_a_failing_message_comes_back_at_once_and_is_dead_lettered_after_its_last_delivery(
    host: RunningHost, bus: ServiceBusClient, send: Send, name: str
) -> None:
    send(name, name=name, number=1, failures=3)
    send(name, name=name, number=2)
    entries = [entry for entry in wait_for(host, "on_session", name, 8) if entry["event"] == "start"]
    assert [(entry["body"]["number"], entry["count"]) for entry in entries] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    # No back-off: three deliveries follow each other without a pause.
    assert entries[2]["at"] - entries[0]["at"] < 2
    with bus.get_queue_receiver("with-sessions", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver:
        (dead,) = receiver.receive_messages(1, max_wait_time=5)
        receiver.complete_message(dead)
    assert json.loads(str(dead)) == {"name": name, "number": 1, "failures": 3}
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"


def test_a_message_that_fails_once_succeeds_the_second_time(host: RunningHost, send: Send, name: str) -> None:
    send(None, name=name, failures=1)
    entries = [entry for entry in wait_for(host, "on_plain", name, 4) if entry["event"] == "start"]
    assert [entry["count"] for entry in entries] == [1, 2]


def test_messages_without_sessions_run_beside_each_other(host: RunningHost, send: Send, name: str) -> None:
    for number in range(3):
        send(None, name=name, number=number, together=3)
    entries = wait_for(host, "on_plain", name, 6)
    assert [entry["event"] for entry in entries] == ["start", "start", "start", "end", "end", "end"]


def test_the_metadata_of_a_message_is_what_the_host_of_azure_sends(host: RunningHost, send: Send, name: str) -> None:
    sent = {"text": "x", "number": 3, "flag": True, "Diagnostic-Id": f"00-{TRACE}-00f067aa0ba902b7-01"}
    properties = {
        "message_id": f"id-{name}",
        "correlation_id": "correlation",
        "content_type": "application/json",
        "subject": "OrderCreated",
        "to": "there",
        "reply_to": "here",
        "application_properties": sent,
    }
    send(name, properties, name=name)
    entry = wait_for(host, "on_session", name, 1)[0]
    assert re.fullmatch(rf"00-{TRACE}-(?!00f067aa0ba902b7)[0-9a-f]{{16}}-01", entry["trace_parent"])
    metadata = entry["metadata"]
    varying = {key: metadata.pop(key) for key in ("EnqueuedTimeUtc", "EnqueuedTime", "LockToken", "SequenceNumber")}
    assert {key: value for key, value in metadata.items() if not key.startswith("ExpiresAt")} == {
        "DeliveryCount": 1,
        "MessageId": f"id-{name}",
        "SessionId": name,
        "CorrelationId": "correlation",
        "ContentType": "application/json",
        "Subject": "OrderCreated",
        "Label": "OrderCreated",
        "To": "there",
        "ReplyTo": "here",
        "ApplicationProperties": sent,
        "UserProperties": sent,
    }
    assert varying["EnqueuedTimeUtc"].endswith("Z")
    assert str(uuid.UUID(varying["LockToken"])) == varying["LockToken"]
    assert varying["SequenceNumber"] > 0


def test_a_session_that_was_idle_is_taken_up_again(host: RunningHost, send: Send, name: str) -> None:
    send(name, name=name, number=1)
    wait_for(host, "on_session", name, 2)
    # Longer than sessionIdleTimeout in host.json.
    time.sleep(2.5)
    send(name, name=name, number=2)
    entries = wait_for(host, "on_session", name, 4)
    assert [entry["body"]["number"] for entry in entries] == [1, 1, 2, 2]


def test_locks_are_renewed_while_a_function_runs(host: RunningHost, send: Send, name: str) -> None:
    # The queues' locks last 3 s.
    send(None, name=name, seconds=4)
    send(name, name=name, seconds=4)
    for function in ("on_plain", "on_session"):
        assert [entry["event"] for entry in wait_for(host, function, name, 2)] == ["start", "end"]
    # A second message shows that the first one was settled and not delivered again.
    send(name, name=name, last=True)
    entries = wait_for(host, "on_session", name, 4)
    assert [entry["body"].get("last", False) for entry in entries] == [False, False, True, True]
    assert "cannot be settled" not in host.log()


def test_a_lock_is_not_renewed_for_longer_than_host_json_allows(
    connection_string: str, bus: ServiceBusClient, name: str, tmp_path: Path
) -> None:
    settings = {
        "ServiceBus": connection_string,
        "PLAIN_QUEUE": "short-lock",
        "AzureFunctionsJobHost__extensions__serviceBus__maxAutoLockRenewalDuration": "00:00:01",
    }
    with RunningHost(tmp_path, "on_plain", settings=settings) as host:
        host.started()
        with bus.get_queue_sender("short-lock") as sender:
            sender.send_messages(ServiceBusMessage(json.dumps({"name": name, "seconds": 2.5})))
        entries = wait_for(host, "on_plain", name, 2)
        assert [(entry["event"], entry["count"]) for entry in entries] == [("start", 1), ("start", 2)]


def test_a_stop_lets_messages_that_run_end_and_completes_them(
    connection_string: str, bus: ServiceBusClient, name: str, tmp_path: Path
) -> None:
    settings = {"ServiceBus": connection_string, "PLAIN_QUEUE": "stopping"}
    with RunningHost(tmp_path, "on_plain", settings=settings) as stopped:
        stopped.started()
        with bus.get_queue_sender("stopping") as sender:
            sender.send_messages(ServiceBusMessage(json.dumps({"name": name, "seconds": 2})))
        assert len(wait_for(stopped, "on_plain", name, 1)) == 1
        assert stopped.stop() == 0
        assert [entry["event"] for entry in events(stopped, "on_plain", name)] == ["start", "end"]
    with bus.get_queue_receiver("stopping") as receiver:
        assert receiver.peek_messages(1) == []


def test_a_broker_that_is_away_is_waited_for_and_said_once(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    broker, ready = start_broker(tmp_path, port)
    broker.close()
    with RunningHost(tmp_path, "on_session", settings={"ServiceBus": ready["connection_string"]}) as host:
        host.started()
        eventually(lambda: host.log().count("cannot be received from"), bool)
        for number in range(2):
            broker, _ = start_broker(tmp_path, port)
            with broker, ServiceBusClient.from_connection_string(ready["connection_string"]) as bus:
                with bus.get_queue_sender("with-sessions") as sender:
                    body = json.dumps({"name": "after", "number": number})
                    sender.send_messages(ServiceBusMessage(body, session_id="one"))
                assert len(wait_for(host, "on_session", "after", 2 * number + 2)) == 2 * number + 2
        eventually(lambda: host.log().count("cannot be received from"), lambda count: count == 3)
        assert host.stop() == 0
        assert host.log().count("cannot be received from") == 3
        assert host.log().count("can be received from again") == 2

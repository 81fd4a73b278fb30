"""The broker as a process: start, the JSON line, keys, the side port, outages and the end."""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.exceptions import ServiceBusAuthenticationError, ServiceBusError

from local.servicebus.config import QueueConfig
from local.servicebus.embedded import EmbeddedBroker

# A connection that the broker drops is replaced by the SDK without closing the old socket.
pytestmark = pytest.mark.filterwarnings("ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning")

ROOT = Path(__file__).parents[3]
KEY = "key-of-this-test"
CONFIG = {
    "queues": [
        {
            "name": "orders",
            "requires_session": True,
            "max_delivery_count": 10,
            "lock_duration_seconds": 60,
            "duplicate_detection_seconds": 0,
        },
        {"name": "plain"},
    ]
}


@dataclass
class Running:
    process: subprocess.Popen[str]
    ready: dict[str, Any]

    def client(self) -> ServiceBusClient:
        return ServiceBusClient.from_connection_string(self.ready["connection_string"], retry_total=0)

    def control(self, method: str, path: str, **options: Any) -> httpx.Response:
        return httpx.request(method, self.ready["control_url"] + path, timeout=5, **options)


def command(config: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "local.servicebus", "--config", str(config), "--json", *options]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    config = tmp_path_factory.mktemp("broker") / "queues.json"
    config.write_text(json.dumps(CONFIG), encoding="utf-8")
    process = subprocess.Popen(
        command(config, "--port", "0", "--control-port", "0"),
        cwd=ROOT,
        env={**os.environ, "SERVICEBUS_SAS_KEY": KEY},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield Running(process, json.loads(process.stdout.readline()))
        process.kill()


@pytest.fixture(autouse=True)
def _sockets_that_the_sdk_left_open_are_collected_here() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the process to its end with this text as configuration; for starts that fail."""

    def run(text: str, *options: str) -> subprocess.CompletedProcess[str]:
        config = tmp_path / "queues.json"
        config.write_text(text, encoding="utf-8")
        return subprocess.run(
            command(config, *options), cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
        )

    return run


def test_the_ready_line_has_the_port_the_connection_string_and_the_side_port(running: Running) -> None:
    port = running.ready["port"]
    assert running.ready["connection_string"] == (
        f"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=RootManageSharedAccessKey;"
        f"SharedAccessKey={KEY};UseDevelopmentEmulator=true;"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    assert running.control("GET", "/__queues").status_code == 200


def test_the_side_port_counts_the_messages_of_each_queue(running: Running) -> None:
    nothing = {"active": 0, "scheduled": 0, "deferred": 0, "dead_letter": 0}
    assert running.control("GET", "/__queues").json() == {"orders": nothing, "plain": nothing}
    with running.client() as client, client.get_queue_sender("orders") as sender:
        sender.send_messages([ServiceBusMessage(str(number), session_id="s") for number in range(2)])
        assert running.control("GET", "/__queues").json()["orders"] == {**nothing, "active": 2}


def test_the_side_port_says_what_it_knows_and_what_was_wrong(running: Running) -> None:
    unknown = running.control("GET", "/elsewhere")
    assert (unknown.status_code, "/__queues" in unknown.json()["error"]) == (404, True)
    for wrong in ("{", "[]", '{"refuse": true}', '{"refuse_connections": 1}'):
        answer = running.control("POST", "/__faults", content=wrong)
        assert (answer.status_code, "refuse_connections" in answer.json()["error"]) == (400, True)
    assert running.control("GET", "/__faults").json() == {"refuse_connections": False}


def test_a_wrong_key_is_refused(running: Running) -> None:
    wrong = running.ready["connection_string"].replace(KEY, "another-key")
    with (
        ServiceBusClient.from_connection_string(wrong, retry_total=0) as client,
        pytest.raises(ServiceBusAuthenticationError),
        client.get_queue_sender("plain"),
    ):
        pass


def test_a_wrong_key_name_is_refused(running: Running) -> None:
    wrong = running.ready["connection_string"].replace("RootManageSharedAccessKey", "SomeoneElse")
    with (
        ServiceBusClient.from_connection_string(wrong, retry_total=0) as client,
        pytest.raises(ServiceBusAuthenticationError),
        client.get_queue_receiver("plain"),
    ):
        pass


def test_during_an_outage_nothing_can_be_sent_and_afterwards_the_same_client_works(running: Running) -> None:
    with running.client() as client, client.get_queue_sender("plain") as sender:
        sender.send_messages(ServiceBusMessage("before"))
        assert running.control("POST", "/__faults", json={"refuse_connections": True}).json() == {
            "refuse_connections": True
        }
        with pytest.raises(ServiceBusError):
            sender.send_messages(ServiceBusMessage("during"))
        running.control("POST", "/__faults", json={"refuse_connections": False})
        sender.send_messages(ServiceBusMessage("after"))
        with client.get_queue_receiver("plain", max_wait_time=3) as receiver:
            messages = receiver.receive_messages(max_message_count=3)
            assert [str(message) for message in messages] == ["before", "after"]
            for message in messages:
                receiver.complete_message(message)


def test_a_receiver_that_loses_its_connection_gives_its_session_back(running: Running) -> None:
    with running.client() as client, client.get_queue_sender("orders") as sender:
        sender.send_messages(ServiceBusMessage("held", session_id="dropped"))
        with client.get_queue_receiver("orders", session_id="dropped", max_wait_time=3) as receiver:
            assert len(receiver.receive_messages()) == 1
            running.control("POST", "/__faults", json={"refuse_connections": True})
            running.control("POST", "/__faults", json={"refuse_connections": False})
            with client.get_queue_receiver("orders", session_id="dropped", max_wait_time=3) as successor:
                [message] = successor.receive_messages()
                assert (str(message), message.delivery_count) == ("held", 0)
                successor.complete_message(message)


def test_something_that_is_not_amqp_is_turned_away(running: Running) -> None:
    for nonsense in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"AMQP\x00\x01\x00\x00\x00\x00\x00\x0c\x02\x00\x00\x00\xff\xff\xff\xff",
    ):
        with socket.create_connection(("127.0.0.1", running.ready["port"]), timeout=5) as connection:
            connection.sendall(nonsense)
            while connection.recv(4096):
                pass
    assert running.process.poll() is None


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_an_idle_connection_burns_no_processor_time(running: Running) -> None:
    with running.client() as client, client.get_queue_receiver("plain"):
        before = cpu_seconds(running.process.pid)
        time.sleep(1)
        assert cpu_seconds(running.process.pid) - before < 0.1


def test_sigterm_ends_the_process_cleanly_though_clients_are_connected(running: Running) -> None:
    with running.client() as client, client.get_queue_sender("plain") as sender:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(10) == 0
        with pytest.raises(ServiceBusError):
            sender.send_messages(ServiceBusMessage("too late"))


def test_a_wrong_configuration_is_refused_with_the_place_of_every_mistake(
    start: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    result = start('{"queues": [{"name": "a", "max_delivery_count": 0}, {"name": "b", "sessions": true}]}')
    assert result.returncode == 2
    assert "queues.0.max_delivery_count" in result.stderr
    assert "queues.1.sessions" in result.stderr


def test_a_configuration_that_is_not_json_is_refused_with_the_line(
    start: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    result = start('{"queues":\n oops}')
    assert (result.returncode, "line 2" in result.stderr) == (2, True)


def test_a_port_in_use_is_refused(start: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    with EmbeddedBroker() as broker:
        result = start('{"queues": []}', "--port", str(broker.port))
    assert (result.returncode, "--port" in result.stderr) == (2, True)


def test_a_client_survives_a_restart_of_the_broker() -> None:
    queue = QueueConfig(name="plain")
    with EmbeddedBroker(queues=[queue]) as first:
        key, port = first.access_key, first.port
        client = ServiceBusClient.from_connection_string(first.connection_string)
        sender = client.get_queue_sender("plain")
        sender.send_messages(ServiceBusMessage("one"))
    with EmbeddedBroker(queues=[queue], port=port, access_key=key) as second, client, sender:
        sender.send_messages(ServiceBusMessage("two"))
        assert second.counts("plain").active == 1

"""Both exporters against an ingestion endpoint on loopback, each in a process of its own."""

from __future__ import annotations

from collections import Counter

from shared.telemetry.names import DEPENDENCIES, EVENTS, METRICS, REQUESTS, ROLE
from tests.contract.telemetry.conftest import EXPORTERS, Run, finish, start
from tests.contract.telemetry.ingestion import Ingestion, Sent
from tests.contract.telemetry.program import MAIL, NAME, ORDER, OTHERS, PERSON, SECRETS, STREET

CALLS = [
    "POST /oauth/token",
    "GET /shop/orders/{id}",
    "GET /api/v2.0/companies({key})/customers",
    "POST /api/v2.0/throttled",
    "POST /api/v2.0/companies({key})/salesOrders({key})",
]


def of_the_order(run: Run) -> list[Sent]:
    return [item for item in run.received.items if item.properties.get("correlationId") == run.found["correlation_id"]]


def test_an_orders_correlation_id_is_on_every_hop(run: Run) -> None:
    found = {(item.kind, item.name) for item in of_the_order(run)}
    assert found == {
        ("RequestData", "intake"),
        ("EventData", "notification"),
        ("RequestData", "orders"),
        ("EventData", "outcome"),
        *(("RemoteDependencyData", name) for name in CALLS),
    }
    operation, _ = run.found["diagnostic_id"].removeprefix("00-").split("-", 1)
    assert {item.operation_id for item in of_the_order(run)} == {operation}
    assert set(run.found["headers"]) == {run.found["correlation_id"]}
    assert len(run.found["headers"]) == len(CALLS) - 1  # the sign-in carries none


def test_what_a_run_caused_hangs_below_its_request(run: Run) -> None:
    requests = {item.name: item.data["id"] for item in of_the_order(run) if item.kind == "RequestData"}
    parents = {item.name: item.parent_id for item in of_the_order(run) if item.kind != "RequestData"}
    assert parents == {
        "notification": requests["intake"],
        **dict.fromkeys([*CALLS, "outcome"], requests["orders"]),
    }


def test_a_call_names_its_system_its_target_and_how_it_went(run: Run) -> None:
    calls = [
        (item.properties["system"], item.data["target"], item.data["resultCode"], item.data["success"])
        for item in of_the_order(run)
        if item.kind == "RemoteDependencyData"
    ]
    assert calls == [
        ("commercetools", "auth.example.com", "200", True),
        ("commercetools", "api.example.com", "200", True),
        ("Business Central", "bc.example.com", "200", True),
        ("Business Central", "bc.example.com", "429", False),
        ("Business Central", "bc.example.com", "200", True),
    ]


def test_each_message_is_one_request_and_one_outcome(run: Run) -> None:
    handled = 1 + len(OTHERS)
    requests = run.received.of("RequestData", "orders")
    assert [item.data["success"] for item in requests] == [True] * (handled - 2) + [False] * 2
    assert len(run.received.of("RequestData", "intake")) == 1
    malformed, table = 1, 1
    assert len(run.received.of("EventData", "outcome")) == handled + malformed + table
    spans = Counter(item.data["id"] for item in run.received.items if "id" in item.data)
    assert set(spans.values()) == {1}


def test_the_counters_add_up(run: Run) -> None:
    said = [item for item in run.received.of("MetricData") if "table" not in item.properties.values()]
    counted = Counter[str]()
    for item in said:
        counted[item.name] += item.point["value"]
    counted.pop("age_at_completion")
    assert counted == {
        "accepted": 1,
        "done": 1,
        "no_change": 1,
        "superseded": 1,
        "retried": 1,
        "in_review": 1,
        "dead_lettered": 2,
        "calls": 5,
        "throttled": 1,
    }
    assert sum(item.point["count"] for item in said if item.name == "age_at_completion") == 3
    # A metric belongs to no operation, and is sent once for each set of dimensions.
    assert len({(item.name, str(sorted(item.properties.items()))) for item in said}) == len(said)


def test_every_name_and_dimension_of_the_table_arrives_and_no_other(run: Run) -> None:
    flow = {"{flow}": "orders"}
    allowed = {flow.get(signal.name, signal.name): set(signal.dimensions) for signal in (*REQUESTS, *EVENTS, *METRICS)}
    allowed |= {name: set(DEPENDENCIES[0].dimensions) for name in CALLS}
    items = [item for item in run.received.items if item.kind not in {"MessageData", "ExceptionData"}]
    sent: dict[str, set[str]] = {}
    for item in items:
        sent.setdefault(item.name, set()).update(item.properties)
    assert sent.keys() == allowed.keys()
    unknown = {name: names - allowed[name] - {"correlationId"} for name, names in sent.items()}
    assert {name: names for name, names in unknown.items() if names} == {}
    complete = {signal.name for signal in (*EVENTS, *METRICS)}
    assert {name for name in complete if allowed[name] - sent[name]} == set()
    assert {item.raw["tags"]["ai.cloud.role"] for item in items} == {ROLE}


def test_both_exporters_send_the_same(runs: dict[str, Run]) -> None:
    first, second = (Counter(map(essence, runs[name].received.items)) for name in EXPORTERS)
    assert first == second
    assert {path for run in runs.values() for path in run.received.paths} == {"/v2.1/track"}


def essence(item: Sent) -> tuple[object, ...]:
    """Everything but ids, times and durations."""
    properties = {name: value for name, value in item.properties.items() if name != "correlationId"}
    kept = ("success", "resultCode", "responseCode", "type", "target", "data", "severityLevel", "message")
    facts = [(name, item.data[name]) for name in kept if name in item.data]
    point = [item.point[name] for name in ("value", "count", "min", "max")] if item.kind == "MetricData" else []
    is_outside = item.operation_id == "0" * 32
    name = item.raw["tags"].get("ai.operation.name")
    return item.kind, item.name, str(sorted(properties.items())), str(facts), str(point), is_outside, name


def test_neither_a_person_nor_a_secret_nor_an_id_is_in_any_payload(run: Run) -> None:
    forbidden = {MAIL, NAME, STREET, ORDER, *PERSON.values(), *SECRETS}
    assert [text for text in forbidden if text.casefold() in run.received.text.casefold()] == []
    assert "?" not in "".join(str(item.data.get("data", "")) for item in run.received.items)


def test_log_records_are_sent_without_what_they_quote(run: Run) -> None:
    (warning,) = run.received.of("MessageData")
    (error,) = run.received.of("ExceptionData")
    assert (warning.data["message"], warning.data["severityLevel"]) == ("a warning about ***", 2)
    (thrown,) = error.data["exceptions"]
    assert (thrown["typeName"], thrown["message"], error.data["severityLevel"]) == ("ValueError", "an error", 3)
    assert "every_name" in thrown["stack"]


def test_only_the_chosen_exporter_is_imported(exporter: str, run: Run) -> None:
    (other,) = {"opencensus": ["opentelemetry.sdk"], "opentelemetry": ["opencensus"]}[exporter]
    assert other not in run.modules


def test_a_refusing_endpoint_does_not_fail_the_run(exporter: str, server: Ingestion) -> None:
    server.status = 503
    assert finish(exporter, server).found["correlation_id"]
    assert (server.posts > 0, server.items) == (True, [])


def test_an_endpoint_that_is_not_there_does_not_fail_the_run(exporter: str, server: Ingestion) -> None:
    nowhere = server.connection_string.replace(server.url, "http://127.0.0.1:9/")
    assert finish(exporter, server, nowhere).found["correlation_id"]


def test_the_run_does_not_wait_for_an_endpoint_that_does_not_answer(exporter: str, server: Ingestion) -> None:
    server.hold.clear()
    with start(exporter, server.connection_string) as process:
        assert process.stdout is not None
        # The line that says that everything is handled, and the one after closing: no answer was given until then.
        assert "correlation_id" in process.stdout.readline()
        assert "modules" in process.stdout.readline()
        assert server.items == []
        server.hold.set()
        assert process.wait(100) == 0

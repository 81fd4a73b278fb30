"""The whole stack with telemetry on: what an order leaves that went through the Functions host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.orders import Shopper
from local.scenario import Row
from tests.acceptance.orders import arrived, place, settled
from tests.acceptance.stack_process import stack_process
from tests.contract.telemetry.conftest import EXPORTERS
from tests.contract.telemetry.ingestion import Ingestion, Sent, ingestion

NO_SWEEP = "ORDERS_SWEEP_SCHEDULE=0 0 0 1 1 *"  # the order comes by its event alone
MAIL, FIRST, LAST = "marked-mail-4712@example.com", "Markedfirst4712", "Markedlast4712"


@dataclass(frozen=True)
class Trip:
    """What the audit says of the order, what commercetools was asked, and what arrived."""

    audit: list[Row]
    asked: list[Row]
    secrets: list[str]
    log: str
    received: Ingestion

    @property
    def correlation_id(self) -> str:
        (found,) = {str(entry["correlation_id"]) for entry in self.audit}
        return found

    def items(self, kind: str) -> list[Sent]:
        return [item for item in self.received.of(kind) if item.properties.get("correlationId") == self.correlation_id]


@pytest.fixture(scope="module", params=EXPORTERS)
def trip(request: pytest.FixtureRequest) -> Iterator[Trip]:
    """One order; the stack is stopped before anything is looked at, so that all has been sent."""
    with ingestion() as server:
        telemetry = f"APPLICATIONINSIGHTS_CONNECTION_STRING={server.connection_string}"
        with stack_process(NO_SWEEP, telemetry, f"TELEMETRY_EXPORTER={request.param}") as scenario:
            order = place(scenario, shopper=Shopper(MAIL, FIRST, LAST))
            arrived(scenario, order)
            settled(scenario)
            audit = scenario.audit(order["id"])
            asked = scenario.requests(scenario.shop)
            secrets = [scenario.env[name] for name in ("CT_CLIENT_SECRET", "BC_CLIENT_SECRET", "FUNCTIONS_KEY")]
            log = scenario.functions_log()
        yield Trip(audit, asked, secrets, log, server)


def test_the_audits_correlation_id_is_on_every_hop(trip: Trip) -> None:
    assert [item.name for item in trip.items("RequestData")] == ["intake", "orders"]
    systems = {item.properties["system"] for item in trip.items("RemoteDependencyData")}
    assert systems == {"commercetools", "Business Central"}
    assert [item.properties["outcome"] for item in trip.items("EventData") if item.name == "outcome"] == ["Done"]
    ids = {item.operation_id for kind in ("RequestData", "RemoteDependencyData") for item in trip.items(kind)}
    assert len(ids) == 1


def test_commercetools_was_asked_under_that_id_as_often_as_telemetry_says(trip: Trip) -> None:
    asked = [entry["method"] for entry in trip.asked if entry.get("correlationId") == trip.correlation_id]
    calls = [item for item in trip.items("RemoteDependencyData") if item.properties["system"] == "commercetools"]
    assert asked != []
    assert [item.properties["method"] for item in calls if item.name != "POST /oauth/token"] == asked


def test_what_was_accepted_is_what_became_of_it(trip: Trip) -> None:
    counted = Counter[str]()
    for item in trip.received.of("MetricData"):
        if item.properties.get("flow") == "orders":
            counted[item.name] += item.point["value"]
    ends = [counted[name] for name in ("done", "no_change", "superseded", "dead_lettered", "in_review")]
    assert (counted["done"], sum(ends)) == (1, counted["accepted"])


def test_what_is_sent_is_not_logged_through_the_host_too(trip: Trip) -> None:
    assert trip.items("EventData") != []
    assert "outcome flow=" not in trip.log


def test_no_person_no_secret_and_no_id_leaves(trip: Trip) -> None:
    entity = str(trip.audit[0]["entity_id"])
    text = trip.received.text.casefold()
    assert [mark for mark in (MAIL, FIRST, LAST, entity, *trip.secrets) if mark.casefold() in text] == []

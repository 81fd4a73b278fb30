"""Every name that telemetry uses, once, as data: what it means, its unit and its dimensions.

Both exporters send these names; queries, alerts and the table in `docs/operations.md` are compared with them by tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

type Kind = Literal["request", "dependency", "event", "counter", "distribution", "gauge"]

ROLE = "ctd365"  # cloud_RoleName: tells the connector's own items from those of the Functions host
CORRELATION = "correlationId"  # on everything that belongs to a message: the correlation id as it is in the audit

_SENT = ("system", "method")
_MESSAGE = ("flow", "project", "entity_type", "source", "cause")
_RUN = ("flow", "market")
_BULK = ("run", "market", "flow", "seen", "written", "unchanged", "asked", "unmatched")


@dataclass(frozen=True, slots=True)
class Signal:
    """One name. Application Insights keeps every dimension as text; the unit is that of duration or value."""

    name: str
    kind: Kind
    unit: str
    description: str
    dimensions: tuple[str, ...] = ()


REQUESTS = (
    Signal("intake", "request", "ms", "one accepted notification", _MESSAGE),
    Signal(
        "{flow}",
        "request",
        "ms",
        "one message taken down the road; the name is the flow's",
        (*_MESSAGE, "market", "attempt", "outcome", "reason"),
    ),
)
DEPENDENCIES = (
    Signal("{METHOD} {path}", "dependency", "ms", "one HTTP call; keys and ids in the path are left out", _SENT),
)
EVENTS = (
    Signal("outcome", "event", "", "what became of a run", ("flow", "market", "outcome", "reason", "attempt")),
    Signal("retry", "event", "", "a copy was scheduled", ("flow", "attempt")),
    Signal("notification", "event", "", "commercetools told something", ("type", "resource", "project", "queued")),
    Signal("notices", "event", "", "a back-end told something", ("back_end", "queued", "refused")),
    Signal("sweep", "event", "", "a sweep ended", ("project", "resource", "seen", "queued")),
    Signal("sweep failed", "event", "", "a sweep did not end", ("project", "resource", "why")),
    Signal("pull", "event", "", "a pull ended", ("pull", "seen", "queued")),
    Signal("pull failed", "event", "", "a pull did not end", ("pull", "why")),
    Signal("pull skipped", "event", "", "a pull had no turn", ("pull", "why")),
    Signal("retention", "event", "", "old rows were removed", ("kind", "removed", "more")),
    Signal("retention failed", "event", "", "old rows were not removed", ("kind", "why")),
    Signal(
        "subscriptions",
        "event",
        "",
        "webhook subscriptions were looked after",
        ("back_end", "company", "created", "renewed", "kept", "failed"),
    ),
    Signal("bulk failed", "event", "", "a bulk run could not reach a side", ("flow", "market", "why")),
    Signal("bulk skipped", "event", "", "a bulk run had no turn", ("run", "why")),
    Signal("bulk page", "event", "", "a bulk run is this far", _BULK),
    Signal("bulk run", "event", "", "a bulk run ended", _BULK),
    Signal("subscriptions failed", "event", "", "they could not be looked after", ("back_end", "company", "why")),
)
METRICS = (
    Signal("accepted", "counter", "messages", "put on a queue for the first time", ("flow", "source")),
    Signal("done", "counter", "messages", "both sides agree now", _RUN),
    Signal("no_change", "counter", "messages", "both sides agreed already", _RUN),
    Signal("superseded", "counter", "messages", "another message did the work", _RUN),
    Signal("retried", "counter", "messages", "will be tried again", _RUN),
    Signal("dead_lettered", "counter", "messages", "cannot proceed", (*_RUN, "reason")),
    Signal("in_review", "counter", "messages", "wait for a person", (*_RUN, "reason")),
    Signal("age_at_completion", "distribution", "s", "from accepted to done, no_change or superseded", _RUN),
    Signal("backlog", "gauge", "messages", "wait on a queue", ("queue",)),
    Signal("calls", "counter", "calls", "HTTP calls; status 0 is no answer", ("system", "status")),
    Signal("throttled", "counter", "calls", "answered 429", ("system",)),
    Signal("drift", "gauge", "entities", "differ between the sides, per reconciliation", ("flow", "market", "reason")),
)
SIGNALS = (*REQUESTS, *DEPENDENCIES, *EVENTS, *METRICS)
METRIC_OF = {signal.name: signal for signal in METRICS}


def table() -> str:
    """The signals as a Markdown table, as `docs/operations.md` shows it."""
    head = "| kind | name | unit | meaning | dimensions |\n|---|---|---|---|---|"
    rows = (
        f"| {signal.kind} | `{signal.name}` | {signal.unit} | {signal.description} "
        f"| {', '.join(f'`{name}`' for name in signal.dimensions)} |"
        for signal in SIGNALS
    )
    return "\n".join((head, *rows))

"""Nothing is lost: accepted = done + superseded + dead-lettered + in review, counted from what the functions logged."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from local.scenario import Scenario, wait_until

ACCEPTED = re.compile(r"notification type=\S+ resource=order project=\S+ queued=true")
SWEPT = re.compile(r"sweep project=\S+ seen=\d+ queued=(\d+)")
ENDED = re.compile(r"outcome flow=orders outcome=(Done|NoChange|Superseded|DeadLetter) ")


def assert_nothing_is_lost(scenario: Scenario) -> None:
    """Wait until nothing is under way, then do the sum.

    A question for a person is a dead letter too. A resubmitted message was accepted once more, so it counts again.
    """
    wait_until("nothing is under way", lambda: not _under_way(scenario), seconds=60)
    log = scenario.functions_log()
    accepted = len(ACCEPTED.findall(log)) + sum(int(queued) for queued in SWEPT.findall(log))
    resubmitted = len(scenario.listing("audit", "day", f"{datetime.now(UTC):%Y-%m-%d}", "--outcome", "Resubmitted"))
    assert accepted + resubmitted == len(ENDED.findall(log))


def _under_way(scenario: Scenario) -> int:
    counts = scenario.queue()
    return counts["active"] + counts["scheduled"] + counts["deferred"]

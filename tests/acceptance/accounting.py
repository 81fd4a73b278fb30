"""Nothing is lost: accepted = done + superseded + dead-lettered + in review, counted from what the functions logged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from local.scenario import Scenario, wait_until

# By flow: the resources of commercetools that are its work, and what else queues it.
RESOURCES: Mapping[str, str] = {"orders": "order", "customers": "customer|business-unit"}
OTHERS: Mapping[str, tuple[str, ...]] = {
    "orders": (),
    "customers": (r"notices back_end=\S+", r"pull pull=\S+ seen=\d+"),
}
ENDS = "Done|NoChange|Superseded|DeadLetter"


def assert_nothing_is_lost(scenario: Scenario) -> None:
    """Wait until nothing is under way, then do the sum for each flow.

    A question for a person is a dead letter too. A resubmitted message was accepted once more, so it counts again; so
    was one that ended while the broker was away, and could not be told so: it is delivered again, and ends twice.
    """
    wait_until("nothing is under way", lambda: not sum(_under_way(scenario, flow) for flow in RESOURCES), seconds=60)
    log = scenario.functions_log()
    today = scenario.listing("audit", "day", f"{datetime.now(UTC):%Y-%m-%d}", "--outcome", "Resubmitted")
    for flow in RESOURCES:
        resubmitted = len([entry for entry in today if entry["flow"] == flow])
        ended = len(re.findall(rf"outcome flow={flow} .*?outcome=(?:{ENDS})\b", log))
        unsettled = len(re.findall(rf"function {flow}: message \S+ .*cannot be settled", log))
        accepted = _accepted(flow, log)
        counts = f"{flow}: {accepted} accepted, {resubmitted} resubmitted, {unsettled} unsettled, {ended} ended"
        assert accepted + resubmitted + unsettled == ended, counts


def _accepted(flow: str, log: str) -> int:
    resources = RESOURCES[flow]
    told = re.findall(rf"notification type=\S+ resource=(?:{resources}) project=\S+ queued=true", log)
    counted = (rf"sweep project=\S+ resource=(?:{resources}) seen=\d+", *OTHERS[flow])
    return len(told) + sum(int(queued) for what in counted for queued in re.findall(rf"{what} queued=(\d+)", log))


def _under_way(scenario: Scenario, flow: str) -> int:
    counts = scenario.queue(flow)
    return counts["active"] + counts["scheduled"] + counts["deferred"]

"""What becomes of a change to an exported order, by how far the back-end has got with it. One table for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from shared.markets import BackEndType

Decision = Literal["apply", "review", "refuse"]

# States are each back-end's own words; a few of ours stand where it has none. What no row names goes to review.
ORDER_CHANGES: Mapping[BackEndType, Mapping[str, Decision]] = {
    "business_central": {
        "Draft": "apply",
        "In_x0020_Review": "review",
        "Open": "review",  # released, in the words of the API
        "Shipped": "review",
        "Invoiced": "refuse",
        "Gone": "refuse",
    },
    "dataverse": {
        "Active": "apply",
        "InProgress": "review",
        "Submitted": "review",
        "Fulfilled": "refuse",
        "Invoiced": "refuse",
        "Canceled": "refuse",
        "Gone": "refuse",
    },
    "finance": {
        "Active": "apply",
        "Confirmed": "review",
        "Picked": "review",
        "PartiallyDelivered": "review",
        "Delivered": "review",
        "PartiallyInvoiced": "refuse",
        "DeliveredPartiallyInvoiced": "refuse",
        "Invoiced": "refuse",
        "Canceled": "refuse",
        "Gone": "refuse",
    },
}


def decide(back_end: BackEndType, state: str) -> Decision:
    """Look the state up."""
    return ORDER_CHANGES[back_end].get(state, "review")

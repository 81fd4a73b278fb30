"""Questions of the customers flow. Values of both sides are shown; the road masks what is personal."""

from __future__ import annotations

from collections.abc import Sequence

from shared.commercetools.client import Document
from shared.flows.matching import CUSTOMER
from shared.mapping.customer_merge import FieldDecision
from shared.markets import Market
from shared.model.customer_fields import CustomerState
from shared.state.records import IdPair, Question

CONFLICT = "customer_conflict"
AMBIGUOUS = "customer_ambiguous"
UNKNOWN = "customer_unknown"
FIELDS = "/fields"  # behind the customer's id: a key of its own beside that of the match


def conflict(undecided: Sequence[FieldDecision], customer_id: str, number: str, market: Market) -> Question:
    """Ask which side is right about fields that both have changed."""
    names = ", ".join(decision.name for decision in undecided)
    return Question(
        scope=market.name,
        kind=CONFLICT,
        key=f"{customer_id}{FIELDS}",
        text=f"customer {number}: {names} differ, and nobody says which is right ({undecided[0].why})",
        commercetools={decision.name: decision.commercetools for decision in undecided},
        dynamics={decision.name: decision.dynamics for decision in undecided},
        hint="resolve with --take commercetools or --take dynamics, or correct one side and resolve with --note",
    )


def gone_in_back_end(pair: IdPair, market: Market) -> Question:
    """Ask what to do about a customer that somebody deleted in the back-end."""
    return Question(
        scope=market.name,
        kind=CUSTOMER,
        key=pair.commercetools_id,
        text=f"customer {pair.dynamics_number} was deleted in the back-end, and commercetools still has it",
        dynamics={"number": pair.dynamics_number},
        hint="resolve with --customer NUMBER of the one that takes its place; create it there first if need be",
    )


def several_in_commercetools(how: str, state: CustomerState, found: Sequence[Document], market: Market) -> Question:
    """Ask which of several customers of commercetools a customer of the back-end is."""
    ids = ", ".join(document["id"] for document in found)
    return Question(
        scope=market.name,
        kind=AMBIGUOUS,
        key=state.id,
        text=f"{len(found)} customers of commercetools have the {how} of customer {state.number}: {ids}",
        commercetools={document["id"]: {"email": document.get("email")} for document in found},
        dynamics={"number": state.number, "name": state.fields.get("name"), "email": state.fields.get("email")},
        hint=f"set externalId {state.number} on the right one in commercetools and resolve with --note",
    )


def unknown_in_commercetools(state: CustomerState, market: Market) -> Question:
    """Ask whether a customer of the back-end shall be one of commercetools."""
    return Question(
        scope=market.name,
        kind=UNKNOWN,
        key=state.id,
        text=f"customer {state.number} of the back-end matches nobody in commercetools",
        dynamics={"number": state.number, "name": state.fields.get("name"), "email": state.fields.get("email")},
        hint=f"create it in commercetools with externalId {state.number}, or leave it; resolve with --note",
    )


def taken(state: CustomerState, customer_id: str, number: str, market: Market) -> Question:
    """Ask about a customer of the back-end that looks like one of commercetools who is another customer there."""
    return Question(
        scope=market.name,
        kind=AMBIGUOUS,
        key=state.id,
        text=f"customer {state.number} looks like {customer_id} of commercetools, which is customer {number}",
        commercetools={"id": customer_id, "number": number},
        dynamics={"number": state.number, "name": state.fields.get("name"), "email": state.fields.get("email")},
        hint="merge the two in the back-end, or tell them apart by e-mail; resolve with --note",
    )


def belongs_to_another(state: CustomerState, customer_id: str, why: str, market: Market) -> Question:
    """Ask about a customer of the back-end that is paired with another one of commercetools."""
    return Question(
        scope=market.name,
        kind=CUSTOMER,
        key=customer_id,
        text=f"customer {state.number} belongs to another commercetools customer: {why}",
        dynamics={"number": state.number},
        hint="create a customer of its own in the back-end and resolve with --customer NUMBER",
    )

"""What a person may decide about a review item, checked against the back-end before it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from shared.cli.context import Context
from shared.cli.exits import CommandError, Exit, usage_error
from shared.dynamics.connector import Connector
from shared.errors import Conflict, NotFound
from shared.flows.customer_decisions import Decider, Taken
from shared.flows.customer_questions import CONFLICT
from shared.flows.matching import CUSTOMER, id_map_entity
from shared.flows.order_plan import ITEM
from shared.markets import ItemTarget, Market
from shared.state.records import IdPair, Question, ReviewItem


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """The SKU of the question is this item (or this variant of it)."""

    number: str
    variant: str | None = None

    @property
    def option(self) -> str:
        """The option that expresses it."""
        return "--item"

    def stored(self) -> dict[str, str]:
        """Return what is kept with the review item."""
        return {"item": self.number, **({"variant": self.variant} if self.variant else {})}


@dataclass(frozen=True, slots=True)
class CustomerDecision:
    """The customer of the question is this one."""

    number: str

    @property
    def option(self) -> str:
        """The option that expresses it."""
        return "--customer"

    def stored(self) -> dict[str, str]:
        """Return what is kept with the review item."""
        return {"customer": self.number}


@dataclass(frozen=True, slots=True)
class TakeDecision:
    """The values of this side count."""

    side: Taken

    @property
    def option(self) -> str:
        """The option that expresses it."""
        return "--take"

    def stored(self) -> dict[str, str]:
        """Return what is kept with the review item."""
        return {"take": self.side}


@dataclass(frozen=True, slots=True)
class NoteDecision:
    """The cause was fixed elsewhere; the note says how."""

    text: str

    @property
    def option(self) -> str:
        """The option that expresses it."""
        return "--note"

    def stored(self) -> dict[str, str]:
        """Return what is kept with the review item."""
        return {"note": self.text}


BUSINESS_UNIT = "business-unit"

type Decision = ItemDecision | CustomerDecision | TakeDecision | NoteDecision

# A note fits every question: whatever was fixed in one of the systems needs no mapping here.
OPTION_OF_KIND: Mapping[str, str] = {
    ITEM: "--item NUMBER [--variant CODE]",
    CUSTOMER: "--customer NUMBER",
    CONFLICT: f"--take {'|'.join(get_args(Taken))}",
}


def decision_of(
    item: str | None, variant: str | None, customer: str | None, take: Taken | None, note: str | None
) -> Decision:
    """Read the options. Raises CommandError unless exactly one decision is given."""
    given: list[Decision] = []
    if item:
        given.append(ItemDecision(item, variant))
    if customer:
        given.append(CustomerDecision(customer))
    if take:
        given.append(TakeDecision(take))
    if note:
        given.append(NoteDecision(note))
    if len(given) != 1:
        what = "no decision is given" if not given else "several decisions are given"
        raise usage_error(what, "use exactly one of --item NUMBER, --customer NUMBER, --take SIDE, --note TEXT")
    if variant and not item:
        raise usage_error("--variant without --item", "name the item, too: --item NUMBER --variant CODE")
    return given[0]


def check_fits(review_item: ReviewItem, decision: Decision) -> None:
    """Raise CommandError when the decision answers another kind of question, naming the option that fits."""
    fitting = OPTION_OF_KIND.get(review_item.question.kind)
    if decision.option == "--note" or (fitting is not None and fitting.startswith(decision.option)):
        return
    instead = f"{fitting}, or --note TEXT when it was fixed elsewhere" if fitting else "--note TEXT"
    raise usage_error(
        f"{decision.option} does not answer this question: its kind is {review_item.question.kind}",
        f"resolve it with {instead}",
    )


async def pair_of(context: Context, question: Question, decision: Decision, correlation_id: str) -> IdPair | None:
    """Return the pair that the decision puts into the id map, once the back-end has confirmed it, if any."""
    if isinstance(decision, NoteDecision | TakeDecision):
        return None
    market = _market(context, question)
    connector = context.app.connectors[market.back_end]
    if isinstance(decision, ItemDecision):
        return await _item_pair(connector, market, question, decision, correlation_id)
    pair = await _customer_pair(connector, market, question, decision, correlation_id)
    unit = await context.state.id_map.by_commercetools_id(question.scope, BUSINESS_UNIT, question.key)
    return replace(pair, entity=BUSINESS_UNIT) if unit else pair


async def take_side(context: Context, question: Question, decision: TakeDecision, correlation_id: str) -> None:
    """Let one side's values count from now on. Raises CommandError when a side has no such customer any more."""
    flow = context.app.customers
    decider = Decider(flow.loader, flow.stores.snapshots)
    market, now = _market(context, question), context.app.road.now()
    try:
        await decider.take(question, market, decision.side, now, correlation_id)
    except NotFound as error:
        raise CommandError(
            error.message, "nothing was changed; `ctd365 review resolve … --note TEXT` closes it"
        ) from error


async def put_pair(context: Context, pair: IdPair) -> IdPair | None:
    """Store the pair; return what stood there before. Raises CommandError when an id belongs to another."""
    before = await context.state.id_map.by_commercetools_id(pair.scope, pair.entity, pair.commercetools_id)
    try:
        await context.state.id_map.put(pair)
    except Conflict as error:
        raise CommandError(f"the id map refuses it: {error.message}", _conflict_hint(pair)) from error
    return before


def _market(context: Context, question: Question) -> Market:
    market = context.app.markets.by_name.get(question.scope)
    if market is None:
        known = ", ".join(context.app.markets.by_name)
        hint = (
            f"known markets: {known}; when it was renamed, resolve with --note: the question is asked anew if need be"
        )
        raise CommandError(f"market {question.scope} is not in the market map any more", hint, Exit.CONFIGURATION)
    return market


async def _item_pair(
    connector: Connector, market: Market, question: Question, decision: ItemDecision, correlation_id: str
) -> IdPair:
    target = ItemTarget(item=decision.number, variant=decision.variant)
    found = (await connector.find_items(market, {question.key: target}, correlation_id)).get(question.key)
    name = f"{decision.number}/{decision.variant}" if decision.variant else decision.number
    if found is None:
        hint = "check the number (and --variant) there, or create it first; nothing was changed"
        raise CommandError(f"{market.back_end}, company {market.company}, has no item {name}", hint)
    if found.blocked:
        raise CommandError(
            f"item {name} is blocked in {market.back_end}", "unblock it there first; nothing was changed"
        )
    details: dict[str, Any] = {"variant": decision.variant} if decision.variant else {}
    return IdPair(question.scope, ITEM, question.key, name, decision.number, details)


async def _customer_pair(
    connector: Connector, market: Market, question: Question, decision: CustomerDecision, correlation_id: str
) -> IdPair:
    found = await connector.find_customers(market, correlation_id, number=decision.number)
    if len(found) != 1:
        what = "no customer" if not found else f"{len(found)} customers"
        raise CommandError(
            f"{market.back_end}, company {market.company}, has {what} with number {decision.number}",
            "check the number there, or create the customer first; nothing was changed",
        )
    return IdPair(question.scope, id_map_entity(question.key), question.key, found[0].id, found[0].number)


def _conflict_hint(pair: IdPair) -> str:
    if pair.entity == ITEM:
        return (
            f"several SKUs that are one item belong into the market map: items: {{{pair.commercetools_id}: "
            f"{{item: {pair.dynamics_number}}}}} in market {pair.scope}; then resolve with --note"
        )
    return (
        f"a back-end customer can be one commercetools customer only: choose another --customer, or merge them "
        f"in one of the systems; `ctd365 audit show {pair.commercetools_id}` tells what is known"
    )

"""`ctd365 review`: questions that only a person can answer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Literal

import typer

from shared.cli import review_views as views
from shared.cli.context import Context, actor_or_user
from shared.cli.decisions import Decision, TakeDecision, check_fits, decision_of, pair_of, put_pair, take_side
from shared.cli.exits import CommandError, Exit
from shared.cli.letters import known_of
from shared.cli.output import plain, show_json
from shared.cli.resubmission import By
from shared.cli.run import run
from shared.cli.waiting import Released, release
from shared.flows.customer_decisions import Taken
from shared.state.records import JSON, AuditEntry, IdPair, ReviewItem
from shared.state.review_items import OPEN

group = typer.Typer(no_args_is_help=True, help="Questions that a person must answer: list, show, resolve.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ItemId = Annotated[str, typer.Argument(metavar="ID", help="The item's id, or how the id of an open one begins.")]


@group.command("list")
def list_command(
    ctx: typer.Context,
    status: Annotated[Literal["open", "resolved"], typer.Option("--status", help="Which items.")] = "open",
    kind: Annotated[str | None, typer.Option("--kind", help="Only this kind, for example item or customer.")] = None,
    as_json: AsJson = False,
) -> None:
    """List questions, oldest first, with how often each was asked and how much waits for it."""

    async def work(context: Context) -> Exit:
        items = [item async for item in context.state.review.list_items(status) if kind in {None, item.question.kind}]
        if as_json:
            show_json([plain(item) for item in items])
        else:
            views.show_items(items, status, context.app.road.now())
        return Exit.OK

    run(ctx, work)


@group.command("show")
def show_command(ctx: typer.Context, item_id: ItemId, as_json: AsJson = False) -> None:
    """Show a question: both sides' values, what waits for it, and how to resolve it."""

    async def work(context: Context) -> Exit:
        item = await _find(context, item_id)
        if as_json:
            show_json(plain(item))
        else:
            views.show_item(item)
        return Exit.OK

    run(ctx, work)


@group.command("resolve")
def resolve_command(
    ctx: typer.Context,
    item_id: ItemId,
    item: Annotated[str | None, typer.Option("--item", help="The SKU is this item number of the back-end.")] = None,
    variant: Annotated[str | None, typer.Option("--variant", help="… and this variant of it.")] = None,
    customer: Annotated[str | None, typer.Option("--customer", help="It is this customer number.")] = None,
    take: Annotated[
        Taken | None, typer.Option("--take", help="Where both sides have changed a customer: whose values count.")
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="The cause was fixed elsewhere: say how.")] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Who decides, for the audit; else the OS user.")] = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question: check and store the decision, audit it, and resubmit what waited."""

    async def work(context: Context) -> Exit:
        decision = decision_of(item, variant, customer, take, note)
        who = actor_or_user(actor)
        resolution, released = await _resolve(context, await _find(context, item_id), decision, who)
        if as_json:
            show_json(views.resolution_json(resolution.item, released))
        else:
            views.show_resolution(resolution.item, resolution.pair, released)
        return _ended(released)

    run(ctx, work)


@dataclass(frozen=True, slots=True)
class Resolution:
    """A resolved item, and the id-map pair that the decision made."""

    item: ReviewItem
    pair: IdPair | None


async def _resolve(context: Context, item: ReviewItem, decision: Decision, actor: str) -> tuple[Resolution, Released]:
    if item.status != OPEN:
        raise _resolved_before(item)
    check_fits(item, decision)
    correlation_id = f"cli/{uuid.uuid4()}"
    pair = await pair_of(context, item.question, decision, correlation_id)
    # The decision goes first: when anything fails after it, the item is still open and the same command works again.
    before = await put_pair(context, pair) if pair else None
    if isinstance(decision, TakeDecision):
        await take_side(context, item.question, decision, correlation_id)
    resolved = await context.state.review.resolve(item.id, decision.stored(), actor)
    await _audit(context, resolved, before, correlation_id)
    why = f"review item {resolved.id} was resolved: {views.decision_text(resolved.decision)}"
    released = await release(context, resolved.waiting, By(actor, why))
    return Resolution(resolved, pair), released


async def _audit(context: Context, item: ReviewItem, before: IdPair | None, correlation_id: str) -> None:
    """Write one entry for each entity that waits; a question that nothing waits for stands for itself."""
    question = item.question
    waiting = {message.entity_id: message.queue for message in item.waiting} or {question.key: "review"}
    earlier: JSON = {"question": question.text, **({"dynamics_id": before.dynamics_id} if before else {})}
    for entity_id, flow in waiting.items():
        known = await known_of(context.state.audit, entity_id)
        entry = AuditEntry(
            at=context.app.road.now(),
            flow=flow,
            market=question.scope,
            entity_type=known.entity_type or question.kind,
            entity_id=entity_id,
            step="review resolved",
            outcome="Resolved",
            why=f"{question.text}: {views.decision_text(item.decision)}",
            actor=item.resolved_by,
            correlation_id=correlation_id,
            document_number=known.document_number,
            dynamics_id=known.dynamics_id,
            before=earlier,
            after=item.decision,
            closes=f"review:{item.id}",
        )
        await context.state.audit.append(entry)


async def _find(context: Context, item_id: str) -> ReviewItem:
    """Find by id or by a beginning that only one open item has. Raises CommandError naming what is close."""
    item = await context.state.review.get(item_id)
    if item is not None:
        return item
    open_items = [item async for item in context.state.review.list_items()]
    beginning = [item for item in open_items if item.id.startswith(item_id)]
    if len(beginning) == 1:
        return beginning[0]
    raise CommandError(f"no review item {item_id}", _suggestion(item_id, beginning or open_items))


def _suggestion(item_id: str, items: Sequence[ReviewItem]) -> str:
    if not items:
        return "nothing is open; `ctd365 review list --status resolved` lists the resolved ones"
    close = get_close_matches(item_id, [item.id for item in items], n=5, cutoff=0.6)
    shown = [item for item in items if item.id in close] or list(items[:5])
    label = "did you mean" if close else "open are"
    return f"{label} " + "; ".join(f"{item.id} ({item.question.text})" for item in shown)


def _resolved_before(item: ReviewItem) -> CommandError:
    when = f" at {item.resolved_at:%Y-%m-%d %H:%M:%S}Z" if item.resolved_at else ""
    entities = list(dict.fromkeys(message.entity_id for message in item.waiting))
    hint = f"`ctd365 review show {item.id}` has the decision"
    if entities:
        hint += f"; if its message is still a dead letter: ctd365 dead-letters resubmit {' '.join(entities)}"
    return CommandError(f"{item.resolved_by} resolved {item.id}{when} already", hint)


def _ended(released: Released) -> Exit:
    return Exit.NOTHING_OR_PARTLY if released.missing else Exit.OK

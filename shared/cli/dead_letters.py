"""`ctd365 dead-letters`: messages that cannot proceed, and what to do with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from shared.cli import dead_letter_views as views
from shared.cli.context import Context, actor_or_user
from shared.cli.editing import NewBody, body_from_editor, body_from_file
from shared.cli.exits import CommandError, Exit, usage_error
from shared.cli.letters import Filter, Found, Letter, find_letters
from shared.cli.output import plain, show_json, show_text
from shared.cli.resubmission import By, Settled, discard_letters, resubmit_letters
from shared.cli.run import run
from shared.cli.selection import AsJson, Entity, Flow, Queue, Reason, Selection, selecting

group = typer.Typer(no_args_is_help=True, help="Messages that cannot proceed: see why, send them again, discard them.")


@group.command("list")
def list_command(
    ctx: typer.Context,
    queue: Queue = None,
    flow: Flow = None,
    reason: Reason = None,
    entity: Entity = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters with the reason that the flow gave, the entity, the document and the review item."""

    async def work(context: Context) -> Exit:
        found = await find_letters(context, _queues(context, queue), Filter(flow, reason, entity))
        if as_json:
            show_json([plain(letter) for letter in found.letters])
        else:
            views.show_letters(found.letters, context.app.road.now())
        return Exit.OK

    run(ctx, work)


@group.command("show")
def show_command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="SEQ|MESSAGE_ID|ENTITY_ID", help="Which; a document number does too.")],
    queue: Queue = None,
    as_json: AsJson = False,
) -> None:
    """Show all there is to know of a dead letter: why, its body, and the audit trail of its entity."""

    async def work(context: Context) -> Exit:
        found = await find_letters(context, _queues(context, queue), Filter(names=(name,)))
        if not found.letters:
            raise _nothing_matches((name,))
        shown = [await views.detailed(context, letter, found.message(letter)) for letter in found.letters]
        if as_json:
            show_json([views.detailed_json(detail) for detail in shown])
        else:
            for detail in shown:
                views.show_detail(detail, context.app.road.now())
        return Exit.OK

    run(ctx, work)


@group.command("resubmit")
@selecting
def resubmit_command(
    ctx: typer.Context,
    chosen: Selection,
    edit: Annotated[Path | None, typer.Option("--edit", help="Send the body in this file instead.")] = None,
    editor: Annotated[bool, typer.Option("--editor", help="Edit the body in $EDITOR first.")] = False,
    why: Annotated[str, typer.Option("--why", help="What was fixed, for the audit.")] = "resubmitted by hand",
) -> None:
    """Send dead letters again, as new messages of the same entity. They run afresh; each is audited."""

    async def work(context: Context) -> Exit:
        found = await _selected(context, chosen)
        body = _new_body(found, edit, editor)
        if chosen.dry_run:
            return _preview(found.letters, context, chosen.as_json)
        if not chosen.yes and len(found.letters) > 1:
            _confirm(f"Resubmit {len(found.letters)} dead letters?", found.letters, context)
        by = By(actor_or_user(chosen.actor), why)
        if body is None:
            done = await resubmit_letters(context, found.letters, by)
        else:
            [letter] = found.letters
            difference = body.difference(found.message(letter))
            edited = body.edit(letter.queue)
            done = await resubmit_letters(context, found.letters, by, edit=edited, edited=difference)
        return _report(found.letters, done, "resubmitted", chosen.as_json)

    run(ctx, work)


@group.command("discard")
@selecting
def discard_command(
    ctx: typer.Context,
    chosen: Selection,
    why: Annotated[str | None, typer.Option("--why", help="Why nobody needs them any more, for the audit.")] = None,
) -> None:
    """Remove dead letters for good. Each is audited, with the reason that you give."""

    async def work(context: Context) -> Exit:
        found = await _selected(context, chosen)
        if chosen.dry_run:
            return _preview(found.letters, context, chosen.as_json)
        reason_given = why or _ask_why(chosen.yes)
        if not chosen.yes:
            _confirm(f"Discard {len(found.letters)} dead letter(s) for good?", found.letters, context)
        done = await discard_letters(context, found.letters, By(actor_or_user(chosen.actor), reason_given))
        return _report(found.letters, done, "discarded", chosen.as_json)

    run(ctx, work)


def _queues(context: Context, queue: str | None) -> tuple[str, ...]:
    if queue is None:
        return context.queues
    if queue not in context.queues:
        raise usage_error(f"there is no queue {queue}", f"queues: {', '.join(context.queues)}")
    return (queue,)


async def _selected(context: Context, chosen: Selection) -> Found:
    """Find what is meant. Raises CommandError when that is nothing, everything by accident, or ambiguous."""
    wanted = chosen.filter
    if wanted.empty and not chosen.everything:
        raise usage_error("nothing is selected", "name IDS, or use --entity, --flow, --reason or --all")
    if wanted.names and chosen.everything:
        raise usage_error("IDS and --all contradict each other", "leave one of them out")
    found = await find_letters(context, _queues(context, chosen.queue), wanted)
    if not found.letters:
        raise _nothing_matches(wanted.names)
    unmet = [name for name in wanted.names if not any(letter.answers_to(name) for letter in found.letters)]
    if unmet:
        raise _nothing_matches(unmet)
    _refuse_ambiguous(wanted.names, found.letters)
    return found


def _refuse_ambiguous(names: Sequence[str], letters: Sequence[Letter]) -> None:
    """A sequence number counts in its own queue only: the same one in two queues is two different messages."""
    for name in names:
        queues = {letter.queue for letter in letters if str(letter.sequence_number) == name}
        if len(queues) > 1:
            raise usage_error(f"{name} is in several queues: {', '.join(sorted(queues))}", "say which with --queue")


def _nothing_matches(names: Sequence[str]) -> CommandError:
    what = f" for {', '.join(names)}" if names else ""
    return CommandError(f"no dead letter{what}", "list them with `ctd365 dead-letters list`; nothing was changed")


def _new_body(found: Found, edit: Path | None, editor: bool) -> NewBody | None:
    if edit is None and not editor:
        return None
    if edit is not None and editor:
        raise usage_error("--edit and --editor contradict each other", "leave one of them out")
    if len(found.letters) != 1:
        raise usage_error(f"{len(found.letters)} dead letters match, and one body cannot be theirs all", "name one ID")
    [letter] = found.letters
    return body_from_file(edit, letter.queue) if edit else body_from_editor(found.message(letter))


def _preview(letters: Sequence[Letter], context: Context, as_json: bool) -> Exit:
    if as_json:
        show_json([plain(letter) for letter in letters])
    else:
        views.show_letters(letters, context.app.road.now())
        show_text("Dry run: nothing was changed.", "yellow")
    return Exit.OK


def _confirm(question: str, letters: Sequence[Letter], context: Context) -> None:
    views.show_letters(letters, context.app.road.now())
    try:
        agreed = typer.confirm(question)
    except typer.Abort as error:
        raise usage_error("nobody answered", "use --yes where nobody can") from error
    if not agreed:
        raise CommandError("stopped: nothing was changed")


def _ask_why(yes: bool) -> str:
    if yes:
        raise usage_error("--yes without --why", "say with --why TEXT why nobody needs them any more")
    try:
        return str(typer.prompt("Why does nobody need them any more"))
    except typer.Abort as error:
        raise usage_error("nobody said why", "use --why TEXT") from error


def _report(wanted: Sequence[Letter], done: Sequence[Settled], what: str, as_json: bool) -> Exit:
    if as_json:
        show_json([plain(settled.letter) | {"new_message_id": settled.new_message_id} for settled in done])
    else:
        views.show_settled(done, what)
    if len(done) == len(wanted):
        return Exit.OK
    raise CommandError(
        f"{len(done)} of {len(wanted)} were {what}; somebody else holds or has settled the others",
        "list what is left with `ctd365 dead-letters list`, in a minute when another reader's locks have ended",
    )

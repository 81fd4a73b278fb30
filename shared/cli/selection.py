"""The options that select dead letters, declared once for every command that changes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from shared.cli.letters import Filter

Queue = Annotated[str | None, typer.Option("--queue", help="Only this queue; all of them without it.")]
Flow = Annotated[str | None, typer.Option("--flow", help="Only this flow, for example orders.")]
Reason = Annotated[
    str | None,
    typer.Option("--reason", help="Only reasons that begin so, for example NeedsReview or NeedsReview:item."),
]
Entity = Annotated[str | None, typer.Option("--entity", help="Only this commercetools entity id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
WHICH = "Sequence numbers, message ids, entity ids or document numbers."


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters are meant, and how the command is to go about it. Its fields are the options."""

    names: Annotated[list[str] | None, typer.Argument(metavar="IDS", help=WHICH)] = None
    everything: Annotated[bool, typer.Option("--all", help="Every dead letter (of the queue).")] = False
    queue: Queue = None
    flow: Flow = None
    reason: Reason = None
    entity: Entity = None
    actor: Annotated[str | None, typer.Option("--actor", help="Who acts, for the audit; the OS user without it.")] = (
        None
    )
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen and change nothing.")] = False
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False
    as_json: AsJson = False

    @property
    def filter(self) -> Filter:
        """What the letters must match."""
        return Filter(self.flow, self.reason, self.entity, self.names or ())


type Command = Callable[..., None]


def selecting(command: Command) -> Command:
    """Let a command take `Selection` as its second argument: typer sees its fields beside the command's own options."""
    shared = signature(Selection, eval_str=True).parameters
    context, _, *own = signature(command, eval_str=True).parameters.values()

    @wraps(command)
    def with_options(ctx: typer.Context, **given: Any) -> None:
        selection = Selection(**{name: given.pop(name) for name in shared})
        command(ctx, selection, **given)

    parameters = [context, *shared.values(), *own]
    keywords = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in parameters]
    with_options.__signature__ = Signature(keywords)  # type: ignore[attr-defined]  # what inspect reads
    return with_options

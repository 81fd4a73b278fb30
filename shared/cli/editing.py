"""A new body for a dead letter, from a file or an editor, checked before it is sent."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from shared.cli.exits import usage_error
from shared.cli.output import pretty
from shared.messaging.dead_letter import Copy, DeadLetterMessage, Edit, with_body
from shared.messaging.queues import COMMERCETOOLS_EVENTS
from shared.pipeline.envelope import MalformedEnvelope, parse_envelope
from shared.state.records import JSON

DEFAULT_EDITOR = "vi"


@dataclass(frozen=True, slots=True)
class NewBody:
    """A checked body."""

    text: str
    source: str

    def edit(self, queue: str) -> Edit:
        """Return how a copy is made; session and properties follow the edited envelope."""
        if queue == COMMERCETOOLS_EVENTS:
            return lambda message: with_body(message, self.text.encode(), message.session_id, {})
        envelope = parse_envelope(self.text)
        properties = {"flow": envelope.flow, "entity_id": envelope.entity_id}

        def edited(message: DeadLetterMessage) -> Copy:
            return with_body(message, self.text.encode(), envelope.session_id, properties)

        return edited

    def difference(self, message: DeadLetterMessage) -> JSON:
        """Return both bodies, for the audit."""
        return {"before": _decoded(message.text), "after": _decoded(self.text)}


def body_from_file(path: Path, queue: str) -> NewBody:
    """Read and check a body. Raises CommandError naming the file and each wrong field."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise usage_error(f"{path} cannot be read: {error}", "give --edit the path of a JSON file") from error
    return _checked(text, str(path), queue)


def body_from_editor(message: DeadLetterMessage) -> NewBody:
    """Let a person edit the body in $VISUAL or $EDITOR."""
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or DEFAULT_EDITOR)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{message.queue}-{message.sequence_number}.json"
        path.write_text(pretty(message.text), encoding="utf-8")
        try:
            subprocess.run([*command, str(path)], check=True)  # noqa: S603 - the person's own editor
        except (OSError, subprocess.CalledProcessError) as error:
            raise usage_error(f"the editor failed: {error}", "set EDITOR, or give the body with --edit FILE") from error
        return _checked(path.read_text(encoding="utf-8"), "the edited body", message.queue)


def _checked(text: str, source: str, queue: str) -> NewBody:
    try:
        compact = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
        if queue != COMMERCETOOLS_EVENTS:
            parse_envelope(compact)
    except MalformedEnvelope as error:
        raise usage_error(
            f"{source}: {error}", "correct these fields; `ctd365 dead-letters show` has an example"
        ) from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise usage_error(
            f"{source}: {where}: not JSON ({error.msg})", "correct it and run the command again"
        ) from error
    return NewBody(compact, source)


def _decoded(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text

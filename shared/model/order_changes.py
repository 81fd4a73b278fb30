"""What separates an exported order from what it should be now."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.model.back_end import OrderRecord, Payload


@dataclass(frozen=True, slots=True)
class OrderEdit:
    """One difference. `what` names the part for people: the header, or a line by place and item."""

    what: str
    before: Payload = field(default_factory=dict)
    after: Payload = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderChanges:
    """The whole difference, and how far the back-end has got with the order.

    `state` is the back-end's own word. `record` is None when the order is not there any more. `line_count` leaves out
    the line that closes a rounding gap.
    """

    state: str
    record: OrderRecord | None
    line_count: int = 0
    edits: tuple[OrderEdit, ...] = ()

    def describe(self) -> str:
        """Name what differs."""
        return ", ".join(edit.what for edit in self.edits) or "nothing"

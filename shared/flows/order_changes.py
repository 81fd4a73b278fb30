"""Changes to an order that was exported before: carried over as a difference, asked about, or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.dynamics.connector import Connector
from shared.dynamics.order_changes import ChangesOrders
from shared.flows.order_change_policy import Decision, decide
from shared.flows.order_fingerprint import fingerprint
from shared.flows.order_plan import OrderPlan
from shared.flows.order_totals import Agree, compare_totals
from shared.markets import BackEndType
from shared.model.back_end import CustomerRecord, OrderRecord
from shared.model.order_changes import OrderChanges, OrderEdit
from shared.pipeline.flow import Work
from shared.pipeline.outcome import DeadLetter, NeedsReview, Outcome
from shared.state.protocols import SnapshotStore
from shared.state.records import Question, Snapshot

REFUSED = "OrderChangeRefused"
CHANGING = "order.changing"


@dataclass(frozen=True, slots=True)
class Writable:
    """A difference that may be written, and who writes it."""

    connector: ChangesOrders
    record: OrderRecord
    edits: tuple[OrderEdit, ...]


async def judged_changes(
    work: Work, plan: OrderPlan, connector: Connector, back_end: BackEndType, snapshots: SnapshotStore
) -> Writable | Outcome:
    """Compare with the back-end; returns the difference, or the outcome that ends the run instead."""
    loaded = plan.loaded
    if loaded.pair is None or not isinstance(connector, ChangesOrders):
        return NeedsReview(_question(plan, None, "orders of this back-end are changed by hand only"))
    changes = await connector.compare_order(
        loaded.market, loaded.pair.dynamics_id, plan.draft, loaded.references.bill_to, work.envelope.correlation_id
    )
    mark = await snapshots.get(loaded.market.name, CHANGING, loaded.order.id)
    # The mark of a change that was finished is no newer than the snapshot.
    exported_at = loaded.exported.commercetools_version if loaded.exported else 0
    begun = mark is not None and mark.commercetools_version > exported_at
    verdict = _judge(plan, changes, decide(back_end, changes.state), begun=begun)
    if verdict is not None or changes.record is None:
        return verdict or DeadLetter(REFUSED, _refusal(plan, changes))
    return Writable(connector, changes.record, changes.edits)


async def write_changes(
    work: Work, plan: OrderPlan, changes: Writable, payer: CustomerRecord | None, snapshots: SnapshotStore
) -> OrderRecord:
    """Write the difference; a mark tells the next run that this one may have stopped half-way."""
    market, order = plan.loaded.market, plan.loaded.order
    await snapshots.put(Snapshot(market.name, CHANGING, order.id, order.version, {}, work.now))
    order_id, correlation_id = changes.record.id, work.envelope.correlation_id
    record = await changes.connector.change_order(market, order_id, plan.draft, payer, correlation_id)
    before = {edit.what: dict(edit.before) for edit in changes.edits}
    after = {edit.what: dict(edit.after) for edit in changes.edits}
    work.trail.note("sales order changed", ", ".join(after), before=before, after=after)
    return record


def is_in_step(plan: OrderPlan, record: OrderRecord | None, edits: Sequence[OrderEdit]) -> bool:
    """Tell whether nothing needs to be written: no difference, and totals that agree."""
    if edits or record is None:
        return False
    return isinstance(compare_totals(plan.draft, record, plan.loaded.market.totals), Agree)


def _judge(plan: OrderPlan, changes: OrderChanges, decision: Decision, *, begun: bool) -> Outcome | None:
    """Return the outcome that ends the run, or None when the difference may be written.

    `begun` says that an earlier run has begun to write: then the lines may be anything between.
    """
    if decision == "refuse":
        return DeadLetter(REFUSED, _refusal(plan, changes))
    if is_in_step(plan, changes.record, changes.edits):
        return None
    if not begun and _were_lines_edited(plan, changes):
        return NeedsReview(_question(plan, changes, f"somebody edited its lines: {changes.line_count} are there"))
    if decision == "review":
        return NeedsReview(_question(plan, changes, f"the sales order is {changes.state} already"))
    return None


def _were_lines_edited(plan: OrderPlan, changes: OrderChanges) -> bool:
    """Lines that somebody else added or removed would be taken for ours."""
    exported = plan.loaded.exported.data.get("lines") if plan.loaded.exported else None
    return exported is not None and exported != changes.line_count


def _number(plan: OrderPlan) -> str:
    return plan.loaded.pair.dynamics_number if plan.loaded.pair else ""


def _refusal(plan: OrderPlan, changes: OrderChanges) -> str:
    order = plan.loaded.order
    what = f"order {order.number or order.id} changed in commercetools"
    why = f"sales order {_number(plan)} is {changes.state}, and what is posted cannot change"
    return f"{what}, but {why}. Settle it by a return or a credit memo, then discard this message"


def _question(plan: OrderPlan, changes: OrderChanges | None, why: str) -> Question:
    order, number = plan.loaded.order, _number(plan)
    what = f"; it would change: {changes.describe()}" if changes else ""
    return Question(
        scope=plan.loaded.market.name,
        kind="order_changed",
        key=f"{order.id}/{fingerprint(order)[:12]}",
        text=f"the order changed in commercetools after it became {number}, and {why}{what}",
        commercetools={"orderNumber": order.number, "gross": str(order.totals.gross), "version": order.version},
        dynamics={"number": number, **(_shown(changes) if changes else {})},
        hint="carry it over by hand or reopen the sales order, then resolve with --note: what is left is written",
    )


def _shown(changes: OrderChanges) -> Mapping[str, Any]:
    return {"state": changes.state, "changes": [edit.what for edit in changes.edits]}

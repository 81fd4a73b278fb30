"""Orders: a commercetools order becomes one sales order in the market's back-end, exactly once and to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shared.commercetools.client import CommercetoolsClient, Document
from shared.commercetools.write_back import Action, sync_actions
from shared.dynamics.connector import Connector
from shared.errors import Conflict, Permanent
from shared.flows.matching import CUSTOMER, Match, id_map_entity, match_customer
from shared.flows.one_at_a_time import one_at_a_time
from shared.flows.order_changes import is_in_step, judged_changes, write_changes
from shared.flows.order_fingerprint import fingerprint
from shared.flows.order_loading import OrderLoader
from shared.flows.order_plan import ORDER, LoadedOrder, OrderPlan
from shared.flows.order_totals import Agree, CloseGap, Mismatch, compare_totals
from shared.flows.questions import question_of
from shared.mapping.parties import marks_of
from shared.markets import Market
from shared.model.back_end import CustomerDraft, CustomerRecord, MissingReference, OrderRecord
from shared.pipeline.flow import Work
from shared.pipeline.outcome import OUTCOMES, Done, NeedsReview, NoChange, Outcome
from shared.state.protocols import IdempotencyStore, IdMap, SnapshotStore
from shared.state.records import IdPair, Question, Snapshot


@dataclass(frozen=True, slots=True)
class OrdersFlow:
    """Implements `Flow`."""

    loader: OrderLoader
    projects: Mapping[str, CommercetoolsClient]
    connectors: Mapping[str, Connector]
    id_map: IdMap
    snapshots: SnapshotStore
    claims: IdempotencyStore
    name: Literal["orders"] = "orders"

    async def load(self, work: Work) -> LoadedOrder | Outcome:
        """See `Flow.load`."""
        return await self.loader.load(work)

    def plan(self, work: Work, loaded: LoadedOrder) -> OrderPlan | Outcome:
        """See `Flow.plan`."""
        market = loaded.market
        draft = self.connectors[market.back_end].draft_order(loaded.order, loaded.references, market)
        if isinstance(draft, MissingReference):
            return NeedsReview(question_of(draft, market))
        for cut in draft.cuts:
            why = f"{cut.field} to {cut.limit} characters" if cut.limit else f"{cut.field} is not carried"
            work.trail.note("value cut", why, before={cut.field: cut.value})
        return OrderPlan(loaded, draft, market.mode(self.name))

    async def write(self, work: Work, plan: OrderPlan) -> OrderRecord | Outcome:
        """See `Flow.write`. Looks up before it creates whenever an earlier run may have created."""
        if plan.loaded.exported is not None:
            return await self._carry_over(work, plan)
        existing = await self._existing(work, plan)
        if isinstance(existing, Question):
            return NeedsReview(existing)
        record = existing or await self._create(work, plan)
        if isinstance(record, Question):
            return NeedsReview(record)
        work.trail.dynamics_id, work.trail.document_number = record.id, record.number
        return await self._verified(work, plan, record)

    async def record(self, work: Work, plan: OrderPlan, written: OrderRecord) -> Outcome:
        """See `Flow.record`."""
        market, order = plan.loaded.market, plan.loaded.order
        await self.id_map.put(IdPair(market.name, ORDER, order.id, written.id, written.number))
        await self._write_back(work, plan.loaded, written)
        await self._take_snapshot(work, plan, written)
        return Done(f"sales order {written.number}", {"number": written.number, "id": written.id})

    async def _take_snapshot(self, work: Work, plan: OrderPlan, written: OrderRecord) -> None:
        market, order = plan.loaded.market, plan.loaded.order
        data = {
            "fingerprint": fingerprint(order),
            "number": written.number,
            "gross": str(written.totals.gross),
            "lines": len(plan.draft.lines),
        }
        await self.snapshots.put(Snapshot(market.name, ORDER, order.id, order.version, data, work.now))

    async def _carry_over(self, work: Work, plan: OrderPlan) -> OrderRecord | Outcome:
        """Write what changed since the export, as far as the back-end's state allows."""
        market, connector = plan.loaded.market, self.connectors[plan.loaded.market.back_end]
        back_end = self.loader.markets.back_ends[market.back_end].type
        changes = await judged_changes(work, plan, connector, back_end, self.snapshots)
        if isinstance(changes, OUTCOMES):
            return changes
        if is_in_step(plan, changes.record, changes.edits):
            await self._take_snapshot(work, plan, changes.record)
            return NoChange(f"nothing of the change concerns sales order {changes.record.number}")
        payer = plan.loaded.references.bill_to
        bill_to = await self._customer(work, payer, market) if payer else None
        if isinstance(bill_to, Question):
            return NeedsReview(bill_to)
        record = await write_changes(work, plan, changes, bill_to, self.snapshots) if changes.edits else changes.record
        return await self._verified(work, plan, record)

    async def _existing(self, work: Work, plan: OrderPlan) -> OrderRecord | Question | None:
        loaded, correlation_id = plan.loaded, work.envelope.correlation_id
        connector = self.connectors[loaded.market.back_end]
        if loaded.pair is not None:
            return await connector.read_order(loaded.market, loaded.pair.dynamics_id, correlation_id)
        if work.fresh and not loaded.order.synced:
            return None
        found = await connector.find_orders(loaded.market, plan.draft.reference, correlation_id)
        if len(found) > 1:
            return _several_orders(found, plan)
        if not found:
            return None
        work.trail.note("sales order found", f"an earlier run created {found[0].number}")
        return await connector.repair_order(loaded.market, found[0], plan.draft, correlation_id)

    async def _create(self, work: Work, plan: OrderPlan) -> OrderRecord | Question:
        loaded = plan.loaded
        sell_to = await self._customer(work, loaded.references.sell_to, loaded.market)
        if isinstance(sell_to, Question):
            return sell_to
        payer = loaded.references.bill_to
        bill_to = await self._customer(work, payer, loaded.market) if payer else None
        if isinstance(bill_to, Question):
            return bill_to
        connector = self.connectors[loaded.market.back_end]
        record = await connector.create_order(loaded.market, plan.draft, sell_to, bill_to, work.envelope.correlation_id)
        why = f"{record.number} for {sell_to.number}, gross {record.totals.gross}"
        work.trail.note("sales order created", why, after={"id": record.id, **plan.draft.payload})
        return record

    async def _customer(
        self, work: Work, customer: CustomerRecord | CustomerDraft, market: Market
    ) -> CustomerRecord | Question:
        """Create the customer where it has to be, and remember who it is.

        Two first orders of one customer may come at once: each has its own session, so they have to take turns here.
        """
        if isinstance(customer, CustomerRecord):
            return await self._remembered(customer, customer, market)
        async with one_at_a_time(self.claims, f"customer:{market.name}:{customer.party.key}") as fresh:
            found = customer if fresh else await self._match_again(work, customer, market)
            if isinstance(found, Question):
                return found
            if isinstance(found, CustomerRecord):
                return await self._remembered(found, found, market)
            connector = self.connectors[market.back_end]
            record = await connector.create_customer(market, found, work.envelope.correlation_id)
            work.trail.note("customer created", record.number, after={"id": record.id, "number": record.number})
            return await self._remembered(found, record, market)

    async def _match_again(self, work: Work, draft: CustomerDraft, market: Market) -> Match:
        connector, correlation_id = self.connectors[market.back_end], work.envelope.correlation_id
        return await match_customer(draft.party, market, connector, self.id_map, work.trail, correlation_id)

    async def _remembered(
        self, customer: CustomerRecord | CustomerDraft, record: CustomerRecord, market: Market
    ) -> CustomerRecord | Question:
        key, marks = self._key(customer), self._marks(customer)
        if not key:
            return record
        try:
            await self.id_map.put(IdPair(market.name, id_map_entity(key), key, record.id, record.number, marks))
        except Conflict as error:
            return _customer_taken(record, key, market, str(error))
        return record

    @staticmethod
    def _marks(customer: CustomerRecord | CustomerDraft) -> Mapping[str, str]:
        return customer.marks if isinstance(customer, CustomerRecord) else marks_of(customer.party)

    @staticmethod
    def _key(customer: CustomerRecord | CustomerDraft) -> str:
        """Return the id-map key to remember; none for guests, who are known by e-mail alone."""
        if isinstance(customer, CustomerRecord):
            return customer.remember_as
        return "" if customer.party.guest else customer.party.key

    async def _verified(self, work: Work, plan: OrderPlan, record: OrderRecord) -> OrderRecord | Outcome:
        loaded = plan.loaded
        connector, correlation_id = self.connectors[loaded.market.back_end], work.envelope.correlation_id
        verdict = compare_totals(plan.draft, record, loaded.market.totals)
        if isinstance(verdict, CloseGap):
            record = await connector.add_rounding_line(loaded.market, record, verdict.gap, correlation_id)
            work.trail.note("rounding line added", f"{verdict.gap}", after={"gap": str(verdict.gap)})
            verdict = compare_totals(plan.draft, record, loaded.market.totals)
        if isinstance(verdict, Agree):
            work.trail.note("totals compared", verdict.why, after=_totals(record))
            return record
        if record.untouched and loaded.pair is None:  # nobody but this connector has seen it yet
            await connector.delete_order(loaded.market, record, correlation_id)
            work.trail.note("sales order removed", f"{record.number}: its totals do not match", before=_totals(record))
        return NeedsReview(_totals_differ(verdict, record, plan))

    async def _write_back(self, work: Work, loaded: LoadedOrder, record: OrderRecord) -> None:
        rules = loaded.market.write_back
        if rules is None:
            return
        client, correlation_id = self.projects[loaded.order.project], work.envelope.correlation_id
        path = f"orders/{loaded.order.id}"

        def everything(document: Document) -> list[Action]:
            return sync_actions(document, rules, record.number, work.now)

        def mark_only(document: Document) -> list[Action]:
            return sync_actions(
                document, rules.model_copy(update={"type": None, "field": None}), record.number, work.now
            )

        try:
            await client.update(path, loaded.document, everything, correlation_id)
        except Permanent as error:
            if rules.field is None:
                raise
            # The order carries another custom type without our field: the sync mark alone must do.
            work.trail.note("custom field refused", f"{rules.field}: {error.message}")
            await client.update(path, loaded.document, mark_only, correlation_id)
        work.trail.note("written back", f"{record.number} in channel {rules.channel}", after={"number": record.number})


def _totals(record: OrderRecord) -> dict[str, str]:
    totals = record.totals
    return {"number": record.number, "net": str(totals.net), "tax": str(totals.tax), "gross": str(totals.gross)}


def _totals_differ(verdict: Mismatch | CloseGap, record: OrderRecord, plan: OrderPlan) -> Question:
    order = plan.loaded.order
    text = verdict.text if isinstance(verdict, Mismatch) else f"a rounding line did not close the gap of {verdict.gap}"
    return Question(
        scope=plan.loaded.market.name,
        kind="totals",
        key=order.id,
        text=text,
        commercetools={"orderNumber": order.number, "gross": str(order.totals.gross), "tax": str(order.totals.tax)},
        dynamics=_totals(record),
        hint="correct the tax set-up in the back-end or the tax rules of the market, then resolve with --note",
    )


def _several_orders(found: list[OrderRecord], plan: OrderPlan) -> Question:
    numbers = ", ".join(record.number for record in found)
    return Question(
        scope=plan.loaded.market.name,
        kind="order_reference",
        key=plan.draft.reference,
        text=f"{len(found)} sales orders carry the reference {plan.draft.reference}: {numbers}",
        commercetools={"orderNumber": plan.loaded.order.number},
        dynamics={record.number: _totals(record) for record in found},
        hint="remove or renumber all but one in the back-end, then resolve with --note",
    )


def _customer_taken(record: CustomerRecord, key: str, market: Market, why: str) -> Question:
    return Question(
        scope=market.name,
        kind=CUSTOMER,
        key=key,
        text=f"customer {record.number} belongs to another commercetools customer: {why}",
        dynamics={"number": record.number},
        hint="create a customer of its own in the back-end and resolve with --customer NUMBER",
    )

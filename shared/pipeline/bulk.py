"""The bulk road: pages of a back-end's records are compared with commercetools, and only what differs is written.

One bad record never stops the others: it becomes a question of its own, with the API's own words, and is looked at
again in the next run. A side that cannot be reached stops the run where it is: the cursor moves only after a page is
safe, and going over a page again writes only what is left.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Protocol

from shared.commercetools.pacing import Pacer, bisected, concerns_everything
from shared.errors import Conflict, OutcomeUnknown, Permanent, ServiceError
from shared.markets import Market
from shared.model.catalogue import CataloguePage, Record
from shared.pipeline.envelope import FlowName
from shared.pipeline.process import Road
from shared.state.records import AuditEntry, Claimed, Question

LEASE = timedelta(minutes=15)  # of a run; renewed page by page, so only a killed worker lets it lapse
ROUNDS = 10  # of comparing again when others were faster; what sells best is contested most
PORTION = 500  # keys that are read at once
EXAMPLES = 20  # of records that match nothing, in their one question


class Change(Protocol):
    """One difference, ready to be written."""

    @property
    def key(self) -> str:
        """What is written, for the audit and for questions: usually the SKU."""

    @property
    def record_keys(self) -> Sequence[str]:
        """The keys of the back-end's records behind it."""

    @property
    def why(self) -> str:
        """What is done, in a few words."""

    def difference(self) -> Mapping[str, Any]:
        """What would be written."""

    async def write(self, correlation_id: str) -> None:
        """Write it. Raises ServiceError; Conflict when somebody else was faster."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a page came to. `again` are keys of records to look at in the next run, whatever happens to them."""

    changes: Sequence[Change] = ()
    unchanged: int = 0
    unmatched: Sequence[str] = ()
    questions: Sequence[Question] = ()
    again: Sequence[str] = ()


class BulkFlow[Kind: Record](Protocol):
    """What a flow does with many records at once. All methods raise only ServiceError."""

    @property
    def name(self) -> FlowName:
        """The flow."""

    def pages(self, market: Market, cursor: str | None, correlation_id: str) -> AsyncGenerator[CataloguePage[Kind]]:
        """List what changed in the back-end."""

    async def compare_keys(
        self, market: Market, keys: Sequence[str], read_at: datetime, correlation_id: str
    ) -> Comparison:
        """Read what is behind keys and compare that; a record may be gone, and what it was for may not."""

    async def compare(
        self, market: Market, records: Sequence[Kind], read_at: datetime, correlation_id: str
    ) -> Comparison:
        """Compare records with commercetools, reading in bulk. `read_at` is before the back-end was read."""


@dataclass(slots=True)
class BulkResult:
    """What a run did. `seen`, `unchanged` and `unmatched` count records, `written` requests and `asked` questions."""

    seen: int = 0
    written: int = 0
    unchanged: int = 0
    asked: int = 0
    unmatched: int = 0
    examples: list[str] = field(default_factory=list)
    skipped: bool = False

    def told(self) -> str:
        """Say it in one line."""
        return (
            f"{self.seen} seen: {self.written} written, {self.unchanged} unchanged, "
            f"{self.asked} asked about, {self.unmatched} without a match"
        )


async def run_bulk[Kind: Record](
    road: Road, market: Market, flow: BulkFlow[Kind], pacer: Pacer, *, full: bool = False
) -> BulkResult:
    """Bring one market's records in step; `full` compares everything instead of what changed."""
    # What shadow runs have seen is no reason to skip anything once the flow is on: they keep their own places.
    name = f"{flow.name}:{market.name}" + (":shadow" if market.mode(flow.name) == "shadow" else "")
    claim = await road.state.idempotency.claim(f"bulk:{name}", "", LEASE)
    if not isinstance(claim, Claimed):
        road.telemetry.event("bulk skipped", run=name, why="the run before is still going")
        return BulkResult(skipped=True)
    run = _Run(road, market, flow, pacer, name, f"{market.name}/{flow.name}/{uuid.uuid4()}", claim)
    try:
        await run.go(full=full)
    finally:
        await road.state.idempotency.release(run.claim)
    return run.result


@dataclass(slots=True)
class _Run[Kind: Record]:
    road: Road
    market: Market
    flow: BulkFlow[Kind]
    pacer: Pacer
    name: str
    trace: str
    claim: Claimed
    result: BulkResult = field(default_factory=BulkResult)
    after: str = ""
    whole: bool = False
    questions: set[str] = field(default_factory=set)

    async def go(self, *, full: bool) -> None:
        """Take what is left of earlier runs, then every page."""
        state, started = self.road.state, self.road.now()
        await self._again(started)
        cursor = None if full else await state.cursors.get(self.name)
        self.after = (await state.cursors.get(self._place) or "") if cursor else ""
        # What reads ahead has a request under way: it must end with this run, whatever happens.
        async with aclosing(self.flow.pages(self.market, cursor, self.trace)) as pages:
            async for page in pages:
                await self._page(page, started, full=full)
                if page.whole:
                    await state.cursors.put(self._place, self.after)
                await state.cursors.put(self.name, page.cursor)
                await self._still_ours()
                self._tell("bulk page")
        if self.whole:
            gone = await state.digests.rest(self.name, self.after)
            await self._gone(gone, started)
            await state.digests.put(self.name, {}, gone)
            await state.cursors.put(self._place, "")
        await self._ask_about_unmatched()
        self._tell("bulk run")
        if self.result.written or self.result.asked:
            await self._audit(self.name, self.result.told(), "Done", {"full": full}, "bulk run")

    async def _again(self, started: datetime) -> None:
        """Look again at what could not be written, or not for certain, the last time."""
        keys = await self.road.state.digests.rest(self._again_list, "")
        for some in batched(keys, PORTION, strict=False):
            left = dict.fromkeys(await self._take_keys(some, started), "again")
            await self.road.state.digests.put(self._again_list, left, set(some) - left.keys())

    async def _gone(self, keys: Sequence[str], started: datetime) -> None:
        """Look at records that are not listed any more: they may be gone, and others may hold in their place."""
        for some in batched(keys, PORTION, strict=False):
            left = await self._take_keys(some, started)
            await self.road.state.digests.put(self._again_list, dict.fromkeys(left, "again"))

    @property
    def _again_list(self) -> str:
        return f"{self.name}:again"

    @property
    def _place(self) -> str:
        """Name the cursor of a whole list's digests: where a run that broke off goes on, nothing before is missing."""
        return f"{self.name}:digests"

    async def _page(self, page: CataloguePage[Kind], started: datetime, *, full: bool) -> None:
        records, digests = page.records, self.road.state.digests
        self.result.seen += len(records)
        if page.whole:
            self.whole = True
            versions = {record.key: record.version for record in records}
            known = await digests.page(self.name, list(versions), self.after)
            self.after = known.after
            fresh = [record for record in records if full or known.known.get(record.key) != record.version]
            self.result.unchanged += len(records) - len(fresh)
            await self._gone(known.missing, started)
            records = fresh
        await self._gone(page.gone, started)
        left = await self._take(records, started)
        # Before the digests: a crash between the two asks for a record again that needs no look, and loses none.
        await digests.put(self._again_list, dict.fromkeys(left, "again"))
        if page.whole:
            removed = known.missing
            await digests.put(self.name, {record.key: record.version for record in records}, removed)

    async def _take(self, records: Sequence[Kind], started: datetime) -> list[str]:
        """Compare, write, and ask about what was refused; returns keys to look at again."""
        if not records:
            return []
        comparison, bad = await self._compared(records, started)
        return [*bad, *await self._settle(comparison, started)]

    async def _take_keys(self, keys: Sequence[str], started: datetime) -> list[str]:
        comparison, bad = await self._compared_keys(keys, started)
        return [*bad, *await self._settle(comparison, started)]

    async def _settle(self, comparison: Comparison, started: datetime) -> list[str]:
        """Write what differs; where others were faster, compare again. Returns keys to look at in the next run."""
        again: list[str] = []
        for _ in range(ROUNDS):
            again += comparison.again
            self.result.unchanged += comparison.unchanged
            self.result.unmatched += len(comparison.unmatched)
            self.result.examples += comparison.unmatched[: EXAMPLES - len(self.result.examples)]
            for question in comparison.questions:
                await self._ask(question)
            if self.market.mode(self.flow.name) == "shadow":
                await self._shadow(comparison.changes)
                return again
            contested, refused = await self._write(comparison.changes)
            again += refused
            if not contested:
                return again
            comparison, bad = await self._compared_keys(sorted(contested), started)
            again += bad
        return [*again, *comparison.again, *(key for change in comparison.changes for key in change.record_keys)]

    async def _compared_keys(self, keys: Sequence[str], started: datetime) -> tuple[Comparison, list[str]]:
        """Compare what is behind keys; see `_compared`."""

        async def compare(some: Sequence[str]) -> Comparison:
            return await self.flow.compare_keys(self.market, some, started, self.trace)

        found, poison = await bisected(keys, compare)
        for key, error in poison:
            await self._ask(self._refused(key, key, error))
        return _joined(found), [key for key, _ in poison]

    async def _compared(self, records: Sequence[Kind], started: datetime) -> tuple[Comparison, list[str]]:
        """Compare in bulk; what a bulk read refuses is halved until the bad records stand alone."""

        async def compare(some: Sequence[Kind]) -> Comparison:
            return await self.flow.compare(self.market, some, started, self.trace)

        found, poison = await bisected(records, compare)
        for record, error in poison:
            await self._ask(self._refused(record.key, record.key, error))
        return _joined(found), [record.key for record, _ in poison]

    async def _write(self, changes: Sequence[Change]) -> tuple[set[str], list[str]]:
        """Write all; returns keys of records that others were faster with, and of those that were refused."""
        answers = await self.pacer.run([_job(change, self.trace) for change in changes])
        contested: set[str] = set()
        refused: list[str] = []
        ended: ServiceError | None = None
        for change, answer in zip(changes, answers, strict=True):
            match answer:
                case ServiceError() if concerns_everything(answer):
                    ended = answer
                case Conflict() | OutcomeUnknown():
                    contested.update(change.record_keys)
                case Permanent():
                    await self._ask(self._refused(change.key, ", ".join(change.record_keys), answer))
                    refused += change.record_keys
                case ServiceError():
                    ended = answer
                case _:
                    self.result.written += 1
                    await self._audit(change.key, change.why, "Done", change.difference())
        if ended is not None:  # only now: what did go through is written down
            raise ended
        return contested, refused

    async def _shadow(self, changes: Sequence[Change]) -> None:
        for change in changes:
            await self._audit(change.key, f"mode is shadow: {change.why}", "Done", change.difference(), "shadow")

    async def _ask(self, question: Question) -> None:
        """Ask once in a run, however many records have the same question."""
        if question.key in self.questions:
            return
        self.questions.add(question.key)
        self.result.asked += 1
        await self.road.state.review.ask(question, None)
        await self._audit(question.key, question.text, "NeedsReview", {})

    async def _ask_about_unmatched(self) -> None:
        """One question for all, with how many there are and some of them."""
        if not self.result.unmatched:
            return
        count, examples = self.result.unmatched, self.result.examples
        question = Question(
            scope=self.market.name,
            kind="unmatched",
            key=f"{self.flow.name}/unmatched",
            text=f"{count} records of the back-end match no SKU in commercetools, among them {', '.join(examples[:5])}",
            dynamics={"count": count, "examples": examples},
            hint="resolve with --match SKU=ITEM[/VARIANT], or with --note when they shall not be sold there",
        )
        await self.road.state.review.ask(question, None)

    def _refused(self, key: str, record: str, error: ServiceError) -> Question:
        return Question(
            scope=self.market.name,
            kind="refused",
            key=f"{self.flow.name}/{key}",
            text=f"{self.flow.name} of {key}: {error.message}",
            commercetools={"service": error.service, "action": error.action, "status": error.status},
            dynamics={"record": record},
            hint="correct it on the side that the text names and resolve with --note; the next run tries it again",
        )

    async def _audit(self, key: str, why: str, outcome: str, after: Mapping[str, Any], step: str = "outcome") -> None:
        entry = AuditEntry(
            at=self.road.now(),
            flow=self.flow.name,
            market=self.market.name,
            entity_type="sku",
            entity_id=key,
            step=step,
            outcome=outcome,
            why=why,
            actor="pull",
            correlation_id=self.trace,
            after=after,
        )
        await self.road.state.audit.append(entry)

    async def _still_ours(self) -> None:
        """Take the lease anew after every page."""
        await self.road.state.idempotency.release(self.claim)
        claim = await self.road.state.idempotency.claim(f"bulk:{self.name}", "", LEASE)
        if not isinstance(claim, Claimed):
            raise Conflict("bulk", self.name, "another run has taken over")
        self.claim = claim

    def _tell(self, event: str) -> None:
        result = self.result
        counts = {name: getattr(result, name) for name in ("seen", "written", "unchanged", "asked", "unmatched")}
        self.road.telemetry.event(event, run=self.name, market=self.market.name, flow=self.flow.name, **counts)


def _joined(found: Sequence[Comparison]) -> Comparison:
    return Comparison(
        changes=[change for one in found for change in one.changes],
        unchanged=sum(one.unchanged for one in found),
        unmatched=[key for one in found for key in one.unmatched],
        questions=[question for one in found for question in one.questions],
        again=[key for one in found for key in one.again],
    )


def _job(change: Change, correlation_id: str) -> Any:
    return lambda: change.write(correlation_id)

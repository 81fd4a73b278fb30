"""A day on which a shop and a back-end sell the same stock, and tell each other late, twice or never.

The shop refuses what it does not offer (ReserveOnOrder). The back-end sells to its own customers what it believes to
have; it does not know the shop's orders before they are exported. Nobody can take back a sale that the other side has
made since it was asked last. So between two readings of its stock the back-end sells the safety stock at most, and of
that only what is left: pieces of which the shop has made orders on their way are nothing that it could give twice.

Neither side stands still while a pull is going on: before each of its requests something may happen, and before each of
its writes somebody may buy the very thing.

Safety stock would hide small mistakes. So beside what was sold, what the shop offers is checked after every step: with
what is sold already, never more than there was, less safety stock, but for what the back-end has sold unseen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from shared.errors import Transient
from shared.market_options.trade import Warehouse
from shared.model.catalogue import StockState
from tests.fakes.commercetools import Json
from tests.fakes.commercetools_catalogue import OutOfStock
from tests.unit.catalogue.stall import CHANNELS, Stall, numbers, order

SHOPPERS = 50
SKUS = 20
STEPS = 1_500
SAFETY = 3
STOCK = (6, 40)
MARK = {"typeId": "channel", "id": "dynamics"}

type Place = tuple[str, str]


@dataclass
class BackEnd:
    """What the back-end knows: on hand, and what its own and the exported orders will take."""

    on_hand: Counter[Place] = field(default_factory=Counter)
    reserved: Counter[Place] = field(default_factory=Counter)
    may_sell: Counter[Place] = field(default_factory=Counter)


@dataclass
class Day:
    """`naive` copies what is on hand, in the place of what can be sold."""

    seed: int
    naive: bool = False
    stall: Stall = field(init=False)
    back_end: BackEnd = field(default_factory=BackEnd)
    sold: Counter[Place] = field(default_factory=Counter)
    opening: Counter[Place] = field(default_factory=Counter)
    waiting: list[str] = field(default_factory=list)
    unseen: Counter[Place] = field(default_factory=Counter)  # sold by the back-end since a pull has read its stock
    generous: int = 0  # pieces too many that the shop offered at any time
    refused: int = 0
    oversold: int = 0
    orders: int = 0
    _entries: dict[Place, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        rows = tuple(Warehouse(code=code, channel=key, safety_stock=SAFETY) for code, key in CHANNELS.items())
        self.stall = Stall(row={"warehouses": rows})
        self.stall.shop.put("channels", {"id": "dynamics", "version": 1, "key": "dynamics"})
        self.skus = numbers(SKUS)
        self.stall.goods(*self.skus)
        for sku in self.skus:
            for code in CHANNELS:
                self.back_end.on_hand[sku, code] = self.dice.randint(*STOCK)
        self.opening = Counter(self.back_end.on_hand)
        self.stall.shop.before_update = self._ambush
        self._read = self.stall.shop.client.get
        setattr(self.stall.shop.client, "get", self._get)  # noqa: B010 - mypy wants methods left alone
        self._show(list(self.opening))

    async def _get(self, path: str, *args: Any, **options: Any) -> Any:
        if self.dice.random() < 0.3:
            self.dice.choice([self.shop_sale, self.back_end_sale, self.export, self.ship, self.cancel])()
        return await self._read(path, *args, **options)

    async def run(self) -> None:
        """Let the day pass, and check after every step that nobody sold what was not there."""
        await self.pull()
        for document in self.stall.shop.all_of("inventory"):
            code = document["supplyChannel"]["id"].removeprefix("channel-")
            self._entries[document["sku"], code] = document
        for _ in range(STEPS):
            self.stall.bench.clock.advance(timedelta(seconds=self.dice.randint(1, 60)))
            happenings: list[tuple[int, Callable[[], object]]] = [
                (SHOPPERS, self.shop_sale),
                (12, self.back_end_sale),
                (25, self.export),
                (4, self.ship),
                (2, self.cancel),
            ]
            await self._maybe_pull()
            weights, actions = zip(*happenings, strict=True)
            self.dice.choices(actions, weights)[0]()
            self.oversold = max(self.oversold, self.too_many())
            self.generous = max(self.generous, self.too_generous())
        await self.evening()

    async def evening(self) -> None:
        """Everything is exported, and the last pulls see it settled."""
        while self.waiting:
            self.export()
        for _ in range(2):
            self.stall.bench.clock.advance(timedelta(hours=1))
            self._show(list(self.opening))
            await self.pull()
        self.oversold = max(self.oversold, self.too_many())

    def too_many(self) -> int:
        """How many pieces were sold that are not there."""
        return sum(max(0, self.sold[place] - self.opening[place]) for place in self.opening)

    def too_generous(self) -> int:
        """How many pieces of one SKU in one warehouse are offered that should not be."""
        return max((self._offered_too_many(place, entry) for place, entry in self._entries.items()), default=0)

    def _offered_too_many(self, place: Place, entry: Json) -> int:
        if entry["availableQuantity"] < 1:
            return 0
        may_be = self.opening[place] - SAFETY - self.sold[place] + self.unseen[place]
        return int(entry["availableQuantity"]) - max(0, may_be)

    def shop_sale(self, place: Place | None = None) -> None:
        """One of the shoppers orders one to three pieces; the shop refuses what it does not offer."""
        place, quantity = place or self._place(), self.dice.randint(1, 3)
        self.orders += 1
        name = f"order-{self.orders}"
        created = self.stall.bench.clock.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        document = order(name, place[0], quantity, place[1], createdAt=created)
        try:
            self.stall.shop.place(document)
        except OutOfStock:
            self.refused += 1
            return
        self.sold[place] += quantity
        self.waiting.append(name)

    def back_end_sale(self) -> None:
        """Somebody orders in the back-end, which sees its own reservations and no order of the shop under way."""
        place = self._place()
        free = self.back_end.on_hand[place] - self.back_end.reserved[place]
        if free < 1 or self.back_end.may_sell[place] < 1:
            return
        self.back_end.reserved[place] += 1
        self.back_end.may_sell[place] -= 1
        self.unseen[place] += 1
        self.sold[place] += 1
        self._tell(place)

    def export(self) -> None:
        """One order of the shop, not always the oldest, arrives in the back-end; the shop hears of it."""
        if not self.waiting:
            return
        name = self.waiting.pop(self.dice.randrange(len(self.waiting)))
        document = self.stall.shop.documents[f"orders/{name}"]
        (line,) = document["lineItems"]
        place = line["variant"]["sku"], line["supplyChannel"]["id"].removeprefix("channel-")
        begun = self.stall.bench.clock.now - timedelta(seconds=self.dice.randint(0, 60))  # the run's own time
        self.back_end.reserved[place] += line["quantity"]
        stamp = begun.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        document["syncInfo"] = [{"channel": MARK, "syncedAt": stamp}]
        self._tell(place)

    def cancel(self) -> None:
        """A shopper takes an order back before the back-end has it. commercetools does not restock by itself."""
        if not self.waiting:
            return
        document = self.stall.shop.documents[f"orders/{self.waiting.pop()}"]
        document["orderState"] = "Cancelled"
        (line,) = document["lineItems"]
        self.sold[line["variant"]["sku"], line["supplyChannel"]["id"].removeprefix("channel-")] -= line["quantity"]

    def ship(self) -> None:
        """Something that was reserved leaves the warehouse."""
        place = self._place()
        quantity = self.back_end.reserved[place]
        self.back_end.reserved[place] -= quantity
        self.back_end.on_hand[place] -= quantity
        self._tell(place)

    async def _maybe_pull(self) -> None:
        """Pulls come late: so late that each SKU may have sold its safety stock meanwhile; some break off."""
        if self.dice.random() < 0.06:
            await self.pull(breaks_off=self.dice.random() < 0.2)

    async def pull(self, *, breaks_off: bool = False) -> None:
        """Read the stock and write what differs."""
        if breaks_off:
            self.stall.back_end.errors["stock"] = [Transient("fake", "GET", "down", status=503)]
        full = self.dice.random() < 0.2
        before = self.unseen.copy()
        self.unseen.clear()
        try:
            await self.stall.run("inventory", full=full)
        except Transient:
            self.unseen += before
            self.stall.restart()
            return
        for place, opening in self.opening.items():
            self.back_end.may_sell[place] = min(SAFETY - self.unseen[place], opening - self.sold[place])

    def _place(self) -> Place:
        return self.dice.choice(self.skus), self.dice.choice(list(CHANNELS))

    def _tell(self, place: Place) -> None:
        """The back-end's listing shows the change, sometimes twice."""
        for _ in range(self.dice.randint(1, 2)):
            self._show([place])

    def _show(self, places: list[Place]) -> None:
        for sku, code in places:
            reserved = 0 if self.naive else self.back_end.reserved[sku, code]
            on_hand = self.back_end.on_hand[sku, code] + (SAFETY if self.naive else 0)
            self.stall.back_end.put(StockState(sku, "", code, Decimal(on_hand), Decimal(reserved)))

    def _ambush(self) -> None:
        """A shopper is faster: between our reading of an entry and our writing of it."""
        if self.dice.random() < 0.3:
            entry = self.stall.shop.documents[self.stall.shop.requests[-1].url.path.removeprefix("/shop/")]
            self.shop_sale((entry["sku"], entry["supplyChannel"]["id"].removeprefix("channel-")))

"""The same property, for shortest examples: Hypothesis chooses what happens, and shrinks what goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from shared.markets import BackEndType
from tests.contract.customers.edits import Hands, random_rules
from tests.contract.customers.test_no_loop import check_everything, come_to_rest
from tests.contract.customers.world import World

SIDES = st.sampled_from(["commercetools", "dynamics"])
SEEDS = st.integers(0, 2**16)


class NoLoop(RuleBasedStateMachine):
    """Edits, deliveries, work, pulls and sweeps in any order; at the end both sides must come to rest."""

    kind: BackEndType

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.hands: Hands | None = None

    def do(self, work: Coroutine[Any, Any, Any]) -> None:
        self.runner.run(work)

    @property
    def now(self) -> Hands:
        assert self.hands is not None
        return self.hands

    @initialize(seed=SEEDS)
    def begin(self, seed: int) -> None:
        dice = Random(seed)
        self.hands = Hands(World(self.kind, random_rules(dice)), dice)
        self.do(self.hands.world.begin())

    @rule(side=SIDES, seconds=st.sampled_from([0, 1, 90]))
    def edit(self, side: str, seconds: int) -> None:
        self.now.world.clock.advance(timedelta(seconds=seconds))
        self.do(self.now.edit(side))

    @rule(side=SIDES)
    def be_faster_than_the_next_run(self, side: str) -> None:
        self.now.world.ambush = lambda: self.now.edit(side)

    @rule(place=st.integers(0, 9), times=st.integers(1, 3))
    def deliver(self, place: int, times: int) -> None:
        self.do(self.now.world.deliver(place, times))

    @rule(messages=st.integers(1, 5))
    def work(self, messages: int) -> None:
        self.do(self.now.world.work(messages))

    @rule()
    def pull(self) -> None:
        self.do(self.now.world.pull())

    @rule()
    def sweep(self) -> None:
        self.do(self.now.world.sweep())

    def teardown(self) -> None:
        try:
            if self.hands is not None:
                self.do(self.rest(self.hands))
        finally:
            self.runner.close()

    async def rest(self, hands: Hands) -> None:
        try:
            await come_to_rest(hands.world, hands)
            await check_everything(hands.world, hands)
        finally:
            await hands.world.close()


class NoLoopWithBusinessCentral(NoLoop):
    kind = "business_central"


class NoLoopWithDataverse(NoLoop):
    kind = "dataverse"


class NoLoopWithFinance(NoLoop):
    kind = "finance"


SOME = settings(deadline=None, max_examples=8, stateful_step_count=25, suppress_health_check=list(HealthCheck))
TestNoLoopWithBusinessCentral = NoLoopWithBusinessCentral.TestCase
TestNoLoopWithDataverse = NoLoopWithDataverse.TestCase
TestNoLoopWithFinance = NoLoopWithFinance.TestCase
TestNoLoopWithBusinessCentral.settings = SOME
TestNoLoopWithDataverse.settings = SOME
TestNoLoopWithFinance.settings = SOME

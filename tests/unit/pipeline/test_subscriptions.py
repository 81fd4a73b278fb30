"""Subscriptions are made for every company in which a flow listens; one that fails does not stop the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from shared.dynamics.business_central_subscriptions import FailedSubscription, SubscriptionReport
from shared.errors import Transient
from shared.markets import Events, Market, MarketMap
from shared.pipeline.subscriptions import companies_of, renew_subscriptions
from tests.fakes.markets import market, market_map
from tests.fakes.road import Bench

URL = "https://app.example.com/api/dynamics/bc/events?code=key"
EVENTS = Events(url=SecretStr(URL), secret=SecretStr("a secret that both know"))


@dataclass
class Keeper:
    """Implements `KeepsSubscriptions`. `down` are companies that cannot be reached."""

    report: SubscriptionReport = field(default_factory=SubscriptionReport)
    down: frozenset[str] = frozenset()
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def ensure_subscriptions(
        self, company: str, url: str, secret: str, correlation_id: str
    ) -> SubscriptionReport:
        self.asked.append((company, url, secret))
        if company in self.down:
            raise Transient("bc", "GET subscriptions", "503")
        return self.report


def row(name: str, **changes: Any) -> Market:
    return market(**{"name": name, "company": f"company-{name}", "modes": {"customers": "on"}, **changes})


def markets(*rows: Market, events: Events | None = EVENTS) -> MarketMap:
    whole = market_map()
    back_ends = {"bc": whole.back_ends["bc"].model_copy(update={"events": events})}
    return whole.model_copy(update={"markets": rows, "back_ends": back_ends})


async def test_every_company_is_asked_for_once_with_the_url_and_the_secret_of_its_back_end() -> None:
    bench, keeper = Bench(), Keeper()
    rows = row("se"), row("pilot", company="company-se"), row("no", modes={"customers": "shadow"})
    await renew_subscriptions(bench.road, markets(*rows), {"bc": keeper})
    secret = "a secret that both know"
    assert keeper.asked == [("company-se", URL, secret), ("company-no", URL, secret)]


@pytest.mark.parametrize("modes", [{}, {"customers": "off", "orders": "on"}])
def test_a_company_in_which_nothing_listens_needs_none(modes: dict[str, str]) -> None:
    assert companies_of(markets(row("se", modes=modes)), "bc") == []


async def test_without_events_in_the_map_nothing_is_asked() -> None:
    keeper = Keeper()
    await renew_subscriptions(Bench().road, markets(row("se"), events=None), {"bc": keeper})
    assert keeper.asked == []


async def test_a_back_end_that_keeps_its_subscriptions_is_left_alone() -> None:
    bench = Bench()
    await renew_subscriptions(bench.road, markets(row("se")), {"bc": object()})
    assert bench.telemetry.events == []


async def test_a_company_that_fails_does_not_stop_the_others_and_is_told_at_the_end() -> None:
    bench, keeper = Bench(), Keeper(down=frozenset({"company-no"}))
    with pytest.raises(Transient):
        await renew_subscriptions(bench.road, markets(row("no"), row("se")), {"bc": keeper})
    assert [company for company, *_ in keeper.asked] == ["company-no", "company-se"]
    assert [name for name, _ in bench.telemetry.events] == ["subscriptions failed", "subscriptions"]


async def test_telemetry_says_what_was_done_and_never_the_secret_or_the_key() -> None:
    failed = (FailedSubscription("items", "400: unknown"),)
    keeper = Keeper(SubscriptionReport(created=("customers",), failed=failed))
    bench = Bench()
    await renew_subscriptions(bench.road, markets(row("se")), {"bc": keeper})
    ((_, told),) = bench.telemetry.events
    assert (told["company"], told["created"], told["failed"]) == ("company-se", "customers", "items: 400: unknown")
    assert "secret" not in str(told)
    assert "code=" not in str(told)

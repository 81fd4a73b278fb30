"""A market that sells, rows of its back-end, and whether the published API takes what is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.market_options.catalogue import ProductRules
from shared.market_options.trade import PriceBook
from shared.markets import Market
from shared.model.catalogue import ItemState, PriceState
from tests.fakes.markets import market
from tests.published.commercetools import problems_of

WEB = PriceBook(name="WEB", currency="EUR")


def day(number: int) -> datetime:
    return datetime(2026, 12, number, tzinfo=UTC)


def selling(**rules: Any) -> Market:
    """A market that sells at the prices of the book WEB."""
    return market(products=ProductRules(**rules), price_books=(WEB,))


def row(amount: str, minimum: str = "1", **changed: Any) -> PriceState:
    fields = {"number": "ITEM", "variant": "", "book": "WEB", "currency": "EUR", **changed}
    return PriceState(amount=Decimal(amount), minimum=Decimal(minimum), **fields)


def item(**changed: Any) -> ItemState:
    return ItemState(**{"number": "ITEM", "name": "Example item", **changed})


def assert_published(path: str, body: Mapping[str, Any]) -> None:
    """Fail unless the published OpenAPI allows this POST."""
    assert list(problems_of({"method": "POST", "path": f"/shop/{path}", "body": dict(body)})) == []


def assert_actions_published(path: str, actions: Sequence[Mapping[str, Any]]) -> None:
    """Fail unless the published OpenAPI allows these update actions."""
    assert_published(f"{path}/id-1", {"version": 1, "actions": list(actions)})

"""What the market map says about a back-end's limits and its application users."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.dynamics.limiter.limits import Limits, limits_of, rules_of
from shared.dynamics.limiter.wiring import limiter_of
from shared.markets import BackEnd, BackEndType
from shared.state.memory.leases import MemoryLeaseStore
from tests.unit.limiter.busy_back_end import NamedTokens, utc_now


def back_end(**options: object) -> BackEnd:
    row = {"type": "business_central", "url": "https://BC.example.com/API/", "tenant_id": "t", "client_id": "main"}
    return BackEnd.model_validate({**row, "scope": "s", "client_secret": "one", **options})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("business_central", Limits(in_flight=5, requests=6000, window_seconds=300, execution_seconds=None)),
        ("dataverse", Limits(in_flight=52, requests=6000, window_seconds=300, execution_seconds=1200)),
        ("finance", Limits(in_flight=10, requests=None, window_seconds=300, execution_seconds=None)),
    ],
)
def test_each_type_of_back_end_has_its_published_limits(kind: BackEndType, expected: Limits) -> None:
    assert limits_of(back_end(type=kind)) == expected


def test_the_market_map_may_say_otherwise() -> None:
    found = back_end(
        limits={"in_flight": 3, "requests": 600, "window_seconds": 60, "lease_seconds": 30, "max_wait_seconds": 2}
    )
    assert limits_of(found) == Limits(in_flight=3, requests=600, window_seconds=60)
    assert (rules_of(found).lease, rules_of(found).max_wait) == (30, 2)


@pytest.mark.parametrize(
    "limits", [{"in_flight": 0}, {"requests": 9}, {"window_seconds": 0}, {"lease_seconds": 4}, {"inflight": 5}]
)
def test_limits_that_cannot_be_kept_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="limits"):
        back_end(limits=limits)


def test_every_application_user_signs_in_with_its_own_credentials() -> None:
    users = back_end(users=[{"client_id": "second", "client_secret": "two"}, {"client_id": "third"}]).per_user()
    secrets = [user.client_secret.get_secret_value() if user.client_secret else None for user in users]
    assert [user.client_id for user in users] == ["main", "second", "third"]
    assert secrets == ["one", "two", None]
    assert {user.url for user in users} == {"https://BC.example.com/API/"}


def test_a_user_that_is_listed_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="client_id main is listed twice"):
        back_end(users=[{"client_id": "MAIN"}])


async def test_rows_with_the_same_address_and_client_share_one_sheet() -> None:
    store = MemoryLeaseStore(utc_now)
    for url in ("https://BC.example.com/API/", "https://bc.example.com/api"):
        limiter = limiter_of(back_end(url=url), store, lambda user: NamedTokens(user.client_id))
        async with limiter.permit("GET items") as permit:
            assert await permit.tokens.token() == "main"
    assert len((await store.read("https://bc.example.com/api|main")).data["holders"]) == 2

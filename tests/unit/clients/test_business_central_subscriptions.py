from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.dynamics.business_central_subscriptions import MARGIN, Plan, Subscription, Wanted, plan, subscription_of
from tests.fakes.clock import START

COMPANY = "e0000000-0000-4000-8000-0000000000e1"
URL = "https://example.com/api/hook?code=key"
WANTED = Wanted(COMPANY, URL, "secret", frozenset({"customers"}))
FRESH = Subscription("one", URL, COMPANY, "customers", "secret", START + timedelta(days=3), "etag")


def test_what_is_not_there_is_created() -> None:
    assert plan([], replace(WANTED, resources=frozenset({"items", "customers"})), START) == Plan(
        create=("customers", "items")
    )


def test_what_is_as_wanted_is_kept() -> None:
    assert plan([FRESH], WANTED, START) == Plan(keep=(FRESH,))


@pytest.mark.parametrize("left", [MARGIN, timedelta(hours=1), timedelta(0), -timedelta(days=1)])
def test_what_expires_within_the_margin_or_has_expired_is_renewed(left: timedelta) -> None:
    expiring = replace(FRESH, expires_at=START + left)
    assert plan([expiring], WANTED, START) == Plan(renew=(expiring,))


def test_one_moment_before_the_margin_nothing_is_renewed() -> None:
    later = replace(FRESH, expires_at=START + MARGIN + timedelta(seconds=1))
    assert plan([later], WANTED, START) == Plan(keep=(later,))


@pytest.mark.parametrize(
    "other",
    [
        replace(FRESH, expires_at=None),
        replace(FRESH, client_state="former secret"),
        replace(FRESH, notification_url="https://example.com/api/hook?code=former"),
    ],
)
def test_what_differs_from_what_is_wanted_is_renewed(other: Subscription) -> None:
    assert plan([other], WANTED, START) == Plan(renew=(other,))


@pytest.mark.parametrize(
    "other",
    [
        replace(FRESH, notification_url="https://example.com/api/another"),
        replace(FRESH, company_id="another company"),
    ],
)
def test_what_belongs_to_somebody_else_is_left_alone(other: Subscription) -> None:
    assert plan([other], WANTED, START) == Plan(create=("customers",))


def test_own_ones_that_are_not_wanted_any_more_are_deleted() -> None:
    assert plan([FRESH], replace(WANTED, resources=frozenset()), START) == Plan(delete=(FRESH,))


def test_of_two_for_the_same_the_one_that_lives_longer_stays() -> None:
    older = replace(FRESH, id="two", expires_at=START + timedelta(days=2))
    assert plan([older, FRESH], WANTED, START) == Plan(keep=(FRESH,), delete=(older,))


@pytest.mark.parametrize(
    "resource",
    [
        f"/api/v2.0/companies({COMPANY})/customers",
        f"api/v2.0/companies({COMPANY.upper()})/customers",
        f"https://api.businesscentral.dynamics.com/v2.0/tenant/production/api/v2.0/companies({COMPANY})/customers",
    ],
)
def test_the_listed_resource_may_be_relative_or_absolute(resource: str) -> None:
    row = {
        "@odata.etag": "etag",
        "subscriptionId": "one",
        "notificationUrl": URL,
        "resource": resource,
        "clientState": "secret",
        "expirationDateTime": "2026-11-27T12:00:00Z",
    }
    assert subscription_of(row) == FRESH


def test_a_subscription_for_something_else_is_not_ours_to_judge() -> None:
    row = {"subscriptionId": "one", "notificationUrl": URL, "resource": "/api/contoso/app1/v1.0/things"}
    assert subscription_of(row) is None

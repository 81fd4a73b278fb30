from __future__ import annotations

import json
from typing import Any

import pytest

from shared.mapping.business_central.notifications import MalformedNotices, Noticed, Notices, read_notifications

COMPANY = "e0000000-0000-4000-8000-0000000000e1"
CUSTOMER = "130bbd17-dbb9-4790-9b12-2b0e9c9d22c3"
CUSTOMERS = f"/api/v2.0/companies({COMPANY})/customers"
RESOURCE = f"api/v2.0/companies({COMPANY})/customers({CUSTOMER})"


def notice(**changes: Any) -> dict[str, Any]:
    return {
        "subscriptionId": "a-subscription",
        "clientState": "secret",
        "expirationDateTime": "2026-11-27T12:00:00Z",
        "resource": RESOURCE,
        "changeType": "updated",
        "lastModifiedDateTime": "2026-11-24T12:00:00.467Z",
    } | changes


def read(*entries: Any) -> Notices:
    result = read_notifications(json.dumps({"value": list(entries)}).encode())
    assert isinstance(result, Notices), result
    return result


def test_a_notice_names_company_entity_set_and_record() -> None:
    assert read(notice()) == Notices(
        (Noticed(COMPANY, "customers", CUSTOMER, "updated", "secret", "a-subscription", "2026-11-24T12:00:00.467Z"),)
    )


@pytest.mark.parametrize(
    "resource",
    [
        RESOURCE,
        f"/{RESOURCE}",
        f"https://api.businesscentral.dynamics.com/v2.0/production/{RESOURCE}",
        f"v2.0/tenant/production/{RESOURCE}",
        f"/api/v2.0/companies({COMPANY.upper()})/customers({CUSTOMER.upper()})",
        f"/api/v2.0/companies({COMPANY})/customers('{CUSTOMER}')",
        f"/api/v2.0/companies%28{COMPANY}%29/customers%28{CUSTOMER}%29/",
    ],
)
def test_the_resource_may_begin_anywhere_and_be_spelled_in_many_ways(resource: str) -> None:
    (noticed,) = read(notice(resource=resource)).noticed
    assert (noticed.company_id, noticed.entity_set, noticed.record_id) == (COMPANY, "customers", CUSTOMER)


@pytest.mark.parametrize(
    "changes",
    [
        {
            "changeType": "collection",
            "resource": f"{CUSTOMERS}?$filter=lastDateTimeModified%20gt%202018-10-15T11:00:00Z",
        },
        {"changeType": "collection", "resource": CUSTOMERS},
        {"changeType": "collection"},
        {"resource": f"{CUSTOMERS}?$filter=(a eq 'companies(x)/items(y)')"},
        {"resource": CUSTOMERS},
    ],
)
def test_what_names_no_single_record_asks_for_a_delta_pull(changes: dict[str, str]) -> None:
    (noticed,) = read(notice(**changes)).noticed
    assert (noticed.company_id, noticed.entity_set, noticed.record_id) == (COMPANY, "customers", None)


def test_a_change_type_that_is_not_known_yet_is_still_a_reason_to_look() -> None:
    (noticed,) = read(notice(changeType="renamed")).noticed
    assert (noticed.record_id, noticed.change_type) == (CUSTOMER, "renamed")


@pytest.mark.parametrize(
    ("entry", "where"),
    [
        ("text", "value[1]"),
        (None, "value[1]"),
        (notice(resource=None), "value[1].resource"),
        ({"subscriptionId": "a"}, "value[1].resource"),
        (notice(resource="/api/v2.0/customers(1)"), "value[1].resource"),
        (notice(resource=f"/api/v2.0/companies({COMPANY})/gadgets(1)"), "value[1].resource"),
        (notice(resource=""), "value[1].resource"),
    ],
)
def test_one_that_cannot_be_read_is_skipped_with_its_place_and_costs_no_other(entry: Any, where: str) -> None:
    result = read(notice(), entry, notice(changeType="deleted"))
    assert [noticed.change_type for noticed in result.noticed] == ["updated", "deleted"]
    (skipped,) = result.skipped
    assert skipped.where == where
    assert skipped.reason


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"\xff\xfe", "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b"{}", "value"),
        (b'{"value": {}}', "value"),
        (b'{"value": "customers"}', "value"),
    ],
)
def test_a_body_that_is_no_list_of_notices_is_an_error_that_says_where(body: bytes, where: str) -> None:
    result = read_notifications(body)
    assert isinstance(result, MalformedNotices)
    assert result.where == where


def test_a_byte_order_mark_and_an_empty_list_are_fine() -> None:
    assert read_notifications(b'\xef\xbb\xbf{"value": []}') == Notices(())


def test_a_missing_client_state_is_empty() -> None:
    entry = notice()
    del entry["clientState"]
    assert read(entry).noticed[0].client_state == ""

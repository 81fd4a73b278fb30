"""From a back-end's request to notices: what is read, what waits for the pull, what is refused. Never an exception."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.markets import BackEndType
from shared.pipeline.notice_reading import MAX_REASONS, Read, Request, read_notices
from tests.fakes.unhurried import unhurried

SECRET = "a secret that both know"
GUID = "5d115c9c-44e3-ea11-bb43-000d3a2feca1"
COMPANY = "e0000000-0000-4000-8000-0000000000e1"
KINDS: tuple[BackEndType, ...] = ("business_central", "dataverse", "finance")


def read(kind: BackEndType, body: bytes | Any, *, secret: str = SECRET, header: str | None = SECRET) -> Read:
    headers = {} if header is None else {"x-ctd365-secret": header}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_notices(kind, Request(content, headers, secret))


def business_central(**changes: Any) -> dict[str, Any]:
    return {
        "subscriptionId": "one",
        "clientState": SECRET,
        "resource": f"api/v2.0/companies({COMPANY})/customers({GUID})",
        "changeType": "updated",
        "lastModifiedDateTime": "2026-11-24T12:00:00.123Z",
        **changes,
    }


def dataverse(**changes: Any) -> dict[str, Any]:
    return {
        "MessageName": "Update",
        "PrimaryEntityName": "contact",
        "PrimaryEntityId": GUID,
        "OrganizationName": "an-organisation",
        "OperationCreatedOn": "/Date(1795521600000)/",
        **changes,
    }


def finance(account: str | None = "DE-001", **changes: Any) -> dict[str, Any]:
    columns = {"CustomerAccount": account, "dataAreaId": "DEMF"}
    attributes = [{"key": name, "value": value} for name, value in columns.items() if value is not None]
    return {
        "BusinessEventId": "CustCustomerV3Entity_DataEvent_Update",
        "EventId": "event-1",
        "InputParameters": [{"key": "Target", "value": {"Attributes": attributes}}],
        **changes,
    }


@pytest.mark.parametrize(
    ("kind", "body", "company", "record", "cause"),
    [
        ("business_central", {"value": [business_central()]}, COMPANY, GUID, "updated"),
        ("business_central", {"value": [business_central(changeType="deleted")]}, COMPANY, GUID, "deleted"),
        ("dataverse", dataverse(), "", f"contacts({GUID})", "Update"),
        ("dataverse", dataverse(PrimaryEntityName="account"), "", f"accounts({GUID})", "Update"),
        ("finance", finance(), "demf", "DE-001", "Changed"),
        ("finance", finance("A/B 1"), "demf", "A/B 1", "Changed"),
        ("finance", finance(BusinessEventId="CustCustomerV3Entity_DataEvent_Delete"), "demf", "DE-001", "Deleted"),
    ],
)
def test_a_notice_names_flow_company_record_and_cause(
    kind: BackEndType, body: Any, company: str, record: str, cause: str
) -> None:
    found = read(kind, body)
    assert (found.pulled, found.refused) == (0, ())
    (notice,) = found.notices
    assert (notice.flow, notice.company, notice.record_id, notice.cause) == ("customers", company, record, cause)
    assert notice.version


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("business_central", {"value": [business_central(changeType="collection")]}),
        ("business_central", {"value": [business_central(resource=f"api/v2.0/companies({COMPANY})/customers")]}),
        ("business_central", {"value": [business_central(resource=f"api/v2.0/companies({COMPANY})/items({GUID})")]}),
        ("dataverse", dataverse(PrimaryEntityId="00000000-0000-0000-0000-000000000000")),
        ("dataverse", dataverse(PrimaryEntityName="customeraddress")),
        ("finance", finance(None)),
        ("finance", finance(BusinessEventId="SalesInvoicePostedBusinessEvent", SalesOrderId="SO-1")),
    ],
    ids=["collection", "no record", "another set", "many at once", "address", "no key", "another flow"],
)
def test_what_names_no_customer_waits_for_the_next_pull(kind: BackEndType, body: Any) -> None:
    assert read(kind, body) == Read(pulled=1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shown", [None, "", "another secret", f"{SECRET} ", SECRET.upper(), "\udc80"])
def test_a_wrong_secret_is_refused_and_never_quoted(kind: BackEndType, shown: str | None) -> None:
    bodies: dict[BackEndType, Any] = {
        "business_central": {"value": [business_central(clientState=shown)]},
        "dataverse": dataverse(),
        "finance": finance(),
    }
    found = read(kind, bodies[kind], header=shown)
    assert (found.notices, found.pulled, len(found.refused)) == ((), 0, 1)
    assert SECRET not in found.why_refused
    assert "another secret" not in found.why_refused


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_secret_of_ours_nothing_is_believed(kind: BackEndType) -> None:
    bodies: dict[BackEndType, Any] = {
        "business_central": {"value": [business_central(clientState="")]},
        "dataverse": dataverse(),
        "finance": finance(),
    }
    assert read(kind, bodies[kind], secret="", header="").notices == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"text"', b"17", b"\xff\xfe", b"[" * 100_000, b'{"value": 1}', b'{"a": ' * 100_000],
    ids=["empty", "cut", "null", "list", "text", "number", "no UTF-8", "deep list", "value", "deep object"],
)
def test_what_is_no_notice_is_refused_with_a_reason(kind: BackEndType, body: bytes) -> None:
    found = read(kind, body)
    assert (found.notices, found.pulled) == ((), 0)
    assert found.why_refused


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("business_central", {"value": [business_central(resource=f"companies({COMPANY})/customers(no guid)")]}),
        ("business_central", {"value": [business_central(resource=f"companies({COMPANY})/customers({GUID}%2F..)")]}),
        ("dataverse", dataverse(PrimaryEntityId="no guid")),
        ("finance", finance("A" * 81)),
        ("finance", finance("\ud800")),
        ("finance", finance("DE\n001")),
    ],
    ids=["no GUID", "a path", "no GUID in Dataverse", "too long", "half a character", "two lines"],
)
def test_an_id_that_no_envelope_and_no_url_could_carry_is_refused(kind: BackEndType, body: Any) -> None:
    found = read(kind, body)
    assert (found.notices, len(found.refused)) == ((), 1)


def test_one_bad_notification_does_not_cost_the_others() -> None:
    body = {"value": [business_central(), {"resource": 1}, business_central(clientState="x"), "text"]}
    found = read("business_central", body)
    assert (len(found.notices), len(found.refused)) == (1, 3)


def test_reasons_are_few_and_short_and_without_anybodys_address() -> None:
    body = {"value": [business_central(resource="person@example.com" + "x" * 500)] * 40}
    why = read("business_central", body).why_refused
    assert "example.com" not in why
    assert why.endswith(f"and {40 - MAX_REASONS} more")
    assert len(why) < 1000


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_request_is_one_version_and_another_one_is_another(kind: BackEndType) -> None:
    """The platform's moments are whole seconds in Dataverse, and an event of Finance may lack its id."""
    first: dict[BackEndType, Any] = {
        "business_central": {"value": [business_central()]},
        "dataverse": dataverse(OperationId="1"),
        "finance": finance(EventId=None, ControlNumber=1),
    }
    second: dict[BackEndType, Any] = {
        "business_central": {"value": [business_central(lastModifiedDateTime="2026-11-24T12:00:00.124Z")]},
        "dataverse": dataverse(OperationId="2"),
        "finance": finance(EventId=None, ControlNumber=2),
    }
    versions = [read(kind, body).notices[0].version for body in (first[kind], first[kind], second[kind])]
    assert versions[0] == versions[1] != versions[2]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(GUID),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("value", "resource", "clientState", "PrimaryEntityId", "BusinessEventId", "InputParameters", "EventTime")


@unhurried
@given(st.sampled_from(KINDS), st.sampled_from(NAMES), JSON, st.binary(max_size=40))
def test_no_body_at_all_raises(kind: BackEndType, name: str, value: Any, raw: bytes) -> None:
    whole: dict[BackEndType, Any] = {
        "business_central": business_central(),
        "dataverse": dataverse(),
        "finance": finance(),
    }
    changed = {**whole[kind], name: value}
    for body in (changed, {"value": [changed]}, {"value": value}, raw):
        found = read(kind, body)
        is_empty_list = isinstance(body, dict) and body.get("value") == []
        assert found.notices or found.pulled or found.refused or is_empty_list

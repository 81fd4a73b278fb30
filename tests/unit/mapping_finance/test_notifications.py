"""Events of Finance, in the forms of the published samples."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.mapping.finance.notifications import Malformed, Noticed, Skipped, date_of, parse_notice

TARGET: dict[str, Any] = {
    "key": "Target",
    "value": {
        "__type": "Entity:http://schemas.microsoft.com/xrm/2011/Contracts",
        "Attributes": [
            {"key": "CustomerAccount", "value": "CUST-001"},
            {"key": "dataAreaId", "value": "USMF"},
            {"key": "CreditLimit", "value": {"Value": 1500.5}},
            {"key": "MemoField", "value": None},
        ],
        "Id": "9b2c1de0-1234-4c9a-8f00-aaaaaaaaaaaa",
    },
}
DATA_EVENT: dict[str, Any] = {
    "BusinessEventId": "CustCustomerV3Entity_DataEvent_Update",
    "ControlNumber": 5637144576,
    "EventId": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "EventTime": "/Date(1720000000000)/",
    "MajorVersion": 0,
    "MinorVersion": 0,
    "MessageName": "Update",
    "PrimaryEntityName": "CustCustomerV3Entity",
    "InputParameters": [TARGET],
}
# Through Dataverse: no control number, columns of the virtual table, the instant with an offset.
VIRTUAL: dict[str, Any] = {
    "CorrelationId": "844bbf91-d451-4cad-a83d-1fea5f32ebaf",
    "MessageName": "OnExternalUpdated",
    "OperationCreatedOn": "/Date(1784051293000+0000)/",
    "PrimaryEntityId": "00000000-0000-0000-0000-000000000000",
    "PrimaryEntityName": "mserp_custcustomerv3entity",
    "InputParameters": [
        {
            "key": "Target",
            "value": {
                "Attributes": [
                    {"key": "mserp_customeraccount", "value": "CUST-001"},
                    {"key": "mserp_onholdstatus", "value": {"Value": 200000000}},
                    {"key": "mserp_dataareaid", "value": "usmf"},
                ]
            },
        }
    ],
}
INVOICE: dict[str, Any] = {
    "BusinessEventId": "SalesInvoicePostedBusinessEvent",
    "ControlNumber": 5637611083,
    "EventId": "an-event",
    "EventTime": "/Date(1672408275000)/",
    "EventTimeIso8601": "2022-12-30T13:51:15.2942742Z",
    "LegalEntity": "DEMF",
    "InvoiceAccount": "10000",
    "InvoiceId": "INV-1",
    "SalesOrderId": "SO-1",
}


def parsed(notice: object) -> Noticed | Skipped | Malformed:
    return parse_notice(json.dumps(notice).encode())


def test_a_data_event_names_company_account_and_its_place() -> None:
    assert parsed(DATA_EVENT) == Noticed(
        entity_set="CustomersV3",
        company="usmf",
        key="CUST-001",
        event_id="0f8fad5b-d9cb-469f-a165-70867728950e",
        control_number=5637144576,
        at=datetime(2024, 7, 3, 9, 46, 40, tzinfo=UTC),
    )


def test_a_data_event_through_dataverse_has_no_control_number() -> None:
    assert parsed(VIRTUAL) == Noticed(
        entity_set="CustomersV3",
        company="usmf",
        key="CUST-001",
        event_id="844bbf91-d451-4cad-a83d-1fea5f32ebaf",
        control_number=None,
        at=datetime(2026, 7, 14, 17, 48, 13, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("notice", "deleted"),
    [
        (DATA_EVENT | {"BusinessEventId": "CustCustomerV3Entity_DataEvent_Create"}, False),
        (DATA_EVENT | {"BusinessEventId": "CustCustomerV3Entity_DataEvent_Delete"}, True),
        (VIRTUAL | {"MessageName": "OnExternalCreated"}, False),
        (VIRTUAL | {"MessageName": "OnExternalDeleted"}, True),
        (VIRTUAL | {"MessageName": "Delete"}, True),
    ],
)
def test_a_deletion_is_told_from_a_change(notice: dict[str, Any], deleted: bool) -> None:
    found = parsed(notice)
    assert isinstance(found, Noticed)
    assert found.deleted is deleted


@pytest.mark.parametrize("parameters", [[], None, [{"key": "Target", "value": {"Attributes": []}}], [{"key": "Other"}]])
def test_an_event_without_columns_only_says_to_look(parameters: Any) -> None:
    found = parsed(DATA_EVENT | {"InputParameters": parameters})
    assert isinstance(found, Noticed)
    assert (found.company, found.key) == (None, None)


def test_an_event_without_the_company_among_its_columns_may_name_it_at_the_top() -> None:
    found = parsed(DATA_EVENT | {"InputParameters": [], "LegalEntity": "DEMF"})
    assert isinstance(found, Noticed)
    assert found.company == "demf"


def test_a_posted_invoice_is_news_of_its_order() -> None:
    assert parsed(INVOICE) == Noticed(
        "SalesOrderHeadersV2", "demf", "SO-1", "an-event", 5637611083, at=datetime(2022, 12, 30, 13, 51, 15, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("notice", "reason"),
    [
        (INVOICE | {"BusinessEventId": "VendorPaymentPostedBusinessEvent"}, "VendorPaymentPosted"),
        (DATA_EVENT | {"BusinessEventId": "VendVendorV2Entity_DataEvent_Update"}, "VendVendorV2Entity"),
        (VIRTUAL | {"PrimaryEntityName": "mserp_custcustomergroupentity"}, "mserp_custcustomergroupentity"),
        (VIRTUAL | {"MessageName": "Assign"}, "Assign"),
    ],
)
def test_what_nobody_follows_is_skipped_by_name(notice: dict[str, Any], reason: str) -> None:
    found = parsed(notice)
    assert isinstance(found, Skipped)
    assert reason in found.reason


@pytest.mark.parametrize("body", [b"", b"no json", b"\xff\xfe", b"[]", b"5", b"null", b"[" * 100_000])
def test_what_is_no_object_is_malformed(body: bytes) -> None:
    found = parse_notice(body)
    assert isinstance(found, Malformed)
    assert found.where == "(body)"


@pytest.mark.parametrize(
    ("notice", "where"),
    [
        ({"subject": "another system"}, "BusinessEventId"),
        (DATA_EVENT | {"BusinessEventId": 5}, "BusinessEventId"),
        (DATA_EVENT | {"ControlNumber": "5637144576"}, "ControlNumber"),
        (DATA_EVENT | {"ControlNumber": True}, "ControlNumber"),
        (DATA_EVENT | {"EventTime": "2024-07-03T09:46:40Z"}, "EventTime"),
        (VIRTUAL | {"OperationCreatedOn": "/Date(x)/"}, "OperationCreatedOn"),
        ({"MessageName": "Update"}, "PrimaryEntityName"),
        (DATA_EVENT | {"InputParameters": {}}, "InputParameters"),
        (DATA_EVENT | {"InputParameters": ["x"]}, "InputParameters[0]"),
        (
            DATA_EVENT | {"InputParameters": [TARGET, {"key": "Target", "value": {"Attributes": 5}}]},
            "[1].value.Attributes",
        ),
        (DATA_EVENT | {"InputParameters": [{"key": "Target", "value": {"Attributes": [5]}}]}, "value.Attributes[0]"),
        (INVOICE | {"LegalEntity": ["demf"]}, "LegalEntity"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(notice: dict[str, Any], where: str) -> None:
    found = parsed(notice)
    assert isinstance(found, Malformed), found
    assert where in found.where


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("/Date(0)/", datetime(1970, 1, 1, tzinfo=UTC)),
        ("/Date(-1000)/", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("/Date(1672408275294)/", datetime(2022, 12, 30, 13, 51, 15, 294000, tzinfo=UTC)),
        ("/Date(1672408275000+0200)/", datetime(2022, 12, 30, 13, 51, 15, tzinfo=UTC)),
        ("/Date(999999999999999)/", None),
        ("1672408275000", None),
        ("", None),
    ],
)
def test_dates_are_milliseconds_in_utc(text: str, moment: datetime | None) -> None:
    assert date_of(text) == moment

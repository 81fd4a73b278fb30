"""Reading what a webhook of Dataverse says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.mapping.dataverse.notifications import Noticed, Unreadable, moment_of, read_notification

CONTACT = "6d81597f-0f9f-4711-8122-000d3aa2331c"


def notice(**changes: Any) -> dict[str, Any]:
    """The parts of a RemoteExecutionContext that count, with others that must not."""
    target = {"key": "Target", "value": {"LogicalName": "account", "Id": "other", "Attributes": []}}
    return {
        "MessageName": "Update",
        "PrimaryEntityName": "contact",
        "PrimaryEntityId": CONTACT,
        "OrganizationName": "example",
        "OperationCreatedOn": "/Date(1506409448000-0700)/",
        "InputParameters": [target],
        **changes,
    }


def test_a_notice_is_read_without_believing_its_values() -> None:
    happened_at = datetime(2017, 9, 26, 7, 4, 8, tzinfo=UTC)  # 1506409448 seconds after 1970
    assert read_notification(notice()) == Noticed("contacts", CONTACT, "Update", "example", happened_at)


def test_a_notice_whose_values_were_dropped_says_the_same() -> None:
    short = {name: value for name, value in notice().items() if name != "InputParameters"}
    assert read_notification(short) == read_notification(notice())


@pytest.mark.parametrize(
    ("table", "entity_set"),
    [("account", "accounts"), ("contact", "contacts"), ("customeraddress", "customeraddresses")],
)
def test_tables_are_known_by_their_logical_name(table: str, entity_set: str) -> None:
    found = read_notification(notice(PrimaryEntityName=table))
    assert isinstance(found, Noticed)
    assert found.entity_set == entity_set


def test_an_id_is_spelled_as_the_api_spells_it() -> None:
    found = read_notification(notice(PrimaryEntityId=CONTACT.upper()))
    assert isinstance(found, Noticed)
    assert found.record_id == CONTACT


def test_several_records_at_once_are_left_to_the_pull() -> None:
    found = read_notification(notice(PrimaryEntityId="00000000-0000-0000-0000-000000000000"))
    assert isinstance(found, Noticed)
    assert found.record_id is None


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (None, "$"),
        ([], "$"),
        ("text", "$"),
        (notice(MessageName=None), "$.MessageName"),
        (notice(MessageName=""), "$.MessageName"),
        (notice(PrimaryEntityName=7), "$.PrimaryEntityName"),
        (notice(PrimaryEntityName="lead"), "$.PrimaryEntityName"),
        (notice(PrimaryEntityId="contacts(1)"), "$.PrimaryEntityId"),
        (notice(PrimaryEntityId=f"{CONTACT})?x"), "$.PrimaryEntityId"),
        (notice(OrganizationName=None), "$.OrganizationName"),
    ],
)
def test_what_is_no_notice_says_where(document: object, path: str) -> None:
    found = read_notification(document)
    assert isinstance(found, Unreadable)
    assert found.path == path


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("/Date(0)/", datetime(1970, 1, 1, tzinfo=UTC)),
        ("/Date(86400000+0200)/", datetime(1970, 1, 2, tzinfo=UTC)),
        ("/Date(-1000)/", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("/Date(999999999999999)/", None),
        ("2026-03-02", None),
        (1506409448000, None),
        (None, None),
    ],
)
def test_moments_are_milliseconds_in_utc(text: object, moment: datetime | None) -> None:
    assert moment_of(text) == moment

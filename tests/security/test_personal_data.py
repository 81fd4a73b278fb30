"""Personal data of every back-end is known by name, and is taken out of what a back-end says about it."""

from __future__ import annotations

import json

import httpx
import pytest

from shared.dynamics.business_central import ERRORS
from shared.dynamics.multipart import Part
from shared.dynamics.odata import ODataClient
from shared.errors import Permanent
from shared.mapping.business_central import fields as business_central
from shared.mapping.dataverse import fields as dataverse
from shared.mapping.finance import fields as finance
from shared.model.customer_fields import ADDRESS_PARTS, CONTACT_PARTS, FIELD_NAMES
from shared.model.personal import MASK, without_echo
from shared.telemetry.masking import mask_personal_data
from tests.fakes.server import ScriptedServer
from tests.fakes.tokens import CountingTokens

ROOT = "https://bc.example.com/api"
# Says too little about a person to be worth hiding from who investigates: countries, what was bought, order numbers.
NOT_PERSONAL = ("country", "description", "CountryRegionId", "CustomerRequisitionNumber")
SECRET = "Somebody's own words"


def written_fields() -> list[str]:
    """Every text that a mapping writes to a back-end, from the tables of their lengths."""
    modules = (business_central, dataverse, finance)
    tables = [table for module in modules for name, table in vars(module).items() if name.endswith("_LIMITS")]
    names = {name for table in tables for name in table}
    return sorted(name for name in names if not name.casefold().endswith(tuple(map(str.casefold, NOT_PERSONAL))))


def test_the_tables_of_lengths_were_found() -> None:
    assert {"displayName", "billto_line1", "DeliveryAddressStreet"} <= set(written_fields())


@pytest.mark.parametrize("name", written_fields())
def test_every_text_about_a_person_is_masked(name: str) -> None:
    assert mask_personal_data({name: SECRET}) == {name: MASK}


def test_every_field_of_a_customer_is_masked_but_those_that_say_nothing_about_a_person() -> None:
    plain = {"locale", "customer_group", "payment_terms", "credit_limit", "blocked", "country"}
    parts = {*ADDRESS_PARTS, *CONTACT_PARTS}
    whole = {"billing_address", "shipping_address", "addresses", "contacts"}
    for name in {*FIELD_NAMES, *parts, "custom.birthday"} - plain - whole:
        assert mask_personal_data({name: SECRET}) == {name: MASK}, name
    nested = {name: [dict.fromkeys(parts, SECRET)] for name in whole}
    kept = [
        part for members in mask_personal_data(nested).values() for part, value in members[0].items() if value == SECRET
    ]
    assert set(kept) == {"country"}


def test_both_values_of_a_conflict_are_masked() -> None:
    both = {"commercetools": SECRET, "dynamics": [SECRET, {"value": SECRET}]}
    hidden = {"commercetools": MASK, "dynamics": [MASK, {"value": MASK}]}
    assert mask_personal_data({"phone": both, "credit_limit": both}) == {"phone": hidden, "credit_limit": both}


SENT = {"email": "person@example.com", "city": "Example Town", "number": "C1", "lines": [{"shipToName": 'A "B" C'}]}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("The value person@example.com is taken.", "The value *** is taken."),
        ("PERSON@EXAMPLE.COM of EXAMPLE TOWN", "*** of ***"),
        ('Value: A "B" C', "Value: ***"),
        ("Customer C1 does not exist.", "Customer C1 does not exist."),
        ("", ""),
    ],
)
def test_what_an_answer_repeats_of_the_request_is_masked(said: str, kept: str) -> None:
    assert without_echo(said, json.dumps(SENT)) == kept


@pytest.mark.parametrize(
    "sent", ["", "no JSON", '{"email": "x"}', '{"email": ""}', '{"email": "a.*"}', '{"email": "\\q"']
)
def test_a_body_with_nothing_to_hide_changes_nothing(sent: str) -> None:
    assert without_echo("x: any text", sent) == "x: any text"


def refusal(request: httpx.Request) -> httpx.Response:
    """Business Central quotes what it does not like."""
    message = f"The length of the string is 31. Value: {SENT['city']}. CorrelationId: 1."
    return httpx.Response(400, json={"error": {"code": "Application_StringExceededLength", "message": message}})


async def test_a_refusal_keeps_its_reason_and_loses_the_person() -> None:
    server = ScriptedServer(refusal)
    api = ODataClient(ROOT, CountingTokens(), server.http, ERRORS, in_flight=1)
    with pytest.raises(Permanent) as raised:
        await api.call("POST", "customers", "correlation-1", json=SENT)
    assert "The length of the string is 31. Value: ***." in str(raised.value)
    assert "Example Town" not in str(raised.value) + raised.value.body


async def test_a_refused_part_of_a_batch_loses_the_person_too() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        inner = refusal(request)
        head = f"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {len(inner.content)}"
        part = f"--b\r\nContent-Type: application/http\r\n\r\n{head}\r\n\r\n{inner.text}\r\n--b--\r\n"
        return httpx.Response(200, headers={"Content-Type": "multipart/mixed; boundary=b"}, text=part)

    api = ODataClient(ROOT, CountingTokens(), ScriptedServer(answer).http, ERRORS, in_flight=1)
    with pytest.raises(Permanent) as raised:
        await api.batch([Part("POST", "customers", SENT)], "correlation-1")
    assert "Value: ***." in str(raised.value)
    assert "Example Town" not in str(raised.value) + raised.value.body

"""`ctd365 doctor` against the commercetools stand-in, the Business Central simulator and real tables."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from local import azurite
from local.dynamics.business_central.environment import create_environment
from shared.cli.findings import failures
from shared.state.tables import TablesState
from tests.contract.doctor.clinic import Clinic


async def test_a_complete_set_up_passes_every_check(clinic: Clinic) -> None:
    findings = await clinic.findings()
    assert failures(findings) == []
    checks = {finding.check for finding in findings}
    assert checks >= {"sign-in", "channel", "custom field", "company", "item", "location", "guest account"}
    assert checks >= {"taxGroups", "accounts", "paymentMethods", "paymentTerms", "queue", "table"}


@pytest.mark.parametrize(
    ("old", "new", "check", "said"),
    [
        ("code: VAT7", "code: VAT8", "taxGroups", "VAT8"),
        ('number: "6110"', 'number: "6119"', "accounts", "6119"),
        ('number: "6110"', 'number: "2310"', "accounts", "no direct posting"),
        ("number: FREIGHT", "number: FRIGHT", "item", "shipping.default: item FRIGHT does not exist"),
        ("variant: LONG", "variant: SHORT", "item", "items.T-SHIRT: item TSHIRT-BLK-M/SHORT does not exist"),
        ("number: FREIGHT", "number: OLD-ITEM", "item", "OLD-ITEM is blocked"),
        ("location: MAIN", "location: NORTH", "location", "NORTH"),
        ("{code: EAST}", "{code: WEST}", "location", "WEST"),
        ('guest_account: "60000"', 'guest_account: "60001"', "guest account", "0 customers have the number 60001"),
        ('guest_account: "60000"', 'guest_account: "90000"', "guest account", "90000 is blocked"),
        ("code: CARD", "code: CASH", "paymentMethods", "CASH"),
        ("terms: 30 DAYS", "terms: 90 DAYS", "paymentTerms", "90 DAYS"),
        ("channel: business-central", "channel: dynamics", "channel", "there is no channel dynamics"),
        ("channel: business-central", "channel: stock-main", "channel", "lacks the role OrderExport"),
        ("type: dynamics-365", "type: dynamics", "custom field", "there is no custom type dynamics"),
        ("field: salesOrderNumber", "field: orderNumber", "custom field", "has no field orderNumber"),
    ],
)
async def test_what_is_missing_or_unusable_is_found_by_its_name(
    clinic: Clinic, old: str, new: str, check: str, said: str
) -> None:
    ((found, detail),) = await clinic.problems(old, new)
    assert found == check
    assert said in detail


async def test_without_the_company_nothing_else_is_asked_of_it(clinic: Clinic) -> None:
    ((check, detail),) = await clinic.problems(company="e0000000-0000-4000-8000-00000000dead")
    assert check == "company"
    assert "00000000dead" in detail


async def test_a_wrong_secret_of_commercetools_is_one_failure(clinic: Clinic) -> None:
    clinic.secret = "wrong"
    ((check, detail),) = await clinic.problems()
    assert check == "sign-in"
    assert "client_secret" in detail


async def test_an_application_user_whose_token_is_refused_is_one_failure(clinic: Clinic) -> None:
    clinic.back_end_http = httpx.AsyncClient(transport=httpx.ASGITransport(create_environment("another key").app))
    async with clinic.back_end_http:
        ((check, detail),) = await clinic.problems()
    assert check == "access"
    assert "401" in detail


async def test_each_application_user_signs_in_and_a_refused_one_is_named(clinic: Clinic) -> None:
    clinic.refused = "second"
    ((check, detail),) = await clinic.problems(
        "client_id: c, scope: s", "client_id: c, scope: s, users: [{client_id: second}]"
    )
    assert check == "sign-in"
    assert "unauthorized_client" in detail


async def test_a_service_bus_that_is_down_fails_every_queue(clinic: Clinic) -> None:
    clinic.dead_letters.down = True
    assert {check for check, _ in await clinic.problems()} == {"queue"}


async def test_tables_that_were_never_created_are_found_one_by_one(clinic: Clinic) -> None:
    with azurite.start() as running:
        state = TablesState.from_connection_string(running.tables_connection_string, prefix="doctor")
        try:
            empty = await replace(clinic, state=state).problems()
            await state.ensure()
            assert await replace(clinic, state=state).problems() == []
        finally:
            await state.close()
    assert {check for check, _ in empty} == {"table"}
    assert len(empty) == 8

"""`ctd365 doctor` says when a certificate ends, before it does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes

from shared.cli.doctor_back_ends import check_back_ends, judge_expiry
from shared.cli.findings import Finding
from shared.markets import parse_market_map
from tests.contract.connectors.harness import Tokens
from tests.contract.identity.certificates import make

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MARKET_MAP = """
schema: 1
projects:
  demo: {api_url: "https://a.example.com", auth_url: "https://a.example.com", client_id: c, client_secret: s}
back_ends:
  bc: {type: business_central, url: "https://bc.example.com", tenant_id: t, client_id: c, certificate: CERT, scope: s}
markets: [{name: none, project: demo, back_end: bc, company: c}]
"""


@pytest.mark.parametrize(
    ("left", "status", "says"),
    [
        (timedelta(seconds=-1), "failed", "AB12 expired on 2026-11-24"),
        (timedelta(0), "failed", "AB12 expired on 2026-11-24"),
        (timedelta(days=1), "note", "AB12 expires on 2026-11-25, in 1 day(s)"),
        (timedelta(days=30), "note", "AB12 expires on 2026-12-24, in 30 day(s)"),
        (timedelta(days=30, seconds=1), "ok", "AB12 is valid until 2026-12-24"),
    ],
)
def test_a_certificate_is_judged_by_what_is_left(left: timedelta, status: str, says: str) -> None:
    found = judge_expiry("back-end bc", "AB12", NOW + left, NOW)
    assert (found.check, found.where, found.status) == ("certificate", "back-end bc", status)
    assert found.detail.startswith(says)
    assert ("Rotating secrets" in found.fix) == (status != "ok")


async def findings(certificate: str) -> list[Finding]:
    """Those of the back-end itself: it has no connector, so the market is left out."""
    markets = parse_market_map(MARKET_MAP.replace("CERT", certificate), "test", {})
    without = markets.model_copy(update={"markets": ()})
    tokens = Tokens("s")
    return [row async for row in check_back_ends(without, {}, lambda _user: tokens, "doctor")]


@pytest.mark.parametrize(("days", "status"), [(-2, "failed"), (10, "note"), (300, "ok")])
async def test_the_certificate_of_the_map_is_read(days: int, status: str) -> None:
    until = datetime.now(UTC) + timedelta(days=days)
    pair = make(until=until)
    found = [row for row in await findings(pair.secret()) if row.check == "certificate"]
    assert [(row.status, row.where) for row in found] == [(status, "back-end bc, application user c")]
    assert pair.thumbprint(hashes.SHA1()).hex().upper() in found[0].detail  # a name, no protection
    assert f"{until:%Y-%m-%d}" in found[0].detail


async def test_what_is_no_certificate_is_left_to_the_sign_in() -> None:
    assert [row.check for row in await findings("nothing")] == ["sign-in"]

"""Signing in with a certificate, against an authority that checks the client assertion as Entra does."""

from __future__ import annotations

import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import hashes

from local.dynamics.assertions import ASSERTION_TYPE
from local.dynamics.tokens import TokenVerifier
from shared.dynamics.auth import MsalTokenProvider
from shared.errors import Permanent
from shared.markets import BackEnd
from shared.settings import ROOT
from tests.contract.identity.certificates import Pair, make

CLIENT, KEY = "00000000-0000-4000-8000-00000000cccc", "a-signing-key-for-tests"
RESOURCE = "https://api.businesscentral.dynamics.com"


@dataclass(frozen=True)
class Entra:
    """A running authority, and the file of the certificates that are registered with the client."""

    url: str
    tenant: str
    ca_file: str
    registrations: Path

    @property
    def endpoint(self) -> str:
        return f"{self.url}/{self.tenant}/oauth2/v2.0/token"

    def register(self, *pairs: Pair) -> None:
        self.registrations.write_text("".join(pair.certificate for pair in pairs), encoding="utf-8")

    def provider(self, pair: Pair) -> MsalTokenProvider:
        row = {
            "type": "business_central",
            "url": "https://bc.example.com",
            "tenant_id": self.tenant,
            "client_id": CLIENT,
            "certificate": pair.secret(),
            "authority": self.url,
            "scope": f"{RESOURCE}/.default",
        }
        return MsalTokenProvider(BackEnd.model_validate(row), self.ca_file)

    def answer(self, assertion: str, client: str = CLIENT) -> tuple[int, list[int]]:
        """Status and error codes of a sign-in with an assertion made by hand."""
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "scope": f"{RESOURCE}/.default",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        found = httpx.post(self.endpoint, data=form, verify=ssl.create_default_context(cafile=self.ca_file))
        return found.status_code, found.json().get("error_codes", [])


@pytest.fixture(scope="module")
def entra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entra]:
    folder = tmp_path_factory.mktemp("authority")
    registrations = folder / "registered.pem"
    environment = os.environ | {
        "LOCAL_CLIENT_ID": CLIENT,
        "LOCAL_CLIENT_SECRET": "a-secret-that-nobody-uses-here",
        "LOCAL_TOKEN_KEY": KEY,
        "LOCAL_CLIENT_CERTIFICATES": str(registrations),
    }
    command = [sys.executable, "-m", "local.dynamics", "authority", "--state-dir", str(folder)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        try:
            yield Entra(ready["url"], ready["tenant"], ready["ca_file"], registrations)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


@pytest.fixture(scope="module")
def pair() -> Pair:
    return make()


@pytest.fixture(scope="module")
def other() -> Pair:
    return make()


async def test_a_registered_certificate_gets_a_token_of_the_client(entra: Entra, pair: Pair) -> None:
    entra.register(pair)
    token = await entra.provider(pair).token()
    assert TokenVerifier(KEY, RESOURCE).verify(f"Bearer {token}") == CLIENT


async def test_a_certificate_that_is_not_registered_is_named_by_its_thumbprint(
    entra: Entra, pair: Pair, other: Pair
) -> None:
    entra.register(other)
    with pytest.raises(Permanent) as refused:
        await entra.provider(pair).token()
    text = str(refused.value)
    assert refused.value.code == "invalid_client"
    assert "AADSTS700027" in text
    assert f"thumbprint {pair.thumbprint(hashes.SHA1()).hex().upper()}" in text
    assert f"registered with client {CLIENT}" in text
    assert [line for line in pair.key.splitlines() if line in text] == []


async def test_an_expired_certificate_is_refused_with_its_last_day(entra: Entra) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    expired = make(until=yesterday)
    entra.register(expired)
    with pytest.raises(Permanent, match=f"valid until {yesterday:%Y-%m-%d}"):
        await entra.provider(expired).token()


async def test_a_certificate_is_rotated_without_a_moment_in_which_nobody_can_sign_in(
    entra: Entra, pair: Pair, other: Pair
) -> None:
    entra.register(pair)
    before = entra.provider(pair)
    await before.token()

    entra.register(pair, other)  # the new one is added: both processes sign in, the old and the restarted one
    after = entra.provider(other)
    assert TokenVerifier(KEY, RESOURCE).verify(f"Bearer {await before.token(renew=True)}") == CLIENT
    assert TokenVerifier(KEY, RESOURCE).verify(f"Bearer {await after.token()}") == CLIENT

    entra.register(other)  # the old one is removed
    assert TokenVerifier(KEY, RESOURCE).verify(f"Bearer {await after.token(renew=True)}") == CLIENT
    assert TokenVerifier(KEY, RESOURCE).verify(f"Bearer {await before.token()}") == CLIENT  # an issued token goes on
    with pytest.raises(Permanent, match="AADSTS700027"):
        await before.token(renew=True)


def assertion(entra: Entra, signer: Pair, named: Pair | None = None, alg: str = "PS256", **changes: Any) -> str:
    """An assertion as Entra's documents describe it, with some claims changed; None leaves one out."""
    now = int(time.time())
    claims: dict[str, Any] = {"aud": entra.endpoint, "iss": CLIENT, "sub": CLIENT, "jti": "1", "nbf": now}
    claims = {name: value for name, value in (claims | {"exp": now + 600} | changes).items() if value is not None}
    digest, name = (hashes.SHA256(), "x5t#S256") if alg == "PS256" else (hashes.SHA1(), "x5t")
    thumbprint = base64.urlsafe_b64encode((named or signer).thumbprint(digest)).rstrip(b"=").decode()
    return jwt.encode(claims, signer.key, algorithm=alg, headers={name: thumbprint})


@pytest.mark.parametrize("alg", ["PS256", "RS256"])
def test_both_published_ways_to_name_and_sign_are_taken(entra: Entra, pair: Pair, alg: str) -> None:
    entra.register(pair)
    assert entra.answer(assertion(entra, pair, alg=alg)) == (200, [])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "https://elsewhere.example.com/oauth2/v2.0/token"}, 700023),
        ({"exp": 1}, 700024),
        ({"nbf": 4_102_444_800}, 700024),  # the year 2100
        ({"iss": "somebody else"}, 700021),
        ({"sub": "somebody else"}, 700021),
        ({"exp": None}, 50027),
        ({"sub": None}, 50027),
    ],
    ids=str,
)
def test_claims_that_are_not_right_are_refused(entra: Entra, pair: Pair, changes: dict[str, Any], code: int) -> None:
    entra.register(pair)
    assert entra.answer(assertion(entra, pair, **changes)) == (401, [code])


def test_another_key_under_a_registered_name_is_refused(entra: Entra, pair: Pair, other: Pair) -> None:
    entra.register(pair)
    assert entra.answer(assertion(entra, other, named=pair)) == (401, [700027])


def test_what_is_signed_with_no_key_or_a_shared_one_is_refused(entra: Entra, pair: Pair) -> None:
    entra.register(pair)
    claims = {"aud": entra.endpoint, "iss": CLIENT, "sub": CLIENT, "jti": "1", "nbf": 0, "exp": 4_102_444_800}
    thumbprint = base64.urlsafe_b64encode(pair.thumbprint(hashes.SHA256())).rstrip(b"=").decode()
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"x5t#S256": thumbprint})
    shared = jwt.encode(claims, "k" * 64, algorithm="HS256", headers={"x5t#S256": thumbprint})
    assert [entra.answer(text) for text in (unsigned, shared, "nonsense")] == [(401, [50027])] * 3


def test_an_assertion_is_no_way_in_for_another_client(entra: Entra, pair: Pair) -> None:
    entra.register(pair)
    assert entra.answer(assertion(entra, pair), client="somebody else") == (401, [7000215])

"""The Entra token that Event Grid attaches: checked against a key made here."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from shared.composition import make_app
from shared.errors import Transient
from shared.settings import read_settings
from shared.triggers import event_grid
from shared.triggers.authorisation import NotAuthorised, verify_bearer
from shared.triggers.event_grid import KEYS_PAUSE_SECONDS
from tests.fakes.road import Bench
from tests.fakes.server import Answer, ScriptedServer
from tests.fakes.settings import SETTINGS
from tests.unit.flows.desk import Desk

AUDIENCE, CLIENT = "api://connector", "event-grid-client"
OURS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
THEIRS = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def published(**keys: rsa.RSAPrivateKey) -> httpx.Response:
    rows = [
        {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}
        for kid, key in keys.items()
    ]
    return httpx.Response(200, json={"keys": rows})


@dataclass
class Door:
    """An application that wants tokens of a tenant of its own."""

    answers: list[Answer] = field(default_factory=lambda: [published(ours=OURS)])
    clients: str = CLIENT
    wanted: bool = True
    tenant: str = field(default_factory=lambda: str(uuid.uuid4()))

    def __post_init__(self) -> None:
        entra = {"EVENTS_ENTRA_TENANT": self.tenant, "EVENTS_ENTRA_AUDIENCE": AUDIENCE}
        settings = read_settings(
            {
                **SETTINGS,
                "EVENTS_ENTRA_CLIENTS": self.clients,
                **(entra if self.wanted else {}),
            }
        )
        self.authority = ScriptedServer(*self.answers)
        desk = Desk()
        self.app = make_app(settings, desk.markets, Bench().road, {}, {}, self.authority.http)

    def claims(self, **changes: Any) -> dict[str, Any]:
        given = {
            "aud": AUDIENCE,
            "iss": f"https://login.microsoftonline.com/{self.tenant}/v2.0",
            "azp": CLIENT,
            "exp": time.time() + 600,
            **changes,
        }
        return {name: value for name, value in given.items() if value is not None}

    async def knock(self, claims: dict[str, Any], *, key: rsa.RSAPrivateKey = OURS, kid: str | None = "ours") -> None:
        headers = {"kid": kid} if kid else {}
        await verify_bearer(self.app, f"Bearer {jwt.encode(claims, key, algorithm='RS256', headers=headers)}")


async def test_a_valid_token_is_let_in() -> None:
    door = Door()
    await door.knock(door.claims())
    assert str(door.authority.requests[0].url).endswith(f"{door.tenant}/discovery/v2.0/keys")


async def test_a_version_1_token_of_the_same_tenant_is_let_in() -> None:
    door = Door()
    await door.knock(door.claims(iss=f"https://sts.windows.net/{door.tenant}/", azp=None, appid=CLIENT))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "api://somebody-else"}, "Audience"),
        ({"aud": None}, "aud"),
        ({"exp": 1_000_000_000}, "expired"),
        ({"exp": None}, "exp"),
        ({"iss": "https://login.microsoftonline.com/another-tenant/v2.0"}, "issuer"),
        ({"iss": None}, "iss"),
        ({"azp": "another-client"}, "Client another-client is not among EVENTS_ENTRA_CLIENTS"),
        ({"azp": None}, "Client None is not among"),
    ],
)
async def test_a_token_that_is_not_meant_for_us_is_refused(changes: dict[str, Any], reason: str) -> None:
    door = Door()
    with pytest.raises(NotAuthorised, match=reason):
        await door.knock(door.claims(**changes))


async def test_a_token_that_somebody_else_signed_is_refused() -> None:
    door = Door()
    with pytest.raises(NotAuthorised, match="Signature"):
        await door.knock(door.claims(), key=THEIRS)


async def test_a_token_without_a_signature_is_refused() -> None:
    door = Door()
    token = jwt.encode(door.claims(), "", algorithm="none", headers={"kid": "ours"})
    with pytest.raises(NotAuthorised):
        await verify_bearer(door.app, f"Bearer {token}")


@pytest.mark.parametrize("kid", [None, "unknown"])
async def test_a_token_of_no_known_key_is_refused(kid: str | None) -> None:
    door = Door()
    with pytest.raises(NotAuthorised):
        await door.knock(door.claims(), kid=kid)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "abc"])
async def test_a_missing_token_is_refused_without_asking_for_keys(header: str | None) -> None:
    door = Door()
    with pytest.raises(NotAuthorised, match="A bearer token of the configured Entra tenant is required"):
        await verify_bearer(door.app, header)
    assert door.authority.requests == []


async def test_what_is_no_token_is_refused() -> None:
    with pytest.raises(NotAuthorised):
        await verify_bearer(Door().app, "Bearer not.a.token")


async def test_any_client_of_the_tenant_may_come_where_none_is_named() -> None:
    door = Door(clients="")
    await door.knock(door.claims(azp="another-client"))


async def test_no_token_is_wanted_where_no_tenant_is_configured() -> None:
    await verify_bearer(Door(wanted=False).app, None)


async def test_the_keys_are_fetched_once_for_many_deliveries() -> None:
    door = Door()
    for _ in range(3):
        await door.knock(door.claims())
    assert len(door.authority.requests) == 1


async def test_a_key_that_is_new_is_fetched_before_its_token_is_refused() -> None:
    door = Door([published(ours=OURS), published(ours=OURS, new=THEIRS)])
    await door.knock(door.claims())
    _let_pass(door, KEYS_PAUSE_SECONDS + 1)
    await door.knock(door.claims(), key=THEIRS, kid="new")
    assert len(door.authority.requests) == 2


async def test_made_up_keys_do_not_make_us_ask_for_every_delivery() -> None:
    door = Door()
    for _ in range(3):
        with pytest.raises(NotAuthorised):
            await door.knock(door.claims(), kid="made-up")
    assert len(door.authority.requests) == 1


def _let_pass(door: Door, seconds: float) -> None:
    fetched, keys = event_grid._keys[door.tenant]
    event_grid._keys[door.tenant] = (fetched - seconds, keys)


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), httpx.Response(200, content=b"<html>"), httpx.ConnectError("broken")]
)
async def test_an_authority_that_cannot_be_reached_means_deliver_again(answer: Answer) -> None:
    door = Door([answer])
    with pytest.raises(Transient):
        await door.knock(door.claims())

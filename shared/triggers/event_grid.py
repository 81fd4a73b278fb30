"""Verifying Entra tokens. Importing PyJWT costs 50 ms, so `authorisation.py` does it when a token is wanted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx
import jwt

from shared.errors import Transient
from shared.settings import Settings
from shared.triggers.authorisation import NotAuthorised

if TYPE_CHECKING:
    from shared.composition import App

AUTHORITY = "https://login.microsoftonline.com"
KEYS_LIFETIME_SECONDS = 3600.0
KEYS_PAUSE_SECONDS = 60.0  # between two fetches because of a key that is not known
_keys: dict[str, tuple[float, jwt.PyJWKSet]] = {}


def verified_claims(token: str, keys: jwt.PyJWKSet, settings: Settings) -> dict[str, Any]:
    """Verify a token against a key set. Raises NotAuthorised."""
    tenant = settings.events_entra_tenant
    try:
        key = keys[jwt.get_unverified_header(token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=settings.events_entra_audience,
            # v2 and v1 tokens of the same tenant
            issuer=[f"{AUTHORITY}/{tenant}/v2.0", f"https://sts.windows.net/{tenant}/"],
            options={"require": ["exp", "aud", "iss"]},
        )
    except (jwt.PyJWTError, KeyError) as error:
        raise NotAuthorised(f"The bearer token is not valid: {error}") from error
    return claims


async def key_set(app: App, tenant: str, token: str) -> jwt.PyJWKSet:
    """Return the tenant's signing keys: fetched once an hour, and sooner when a token names a key that is new."""
    fetched, keys = _keys.get(tenant, (0.0, None))
    age = time.monotonic() - fetched
    # Event Grid never repeats a delivery answered with 401, so a changed key must not cost an hour of events.
    if keys is None or age > KEYS_LIFETIME_SECONDS or (age > KEYS_PAUSE_SECONDS and not _knows(keys, token)):
        keys = await _fetch_keys(app, tenant)
    return keys


def _knows(keys: jwt.PyJWKSet, token: str) -> bool:
    """Tell whether the token's key is among the keys; what is no token at all needs no new keys either."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError:
        return True
    return any(key.key_id == kid for key in keys.keys)


async def _fetch_keys(app: App, tenant: str) -> jwt.PyJWKSet:
    url = f"{AUTHORITY}/{tenant}/discovery/v2.0/keys"
    try:
        response = await app.http.get(url)
        response.raise_for_status()
        keys = jwt.PyJWKSet.from_dict(response.json())
    except (httpx.HTTPError, ValueError, jwt.PyJWTError) as error:
        raise Transient("Entra ID", f"GET {url}", str(error) or type(error).__name__) from error
    _keys[tenant] = (time.monotonic(), keys)
    return keys

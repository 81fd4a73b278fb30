"""Verifying Entra tokens. Importing PyJWT costs 50 ms, so `authorisation.py` does it when a token is wanted."""

from __future__ import annotations

import time
from typing import Any

import httpx
import jwt

from shared.app import App
from shared.errors import Transient
from shared.settings import Settings
from shared.triggers.authorisation import NotAuthorised

AUTHORITY = "https://login.microsoftonline.com"
KEYS_LIFETIME_SECONDS = 3600.0
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


async def key_set(app: App, tenant: str) -> jwt.PyJWKSet:
    """Return the tenant's signing keys, fetched at most once an hour."""
    fetched, keys = _keys.get(tenant, (0.0, None))
    if keys is None or time.monotonic() - fetched > KEYS_LIFETIME_SECONDS:
        keys = await _fetch_keys(app, tenant)
    return keys


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

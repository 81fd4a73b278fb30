"""Access tokens of the local authority: JWTs signed with a key that authority and simulators share."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

TOKEN_SECONDS = 3600


class TokenError(Exception):
    """The token is missing, not ours, expired or meant for somebody else."""


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature(signed: str, key: str) -> str:
    return _encode(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())


def sign(claims: dict[str, Any], key: str) -> str:
    """Return the claims as a signed token."""
    header = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    signed = f"{header}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_signature(signed, key)}"


def issue(client_id: str, audience: str, issuer: str, key: str, lifetime: int = TOKEN_SECONDS) -> str:
    """Return an app-only token for the client."""
    now = int(time.time())
    identity = {"appid": client_id, "sub": client_id, "aud": audience, "iss": issuer, "uti": str(uuid.uuid4())}
    return sign(identity | {"iat": now, "nbf": now, "exp": now + lifetime}, key)


class TokenVerifier:
    """Checks bearer tokens for one resource."""

    def __init__(
        self, key: str, audience: str, issuer: str | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._key = key
        self._audience = audience.rstrip("/")
        self._issuer = issuer
        self._clock = clock

    def verify(self, authorization: str) -> str:
        """Return the client id that the token was issued to; TokenError when the token does not hold."""
        scheme, _, token = authorization.partition(" ")
        signed, _, signature = token.rpartition(".")
        if scheme.lower() != "bearer" or not hmac.compare_digest(signature.encode(), self._expected(signed)):
            raise TokenError("no bearer token with a valid signature")
        claims = json.loads(_decode(signed.partition(".")[2]))
        if claims["aud"].rstrip("/") != self._audience:
            raise TokenError(f"the token is for {claims['aud']}, not for {self._audience}")
        if self._issuer is not None and claims["iss"] != self._issuer:
            raise TokenError(f"the token was issued by {claims['iss']}, not by {self._issuer}")
        if claims["exp"] <= self._clock():
            raise TokenError("the token has expired")
        return str(claims["sub"])

    def _expected(self, signed: str) -> bytes:
        return _signature(signed, self._key).encode()

"""Checks a client assertion (RFC 7523) as Entra does: signed by a certificate that is registered with the client."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import jwt.exceptions
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate, load_pem_x509_certificates

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# The header that names the certificate, and the digest that it holds.
THUMBPRINTS = {"x5t#S256": hashes.SHA256(), "x5t": hashes.SHA1()}  # noqa: S303  # a name, no protection
ALGORITHMS = ("PS256", "RS256")
CLAIMS = ("aud", "exp", "iss", "sub")


class SignInRefused(Exception):
    """Why, with the number of Entra's error (700021 is from memory, the others are published)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def registered(file: Path | None) -> Sequence[Certificate]:
    """Return the certificates of a PEM file; it is read at each sign-in, so that they can be rotated."""
    text = file.read_bytes() if file is not None and file.exists() else b""
    return load_pem_x509_certificates(text) if text.strip() else []


def check_assertion(assertion: str, client: str, audience: str, certificates: Sequence[Certificate]) -> None:
    """Raise SignInRefused unless the assertion is the client's own, for this audience, and in its time."""
    header = _header(assertion)
    key = _signing_certificate(header, certificates).public_key()
    if not isinstance(key, RSAPublicKey):
        raise SignInRefused(700027, "Client assertion contains an invalid signature. [Reason - not an RSA key.]")
    try:
        jwt.decode(
            assertion,
            key,
            algorithms=[header["alg"]],
            audience=audience,
            issuer=client,
            subject=client,
            options={"require": list(CLAIMS)},
        )
    except jwt.InvalidTokenError as error:
        raise _refusal_of(error) from error


def _header(assertion: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError as error:
        raise SignInRefused(50027, "JWT token is invalid or malformed.") from error
    if header.get("alg") not in ALGORITHMS:
        raise SignInRefused(50027, f"JWT token is invalid: the algorithm is not one of {', '.join(ALGORITHMS)}.")
    return header


def _signing_certificate(header: dict[str, Any], certificates: Sequence[Certificate]) -> Certificate:
    found = next((item for item in certificates if _names(header, item)), None)
    if found is None:
        raise SignInRefused(700027, "Client assertion contains an invalid signature. [Reason - The key was not found.]")
    if found.not_valid_after_utc <= datetime.now(UTC):
        raise SignInRefused(
            700027, "Client assertion contains an invalid signature. [Reason - The key used is expired.]"
        )
    return found


def _names(header: dict[str, Any], certificate: Certificate) -> bool:
    return any(_decoded(header.get(name)) == certificate.fingerprint(digest) for name, digest in THUMBPRINTS.items())


def _decoded(thumbprint: Any) -> bytes:
    """Return the bytes of a base64url text; msal pads it, the standard does not."""
    text = str(thumbprint or "").rstrip("=")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return b""


def _refusal_of(error: jwt.InvalidTokenError) -> SignInRefused:
    match error:
        case jwt.InvalidSignatureError():
            return SignInRefused(
                700027, "Client assertion contains an invalid signature. [Reason - The signature did not match.]"
            )
        case jwt.ExpiredSignatureError() | jwt.ImmatureSignatureError():
            return SignInRefused(700024, "Client assertion is not within its valid time range.")
        case jwt.InvalidAudienceError():
            return SignInRefused(700023, "Client assertion audience claim does not match Realm issuer.")
        case jwt.InvalidIssuerError() | jwt.exceptions.InvalidSubjectError():
            return SignInRefused(700021, "Client assertion application identifier doesn't match 'client_id'.")
    return SignInRefused(50027, f"JWT token is invalid: {error}.")

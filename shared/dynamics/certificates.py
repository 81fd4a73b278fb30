"""The certificate that signs an application registration in, as Key Vault hands it out.

Imported on first use only: `cryptography` takes a tenth of a second.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12KeyAndCertificates, load_pkcs12

WANTED = "base64 of a PKCS#12 file without a password, as Key Vault's application/x-pkcs12 has it"


class CertificateError(ValueError):
    """The value is no certificate that Entra takes; the text says why and what to do, and nothing of the value."""


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Key and certificate as PEM. `thumbprint` is the SHA-1 in hex by which the Azure portal lists a certificate."""

    private_key: str = field(repr=False)
    certificate: str
    thumbprint: str
    expires: datetime


def read_certificate(text: str) -> ClientCertificate:
    """Read the value of a Key Vault certificate's secret: base64 of PKCS#12. Raises CertificateError.

    Whether it has expired is Entra's to say.
    """
    content = _open(_decode(text))
    if content.key is None or content.cert is None:
        raise CertificateError("it lacks the private key or the certificate: export both, as an exportable certificate")
    if not isinstance(content.key, RSAPrivateKey):
        raise CertificateError("its key is not RSA: Entra takes RSA keys only, create the certificate with one")
    certificate = content.cert.certificate
    pem = content.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return ClientCertificate(
        private_key=pem.decode(),
        certificate=certificate.public_bytes(Encoding.PEM).decode(),
        thumbprint=certificate.fingerprint(hashes.SHA1()).hex().upper(),  # noqa: S303  # a name, no protection
        expires=certificate.not_valid_after_utc,
    )


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise CertificateError(f"it is no base64: give {WANTED}") from None


def _open(data: bytes) -> PKCS12KeyAndCertificates:
    try:
        return load_pkcs12(data, None)
    except ValueError:
        raise CertificateError(f"it is no PKCS#12 file, or it has a password: give {WANTED}") from None

"""Certificates as Key Vault hands them out, made for tests."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

import trustme
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    KeySerializationEncryption,
    NoEncryption,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import Certificate, load_pem_x509_certificate
from trustme import KeyType


@dataclass(frozen=True)
class Pair:
    """A private key and its certificate, both PEM."""

    key: str
    certificate: str

    @property
    def x509(self) -> Certificate:
        return load_pem_x509_certificate(self.certificate.encode())

    def thumbprint(self, digest: hashes.HashAlgorithm) -> bytes:
        return self.x509.fingerprint(digest)

    def secret(self, password: str = "", *, key: bool = True, certificate: bool = True) -> str:
        """What the secret of a Key Vault certificate with the content type application/x-pkcs12 holds."""
        how: KeySerializationEncryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        content = pkcs12.serialize_key_and_certificates(
            b"connector",
            load_pem_private_key(self.key.encode(), None) if key else None,  # type: ignore[arg-type]
            self.x509 if certificate else None,
            None,
            how,
        )
        return base64.b64encode(content).decode()


def make(key_type: KeyType = KeyType.RSA, until: datetime | None = None) -> Pair:
    leaf = trustme.CA(key_type=key_type).issue_cert("connector.example.com", key_type=key_type, not_after=until)
    return Pair(leaf.private_key_pem.bytes().decode(), leaf.cert_chain_pems[0].bytes().decode())

"""Tokens for Dynamics: client secret, certificate, or the managed identity through a federated credential.

msal keeps the cache.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import SecretStr

from shared.errors import Permanent, Transient
from shared.markets import BackEnd

if TYPE_CHECKING:
    from msal import ConfidentialClientApplication

    from shared.dynamics.certificates import ClientCertificate

SERVICE = "Entra ID"
PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
FEDERATION_SCOPE = "api://AzureADTokenExchange/.default"
# msal reports these as answers, not exceptions; they pass by themselves.
_PASSING = frozenset({"temporarily_unavailable", "server_error"})
# What an application setting holds as long as the host could not resolve its reference.
_UNRESOLVED = "@Microsoft.KeyVault("


class TokenProvider(Protocol):
    """Raises Transient when the authority cannot be reached, Permanent when it refuses the client."""

    async def token(self, *, renew: bool = False) -> str:
        """Return a valid access token; `renew` throws away a cached one that the API refused."""


class MsalTokenProvider:
    """Client credentials of one application registration.

    `ca_file` is for authorities outside the public PKI; `identity` is the client id of the managed identity that
    signs in where the back-end has neither secret nor certificate, None for the system-assigned one.
    """

    def __init__(self, back_end: BackEnd, ca_file: str | None = None, identity: str | None = None) -> None:
        self._back_end = back_end
        self._ca_file = ca_file
        self._identity = identity
        self._app: ConfidentialClientApplication | None = None
        self._certificate: ClientCertificate | None = None
        self._lock = asyncio.Lock()

    async def token(self, *, renew: bool = False) -> str:
        """See `TokenProvider.token`. msal blocks, so it runs in a thread."""
        async with self._lock:
            if renew:
                self._app = None
            answer = await asyncio.to_thread(self._acquire)
        if "access_token" in answer:
            return str(answer["access_token"])
        raise self._refused(answer)

    def _acquire(self) -> dict[str, Any]:
        import requests  # msal's own transport, and as slow to import as msal

        try:
            if self._app is None:
                self._app = self._make_app()
            answer: dict[str, Any] = self._app.acquire_token_for_client(scopes=[self._back_end.scope])
        except requests.RequestException as error:
            raise Transient(SERVICE, "acquire token", f"the authority cannot be reached: {error}") from error
        return answer

    def _make_app(self) -> ConfidentialClientApplication:
        import msal
        import requests

        credential = self._credential()
        session = requests.Session()
        session.max_redirects = 0  # a redirect would carry the secret elsewhere
        if self._ca_file:
            session.trust_env = False  # REQUESTS_CA_BUNDLE would win over verify
            session.verify = self._ca_file
        return msal.ConfidentialClientApplication(
            self._back_end.client_id,
            client_credential=credential,
            authority=f"{self._back_end.authority}/{self._back_end.tenant_id}",
            instance_discovery=self._back_end.authority == PUBLIC_AUTHORITY,
            http_client=session,
        )

    def _credential(self) -> str | dict[str, Any]:
        if self._back_end.client_secret is not None:
            return self._resolved("client_secret", self._back_end.client_secret)
        if self._back_end.certificate is None:
            return {"client_assertion": lambda: managed_identity_assertion(self._identity)}
        self._certificate = self._read(self._back_end.certificate)
        # From the certificate itself msal takes the SHA-256 thumbprint, and then signs with PS256.
        return {
            "private_key": self._certificate.private_key,
            "public_certificate": self._certificate.certificate,
        }

    def _read(self, value: SecretStr) -> ClientCertificate:
        from shared.dynamics.certificates import CertificateError, read_certificate

        try:
            return read_certificate(self._resolved("certificate", value))
        except CertificateError as error:
            raise self._unusable("certificate", str(error)) from None

    def _resolved(self, option: str, value: SecretStr) -> str:
        text = value.get_secret_value().strip()
        if text.startswith(_UNRESOLVED):
            why = (
                "it is a Key Vault reference that the host could not resolve: check that the vault has it, that the "
                "application's identity has the role Key Vault Secrets User there, then fetch it again "
                "(docs/deployment.md, Rotating secrets)"
            )
            raise self._unusable(option, why)
        return text

    def _unusable(self, option: str, why: str) -> Permanent:
        """Name option, client and setting, never a part of the value."""
        where = (
            f"{option} of client {self._back_end.client_id} in the market map (the setting that its ${{NAME}} names)"
        )
        return Permanent(SERVICE, "read credential", f"{where}: {why}")

    def _refused(self, answer: dict[str, Any]) -> Permanent | Transient:
        code = str(answer.get("error", ""))
        text = str(answer.get("error_description", "")).splitlines()[:1]
        kind = Transient if code in _PASSING else Permanent
        return kind(SERVICE, "acquire token", f"{''.join(text)} {self._advice()}", code=code)

    def _advice(self) -> str:
        client = f"client {self._back_end.client_id}"
        if self._certificate is not None:
            pair = self._certificate
            return (
                f"Check that the certificate with thumbprint {pair.thumbprint} (valid until {pair.expires:%Y-%m-%d}) "
                f"is registered with {client}, and the tenant"
            )
        what = "federated credential" if self._back_end.client_secret is None else "secret"
        return f"Check client_id, {what} and tenant of {client}"


def managed_identity_assertion(identity: str | None) -> str:
    """Return the managed identity's token for the federated credential of the app registration."""
    from azure.identity import ManagedIdentityCredential

    with ManagedIdentityCredential(client_id=identity) as credential:
        token: str = credential.get_token(FEDERATION_SCOPE).token
    return token

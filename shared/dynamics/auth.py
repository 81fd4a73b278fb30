"""Tokens for Dynamics: client secret, or the managed identity through a federated credential. msal keeps the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from shared.errors import Permanent, Transient
from shared.markets import BackEnd

if TYPE_CHECKING:
    from msal import ConfidentialClientApplication

SERVICE = "Entra ID"
PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
FEDERATION_SCOPE = "api://AzureADTokenExchange/.default"
# msal reports these as answers, not exceptions; they pass by themselves.
_PASSING = frozenset({"temporarily_unavailable", "server_error"})


class TokenProvider(Protocol):
    """Raises Transient when the authority cannot be reached, Permanent when it refuses the client."""

    async def token(self, *, renew: bool = False) -> str:
        """Return a valid access token; `renew` throws away a cached one that the API refused."""


class MsalTokenProvider:
    """Client credentials of one application registration.

    `ca_file` is for authorities outside the public PKI; `identity` is the client id of the managed identity that
    signs in where the back-end has no secret, None for the system-assigned one.
    """

    def __init__(self, back_end: BackEnd, ca_file: str | None = None, identity: str | None = None) -> None:
        self._back_end = back_end
        self._ca_file = ca_file
        self._identity = identity
        self._app: ConfidentialClientApplication | None = None
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

        session = requests.Session()
        session.max_redirects = 0  # a redirect would carry the secret elsewhere
        if self._ca_file:
            session.trust_env = False  # REQUESTS_CA_BUNDLE would win over verify
            session.verify = self._ca_file
        return msal.ConfidentialClientApplication(
            self._back_end.client_id,
            client_credential=self._credential(),
            authority=f"{self._back_end.authority}/{self._back_end.tenant_id}",
            instance_discovery=self._back_end.authority == PUBLIC_AUTHORITY,
            http_client=session,
        )

    def _credential(self) -> str | dict[str, Callable[[], str]]:
        if self._back_end.client_secret is not None:
            return self._back_end.client_secret.get_secret_value()
        return {"client_assertion": lambda: managed_identity_assertion(self._identity)}

    def _refused(self, answer: dict[str, Any]) -> Permanent | Transient:
        code = str(answer.get("error", ""))
        text = str(answer.get("error_description", "")).splitlines()[:1]
        kind = Transient if code in _PASSING else Permanent
        hint = f"{''.join(text)} Check client_id, secret and tenant of client {self._back_end.client_id}"
        return kind(SERVICE, "acquire token", hint, code=code)


def managed_identity_assertion(identity: str | None) -> str:
    """Return the managed identity's token for the federated credential of the app registration."""
    from azure.identity import ManagedIdentityCredential

    with ManagedIdentityCredential(client_id=identity) as credential:
        token: str = credential.get_token(FEDERATION_SCOPE).token
    return token

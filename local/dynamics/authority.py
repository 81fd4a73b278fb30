"""A local OAuth 2.0 authority that msal accepts: HTTPS on localhost, client credentials only."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.dynamics.assertions import ASSERTION_TYPE, SignInRefused, check_assertion, registered
from local.dynamics.odata.control import ControlledApp
from local.dynamics.tokens import TOKEN_SECONDS, issue

TENANT = "11111111-2222-3333-4444-555555555555"
SCOPE_SUFFIX = "/.default"


@dataclass(frozen=True)
class Credentials:
    """The applications that may sign in (client id to secret) and the key that signs tokens.

    `certificates` is a PEM file of the certificates that are registered with each of them.
    """

    secrets: Mapping[str, str]
    token_key: str
    certificates: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Credentials":
        """Read LOCAL_CLIENT_ID (several may be separated by commas), LOCAL_CLIENT_SECRET, LOCAL_TOKEN_KEY.

        LOCAL_CLIENT_CERTIFICATES is optional.
        """
        names = ("LOCAL_CLIENT_ID", "LOCAL_CLIENT_SECRET", "LOCAL_TOKEN_KEY")
        missing = [name for name in names if not environment.get(name)]
        if missing:
            raise ValueError(f"set the environment variables {', '.join(missing)} before starting the authority")
        secret = environment["LOCAL_CLIENT_SECRET"]
        clients = [name.strip() for name in environment["LOCAL_CLIENT_ID"].split(",")]
        file = environment.get("LOCAL_CLIENT_CERTIFICATES")
        secrets = {client: secret for client in clients if client}
        return cls(secrets, environment["LOCAL_TOKEN_KEY"], Path(file) if file else None)


@dataclass(frozen=True)
class Certificate:
    """Where the server's certificate and the CA that signed it were written."""

    ca_file: Path
    server_file: Path


def make_certificate(state_dir: Path) -> Certificate:
    """Create a CA and a certificate for localhost; every start makes new ones."""
    state_dir.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    result = Certificate(state_dir / "ca.pem", state_dir / "server.pem")
    authority.cert_pem.write_to_path(str(result.ca_file))
    server.private_key_and_cert_chain_pem.write_to_path(str(result.server_file))
    result.server_file.chmod(0o600)
    return result


def _refusal(status: int, error: str, code: int, text: str) -> JSONResponse:
    body: dict[str, Any] = {"error": error, "error_description": f"AADSTS{code}: {text}", "error_codes": [code]}
    return JSONResponse(body, status_code=status)


class Authority:
    """The two endpoints that the client credentials flow needs."""

    def __init__(self, credentials: Credentials, tenant: str = TENANT) -> None:
        self._credentials = credentials
        self._tenant = tenant

    def app(self) -> ControlledApp:
        """Return the ASGI app; it has the /__faults and /__requests of all local servers."""
        root = f"/{self._tenant}"
        routes = [
            Route(f"{root}/v2.0/.well-known/openid-configuration", self._configuration),
            Route(f"{root}/oauth2/v2.0/token", self._token, methods=["POST"]),
        ]
        # The bodies hold client secrets and assertions.
        return ControlledApp(Starlette(routes=routes), _fault_body, [], record_bodies=False)

    def _base(self, request: Request) -> str:
        return f"{request.url.scheme}://{request.headers['host']}/{self._tenant}"

    async def _configuration(self, request: Request) -> Response:
        base = self._base(request)
        endpoints = {name: f"{base}/oauth2/v2.0/{name}" for name in ("authorize", "token", "devicecode")}
        return JSONResponse(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": endpoints["authorize"],
                "token_endpoint": endpoints["token"],
                "device_authorization_endpoint": endpoints["devicecode"],
            }
        )

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        client, scope = form.get("client_id", ""), form.get("scope", "")
        if form.get("grant_type") != "client_credentials":
            return _refusal(400, "unsupported_grant_type", 70003, "only client_credentials is supported here.")
        try:
            self._sign_in(client, form, f"{self._base(request)}/oauth2/v2.0/token")
        except SignInRefused as refused:
            return _refusal(401, "invalid_client", refused.code, str(refused))
        if not scope.endswith(SCOPE_SUFFIX):
            return _refusal(400, "invalid_scope", 70011, f"The scope '{scope}' must end with {SCOPE_SUFFIX}.")
        issuer = f"{self._base(request)}/v2.0"
        token = issue(client, scope.removesuffix(SCOPE_SUFFIX), issuer, self._credentials.token_key)
        lifetime = {"expires_in": TOKEN_SECONDS, "ext_expires_in": TOKEN_SECONDS}
        return JSONResponse({"token_type": "Bearer", "access_token": token, **lifetime})

    def _sign_in(self, client: str, form: Mapping[str, str], endpoint: str) -> None:
        """Raise SignInRefused unless the secret is the client's, or the assertion is signed by its certificate."""
        if form.get("client_assertion_type") == ASSERTION_TYPE and client in self._credentials.secrets:
            certificates = registered(self._credentials.certificates)
            check_assertion(form.get("client_assertion", ""), client, endpoint, certificates)
        elif not self._accepts(client, form.get("client_secret", "")):
            raise SignInRefused(7000215, f"Invalid client secret provided for app '{client}'.")

    def _accepts(self, client: str, secret: str) -> bool:
        expected = self._credentials.secrets.get(client)
        return expected is not None and hmac.compare_digest(expected.encode(), secret.encode())


def _fault_body(status: int) -> Any:
    return {"error": "temporarily_unavailable", "error_description": f"AADSTS90033: programmed fault {status}."}

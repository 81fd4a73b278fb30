"""Starts one local server: `python -m local.dynamics authority|BACK-END --port 0`."""

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.types import ASGIApp

from local.dynamics.authority import TENANT, Authority, Credentials, make_certificate
from local.dynamics.business_central import environment as business_central
from local.dynamics.dataverse import environment as dataverse
from local.dynamics.finance import environment as finance
from local.dynamics.serve import serve

# What each back-end is, and how it is made from the key and the issuer of tokens.
BACK_ENDS: Mapping[str, tuple[str, Callable[[str, str | None], ASGIApp]]] = {
    "business_central": (
        "Business Central API v2.0",
        lambda key, issuer: business_central.create_environment(key, issuer).app,
    ),
    "dataverse": (
        "Dataverse Web API with the Sales tables",
        lambda key, issuer: dataverse.create_environment(key, issuer).app,
    ),
    "dataverse_bare": (
        "the same before `ctd365 setup dataverse`",
        lambda key, issuer: dataverse.create_environment(key, issuer, customised=False).app,
    ),
    "finance": (
        "Finance & Supply Chain data entities",
        lambda key, issuer: finance.create_environment(key, issuer).app,
    ),
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.dynamics")
    servers = parser.add_subparsers(dest="server", required=True)
    back_ends = [servers.add_parser(name, help=text) for name, (text, _) in BACK_ENDS.items()]
    for back_end in back_ends:
        back_end.add_argument("--authority-issuer", help="accept only tokens of this issuer")
    authority = servers.add_parser("authority", help="OAuth 2.0 client credentials over HTTPS")
    authority.add_argument("--state-dir", type=Path, required=True, help="folder for the certificates")
    for server in (*back_ends, authority):
        server.add_argument("--port", type=int, default=0, help="0 takes a free port")
    return parser.parse_args()


def _serve_back_end(arguments: argparse.Namespace) -> None:
    key = os.environ.get("LOCAL_TOKEN_KEY")
    if not key:
        raise SystemExit("set LOCAL_TOKEN_KEY to the key that the authority signs tokens with")
    _, make = BACK_ENDS[arguments.server]
    serve(make(key, arguments.authority_issuer), arguments.port, {})


def _serve_authority(arguments: argparse.Namespace) -> None:
    try:
        credentials = Credentials.from_environment(os.environ)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    certificate = make_certificate(arguments.state_dir)
    details = {"ca_file": str(certificate.ca_file), "tenant": TENANT}
    serve(Authority(credentials).app(), arguments.port, details, certificate.server_file)


def main() -> None:
    """Serve until SIGTERM."""
    arguments = _arguments()
    if arguments.server in BACK_ENDS:
        _serve_back_end(arguments)
    else:
        _serve_authority(arguments)


if __name__ == "__main__":
    main()

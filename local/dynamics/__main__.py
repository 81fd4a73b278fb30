"""Starts one local server: `python -m local.dynamics business_central|authority --port 0`."""

import argparse
import os
from pathlib import Path

from local.dynamics.authority import TENANT, Authority, Credentials, make_certificate
from local.dynamics.business_central.environment import create_environment
from local.dynamics.serve import serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.dynamics")
    servers = parser.add_subparsers(dest="server", required=True)
    back_end = servers.add_parser("business_central", help="Business Central API v2.0")
    back_end.add_argument("--authority-issuer", help="accept only tokens of this issuer")
    authority = servers.add_parser("authority", help="OAuth 2.0 client credentials over HTTPS")
    authority.add_argument("--state-dir", type=Path, required=True, help="folder for the certificates")
    for server in (back_end, authority):
        server.add_argument("--port", type=int, default=0, help="0 takes a free port")
    return parser.parse_args()


def _serve_business_central(arguments: argparse.Namespace) -> None:
    key = os.environ.get("LOCAL_TOKEN_KEY")
    if not key:
        raise SystemExit("set LOCAL_TOKEN_KEY to the key that the authority signs tokens with")
    serve(create_environment(key, arguments.authority_issuer).app, arguments.port, {})


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
    run = {"business_central": _serve_business_central, "authority": _serve_authority}[arguments.server]
    run(arguments)


if __name__ == "__main__":
    main()

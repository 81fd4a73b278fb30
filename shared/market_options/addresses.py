"""Addresses that tokens and secrets are sent to: TLS always, except on this machine's own loopback."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr


def encrypted(url: str) -> str:
    """Return the address. Raises ValueError for any scheme but https; http may go to a loopback host.

    What has no scheme is no address: nothing is sent there, and `ctd365 doctor` says so.
    """
    parts = urlsplit(url.strip())
    if parts.scheme in {"", "https"} or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return url
    raise ValueError(f"{_shown(url)} is not encrypted: use https:// (http:// is for loopback hosts only)")


def _encrypted_secret(url: SecretStr) -> SecretStr:
    encrypted(url.get_secret_value())
    return url


EncryptedUrl = Annotated[str, AfterValidator(encrypted)]
EncryptedSecretUrl = Annotated[SecretStr, AfterValidator(_encrypted_secret)]


def check_connection_string(text: str) -> None:
    """Raise ValueError for a connection string that would send without TLS to another machine."""
    named = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    parts = {name.strip().lower(): value.strip() for name, value in named.items()}
    emulated = parts.get("usedevelopmentemulator", "").lower() == "true"
    if emulated and not is_loopback(urlsplit(parts.get("endpoint", "")).hostname or ""):
        raise ValueError("UseDevelopmentEmulator=true is not encrypted: it is for loopback hosts only")
    if "tableendpoint" in parts:
        encrypted(parts["tableendpoint"])
    elif parts.get("defaultendpointsprotocol", "https").lower() != "https":
        raise ValueError("DefaultEndpointsProtocol=http is not encrypted: use https")


def is_loopback(host: str) -> bool:
    """Tell whether a host name can only be this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(url: str) -> str:
    """Show scheme and host alone: more of an address may be secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" if parts.hostname else "the address"

"""Who may deliver: the function key always, and an Entra token of Event Grid where the application wants one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.composition import App


class NotAuthorised(Exception):
    """No token, or one that is not meant for us."""


async def verify_bearer(app: App, authorization: str | None) -> None:
    """Check signature, issuer, audience, lifetime and client. Does nothing unless EVENTS_ENTRA_TENANT is set."""
    settings = app.settings
    if settings.events_entra_tenant is None:
        return
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthorised("A bearer token of the configured Entra tenant is required.")
    from shared.triggers.event_grid import key_set, verified_claims

    claims = verified_claims(token, await key_set(app, settings.events_entra_tenant, token), settings)
    clients = settings.events_entra_clients.split()
    client = claims.get("azp") or claims.get("appid")
    if clients and client not in clients:
        raise NotAuthorised(f"Client {client} is not among EVENTS_ENTRA_CLIENTS.")

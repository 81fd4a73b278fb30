"""Application Insights through opencensus-ext-azure, which the customer requires.

The package is retired and on Python 3.13 its handler breaks every log call: it sets `lock = None` in `createLock`,
and `logging.Handler.handle` uses the lock as a context manager (upstream issue 1249). The subclass keeps the lock.
"""

from __future__ import annotations

import logging

from azure.identity import ManagedIdentityCredential
from opencensus.ext.azure.log_exporter import AzureLogHandler

from shared.telemetry.seam import LOGGER


class LockedAzureLogHandler(AzureLogHandler):  # type: ignore[misc]  # the package has no types
    """AzureLogHandler that works on Python 3.13."""

    def createLock(self) -> None:  # noqa: N802  # the name is logging's
        """Keep the lock that the base class throws away."""
        logging.Handler.createLock(self)


def attach(connection_string: str, identity: str | None = None) -> LockedAzureLogHandler:
    """Send the product's records to Application Insights. Call once per process.

    `identity` is the client id of the managed identity that signs in where local authentication is off.
    """
    credential = ManagedIdentityCredential(client_id=identity) if identity else None
    handler = LockedAzureLogHandler(connection_string=connection_string, credential=credential)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    return handler

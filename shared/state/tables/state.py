"""All stores on one Table service."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableServiceClient

from shared.state.tables.audit import TablesAuditLog
from shared.state.tables.digests import TablesDigestStore
from shared.state.tables.id_map import TablesIdMap
from shared.state.tables.idempotency import TablesIdempotencyStore
from shared.state.tables.keyed import TablesCursorStore, TablesFailureStore, TablesSnapshotStore
from shared.state.tables.leases import TablesLeaseStore
from shared.state.tables.review import TablesReviewStore
from shared.state.tables.table import Table

TABLE_NAMES = (
    "idempotency",
    "leases",
    "idmap",
    "cursors",
    "snapshots",
    "digests",
    "failures",
    "audit",
    "auditindex",
    "review",
)

# A store outage must become RetryAt within seconds, so the SDK repeats once what got no connection, and nothing else.
CLIENT_OPTIONS: dict[str, Any] = {
    "retry_total": 1,
    "retry_connect": 1,
    "retry_read": 0,
    "retry_status": 0,
    "connection_timeout": 3,
    "read_timeout": 5,
}
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9]{0,39}")

Credential = AzureNamedKeyCredential | AzureSasCredential | AsyncTokenCredential


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TablesState:
    """All stores in tables. `clock` dates review items only; leases are judged by the service's clock."""

    def __init__(self, service: TableServiceClient, prefix: str = "", clock: Callable[[], datetime] = _utc_now) -> None:
        if prefix and not _PREFIX.fullmatch(prefix):
            message = f"table name prefix {prefix!r}: use letters and digits, a letter first, 40 at most"
            raise ValueError(message)
        self._service = service
        self._tables = {name: Table(service.get_table_client(f"{prefix}{name}")) for name in TABLE_NAMES}
        self.idempotency = TablesIdempotencyStore(self._tables["idempotency"])
        self.leases = TablesLeaseStore(self._tables["leases"])
        self.id_map = TablesIdMap(self._tables["idmap"])
        self.cursors = TablesCursorStore(self._tables["cursors"])
        self.snapshots = TablesSnapshotStore(self._tables["snapshots"])
        self.digests = TablesDigestStore(self._tables["digests"])
        self.failures = TablesFailureStore(self._tables["failures"])
        self.audit = TablesAuditLog(self._tables["audit"], self._tables["auditindex"])
        self.review = TablesReviewStore(self._tables["review"], clock)

    @classmethod
    def from_connection_string(cls, connection_string: str, prefix: str = "") -> Self:
        """Connect with a connection string (Azurite, or an account key)."""
        return cls(TableServiceClient.from_connection_string(connection_string, **CLIENT_OPTIONS), prefix)

    @classmethod
    def from_endpoint(cls, url: str, credential: Credential, prefix: str = "") -> Self:
        """Connect to https://ACCOUNT.table.core.windows.net with a managed identity or other credential."""
        return cls(TableServiceClient(endpoint=url, credential=credential, **CLIENT_OPTIONS), prefix)

    async def ensure(self) -> None:
        """Create the tables that are missing."""
        await asyncio.gather(*(table.ensure() for table in self._tables.values()))

    async def close(self) -> None:
        """Close the connections."""
        await self._service.close()

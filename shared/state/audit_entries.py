"""What stays of an audit entry when the person it tells about is erased. Pure."""

from __future__ import annotations

from dataclasses import replace

from shared.state.records import AuditEntry

ERASED = "erased"


def erased(entry: AuditEntry) -> AuditEntry:
    """Take out values and reasons; that the step happened, when, to which record and how it ended stays."""
    return replace(entry, before={}, after={}, why=ERASED)

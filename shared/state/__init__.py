"""What the connector remembers: idempotency, id map, cursors, snapshots, failures, audit, review."""

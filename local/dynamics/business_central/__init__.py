"""The Business Central simulator: API v2.0 as the connector uses it."""

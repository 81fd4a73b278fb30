"""The canonical model → Business Central API v2.0 payloads."""

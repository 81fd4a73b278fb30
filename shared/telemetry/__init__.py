"""One seam for events, metrics and log records."""

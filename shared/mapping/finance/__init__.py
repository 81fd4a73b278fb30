"""The canonical model → Finance & Supply Chain data entities."""

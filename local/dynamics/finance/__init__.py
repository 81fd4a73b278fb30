"""The Finance & Supply Chain simulator: the data entities that the connector uses."""

"""The local stack: everything the connector talks to, on loopback, without Docker or Azure."""

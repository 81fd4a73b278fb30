"""One road for every flow: envelope, outcome, process, backoff."""

"""Contract of the commercetools stand-in, shown over HTTP against the real node process."""

"""`python -m shared.cli`."""

from shared.cli.main import app

app(prog_name="ctd365")

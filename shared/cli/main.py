"""The root of `ctd365`."""

from __future__ import annotations

import typer

from shared.cli import audit, dead_letters, doctor, market_map, preview, review, setup, shadow

HELP = """Keeps commercetools and Dynamics 365 in step: see what failed and why, and fix it.

A message that cannot proceed is a dead letter. If a person must decide something, a review item holds the question.
Everything that happened, to an order for example, is in the audit.

Start with: ctd365 dead-letters list · ctd365 review list · ctd365 audit show ORDER_NUMBER
"""

EPILOG = (
    "Exit codes: 0 done (a listing may be empty) · 1 nothing matched, refused, or done in part · 2 wrong usage · "
    "3 configuration error · 4 a service cannot be reached: try again.\n\n"
    "Configuration: the application's own environment variables, such as MARKET_MAP, ServiceBus and "
    "TABLES_CONNECTION_STRING; see local.settings.json.example."
)

app = typer.Typer(
    name="ctd365",
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may hold secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(dead_letters.group, name="dead-letters")
app.add_typer(review.group, name="review")
app.add_typer(audit.group, name="audit")
app.add_typer(setup.group, name="setup")
app.add_typer(preview.group, name="preview")
app.add_typer(shadow.group, name="shadow")
app.add_typer(market_map.group, name="market-map")
app.command("doctor")(doctor.doctor_command)

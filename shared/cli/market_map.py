"""`ctd365 market-map`: the shape of the market map, for editors and pipelines."""

from __future__ import annotations

from typing import Any

import typer

from shared.cli.output import show_json
from shared.markets import MarketMap

group = typer.Typer(no_args_is_help=True, help="The shape of the market map.")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@group.callback()
def _group() -> None:
    """Keep `schema` a word of its own although it is the only command yet."""


@group.command("schema")
def schema_command() -> None:
    """Print the JSON schema of the market map; `docs/market-map.schema.json` holds it for editors."""
    show_json(market_map_schema())


def market_map_schema() -> dict[str, Any]:
    """Build the JSON schema."""
    return {"$schema": DIALECT, **MarketMap.model_json_schema(by_alias=True), "title": "Market map"}

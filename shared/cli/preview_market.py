"""Which market a previewed order belongs to, and reading a market map without its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.cli.exits import CommandError, Exit, usage_error
from shared.cli.preview_documents import one_line
from shared.markets import (
    ANY_PROJECT,
    Market,
    MarketMap,
    MarketMapError,
    parse_market_map,
    placeholder_names,
    read_text,
)
from shared.settings import ROOT

ADDRESSES = frozenset({"URL", "API", "AUTH", "AUTHORITY", "ENDPOINT", "HOST", "ROOT"})  # in names of settings
EXAMPLE_MAP = ROOT / "docs" / "market-map.example.yaml"


def read_map(path: Path | None, environment: Mapping[str, str]) -> MarketMap:
    """Read a map (else the example) without needing its settings, or end with one line."""
    try:
        return read_raw_map(path or EXAMPLE_MAP, environment)[0]
    except MarketMapError as error:
        raise CommandError(one_line(str(error)), code=Exit.CONFIGURATION) from error


def read_raw_map(path: Path, environment: Mapping[str, str]) -> tuple[MarketMap, list[str]]:
    """Read a map; settings that are missing stand in for themselves, and their names are returned."""
    text = read_text(path)
    absent = [name for name in placeholder_names(text) if name not in environment]
    filled = {name: _stand_in(name) for name in absent} | dict(environment)
    return parse_market_map(text, str(path), filled), absent


def _stand_in(name: str) -> str:
    is_address = any(part in ADDRESSES for part in name.split("_"))
    return f"https://{name.lower().replace('_', '-')}.example.com" if is_address else name


def back_end_names(markets: MarketMap, wanted: str) -> list[str]:
    """List the back-ends that `--to` means: one by its name, or all of a type."""
    if wanted in markets.back_ends:
        return [wanted]
    found = [name for name, back_end in markets.back_ends.items() if back_end.type == wanted]
    if not found:
        known = {name: back_end.type for name, back_end in markets.back_ends.items()}
        listing = ", ".join(f"{name} ({kind})" for name, kind in known.items())
        raise usage_error(f"--to {wanted}: no back-end of the market map has this name or type; it has {listing}")
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """The market that a preview maps for, and the one where the order's business really lands."""

    market: Market
    lands_in: str


def choose_market(markets: MarketMap, wanted: str, document: Mapping[str, Any], project: str | None) -> Choice:
    """Choose the first market that serves the order in the wanted back-end.

    When the order's business lands elsewhere, a market of the wanted back-end stands in; tax rules that it lacks are
    those of the order's own market.
    """
    names = back_end_names(markets, wanted)
    serving = [market for market in markets.markets if _serves(market, document, project)]
    if not serving:
        store = (document.get("store") or {}).get("key") or "no store"
        raise CommandError(f"no market serves {store}, country {document.get('country')}: add one to the market map")
    landing = next((market for market in serving if market.back_end in names), None)
    return Choice(landing or _stand_in_market(serving[0], names, markets), serving[0].name)


def _serves(market: Market, document: Mapping[str, Any], project: str | None) -> bool:
    store = (document.get("store") or {}).get("key")
    return market.serves(project or market.project, store, document.get("country"))


def _stand_in_market(own: Market, names: list[str], markets: MarketMap) -> Market:
    there = next((market for market in markets.markets if market.back_end in names), None)
    if there is None:
        return own.model_copy(update={"back_end": names[0]})
    return there.model_copy(update={"tax": (*there.tax, *own.tax)})


def project_of(choice: Choice, markets: MarketMap, project: str | None) -> str:
    """Name the project of a document, which does not say it itself."""
    known = markets.by_name[choice.lands_in].project
    return project or (known if known != ANY_PROJECT else next(iter(markets.projects)))

"""Which market a previewed order belongs to, and reading a market map without its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.cli.exits import CommandError, Exit, usage_error
from shared.cli.preview_documents import one_line
from shared.markets import ANY_PROJECT, Market, MarketMap, MarketMapError, parse_market_map
from shared.settings import ROOT

EXAMPLE_MAP = ROOT / "docs" / "market-map.example.yaml"
_PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def read_map(path: Path | None, environment: Mapping[str, str]) -> tuple[MarketMap, list[str]]:
    """Read a map (else the example) without needing its settings; returns the names that stand in for themselves."""
    source = path or EXAMPLE_MAP
    try:
        text = source.read_text(encoding="utf-8")
        names = dict.fromkeys(_PLACEHOLDER.findall(text))
        absent = [name for name in names if name not in environment]
        return parse_market_map(
            text, str(source), {name: _stand_in(name) for name in absent} | dict(environment)
        ), absent
    except (OSError, MarketMapError) as error:
        raise CommandError(one_line(str(error)), code=Exit.CONFIGURATION) from error


def _stand_in(name: str) -> str:
    is_address = name.endswith(("URL", "AUTHORITY", "ENDPOINT"))
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


def choose_market(markets: MarketMap, wanted: str, document: Mapping[str, Any], project: str | None) -> Market:
    """Choose the first market that serves the order in the wanted back-end.

    When the order's business lands elsewhere, its own market is aimed at the wanted back-end: company, warehouse
    and the back-end's own options come from a market that lands there.
    """
    names = back_end_names(markets, wanted)
    serving = [market for market in markets.markets if _serves(market, document, project)]
    landing = next((market for market in serving if market.back_end in names), None)
    if landing is not None:
        return landing
    if not serving:
        store = (document.get("store") or {}).get("key") or "no store"
        raise CommandError(f"no market serves {store}, country {document.get('country')}: add one to the market map")
    return _aimed(serving[0], names[0], markets)


def _serves(market: Market, document: Mapping[str, Any], project: str | None) -> bool:
    store = (document.get("store") or {}).get("key")
    return market.serves(project or market.project, store, document.get("country"))


def _aimed(market: Market, back_end: str, markets: MarketMap) -> Market:
    there = next((row for row in markets.markets if row.back_end == back_end), None)
    own = {name: getattr(market, name) or getattr(there, name, None) for name in ("dataverse", "finance")}
    place = {"company": there.company, "location": there.location} if there else {}
    return market.model_copy(update={"back_end": back_end, **place, **own})


def project_of(market: Market, markets: MarketMap, project: str | None) -> str:
    """Name the project of a document, which does not say it itself."""
    return project or (market.project if market.project != ANY_PROJECT else next(iter(markets.projects)))

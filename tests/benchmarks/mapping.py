"""How many orders a core maps and builds: document → canonical order → Business Central payload."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from shared.mapping.business_central.orders import draft_order
from shared.mapping.commercetools.orders import order_from_document
from shared.markets import LineTarget, Market, ShippingRules, TaxRule
from shared.model.back_end import CustomerRecord, ItemRecord, MissingReference, References

DOCUMENT = Path(__file__).resolve().parents[1] / "data" / "commercetools" / "synthetic-order-full.json"
SECONDS = 3.0
TARGET = LineTarget.model_validate({"as": "item", "number": "FREIGHT"})


def mapping_figures() -> Iterator[str]:
    """Map the synthetic full order over and over for a few seconds."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    market = Market(
        name="bench",
        project="demo",
        back_end="bc",
        company="c",
        tax=(TaxRule(code="VAT"),),
        shipping=ShippingRules(default=TARGET),
        custom_lines={"default": TARGET},
    )
    skus = {str(line["variant"]["sku"]) for line in document["lineItems"]}
    items = {sku: ItemRecord(id=sku, number=sku) for sku in skus}
    references = References(CustomerRecord("id", "C1", "Customer"), None, items)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        draft = draft_order(order_from_document(document, "demo"), references, market)
        if isinstance(draft, MissingReference):
            raise TypeError(draft.text)
        count += 1
    rate = count / (time.perf_counter() - start)
    lines = len(document["lineItems"]) + len(document["customLineItems"]) + 1
    yield f"map and build: {rate:.0f} orders/s on one core (synthetic full order, {lines} lines, {SECONDS:.0f} s)"

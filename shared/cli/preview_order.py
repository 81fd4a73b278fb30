"""What a preview holds and how it reads: the money of every component, and the requests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from rich.text import Text

from shared.cli.output import console, show_fields, show_text
from shared.cli.preview_market import Choice
from shared.cli.rehearsal import Request
from shared.markets import BackEndType, Market
from shared.model.back_end import Cut
from shared.model.money import Money
from shared.model.order import Order, OrderLine, Totals

GOODS = ("item", "gift")


@dataclass(frozen=True, slots=True)
class Preview:
    """An order, where it would go, and what would be sent there."""

    order: Order
    choice: Choice
    back_end_type: BackEndType
    requests: tuple[Request, ...]
    cuts: tuple[Cut, ...] = ()

    @property
    def market(self) -> Market:
        """The market whose rules were applied."""
        return self.choice.market


def as_json(preview: Preview) -> dict[str, Any]:
    """Give the preview as JSON types; amounts are decimal texts in the order's currency."""
    order = preview.order
    return {
        "order": {"id": order.id, "number": order.number, "version": order.version, "project": order.project},
        "market": preview.market.name,
        "lands_in": preview.choice.lands_in,
        "back_end": preview.market.back_end,
        "back_end_type": preview.back_end_type,
        "currency": order.currency,
        "lines": _lines(order, GOODS),
        "shipping": _lines(order, ("shipping",)),
        "custom": _lines(order, ("custom",)),
        "totals": {**_totals(order.totals), "currency": order.currency},
        "cuts": [asdict(cut) for cut in preview.cuts],
        "payloads": [asdict(request) for request in preview.requests],
    }


def _lines(order: Order, kinds: Iterable[str]) -> list[dict[str, Any]]:
    return [_line(line) for line in order.lines if line.kind in kinds]


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "kind": line.kind,
        "component": line.label,
        "sku": line.sku,
        "reference": line.reference,
        "name": line.name,
        "quantity": line.quantity,
        "price_includes_tax": line.price_includes_tax,
        "unit_price": amount(line.unit_price),
        "list": amount(line.list_amount),
        "discount": amount(line.discount),
        "discounts": [{"kind": part.kind, "id": part.id, "amount": amount(part.amount)} for part in line.discounts],
        "net": amount(line.net),
        "tax": amount(line.tax),
        "gross": amount(line.gross),
        "tax_rate": f"{line.tax_rate.rate.normalize():f}" if line.tax_rate else None,
    }


def _totals(totals: Totals) -> dict[str, str]:
    return {"net": amount(totals.net), "tax": amount(totals.tax), "gross": amount(totals.gross)}


def amount(money: Money) -> str:
    """Write an amount as a decimal text, with all digits of the currency."""
    return str(money).removesuffix(f" {money.currency}")


def show(preview: Preview) -> None:
    """Print the preview for people."""
    order = preview.order
    market, own = preview.market.name, preview.choice.lands_in
    fields = {
        "market": market if market == own else f"{market}, although this order's business lands in {own}",
        "back-end": f"{preview.market.back_end} ({preview.back_end_type}), company {preview.market.company}",
        "lines": str(len(order.lines)),
    }
    show_fields(f"Order {order.number or order.id}, project {order.project}", fields)
    show_text(f"\n{order.explain()}\n")
    for cut in preview.cuts:
        how = f"cut to {cut.limit} characters, as the market map allows" if cut.limit else "not carried"
        show_text(f"{how}: {cut.field}: {cut.value}", "yellow")
    for request in preview.requests:
        _show_request(request)


def _show_request(request: Request) -> None:
    console().print(Text.assemble((request.method, "bold cyan"), " ", (request.path, "bold")), soft_wrap=True)
    for name, value in request.headers.items():
        show_text(f"{name}: {value}", "dim")
    if request.parts:
        for part in request.parts:
            _show_request(part)
        return
    body = request.body if isinstance(request.body, str) else json.dumps(request.body, indent=2, ensure_ascii=False)
    show_text(f"{body}\n")

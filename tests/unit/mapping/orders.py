"""Canonical orders made by hand, and made at random."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from hypothesis import strategies as st

from shared.model.address import Address
from shared.model.back_end import CustomerRecord, ItemRecord, References
from shared.model.money import Money, minor_digits
from shared.model.order import CustomerRef, Order, OrderLine, ShipTo, TaxRate, Totals
from tests.fakes.clock import START

ADDRESS = Address(
    country="SE", first_name="Example", last_name="Customer", street="Example Street", city="Example Town", number="1"
)


def money(text: str | Decimal, currency: str = "SEK") -> Money:
    return Money(Decimal(text), currency)


def line(
    net: str,
    gross: str,
    *,
    unit: str,
    quantity: int = 1,
    included: bool = True,
    currency: str = "SEK",
    **changes: Any,
) -> OrderLine:
    listed = money(unit, currency) * quantity
    listed = listed.rounded()
    final = money(gross if included else net, currency)
    given: dict[str, Any] = {
        "id": "line-1",
        "kind": "item",
        "name": "Shirt",
        "sku": "SHIRT",
        "quantity": quantity,
        "unit_price": money(unit, currency),
        "price_includes_tax": included,
        "net": money(net, currency),
        "tax": money(gross, currency) - money(net, currency),
        "gross": money(gross, currency),
        "list_amount": listed,
        "discount": listed - final,
        "tax_rate": TaxRate(name="25%", rate=Decimal("0.25"), country="SE"),
    }
    return OrderLine(**{**given, **changes})


def order(*lines: OrderLine, **changes: Any) -> Order:
    currency = lines[0].net.currency

    def summed(part: str) -> Money:
        return Money(sum((getattr(one, part).amount for one in lines), Decimal(0)), currency)

    given: dict[str, Any] = {
        "project": "shop",
        "id": "00000001-0000-4000-8000-000000000001",
        "version": 1,
        "number": "SE-1001",
        "placed_at": START,
        "currency": currency,
        "country": "SE",
        "customer": CustomerRef(id="customer-1", email="customer@example.com"),
        "billing_address": ADDRESS,
        "shipping_addresses": (ShipTo(address=ADDRESS),),
        "lines": lines,
        "totals": Totals(net=summed("net"), tax=summed("tax"), gross=summed("gross")),
    }
    return Order(**{**given, **changes})


def references(*skus: str, **changes: Any) -> References:
    items = {sku: ItemRecord(f"id-{sku}", sku) for sku in skus or ("SHIRT",)}
    given: dict[str, Any] = {"sell_to": CustomerRecord("id-1", "C-1", "Example Customer"), "bill_to": None}
    return References(**{**given, "items": items, **changes})


@st.composite
def order_lines(draw: st.DrawFn) -> OrderLine:
    """Lines as discounts leave them: any final amount from nothing to a little above the list amount; or credits.

    Unit prices may carry more digits than the currency, as high-precision prices do.
    """
    currency = draw(st.sampled_from(["SEK", "JPY", "KWD"]))
    digits = minor_digits(currency)
    unit = Decimal(draw(st.integers(-50_000, 5_000_000))).scaleb(-digits - draw(st.integers(0, 3)))
    quantity = draw(st.integers(1, 50) | st.integers(1, 500_000))
    listed = (Money(unit, currency) * quantity).rounded()
    least, most = (0, listed.minor_units + 2) if unit >= 0 else (listed.minor_units, 0)
    final = Money.from_cents(draw(st.integers(least, most)), currency)
    rate = Decimal(draw(st.sampled_from(["0", "0.06", "0.2", "0.255"])))
    included = draw(st.booleans())
    factor = 1 / (1 + rate) if included else 1 + rate
    cent = Decimal(1).scaleb(-digits)
    other = Money((final.amount * factor).quantize(cent, ROUND_HALF_EVEN), currency)
    net, gross = (other, final) if included else (final, other)
    return OrderLine(
        id="line-1",
        kind="item",
        name="Shirt",
        sku="SHIRT",
        quantity=quantity,
        unit_price=Money(unit, currency),
        price_includes_tax=included,
        net=net,
        tax=gross - net,
        gross=gross,
        list_amount=listed,
        discount=listed - final,
    )

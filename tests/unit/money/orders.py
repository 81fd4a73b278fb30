"""Generated order documents over every price shape, priced here by plain fractions, apart from the code under test."""

import os
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

settings.register_profile("money", max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("money"), max_examples=10_000, print_blob=True)
checked = settings(settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "money")))

type Json = dict[str, Any]
DIGITS = {"EUR": 2, "SEK": 2, "JPY": 0, "KWD": 3}
ROUNDING = ("HalfEven", "HalfUp", "HalfDown")
RATES = ("0", "0.055", "0.06", "0.1", "0.19", "0.25")


def half(value: Fraction, mode: str) -> int:
    """Round to an integer by a mode's definition."""
    low = value.numerator // value.denominator
    rest = value - low
    if rest != Fraction(1, 2):
        return low + (rest > Fraction(1, 2))
    if mode == "HalfEven":
        return low + low % 2
    away = low + (value > 0)
    return away if mode == "HalfUp" else (2 * low + 1) - away


@dataclass(frozen=True)
class Setting:
    """What is drawn once for an order."""

    currency: str
    tax_mode: str
    calculation: str
    tax_rounding: str
    price_rounding: str
    multiple: bool
    state_line_taxes: bool

    def money(self, units: int) -> Json:
        return {
            "type": "centPrecision",
            "currencyCode": self.currency,
            "centAmount": units,
            "fractionDigits": DIGITS[self.currency],
        }

    def precise(self, amount: int, more_digits: int) -> Json:
        rounded = half(Fraction(amount, 10**more_digits), self.price_rounding)
        digits = DIGITS[self.currency] + more_digits
        money = self.money(rounded)
        return {**money, "type": "highPrecision", "preciseAmount": amount, "fractionDigits": digits}

    def taxed(self, net: int, gross: int) -> Json:
        return {
            "totalNet": self.money(net),
            "totalGross": self.money(gross),
            "totalTax": self.money(gross - net),
            "taxPortions": [],
        }


@dataclass(frozen=True)
class Priced:
    """A component of the document and what it comes to, in minor units."""

    document: Json
    own: int
    net: int
    gross: int


settings_of_orders = st.builds(
    Setting,
    currency=st.sampled_from(sorted(DIGITS)),
    tax_mode=st.sampled_from(["Platform", "Platform", "Platform", "External", "ExternalAmount", "Disabled"]),
    calculation=st.sampled_from(["LineItemLevel", "UnitPriceLevel"]),
    tax_rounding=st.sampled_from(ROUNDING),
    price_rounding=st.sampled_from(ROUNDING),
    multiple=st.booleans(),
    state_line_taxes=st.booleans(),
)


def rate_document(amount: str, included: bool) -> Json:
    return {"name": f"{amount} rate", "amount": float(amount), "includedInPrice": included, "country": "SE"}


def with_tax(own: int, rate: Json, groups: list[tuple[int, Fraction]], setting: Setting) -> tuple[int, int]:
    """Net and gross by the published rules for the two calculation modes."""
    up = 1 + Fraction(str(rate["amount"]))
    factor = 1 / up if rate["includedInPrice"] else up
    if setting.calculation == "UnitPriceLevel" and all(unit.denominator == 1 for _, unit in groups):
        other = sum(quantity * half(unit * factor, setting.tax_rounding) for quantity, unit in groups)
    else:
        other = half(own * factor, setting.tax_rounding)
    return (other, own) if rate["includedInPrice"] else (own, other)


@st.composite
def taxes(draw: st.DrawFn, own: int, groups: list[tuple[int, Fraction]], setting: Setting) -> tuple[Json, int, int]:
    """The tax part of a component: fields, net and gross."""
    if setting.tax_mode == "Disabled":
        return {}, own, own
    rate = rate_document(draw(st.sampled_from(RATES)), draw(st.booleans()))
    if setting.tax_mode == "ExternalAmount":
        tax = draw(st.integers(0, abs(own) // 4)) * (1 if own > 0 else -1)
        return {"taxRate": rate, "taxedPrice": setting.taxed(own, own + tax)}, own, own + tax
    net, gross = with_tax(own, rate, groups, setting)
    stated = {"taxedPrice": setting.taxed(net, gross)} if setting.state_line_taxes else {}
    return {"taxRate": rate, **stated}, net, gross


@st.composite
def discounted_quantities(
    draw: st.DrawFn, quantity: int, unit: int, setting: Setting
) -> tuple[list[Json], list[tuple[int, Fraction]]]:
    """A discount on a part of the quantity."""
    reduced = draw(st.integers(1, quantity))
    value = draw(st.integers(0, unit))
    discount = {
        "discount": {"typeId": "cart-discount", "id": "discount-1"},
        "discountedAmount": setting.money(unit - value),
    }
    documents = [
        {
            "quantity": reduced,
            "discountedPrice": {"value": setting.money(value), "includedDiscounts": [discount]},
        }
    ]
    groups = [(reduced, Fraction(value))]
    if reduced < quantity:
        rest = {"value": setting.money(unit), "includedDiscounts": []}
        documents.append({"quantity": quantity - reduced, "discountedPrice": rest})
        groups.append((quantity - reduced, Fraction(unit)))
    return documents, groups


def line_document(index: int, quantity: int, setting: Setting, own: int) -> Json:
    return {
        "id": f"line-{index}",
        "name": {"en": f"Line {index}"},
        "quantity": quantity,
        "totalPrice": setting.money(own),
        "discountedPricePerQuantity": [],
    }


@st.composite
def line_items(draw: st.DrawFn, index: int, setting: Setting) -> Priced:
    """A line item: plain, precise, partly discounted, a gift, or edited to nothing."""
    shape = draw(st.sampled_from(["plain", "plain", "discounted", "precise", "gift", "nothing", "split"]))
    quantity = draw(st.integers(1, 7))
    unit = draw(st.integers(0, 50_000))
    documents: list[Json] = []
    price, groups = setting.money(unit), [(quantity, Fraction(unit))]
    if shape == "precise":
        price, groups = setting.precise(unit, 3), [(quantity, Fraction(unit, 1000))]
    elif shape == "discounted":
        documents, groups = draw(discounted_quantities(quantity, unit, setting))
    elif shape in {"gift", "nothing"}:
        quantity, groups = (1, [(1, Fraction(0))]) if shape == "gift" else (0, [])
    own = half(sum((count * value for count, value in groups), Fraction(0)), setting.price_rounding)
    document = {
        **line_document(index, quantity, setting, own),
        "price": {"value": price},
        "variant": {"id": 1, "sku": f"SKU-{index}"},
        "lineItemMode": "GiftLineItem" if shape == "gift" else "Standard",
        "discountedPricePerQuantity": documents,
    }
    if shape == "split" and setting.multiple and quantity > 1 and setting.tax_mode in {"Platform", "External"}:
        return draw(split(document, quantity, Fraction(unit), setting))
    fields, net, gross = draw(taxes(own, groups, setting))
    return Priced({**document, **fields}, own, net, gross)


@st.composite
def split(draw: st.DrawFn, document: Json, quantity: int, unit: Fraction, setting: Setting) -> Priced:
    """A line that goes out with two shipping methods, each with its own rate."""
    first = draw(st.integers(1, quantity - 1))
    included = draw(st.booleans())
    targets, rates, portions, net, gross = [], [], [], 0, 0
    for key, count in (("fast", first), ("slow", quantity - first)):
        rate = rate_document(draw(st.sampled_from(RATES)), included)
        part = with_tax(int(unit) * count, rate, [(count, unit)], setting)
        targets.append({"addressKey": "home", "quantity": count, "shippingMethodKey": key})
        rates.append({"shippingMethodKey": key, "taxRate": rate})
        portions.append({"shippingMethodKey": key, "taxedPrice": setting.taxed(*part)})
        net, gross = net + part[0], gross + part[1]
    fields = {
        "shippingDetails": {"targets": targets, "valid": True},
        "perMethodTaxRate": rates,
        "taxedPricePortions": portions if setting.state_line_taxes else [],
        "taxedPrice": setting.taxed(net, gross),
    }
    return Priced({**document, **fields}, int(unit) * quantity, net, gross)


@st.composite
def custom_lines(draw: st.DrawFn, index: int, setting: Setting) -> Priced:
    """A custom line item of any sign."""
    quantity = draw(st.integers(1, 3))
    unit = draw(st.integers(-3_000, 9_000))
    own = quantity * unit
    fields, net, gross = draw(taxes(own, [(quantity, Fraction(unit))], setting))
    document = line_document(1000 + index, quantity, setting, own)
    return Priced({**document, "money": setting.money(unit), "slug": f"custom-{index}", **fields}, own, net, gross)


@st.composite
def shipping_infos(draw: st.DrawFn, setting: Setting) -> Priced:
    """A shipping, with or without a discount."""
    price = draw(st.integers(0, 9_000))
    own, fields = price, {}
    if draw(st.booleans()):
        own = draw(st.integers(0, price))
        included = [{"discount": {"id": "free-shipping"}, "discountedAmount": setting.money(price - own)}]
        fields = {"discountedPrice": {"value": setting.money(own), "includedDiscounts": included}}
    tax_fields, net, gross = draw(taxes(own, [(1, Fraction(own))], setting))
    document = {"shippingMethodName": "Parcel", "price": setting.money(price), **fields, **tax_fields}
    return Priced(document, own, net, gross)


@st.composite
def order_documents(draw: st.DrawFn, *, stated_totals: bool | None = None) -> Json:
    """An order whose totals follow the published rules."""
    setting = draw(settings_of_orders)
    lines = [draw(line_items(index, setting)) for index in range(draw(st.integers(1, 6)))]
    customs = [draw(custom_lines(index, setting)) for index in range(draw(st.integers(0, 3)))]
    shippings = [draw(shipping_infos(setting)) for _ in range(2 if setting.multiple else draw(st.integers(0, 1)))]
    components = [*lines, *customs, *shippings]
    whole = sum(component.own for component in components)
    discount = draw(st.integers(0, whole)) if whole > 0 and draw(st.booleans()) else 0
    kept = Fraction(whole - discount, whole) if discount else Fraction(1)
    net = half(sum(component.net for component in components) * kept, setting.tax_rounding)
    gross = half(sum(component.gross for component in components) * kept, setting.tax_rounding)
    document: Json = {
        "id": "order-1",
        "version": 3,
        "createdAt": "2026-11-20T08:15:30.123Z",
        "lineItems": [line.document for line in lines],
        "customLineItems": [custom.document for custom in customs],
        "totalPrice": setting.money(whole - discount),
        "taxMode": setting.tax_mode,
        "taxCalculationMode": setting.calculation,
        "taxRoundingMode": setting.tax_rounding,
        "priceRoundingMode": setting.price_rounding,
        **shipping_fields(shippings, setting),
    }
    if discount:
        document["discountOnTotalPrice"] = {"discountedAmount": setting.money(discount), "includedDiscounts": []}
    if draw(st.booleans()) if stated_totals is None else stated_totals:
        document["taxedPrice"] = setting.taxed(net, gross)
    return document


def shipping_fields(shippings: list[Priced], setting: Setting) -> Json:
    if not setting.multiple:
        info = {"shippingInfo": shippings[0].document} if shippings else {}
        return {"shippingMode": "Single", **info}
    rows = [
        {"shippingKey": key, "shippingInfo": shipping.document, "shippingAddress": {"country": "SE"}}
        for key, shipping in zip(("fast", "slow"), shippings, strict=True)
    ]
    return {"shippingMode": "Multiple", "shipping": rows}

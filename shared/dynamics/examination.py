"""What a connector can tell about its own set-up in a back-end, for `ctd365 doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from shared.market_options.trade import PaymentMethod
from shared.markets import LineTarget, Market


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked for: what it is, and what is wrong with it (nothing, if empty) and the way out.

    `unsure` is a defect of the look-up, not of the set-up: a person should look, but nothing is known to be missing.
    `check` groups what belongs together; without it, the first word of `what` does.
    """

    what: str
    defect: str = ""
    fix: str = ""
    unsure: bool = False
    check: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """Something that the market names: where in the market, for example `tax.0.code`, and what."""

    place: str
    value: str


@runtime_checkable
class Examiner(Protocol):
    """A connector that knows what else its back-end must have for a market."""

    async def examine(self, market: Market, correlation_id: str) -> list[Examined]:
        """Look for all of it. Raises only `shared.errors.ServiceError`."""


def line_targets(market: Market) -> Iterator[tuple[str, LineTarget]]:
    """List what freight, custom and rounding lines of a market become, each with its place."""
    single = {
        "shipping.default": market.shipping.default,
        "custom_lines.default": market.custom_lines.default,
        "totals.rounding": market.totals.rounding,
    }
    yield from ((place, target) for place, target in single.items() if target is not None)
    yield from ((f"shipping.methods.{name}", target) for name, target in market.shipping.methods.items())
    yield from ((f"custom_lines.slugs.{slug}", target) for slug, target in market.custom_lines.slugs.items())


def tax_codes(market: Market) -> Iterator[Named]:
    """List the tax codes of the rules and of single lines."""
    yield from (Named(f"tax.{index}.code", rule.code) for index, rule in enumerate(market.tax))
    for place, target in line_targets(market):
        if target.tax_code:
            yield Named(f"{place}.tax_code", target.tax_code)


def payment_methods(market: Market) -> Iterator[Named]:
    """List the payment methods."""
    yield from (Named(f"{place}.code", payment.code) for place, payment in _payments(market))


def payment_terms(market: Market) -> Iterator[Named]:
    """List the payment terms."""
    yield from (Named(f"{place}.terms", payment.terms) for place, payment in _payments(market) if payment.terms)


def accounts(market: Market) -> Iterator[Named]:
    """List the G/L and bank accounts."""
    for place, target in line_targets(market):
        if target.as_ == "account":
            yield Named(f"{place}.number", target.number)
    yield from (Named(f"{place}.account", payment.account) for place, payment in _payments(market) if payment.account)


def by_value(named: Iterable[Named]) -> Mapping[str, str]:
    """Join the places of each value: one look-up for each, and a finding that names them all."""
    places: dict[str, list[str]] = {}
    for name in named:
        places.setdefault(name.value, []).append(name.place)
    return {value: ", ".join(where) for value, where in sorted(places.items())}


def _payments(market: Market) -> Iterator[tuple[str, PaymentMethod]]:
    if market.payments.default is not None:
        yield "payments.default", market.payments.default
    yield from ((f"payments.methods.{name}", method) for name, method in market.payments.methods.items())

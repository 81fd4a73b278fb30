"""Money: exact decimal amounts in one currency, rounding and allocation by largest remainder."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from enum import StrEnum
from functools import lru_cache
from math import lcm
from typing import Self

# ISO 4217 minor units; every currency that is not named has two.
_CURRENCIES_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_DIGITS = {currency: digits for digits, codes in _CURRENCIES_BY_DIGITS.items() for currency in codes.split()}
# Inexact is trapped: an amount that would lose a digit is an error here, never a silent rounding.
_EXACT = Context(prec=80, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
_ZERO = Decimal(0)


class MoneyError(Exception):
    """Money that cannot be computed or does not add up."""


class CurrencyMismatch(MoneyError):
    """Two amounts in different currencies met in one operation."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right} cannot be combined: convert one of them first")
        self.left = left
        self.right = right


class InexactMoney(MoneyError):
    """An amount has more digits than the currency's minor unit."""


class NothingToAllocateTo(MoneyError):
    """An amount other than zero was to be shared out, but no part has any weight."""


class MoneyMismatch(MoneyError):
    """A component does not add up to what it should."""

    def __init__(self, component: str, expected: "Money", actual: "Money") -> None:
        super().__init__(f"{component}: expected {expected}, found {actual}; difference {actual - expected}")
        self.component = component
        self.expected = expected
        self.actual = actual


class Rounding(StrEnum):
    """How half a minor unit is rounded; the values are what order documents say."""

    HALF_EVEN = "HalfEven"
    HALF_UP = "HalfUp"
    HALF_DOWN = "HalfDown"


def minor_digits(currency: str) -> int:
    """Digits of the minor unit of a currency (ISO 4217): JPY 0, EUR 2, KWD 3."""
    return _MINOR_DIGITS.get(currency, 2)


def round_ratio(numerator: int, denominator: int, mode: Rounding = Rounding.HALF_EVEN) -> int:
    """Round an exact fraction to an integer; ties away from zero, to even or towards zero."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    quotient, remainder = divmod(abs(numerator), abs(denominator))
    twice = 2 * remainder - abs(denominator)
    tie_goes_up = mode is Rounding.HALF_UP or (mode is Rounding.HALF_EVEN and quotient % 2 == 1)
    if twice > 0 or (twice == 0 and tie_goes_up):
        quotient += 1
    return sign * quotient


@lru_cache(maxsize=512)
def _check_currency(currency: str) -> None:
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise MoneyError(f"{currency!r} is no ISO 4217 currency code: give three capital letters")


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency; it may carry more digits than the minor unit (unit prices do)."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not self.amount.is_finite():
            raise MoneyError(f"{self.amount} is no amount of money: give a finite decimal")
        _check_currency(self.currency)

    @classmethod
    def from_cents(cls, cent_amount: int, currency: str, fraction_digits: int | None = None) -> Self:
        """Build from an integer amount; `fraction_digits` defaults to the currency's own (more for precise amounts)."""
        digits = minor_digits(currency) if fraction_digits is None else fraction_digits
        return cls(Decimal(cent_amount).scaleb(-digits, _EXACT), currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in a currency."""
        return cls.from_cents(0, currency)

    @property
    def minor_units(self) -> int:
        """The amount as an integer of minor units; refuses to round."""
        scaled = self.amount.scaleb(minor_digits(self.currency), _EXACT)
        units = int(scaled)
        if units != scaled:
            raise InexactMoney(f"{self} is not a whole number of minor units of {self.currency}: round it first")
        return units

    def rounded(self, mode: Rounding = Rounding.HALF_EVEN) -> Self:
        """Return the amount rounded to the minor unit."""
        return type(self).from_cents(self.rounded_units(mode), self.currency)

    def rounded_units(self, mode: Rounding = Rounding.HALF_EVEN) -> int:
        """Return the amount as an integer of minor units, rounded if need be."""
        scaled = self.amount.scaleb(minor_digits(self.currency), _EXACT)
        units = int(scaled)
        return units if units == scaled else round_ratio(*scaled.as_integer_ratio(), mode)

    def _other(self, other: "Money") -> Decimal:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        return Money(_EXACT.add(self.amount, self._other(other)), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(_EXACT.subtract(self.amount, self._other(other)), self.currency)

    def __neg__(self) -> "Money":
        return Money(_EXACT.minus(self.amount), self.currency)

    def __mul__(self, factor: int | Decimal) -> "Money":
        return Money(_EXACT.multiply(self.amount, factor), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._other(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._other(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        digits = max(minor_digits(self.currency), -int(self.amount.as_tuple().exponent))
        return f"{self.amount:.{digits}f} {self.currency}"


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Add up amounts; an empty sum is zero in the given currency."""
    return Money(_sum(amounts, currency), currency)


def is_sum(whole: Money, parts: Iterable[Money]) -> bool:
    """Tell whether the parts add up to the whole, exactly."""
    return _sum(parts, whole.currency) == whole.amount


def _sum(amounts: Iterable[Money], currency: str) -> Decimal:
    result = _ZERO
    for amount in amounts:
        if amount.currency != currency:
            raise CurrencyMismatch(currency, amount.currency)
        result = _EXACT.add(result, amount.amount)
    return result


def _integer_weights(weights: Sequence[Decimal | int]) -> list[int]:
    ratios = [weight.as_integer_ratio() for weight in weights]
    common = lcm(*[denominator for _, denominator in ratios])
    return [numerator * (common // denominator) for numerator, denominator in ratios]


def allocate(total: int, weights: Sequence[Decimal | int]) -> list[int]:
    """Share out minor units by largest remainder: parts add up to the total, zero weights get nothing.

    Ties go to the earlier part. Weights of both signs are allowed when they do not cancel out: each part is then
    in proportion to its weight, sign included.
    """
    if total == 0:
        return [0] * len(weights)
    units = _integer_weights(weights)
    whole = sum(units)
    if whole == 0:
        raise NothingToAllocateTo(f"{total} minor units cannot be shared out: the {len(units)} weights add up to zero")
    if total < 0:
        return [-part for part in allocate(-total, weights)]
    if whole < 0:
        units, whole = [-unit for unit in units], -whole
    parts = [total * unit // whole for unit in units]
    if left := total - sum(parts):
        by_remainder = sorted(range(len(units)), key=lambda index: (-(total * units[index] % whole), index))
        for index in by_remainder[:left]:
            parts[index] += 1
    return parts

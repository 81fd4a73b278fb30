"""What holds for a whole order: currency, rounding, tax calculation; and money read under those terms."""

from dataclasses import dataclass
from functools import lru_cache

from shared.mapping.commercetools.documents import MoneyDocument, OrderDocument
from shared.mapping.commercetools.errors import UnmappableOrder
from shared.model.money import InexactMoney, Money, Rounding, minor_digits


@dataclass(frozen=True, slots=True)
class Terms:
    """The order-wide terms under which its amounts are read and computed."""

    currency: str
    digits: int
    locale: str | None
    tax_mode: str
    unit_level_tax: bool
    tax_rounding: Rounding
    price_rounding: Rounding

    @property
    def rates_apply(self) -> bool:
        """Whether tax follows from rates; otherwise there is none, or only what the document states as amounts."""
        return self.tax_mode not in {"Disabled", "ExternalAmount"}

    def money(self, document: MoneyDocument, path: str) -> Money:
        """Read money of any precision; another currency or an impossible precision is refused."""
        precise = document.get("precise_amount")
        if document.get("type") == "highPrecision" and precise is not None:
            self._check_currency(document, path)
            return Money.from_cents(precise, self.currency, document.get("fraction_digits"))
        return self.of_units(self._cents(document, path))

    def units(self, document: MoneyDocument, path: str) -> int:
        """Read money as minor units; more digits than the currency has are refused."""
        if document.get("type") != "highPrecision":
            return self._cents(document, path)
        try:
            return self.money(document, path).minor_units
        except InexactMoney as inexact:
            raise UnmappableOrder(path, str(inexact)) from None

    def _cents(self, document: MoneyDocument, path: str) -> int:
        self._check_currency(document, path)
        digits = document.get("fraction_digits")
        if digits not in {None, self.digits}:
            found = f"is {digits}, but {self.currency} has {self.digits}"
            reason = f"{found}: check what wrote the document"
            raise UnmappableOrder(f"{path}.fractionDigits", reason)
        return document["cent_amount"]

    def _check_currency(self, document: MoneyDocument, path: str) -> None:
        if document["currency_code"] != self.currency:
            raise UnmappableOrder(path, f"is in {document['currency_code']}, the order in {self.currency}")

    def of_units(self, units: int) -> Money:
        """Turn minor units back into money."""
        return _money(units, self.currency, self.digits)


@lru_cache(maxsize=4096)
def _money(units: int, currency: str, digits: int) -> Money:
    """Money is immutable, and the same few amounts come again and again within an order."""
    return Money.from_cents(units, currency, digits)


def terms_of(order: OrderDocument) -> Terms:
    """Read the terms of an order."""
    currency = order.total_price["currency_code"]
    return Terms(
        currency=currency,
        digits=minor_digits(currency),
        locale=order.locale,
        tax_mode=order.tax_mode,
        unit_level_tax=order.tax_calculation_mode == "UnitPriceLevel",
        tax_rounding=_rounding(order.tax_rounding_mode, "taxRoundingMode"),
        price_rounding=_rounding(order.price_rounding_mode, "priceRoundingMode"),
    )


def _rounding(mode: str, path: str) -> Rounding:
    try:
        return Rounding(mode)
    except ValueError:
        known = ", ".join(rounding.value for rounding in Rounding)
        raise UnmappableOrder(path, f"{mode!r} is unknown; known are {known}") from None


def localized(names: dict[str, str], locale: str | None) -> str:
    """Choose a text: the locale, its language, English, any variant of the language, else the first by name."""
    if locale and names.get(locale):
        return names[locale]
    language = (locale or "").split("-")[0]
    related = sorted(name for name in names if language and name.split("-")[0] == language)
    for name in (language, *related, "en", *sorted(names)):
        if name and names.get(name):
            return names[name]
    return ""

"""Languages: commercetools has BCP 47 tags, Finance language ids such as `en-us` and `de`.

Which ids an environment knows is set up there, and these rules are from experience: `finance.languages` of the market
map says it otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

# Finance has these languages without region; the region named here is then understood.
_HOME_REGIONS = {
    "cs": "CZ",
    "da": "DK",
    "de": "DE",
    "es": "ES",
    "et": "EE",
    "fi": "FI",
    "fr": "FR",
    "hu": "HU",
    "is": "IS",
    "it": "IT",
    "ja": "JP",
    "lt": "LT",
    "lv": "LV",
    "nl": "NL",
    "pl": "PL",
    "ru": "RU",
    "sv": "SE",
    "th": "TH",
    "tr": "TR",
}
# And these only with one.
_DEFAULT_IDS = {"en": "en-us", "nb": "nb-no", "no": "nb-no", "pt": "pt-br"}


def language_id(locale: str, own: Mapping[str, str]) -> str:
    """Return Finance's id of a locale: the market's own word, else by the rules above. An empty locale has none."""
    tag = locale.strip().replace("_", "-")
    for known, code in own.items():
        if known.casefold() == tag.casefold():
            return code
    language, _, region = tag.partition("-")
    if _HOME_REGIONS.get(language.lower()) == region.upper():
        return language.lower()
    return _DEFAULT_IDS.get(tag.lower(), tag.lower())


def locale_of(code: str, own: Mapping[str, str]) -> str | None:
    """Return the locale of a language id, spelled as BCP 47 wants it; an empty id is None."""
    for known, other in own.items():
        if other.casefold() == code.casefold():
            return known
    language, *rest = code.strip().split("-")
    return "-".join([language.lower(), *map(_subtag, rest)]) if language else None


def _subtag(part: str) -> str:
    """Regions are in upper case, scripts in title case."""
    return part.upper() if len(part) <= 3 else part.title()

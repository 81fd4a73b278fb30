"""Locales and language ids."""

from __future__ import annotations

import pytest

from shared.mapping.finance.languages import language_id, locale_of


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("de-DE", "de"),
        ("de-de", "de"),
        ("de", "de"),
        ("de-AT", "de-at"),
        ("en-US", "en-us"),
        ("en", "en-us"),
        ("en_GB", "en-gb"),
        ("nb", "nb-no"),
        ("sv-SE", "sv"),
        ("zh-Hans", "zh-hans"),
        ("", ""),
    ],
)
def test_locales_become_language_ids(locale: str, code: str) -> None:
    assert language_id(locale, {}) == code


@pytest.mark.parametrize(
    ("code", "locale"),
    [("de", "de"), ("de-at", "de-AT"), ("en-US", "en-US"), ("EN-us", "en-US"), ("zh-hans", "zh-Hans"), ("", None)],
)
def test_language_ids_become_locales(code: str, locale: str | None) -> None:
    assert locale_of(code, {}) == locale


def test_the_market_may_say_it_otherwise_both_ways() -> None:
    own = {"de-DE": "de-de", "fr": "FR-CA"}
    assert (language_id("de-DE", own), language_id("FR", own)) == ("de-de", "FR-CA")
    assert (locale_of("DE-DE", own), locale_of("fr-ca", own)) == ("de-DE", "fr")

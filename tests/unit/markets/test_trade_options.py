"""Options that every back-end shares: refused where they contradict each other, with defaults where left out."""

from __future__ import annotations

import pytest

from shared.markets import Market, MarketMapError, parse_market_map
from tests.fakes.markets import ENVIRONMENT, MARKET_MAP


def with_options(options: str) -> Market:
    text = MARKET_MAP.replace("company: company-se", f"company: company-se\n    {options}", 1)
    return parse_market_map(text, "test", ENVIRONMENT).by_name["se"]


@pytest.mark.parametrize(
    ("options", "place", "said"),
    [
        ("warehouses: [{code: A}, {code: A}]", "markets.0", "warehouse A is listed twice"),
        ("warehouses: [{code: A, channel: c}, {code: B, channel: c}]", "markets.0", "channel c is filled by two"),
        ("warehouses: [{code: A, safety_stock: -1}]", "markets.0.warehouses.0.safety_stock", "greater than or equal"),
        ("price_books: [{name: A, currency: SEK}, {name: B, currency: SEK}]", "markets.0", "two price books serve SEK"),
        ("price_books: [{name: A, currency: kr}]", "markets.0.price_books.0.currency", "pattern"),
        ("ownership: {price: {owner: nobody}}", "markets.0.ownership.price.owner", "commercetools"),
        ("ownership: {basket: {owner: back_end}}", "markets.0.ownership.basket", "customer"),
        ("order_states: {to_back_end: {Canceled: cancel}}", "markets.0.order_states.to_back_end.Canceled", "Cancelled"),
        ("order_states: {to_commercetools: {Open: {}}}", "markets.0.order_states.to_commercetools.Open", "order_state"),
        ("reasons: {returns: [{commercetools: x}]}", "markets.0.reasons.returns.0.back_end", "required"),
        ("payments: {methods: {CARD: {terms: x}}}", "markets.0.payments.methods.CARD.code", "required"),
        ("custom_fields: {unmapped: drop}", "markets.0.custom_fields.unmapped", "ignore"),
    ],
)
def test_what_contradicts_itself_is_refused_at_its_place(options: str, place: str, said: str) -> None:
    with pytest.raises(MarketMapError) as raised:
        with_options(options)
    assert any(problem.startswith(place) and said in problem for problem in raised.value.problems), raised.value


def test_a_tracking_address_needs_a_place_for_the_number() -> None:
    text = MARKET_MAP.replace(
        'default: {as: account, number: "3520"}',
        'default: {as: account, number: "3520"}\n      carriers: {Parcel: {agent: P, tracking_url: "https://p.example.com"}}',
        1,
    )
    with pytest.raises(MarketMapError, match="tracking_url needs"):
        parse_market_map(text, "test", ENVIRONMENT)


def test_a_field_follows_its_object_unless_it_has_an_owner_of_its_own() -> None:
    market = with_options(
        "ownership: {customer: {owner: back_end, fields: {email: {owner: commercetools, conflict: review}}}}"
    )
    customer = market.owner("customer")
    assert (customer.of("email").owner, customer.of("email").conflict) == ("commercetools", "review")
    assert (customer.of("phone").owner, customer.of("phone").conflict) == ("dynamics", "owner_wins")


@pytest.mark.parametrize(("name", "owner"), [("order", "commercetools"), ("stock", "dynamics"), ("price", "dynamics")])
def test_what_the_map_does_not_say_has_the_documented_owner(name: str, owner: str) -> None:
    market = with_options("custom_fields: {}")
    assert market.owner(name).owner == owner  # type: ignore[arg-type]


def test_a_payment_method_that_is_not_named_takes_the_default() -> None:
    market = with_options("payments: {default: {code: CARD}, methods: {INVOICE: {code: BANK}}}")
    found = {method: market.payments.target(method) for method in ("INVOICE", "OTHER", None)}
    assert {method: target.code if target else None for method, target in found.items()} == {
        "INVOICE": "BANK",
        "OTHER": "CARD",
        None: "CARD",
    }


def test_a_market_for_every_project_serves_any() -> None:
    text = MARKET_MAP.replace("- name: eu\n    project: shop", '- name: eu\n    project: "*"', 1)
    found = parse_market_map(text, "test", ENVIRONMENT).market_of("another project", None, "DE")
    assert found is not None
    assert found.name == "eu"

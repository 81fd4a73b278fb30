"""The market map: read whole, and refused with every problem at its path and a way out."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from shared.markets import MarketMapError, load_market_map, parse_market_map
from tests.fakes.markets import ENVIRONMENT, MARKET_MAP, market, market_map


def problems_of(text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(MarketMapError) as raised:
        parse_market_map(text, "map.yaml", ENVIRONMENT if environment is None else environment)
    assert "map.yaml" in str(raised.value)
    assert all(problem in str(raised.value) for problem in raised.value.problems)
    return raised.value.problems


def changed(old: str, new: str) -> str:
    assert old in MARKET_MAP
    return MARKET_MAP.replace(old, new, 1)


def test_a_whole_map_is_read() -> None:
    whole = market_map()
    assert [row.name for row in whole.markets] == ["se", "eu"]
    row = whole.by_name["se"]
    assert (row.tax[0].country, row.tax[0].rate, row.tax[0].code) == ("SE", Decimal("0.25"), "MOMS25")
    assert row.mode("orders") == "on"
    target = row.shipping.target("any method")
    assert target is not None
    assert (target.as_, target.number) == ("account", "3520")


def test_secrets_come_from_the_environment_and_are_never_shown() -> None:
    whole = market_map()
    secret = whole.projects["shop"].client_secret
    assert secret.get_secret_value() == "secret of commercetools"
    assert "secret of" not in repr(whole)


def test_a_flow_that_is_not_named_is_off() -> None:
    assert market_map().by_name["eu"].mode("orders") == "off"
    assert market().mode("prices") == "off"


@pytest.mark.parametrize(
    ("project", "store", "country", "expected"),
    [
        ("shop", "se-b2c", "SE", "se"),
        ("shop", "se-b2c", "DE", "se"),
        ("shop", None, "DE", "eu"),
        ("shop", "other", "FR", "eu"),
        ("shop", None, "SE", None),
        ("shop", None, None, None),
        ("other", "se-b2c", "SE", None),
    ],
    ids=[
        "by store",
        "a store without countries takes all",
        "by country",
        "any store of a country",
        "no store, no country",
        "neither",
        "another project",
    ],
)
def test_the_first_market_that_serves_store_and_country_is_the_market(
    project: str, store: str | None, country: str | None, expected: str | None
) -> None:
    found = market_map().market_of(project, store, country)
    assert (found.name if found else None) == expected


def test_the_narrow_market_wins_when_it_stands_first() -> None:
    both = changed("countries: [DE, FR]", "countries: []")
    whole = parse_market_map(both, "map.yaml", ENVIRONMENT)
    found = [whole.market_of("shop", store, None) for store in ("se-b2c", "other", None)]
    assert [row.name for row in found if row] == ["se", "eu", "eu"]


def test_every_missing_placeholder_is_listed_with_its_path_and_setting() -> None:
    assert problems_of(MARKET_MAP, {}) == [
        "projects.shop.client_secret: ${CTP_SECRET} is not set; set the application setting CTP_SECRET",
        "back_ends.bc.client_secret: ${BC_SECRET} is not set; set the application setting BC_SECRET",
    ]


def test_a_placeholder_inside_a_list_is_found_at_its_index() -> None:
    text = changed("stores: [se-b2c]", "stores: [se-b2c, '${STORE}']")
    assert problems_of(text)[0].startswith("markets[0].stores[1]: ${STORE}")


def test_a_placeholder_may_be_part_of_a_text() -> None:
    text = changed("https://api.example.com", "https://api.${REGION}.example.com")
    whole = parse_market_map(text, "map.yaml", {**ENVIRONMENT, "REGION": "europe-west1"})
    assert whole.projects["shop"].api_url == "https://api.europe-west1.example.com"


@pytest.mark.parametrize(
    ("old", "new", "path", "hint"),
    [
        (
            "company: company-eu",
            "company: company-eu\n    warehouse: MAIN",
            "markets.1.warehouse",
            "check the spelling",
        ),
        ("    company: company-se\n", "", "markets.0.company", "required"),
        ('orders: "on"', "orders: yes", "markets.0.modes.orders", "'on', 'shadow' or 'off'"),
        ("as: account", "as: acount", "markets.0.shipping.default.as", "'item', 'charge' or 'account'"),
        ("rate: 0.25", "rate: 25%", "markets.0.tax.0.rate", "valid decimal"),
        ("gross_bound: 5", "gross_bound: -5", "markets.0.totals.gross_bound", "greater than or equal to 0"),
        ("type: business_central", "type: navision", "back_ends.bc.type", "'business_central'"),
        ("countries: [DE, FR]", "countries: [DE, NO]", "markets.1.countries", "quotes"),
        ("number: GIFTWRAP", "number: 4711", "markets.0.custom_lines.slugs.gift-wrap.number", "quotes"),
        ("schema: 1", "schema: 2", "schema", "1"),
    ],
)
def test_a_wrong_option_is_reported_with_its_path_and_a_hint(old: str, new: str, path: str, hint: str) -> None:
    (problem,) = problems_of(changed(old, new))
    assert problem.startswith(path)
    assert hint in problem


def test_all_problems_are_reported_at_once() -> None:
    text = changed("company: company-se", "compny: company-se").replace("rate: 0.25", "rate: much")
    paths = [problem.split(":")[0] for problem in problems_of(text)]
    assert paths == ["markets.0.company", "markets.0.tax.0.rate", "markets.0.compny"]


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("back_end: bc", "back_end: bcc", "market se: back_end bcc is not in back_ends (bc)"),
        ("project: shop", "project: shopp", "market se: project shopp is not in projects (shop)"),
        ("name: eu", "name: se", "two markets are named se"),
    ],
)
def test_references_inside_the_map_must_exist(old: str, new: str, text: str) -> None:
    (problem,) = problems_of(changed(old, new))
    assert text in problem


@pytest.mark.parametrize(
    ("old", "new", "path", "text"),
    [
        ("write_back: {channel: dynamics, type: order-export, field: erpOrderNo}",
         "write_back: {channel: dynamics, type: order-export}",
         "markets.0.write_back", "type and field belong together"),
        ('      rounding: {as: account, number: "3740", tax_code: MOMS0}\n', "",
         "markets.0.totals", "gross_bound above 0 needs rounding"),
        ("    company: company-se", "    company: company-se\n    customers: {guest: account}",
         "markets.0.customers", "guest: account needs guest_account"),
    ],
)  # fmt: skip
def test_options_that_belong_together_are_asked_for_together(old: str, new: str, path: str, text: str) -> None:
    (problem,) = problems_of(changed(old, new))
    assert problem.startswith(path)
    assert text in problem


SECOND_PROJECT = """  trade:
    api_url: https://api.example.com
    auth_url: https://auth.example.com
    client_id: connector
    client_secret: none
back_ends:"""


def two_projects(*changes: tuple[str, str]) -> str:
    """The market `se` is of project shop and writes to company-se, the market `eu` is of project trade."""
    text = MARKET_MAP.replace("back_ends:", SECOND_PROJECT, 1)
    text = text.replace("- name: eu\n    project: shop", "- name: eu\n    project: trade", 1)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


SAME_COMPANY = ("company: company-eu", "company: COMPANY-SE")
DATAVERSE = (("type: business_central", "type: dataverse"), ("https://bc.example.com/v2", "https://dv.example.com/v2"))


@pytest.mark.parametrize(
    "changes",
    [
        [SAME_COMPANY],
        [("company: company-eu", 'company: company-se\n    order: {reference_prefix: ""}')],
        [
            ("company: company-eu", "company: company-se\n    order: {reference_prefix: ct-}"),
            ("company: company-se\n    tax", "company: company-se\n    order: {reference_prefix: CT-}\n    tax"),
        ],
        list(DATAVERSE),  # business units share one table of orders
    ],
    ids=["no prefix", "an empty one", "the same in another case", "two business units of one environment"],
)
def test_two_projects_that_write_to_the_same_books_with_the_same_prefix_are_refused(
    changes: list[tuple[str, str]],
) -> None:
    (problem,) = problems_of(two_projects(*changes))
    assert problem.startswith("markets.1.order.reference_prefix: project trade writes to ")
    assert "as project shop does in market se" in problem
    assert "(give each project a prefix of its own" in problem


@pytest.mark.parametrize(
    "text",
    [
        two_projects(),
        two_projects(("company: company-eu", "company: company-se\n    order: {reference_prefix: T-}")),
        MARKET_MAP.replace("company: company-eu", "company: company-se"),
    ],
    ids=["two companies", "two prefixes", "one project"],
)
def test_projects_that_differ_in_company_or_prefix_and_markets_of_one_project_are_accepted(text: str) -> None:
    assert len(parse_market_map(text, "map.yaml", ENVIRONMENT).markets) == 2


EVERY_PROJECT = ("- name: eu\n    project: trade", '- name: eu\n    project: "*"')


def test_one_market_of_several_projects_needs_a_prefix_for_each() -> None:
    (problem,) = problems_of(two_projects(EVERY_PROJECT))
    assert problem.startswith("markets.1.order.reference_prefix: project trade writes to ")
    assert "as project shop does in market eu" in problem
    assert "order.reference_prefixes" in problem


def test_a_market_of_several_projects_writes_with_the_prefix_of_the_orders_project() -> None:
    prefixes = "company: company-eu\n    order: {reference_prefix: X-, reference_prefixes: {trade: T-}}"
    whole = parse_market_map(two_projects(EVERY_PROJECT, ("company: company-eu", prefixes)), "map.yaml", ENVIRONMENT)
    found = [whole.market_of(project, None, "DE") for project in ("shop", "trade")]
    assert [row.order.reference_prefix for row in found if row] == ["X-", "T-"]


def test_a_market_that_an_earlier_one_leaves_a_single_project_needs_one_prefix_only() -> None:
    text = two_projects(EVERY_PROJECT, ("    stores: [se-b2c]\n", ""))
    assert parse_market_map(text, "map.yaml", ENVIRONMENT).markets[1].project == "*"


def test_a_prefix_for_a_project_that_does_not_exist_is_refused() -> None:
    text = changed("company: company-eu", "company: company-eu\n    order: {reference_prefixes: {shopp: S-}}")
    (problem,) = problems_of(text)
    assert "market eu: order.reference_prefixes: project shopp is not in projects" in problem


def test_a_payer_of_his_own_is_refused_for_dataverse_and_not_the_default_there() -> None:
    asked = changed("company: company-se", "company: company-se\n    customers: {bill_to: customer_when_different}")
    assert parse_market_map(asked, "map.yaml", ENVIRONMENT).markets[0].customers.bill_to == "customer_when_different"
    (problem,) = problems_of(asked.replace("type: business_central", "type: dataverse"))
    assert problem.startswith("markets.0.customers.bill_to: sales orders of Dataverse have one customer")
    assert "say sell_to" in problem
    left_out = parse_market_map(changed("type: business_central", "type: dataverse"), "map.yaml", ENVIRONMENT)
    assert {row.customers.bill_to for row in left_out.markets} == {"sell_to"}


def test_a_rule_for_untaxed_lines_has_no_rate() -> None:
    (problem,) = problems_of(changed("rate: 0.25, code: MOMS25", "rate: 0.25, untaxed: true, code: MOMS25"))
    assert problem.startswith("markets.0.tax.0: untaxed lines have neither rate nor category")


@pytest.mark.parametrize("text", ["", "just words", "[]"])
def test_what_is_no_map_at_all_is_refused_as_a_whole(text: str) -> None:
    (problem,) = problems_of(text)
    assert problem.startswith("(whole file)")


def test_broken_yaml_is_reported_with_its_line() -> None:
    (problem,) = problems_of("schema: 1\nprojects: [")
    assert problem.startswith("no YAML")
    assert "line" in problem


def test_a_file_that_is_not_there_says_which_setting_names_it(tmp_path: Path) -> None:
    with pytest.raises(MarketMapError, match="set MARKET_MAP to its path"):
        load_market_map(tmp_path / "none.yaml", ENVIRONMENT)


def test_a_map_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        market_map().markets[0].name = "other"  # type: ignore[misc]


def test_the_example_of_the_documentation_is_a_valid_map_once_its_placeholders_are_set() -> None:
    text = (Path(__file__).parents[3] / "docs" / "market-map.example.yaml").read_text(encoding="utf-8")
    settings = {problem.rsplit(" ", 1)[-1] for problem in problems_of(text, {})}
    example = parse_market_map(text, "example", dict.fromkeys(settings, "value"))
    found = example.market_of("shop", "se-b2c", "SE")
    assert found is not None
    assert found.name == "sweden"
    assert example.projects["shop"].client_secret.get_secret_value() == "value"

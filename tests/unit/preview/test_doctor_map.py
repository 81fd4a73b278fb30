"""`ctd365 doctor --offline`, and the published JSON schema of the market map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from shared.cli.doctor_map import check_map
from shared.cli.findings import Finding, failures
from shared.cli.main import app
from shared.markets import load_market_map, parse_market_map
from tests.fakes.markets import ENVIRONMENT, MARKET_MAP

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "market-map.example.yaml"
SCHEMA = ROOT / "docs" / "market-map.schema.json"


def ctd365(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "220", "NO_COLOR": "1", "MARKET_MAP": ""}).invoke(app, list(arguments))


def failed(old: str, new: str) -> list[Finding]:
    assert old in MARKET_MAP
    return failures(check_map(parse_market_map(MARKET_MAP.replace(old, new, 1), "test", ENVIRONMENT)))


def test_the_published_schema_is_what_the_command_prints() -> None:
    result = ctd365("market-map", "schema")
    assert result.exit_code == 0
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json.loads(result.stdout)


@pytest.mark.parametrize("path", [EXAMPLE, ROOT / "local" / "market-map.yaml"], ids=lambda path: path.name)
def test_the_shipped_maps_are_valid_against_the_published_schema(path: Path) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    document: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(document)] == []


def test_the_schema_refuses_an_option_that_does_not_exist() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    document["markets"][0]["warehouse"] = []
    errors = [error.message for error in Draft202012Validator(schema).iter_errors(document)]
    assert len(errors) == 1
    assert "'warehouse' was unexpected" in errors[0]


def test_the_example_is_a_company_of_two_projects_three_back_ends_and_four_warehouses() -> None:
    names = "SHOP_CLIENT_ID SHOP_CLIENT_SECRET TRADE_CLIENT_ID TRADE_CLIENT_SECRET TENANT_ID BC_CLIENT_ID"
    names += " BC_CLIENT_SECRET DATAVERSE_CLIENT_ID FINANCE_CLIENT_ID"
    markets = load_market_map(EXAMPLE, dict.fromkeys(names.split(), "value"))
    assert len(markets.projects) == 2
    assert {end.type for end in markets.back_ends.values()} == {"business_central", "dataverse", "finance"}
    assert len({house.code for market in markets.markets for house in market.warehouses}) == 4
    for project in markets.projects:
        anywhere = markets.market_of(project, "a store that nobody named", "NZ")
        assert anywhere is not None
        assert anywhere.name == "elsewhere"


def test_the_example_passes_without_any_setting() -> None:
    result = ctd365("doctor", "--offline", "--map", str(EXAMPLE), "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["passed"] is True
    (settings,) = [row for row in report["findings"] if row["check"] == "settings"]
    assert settings["status"] == "note"
    assert "BC_CLIENT_SECRET" in settings["detail"]


def test_the_map_of_the_local_stack_passes() -> None:
    result = ctd365("doctor", "--offline", "--map", str(ROOT / "local" / "market-map.yaml"))
    assert result.exit_code == 0, result.output


def test_every_problem_of_a_map_is_a_failure_with_its_place_and_a_fix(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    text = EXAMPLE.read_text(encoding="utf-8")
    path.write_text(text.replace("gross_bound: 2", "gross_bound: -1").replace("location: MAIN", "place: MAIN"))
    result = ctd365("doctor", "--offline", "--map", str(path), "--json")
    assert result.exit_code == 1
    findings = json.loads(result.stdout)["findings"]
    assert {row["where"] for row in findings} == {
        "markets.0.place",
        "markets.0.totals.gross_bound",
        "markets.3.place",
        "markets.3.totals.gross_bound",
    }
    assert all(row["fix"] for row in findings)


def test_without_a_map_the_doctor_says_which_to_give() -> None:
    result = ctd365("doctor", "--offline")
    assert result.exit_code == 2
    assert "--map FILE" in result.stderr


def test_a_market_behind_a_wider_one_is_never_reached() -> None:
    (finding,) = failed("stores: [se-b2c]", "stores: []")
    assert (finding.where, finding.check) == ("market eu", "order of markets")
    assert "market se stands before it" in finding.detail


def test_a_tax_rule_behind_a_wider_one_is_never_reached() -> None:
    found = failed("- {country: SE, rate: 0.25, code: MOMS25}", "- {country: SE, code: MOMS25}")
    assert [finding.detail for finding in found] == [
        "tax.1 (MOMS12) is never reached: tax.0 matches all of it first",
        "tax.2 (MOMS6) is never reached: tax.0 matches all of it first",
    ]


def test_a_rule_for_untaxed_lines_hides_no_other_and_is_not_hidden_by_them() -> None:
    rules = "- {code: ANY}\n      - {untaxed: true, code: NONE}"
    text = MARKET_MAP.replace("- {country: SE, rate: 0.06, code: MOMS6}", rules)
    assert failures(check_map(parse_market_map(text, "test", ENVIRONMENT))) == []


def test_orders_without_tax_rules_cannot_go_on() -> None:
    (finding,) = failed("company: company-eu", 'company: company-eu\n    modes: {orders: "on"}')
    assert (finding.where, finding.check) == ("market eu", "tax")


def test_a_flow_that_does_not_exist_has_no_mode() -> None:
    (finding,) = failed('modes: {orders: "on"}', 'modes: {orders: "on", ordres: "on"}')
    assert "ordres" in finding.detail
    assert "fulfilment" in finding.fix


def test_a_location_that_is_none_of_the_warehouses_is_found() -> None:
    (finding,) = failed("company: company-se", "company: company-se\n    location: W\n    warehouses: [{code: MAIN}]")
    assert "location W is none of the warehouses (MAIN)" in finding.detail


def test_a_project_that_no_market_serves_is_found() -> None:
    other = "  other: {api_url: https://a.example.com, auth_url: https://b.example.com, client_id: c, client_secret: d}"
    (finding,) = failed("back_ends:", f"{other}\nback_ends:")
    assert (finding.where, finding.check) == ("project other", "use")


def test_an_address_that_is_none_is_found() -> None:
    (finding,) = failed("url: https://bc.example.com", "url: bc.example.com")
    assert "bc.example.com" in finding.detail

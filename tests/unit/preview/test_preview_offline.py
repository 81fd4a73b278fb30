"""`ctd365 preview order FILE --offline`: exact totals from a file alone, or one line that names the component."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from typer.testing import CliRunner, Result

from shared.cli.exits import CommandError
from shared.cli.main import app
from shared.cli.preview_offline import offline_preview
from shared.cli.preview_order import as_json as preview_as_json
from shared.markets import BackEndType
from tests.fakes.documents import DATA, krona, order_document, sample, taxed
from tests.unit.money.orders import DIGITS, order_documents

ORDERS_AND_CARTS = sorted(path.name for path in DATA.glob("*.json") if "lineItems" in sample(path.name))
BACK_ENDS: tuple[BackEndType, ...] = ("business_central", "dataverse", "finance")


def preview(path: Path, to: str, *options: str) -> Result:
    return CliRunner(env={"COLUMNS": "220", "NO_COLOR": "1"}).invoke(
        app, ["preview", "order", str(path), "--to", to, "--offline", *options]
    )


def as_json(path: Path, to: str, *options: str) -> Any:
    result = preview(path, to, "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def saved(directory: Path, document: Any) -> Path:
    path = directory / "order.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def decimal(money: dict[str, Any]) -> Decimal:
    return Decimal(money["centAmount"]).scaleb(-money["fractionDigits"])


def totals_of(document: dict[str, Any]) -> tuple[Decimal, Decimal]:
    """The document's own totals, else the sum of its lines' taxed prices."""
    rows = [document] if "taxedPrice" in document else document["lineItems"]
    net = sum((decimal(row["taxedPrice"]["totalNet"]) for row in rows), Decimal(0))
    gross = sum((decimal(row["taxedPrice"]["totalGross"]) for row in rows), Decimal(0))
    return net, gross


@pytest.mark.parametrize("to", BACK_ENDS)
@pytest.mark.parametrize("name", ORDERS_AND_CARTS)
def test_every_sample_has_the_totals_of_its_document_in_every_back_end(name: str, to: str) -> None:
    document = sample(name)
    net, gross = totals_of(document)
    shown = as_json(DATA / name, to)
    assert (Decimal(shown["totals"]["net"]), Decimal(shown["totals"]["gross"])) == (net, gross)
    assert Decimal(shown["totals"]["tax"]) == gross - net
    assert shown["totals"]["currency"] == document["totalPrice"]["currencyCode"]
    assert shown["back_end_type"] == to


@pytest.mark.parametrize("name", ORDERS_AND_CARTS)
def test_lines_shipping_and_custom_lines_add_up_to_the_totals(name: str) -> None:
    shown = as_json(DATA / name, "business_central")
    rows = [*shown["lines"], *shown["shipping"], *shown["custom"]]
    for column in ("net", "tax", "gross"):
        assert sum(Decimal(row[column]) for row in rows) == Decimal(shown["totals"][column])


@pytest.mark.parametrize("to", BACK_ENDS)
def test_the_requests_are_shown_as_they_would_be_sent(to: str) -> None:
    shown = as_json(DATA / "synthetic-order-full.json", to)
    assert shown["payloads"]
    request = shown["payloads"][0]
    assert request["method"] == "POST"
    assert request["path"].startswith("/")
    assert request["body"]
    assert "authorization" not in request["headers"]


def test_the_request_to_business_central_carries_lines_that_come_to_the_gross_total() -> None:
    shown = as_json(DATA / "synthetic-order-full.json", "business_central")
    (request,) = shown["payloads"]
    assert request["path"].endswith(
        "/companies(5e000000-0000-4000-8000-000000000001)/salesOrders?%24expand=salesOrderLines"
    )
    lines = request["body"]["salesOrderLines"]
    amounts = (
        Decimal(str(line["quantity"])) * Decimal(str(line["unitPrice"])) - Decimal(str(line.get("discountAmount", 0)))
        for line in lines
    )
    assert request["body"]["pricesIncludeTax"] is True
    assert sum(amounts) == Decimal("946.23")
    assert [line["lineObjectNumber"] for line in lines[:4]] == ["TSHIRT-BLK-M", "BOOK-001", "COFFEE-500", "GIFT-MUG"]


def test_an_order_that_does_not_add_up_is_refused_in_one_line_that_names_the_component(tmp_path: Path) -> None:
    path = saved(tmp_path, order_document(totalPrice=krona(25_100), taxedPrice=taxed(20_100, 25_100)))
    result = preview(path, "business_central", "--json")
    assert result.exit_code == 1
    assert result.stdout == ""
    (text,) = result.stderr.splitlines()
    assert "totalPrice" in text
    assert "251.00 SEK" in text
    assert "250.00 SEK" in text


def test_a_document_that_lacks_something_is_refused_in_one_line_with_the_path(tmp_path: Path) -> None:
    document = order_document()
    del document["lineItems"][0]["price"]["value"]
    result = preview(saved(tmp_path, document), "business_central")
    assert result.exit_code == 1
    (text,) = result.stderr.splitlines()
    assert "lineItems[0].price.value" in text


def test_a_line_without_an_sku_is_refused_by_its_name(tmp_path: Path) -> None:
    document = order_document()
    document["lineItems"][0]["variant"] = {"id": 1}
    document["lineItems"][0]["name"] = {"en": "Nameless shirt"}
    result = preview(saved(tmp_path, document), "business_central")
    assert result.exit_code == 1
    assert "Nameless shirt" in result.stderr


def test_the_table_explains_every_component_and_the_sum() -> None:
    result = preview(DATA / "synthetic-order-full.json", "business_central")
    assert result.exit_code == 0, result.output
    assert "item TSHIRT-BLK-M x 3" in result.stdout
    assert "805.22  141.01  946.23 SEK" in result.stdout
    assert '"lineObjectNumber": "TSHIRT-BLK-M"' in result.stdout


def test_a_back_end_is_found_by_its_name_too() -> None:
    by_name = as_json(DATA / "synthetic-order-full.json", "business-central")
    assert by_name == as_json(DATA / "synthetic-order-full.json", "business_central")


def test_an_order_that_lands_elsewhere_is_shown_as_the_wanted_back_end_would_get_it() -> None:
    shown = as_json(DATA / "synthetic-order-full.json", "finance")
    assert (shown["market"], shown["lands_in"], shown["back_end"]) == ("america", "sweden", "finance")
    table = preview(DATA / "synthetic-order-full.json", "finance").stdout
    assert "america, although this order's business lands in sweden" in table


def test_an_unknown_back_end_is_refused_with_those_that_there_are() -> None:
    result = preview(DATA / "synthetic-order-full.json", "navision")
    assert result.exit_code == 2
    assert "business-central (business_central)" in result.stderr


@pytest.mark.parametrize(("text", "said"), [("{", "is no JSON"), ("[]", "holds a list"), (None, "cannot be read")])
def test_a_file_that_holds_no_order_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    path = tmp_path / "order.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    result = preview(path, "business_central")
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_map_of_ones_own_is_used_and_its_settings_are_not_needed(tmp_path: Path) -> None:
    own = tmp_path / "map.yaml"
    own.write_text(
        """
schema: 1
projects: {shop: {api_url: "${SHOP_URL}", auth_url: "${SHOP_URL}", client_id: c, client_secret: "${SHOP_SECRET}"}}
back_ends: {books: {type: business_central, url: "${BOOKS_URL}", tenant_id: t, client_id: c, scope: s}}
markets:
  - name: all
    project: shop
    back_end: books
    company: my-company
    tax: [{code: ANY}]
    shipping: {default: {as: account, number: "3520"}}
""",
        encoding="utf-8",
    )
    shown = as_json(saved(tmp_path, order_document()), "books", "--map", str(own))
    (request,) = shown["payloads"]
    assert request["path"].startswith("/companies(my-company)/salesOrders")
    assert request["body"]["salesOrderLines"][1]["lineObjectNumber"] == "3520"
    assert shown["totals"] == {"net": "200.00", "tax": "50.00", "gross": "250.00", "currency": "SEK"}


def test_what_the_map_does_not_say_is_refused_with_a_way_out(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "market-map.example.yaml").read_text(encoding="utf-8")
    own = tmp_path / "map.yaml"
    own.write_text(
        text.replace("shipping: { default: { as: item, number: FREIGHT } }", "shipping: {}"), encoding="utf-8"
    )
    document = order_document(store=None)
    result = preview(saved(tmp_path, document), "business_central", "--map", str(own))
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "shipping" in line
    assert "elsewhere" in line


def test_a_map_that_is_wrong_is_a_configuration_error(tmp_path: Path) -> None:
    own = tmp_path / "map.yaml"
    own.write_text("schema: 1\nprojects: {}\nback_ends: {}\nmarkets: [{name: x}]\n", encoding="utf-8")
    result = preview(DATA / "synthetic-order-full.json", "finance", "--map", str(own))
    assert result.exit_code == 3
    assert "markets.0.project" in result.stderr


def test_an_own_map_goes_with_offline_only() -> None:
    result = CliRunner().invoke(app, ["preview", "order", "SE-1", "--to", "finance", "--map", "map.yaml"])
    assert result.exit_code == 2
    assert "MARKET_MAP" in result.stderr


@settings(max_examples=40, deadline=None)
@given(order_documents(stated_totals=True))
def test_a_generated_order_has_exact_totals_or_is_refused_in_one_line(document: dict[str, Any]) -> None:
    stated = document["taxedPrice"]
    digits = DIGITS[document["totalPrice"]["currencyCode"]]
    expected = [Decimal(stated[name]["centAmount"]).scaleb(-digits) for name in ("totalNet", "totalGross")]
    for to in BACK_ENDS:
        try:
            shown = asyncio.run(offline_preview(document, to, None, None, {}))
        except CommandError as refusal:
            assert refusal.message.splitlines() == [refusal.message]  # noqa: PT017 - both ways are right
        else:
            totals = preview_as_json(shown)["totals"]
            assert [Decimal(totals["net"]), Decimal(totals["gross"])] == expected

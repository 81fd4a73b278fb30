"""Every sample order and cart reconciles; the expected figures come from the documents."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.mapping.commercetools import order_from_document
from shared.model.money import Money
from shared.model.order import Order, OrderLine
from tests.unit.money.documents import DATA, ORDERS_AND_CARTS, Json, sample


def cents(document: Json) -> Decimal:
    return Decimal(document["centAmount"]).scaleb(-document["fractionDigits"])


def expected_totals(document: Json) -> tuple[Decimal, Decimal]:
    """The order's own totals, else the sum of its lines' taxed prices."""
    rows = (
        [document["taxedPrice"]] if "taxedPrice" in document else [row["taxedPrice"] for row in document["lineItems"]]
    )
    net = sum((cents(row["totalNet"]) for row in rows), Decimal(0))
    gross = sum((cents(row["totalGross"]) for row in rows), Decimal(0))
    return net, gross


def by_label(order: Order) -> dict[str, OrderLine]:
    return {line.label: line for line in order.lines}


@pytest.mark.parametrize("name", ORDERS_AND_CARTS)
def test_a_sample_reconciles_to_the_minor_unit(name: str) -> None:
    document = sample(name)
    net, gross = expected_totals(document)
    order = order_from_document(document, "demo")
    assert sum(line.net.amount for line in order.lines) == net
    assert sum(line.gross.amount for line in order.lines) == gross
    assert sum(line.tax.amount for line in order.lines) == gross - net
    assert (order.totals.net.amount, order.totals.gross.amount) == (net, gross)
    assert order.totals.tax.amount == gross - net


@pytest.mark.parametrize("name", [name for name in ORDERS_AND_CARTS if "discountOnTotalPrice" not in sample(name)])
def test_a_sample_keeps_the_priced_amount_of_every_line_when_nothing_comes_off_the_total(name: str) -> None:
    document = sample(name)
    order = order_from_document(document, "demo")
    finals = {line.id: line.final_amount.amount for line in order.lines}
    for row in document["lineItems"]:
        assert finals[row["id"]] == cents(row["totalPrice"])


def test_the_samples_are_the_ones_that_the_sources_file_lists() -> None:
    sources = (DATA / "SOURCES.md").read_text(encoding="utf-8")
    assert len(ORDERS_AND_CARTS) == 6
    assert all(name in sources or f"{name.rsplit('-', 1)[0]}-*.json" in sources for name in ORDERS_AND_CARTS)


def test_the_full_order_is_mapped_with_everything_that_finance_looks_at() -> None:
    order = order_from_document(sample("synthetic-order-full.json"), "demo")
    assert (order.project, order.number, order.version, order.currency) == ("demo", "SE-100234", 14, "SEK")
    assert order.placed_at == datetime(2026, 11, 20, 8, 15, 30, 123000, tzinfo=UTC)
    assert (order.store, order.country, order.locale) == ("se-b2c", "SE", "sv-SE")
    assert (order.payment_state, order.order_state) == ("Paid", "Confirmed")
    assert order.customer.id == sample("synthetic-order-full.json")["customerId"]
    assert not order.customer.anonymous
    assert order.billing_address is not None
    assert order.billing_address.street_line == "Storgatan 1"
    assert [place.address.city for place in order.shipping_addresses] == ["Stockholm"]
    assert [mark.external_id for mark in order.synced] == ["BC-SO-000123"]
    assert order.custom == {"erpOrderNo": "BC-SO-000123"}


def test_the_lines_of_the_full_order_are_of_the_right_kind_and_speak_the_customers_language() -> None:
    order = order_from_document(sample("synthetic-order-full.json"), "demo")
    kinds = [(line.kind, line.sku or line.name, line.quantity) for line in order.lines]
    assert kinds == [
        ("item", "TSHIRT-BLK-M", 3),
        ("item", "BOOK-001", 1),
        ("item", "COFFEE-500", 2),
        ("gift", "GIFT-MUG", 1),
        ("custom", "Gift wrap", 2),
        ("shipping", "PostNord MyPack", 1),
    ]
    assert order.lines[1].name == "Bok"


def test_the_discount_of_a_line_is_told_apart_by_its_causes() -> None:
    document = sample("synthetic-order-full.json")
    shirt = by_label(order_from_document(document, "demo"))["item TSHIRT-BLK-M"]
    own, total_share = shirt.discounts
    assert (own.kind, own.id, own.amount) == (
        "item",
        "00000901-0000-4000-8000-000000000000",
        Money.from_cents(9950, "SEK"),
    )
    assert (total_share.kind, total_share.id) == ("total", "00000905-0000-4000-8000-000000000000")
    # The total discount of 50.00 is shared out over everything that comes to 996.23.
    exact = Decimal(5000) * 49750 / (94623 + 5000)
    assert abs(total_share.amount.minor_units - exact) < 1


def test_the_total_discount_is_shared_out_completely() -> None:
    document = sample("synthetic-order-full.json")
    lines = order_from_document(document, "demo").lines
    shares = [part.amount.amount for line in lines for part in line.discounts if part.kind == "total"]
    assert sum(shares) == cents(document["discountOnTotalPrice"]["discountedAmount"])


def test_the_explanation_adds_up_and_can_be_read() -> None:
    order = order_from_document(sample("synthetic-order-full.json"), "demo")
    explanation = order.explain()
    for column in ("list", "discounts", "net", "tax", "gross"):
        parts = [getattr(row, column).amount for row in explanation.rows]
        assert sum(parts) == getattr(explanation.total, column).amount
    text = str(explanation).splitlines()
    assert text[0].split() == ["component", "list", "discounts", "net", "tax", "gross"]
    assert text[-1].split()[-4:] == ["805.22", "141.01", "946.23", "SEK"]
    assert any(row.startswith("gift GIFT-MUG x 1") for row in text)


def test_a_cart_has_no_number_and_no_states() -> None:
    cart = order_from_document(sample("captured-cart-TwoUnitT.json"), "demo")
    assert (cart.number, cart.order_state, cart.payment_state) == (None, None, None)
    assert cart.customer.anonymous


def test_an_order_survives_json() -> None:
    order = order_from_document(sample("synthetic-order-full.json"), "demo")
    assert Order.model_validate_json(order.model_dump_json()) == order

"""What may leave in telemetry."""

from __future__ import annotations

import pytest

from shared.telemetry.cleaning import MAX_TEXT, clean, path_template

UUID = "8c1ef2f5-3e0b-4b54-9c0c-5a1d2f6b7a10"
CUSTOMERS = "/v2.0/{id}/production/api/v2.0/companies({key})/customers"
SHIP = "/api/v2.0/companies({key})/salesOrders({key})/Microsoft.NAV.shipAndInvoice"
ORDERS = "/data/SalesOrderHeadersV2"


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/oauth/token", "/oauth/token"),
        (f"/demo/orders/{UUID}", "/demo/orders/{id}"),
        ("/demo/orders/order-number=WEB-10023", "/demo/orders/order-number={key}"),
        ("/demo/customers/key=person@example.com", "/demo/customers/key={key}"),
        ("/demo/in-store/key=berlin/orders", "/demo/in-store/key={key}/orders"),
        (f"/v2.0/{UUID}/production/api/v2.0/companies({UUID})/customers", CUSTOMERS),
        ("/api/v2.0/companies(1)/salesOrders(2)/Microsoft.NAV.shipAndInvoice", SHIP),
        (f"{ORDERS}(dataAreaId='usmf',SalesOrderNumber='A/1')", f"{ORDERS}({{key}})"),
        ("/api/data/v9.2/contacts(emailaddress1='person@example.com')", "/api/data/v9.2/contacts({key})"),
        ("/api/data/v9.2/$batch", "/api/data/v9.2/$batch"),
        ("/demo/customers/person@example.com", "/demo/customers/{id}"),
        ("/demo/customers/4711", "/demo/customers/{id}"),
        ("/demo/customers/Jürgen", "/demo/customers/{id}"),
        ("/demo/orders?where=x", "/demo/orders"),
        ("/", "/"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_path_keeps_the_names_of_resources_only(path: str, template: str) -> None:
    assert path_template(path) == template


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("409 for person.name+tag@mail.example.com.", "409 for ***"),
        ("<person@example.com>", "<***>"),
        ("GET https://x.example.com/orders?where=email%3D1 failed", "GET https://x.example.com/orders?... failed"),
        ("Authorization: Bearer abc.def refused", "Authorization: Bearer*** refused"),
        ("Endpoint=sb://bus/;SharedAccessKey=abc=;x", "Endpoint=sb://bus/;SharedAccessKey=***;x"),
        ("nothing to hide: WEB-10023", "nothing to hide: WEB-10023"),
    ],
)  # fmt: skip
def test_a_dimension_loses_addresses_queries_and_secrets(text: str, left: str) -> None:
    assert clean(text) == left


@pytest.mark.parametrize(("value", "text"), [(3, "3"), (1.5, "1.5"), ("x" * 5_000, "x" * MAX_TEXT)])
def test_a_dimension_is_a_text_of_bounded_length(value: str | float, text: str) -> None:
    assert clean(value) == text

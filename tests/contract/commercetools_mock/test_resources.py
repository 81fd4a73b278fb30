"""Credentials, projects, and the resources beside orders."""

import signal
import uuid
from typing import Any

import httpx
import pytest

from .stand_in import CLIENT_ID, CLIENT_SECRET, Document, StandIn, money, run_stand_in


def token_answer(mock: StandIn, client_id: str, secret: str, **form: str) -> httpx.Response:
    data = {"grant_type": "client_credentials", **form}
    return httpx.post(f"{mock.url}/oauth/token", auth=(client_id, secret), data=data)


def test_a_token_needs_the_right_client_and_secret(mock: StandIn) -> None:
    for client_id, secret in ((CLIENT_ID, "wrong"), ("wrong", CLIENT_SECRET)):
        answer = token_answer(mock, client_id, secret)
        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"
    assert httpx.post(f"{mock.url}/oauth/token", data={"grant_type": "client_credentials"}).status_code == 401


def test_a_token_carries_the_scope_of_the_form_body(mock: StandIn) -> None:
    token = token_answer(mock, CLIENT_ID, CLIENT_SECRET, scope="manage_orders:demo view_messages:demo").json()
    assert token["scope"] == "manage_orders:demo view_messages:demo"
    assert token["expires_in"] == 172800


@pytest.mark.parametrize("path", ["orders", "messages", "orders/order-number=1"])
def test_without_a_valid_token_nothing_is_served(mock: StandIn, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer invented"}):
        answer = httpx.get(f"{mock.url}/demo/{path}", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["code"] == "invalid_token"


def test_updating_by_order_number_needs_a_token_too(mock: StandIn) -> None:
    answer = httpx.post(f"{mock.url}/demo/orders/order-number=1", json={"version": 1, "actions": []})
    assert answer.status_code == 401


def test_an_unknown_project_is_not_found_and_a_seeded_one_is_served(mock: StandIn) -> None:
    assert mock.api.get("/other/orders").status_code == 404
    store = {"id": str(uuid.uuid4()), "version": 1, "key": "main"}
    assert mock.api.post("/__seed/second/store", json=store).status_code == 200
    assert mock.api.get("/second/stores/key=main").json()["id"] == store["id"]


def test_several_projects_keep_their_documents_apart() -> None:
    with run_stand_in(CT_MOCK_PROJECT="north,south") as running:
        store = {"id": str(uuid.uuid4()), "version": 1, "key": "main"}
        running.api.post("/__seed/north/store", json=store)
        assert running.api.get("/north/stores").json()["count"] == 1
        assert running.api.get("/south/stores").json()["count"] == 0
        assert running.api.get("/north").json()["messages"]["enabled"] is True


def test_the_stand_in_stops_with_exit_code_zero_when_terminated() -> None:
    with run_stand_in() as running:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=10) == 0


def test_malformed_json_is_refused_as_the_api_does(mock: StandIn) -> None:
    answer = mock.api.post("/demo/orders/import", content="{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "InvalidJsonInput"


def seeded_stock(mock: StandIn, **changed: Any) -> Document:
    entry = {
        "id": str(uuid.uuid4()),
        "version": 1,
        "sku": str(uuid.uuid4()),
        "quantityOnStock": 10,
        "availableQuantity": 8,
    }
    mock.seed("inventory-entry", {**entry, **changed})
    return {**entry, **changed}


def test_stock_is_added_set_and_removed_below_zero_while_reservations_stay(mock: StandIn) -> None:
    path = f"inventory/{seeded_stock(mock)['id']}"
    added = mock.update(path, 1, {"action": "addQuantity", "quantity": 5}).json()
    assert (added["quantityOnStock"], added["availableQuantity"]) == (15, 13)
    changed = mock.update(path, 2, {"action": "changeQuantity", "quantity": 4}).json()
    assert (changed["quantityOnStock"], changed["availableQuantity"]) == (4, 2)
    removed = mock.update(path, 3, {"action": "removeQuantity", "quantity": 6}).json()
    assert (removed["quantityOnStock"], removed["availableQuantity"]) == (-2, -4)


def test_stock_changes_are_kept_as_messages_and_empty_stock_has_its_own(mock: StandIn) -> None:
    entry = seeded_stock(mock)
    mock.update(f"inventory/{entry['id']}", 1, {"action": "changeQuantity", "quantity": 0})
    messages = mock.get("messages", where=f'resource(id = "{entry["id"]}")', sort="sequenceNumber")["results"]
    assert [message["type"] for message in messages] == ["InventoryEntryQuantitySet", "InventoryEntryOutOfStock"]
    assert (messages[0]["oldQuantityOnStock"], messages[0]["newQuantityOnStock"]) == (10, 0)


def test_there_is_one_stock_entry_for_a_sku_and_channel(mock: StandIn) -> None:
    sku = str(uuid.uuid4())
    draft = {"sku": sku, "quantityOnStock": 1}
    assert mock.api.post("/demo/inventory", json=draft).status_code == 201
    answer = mock.api.post("/demo/inventory", json=draft)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "DuplicateField"


def test_a_resource_key_is_taken_once(mock: StandIn) -> None:
    draft = {"key": str(uuid.uuid4()), "roles": ["OrderExport"]}
    assert mock.api.post("/demo/channels", json=draft).status_code == 201
    answer = mock.api.post("/demo/channels", json=draft)
    assert answer.status_code == 400
    assert (answer.json()["errors"][0]["code"], answer.json()["errors"][0]["field"]) == ("DuplicateField", "key")


def test_a_created_customer_is_announced_without_the_password(mock: StandIn) -> None:
    draft = {"email": f"{uuid.uuid4()}@example.com", "password": "not-a-real-one"}
    customer = mock.api.post("/demo/customers", json=draft).json()["customer"]
    messages = mock.get("messages", where=f'resource(id = "{customer["id"]}")')["results"]
    assert [message["type"] for message in messages] == ["CustomerCreated"]
    assert messages[0]["customer"]["email"] == draft["email"]
    assert "password" not in messages[0]["customer"]


def test_a_custom_object_is_written_twice_under_one_key(mock: StandIn) -> None:
    key = str(uuid.uuid4())
    for value in ("first", "second"):
        answer = mock.api.post("/demo/custom-objects", json={"container": "sync", "key": key, "value": value})
        assert answer.status_code in {200, 201}, answer.text
    assert mock.get(f"custom-objects/sync/{key}")["value"] == "second"


def test_a_standalone_price_is_deactivated_and_given_tiers(mock: StandIn) -> None:
    price = {"id": str(uuid.uuid4()), "version": 1, "sku": "SKU-1", "value": money(1000), "active": True}
    mock.seed("standalone-price", price)
    tier = {"minimumQuantity": 10, "value": {"currencyCode": "EUR", "centAmount": 900}}
    actions: list[Document] = [
        {"action": "changeActive", "active": False},
        {"action": "setPriceTiers", "tiers": [tier]},
    ]
    updated = mock.update(f"standalone-prices/{price['id']}", 1, *actions).json()
    assert (updated["active"], updated["version"]) == (False, 3)
    assert updated["tiers"] == [{"minimumQuantity": 10, "value": money(900)}]


@pytest.mark.parametrize("transaction", [{"type": "Payment"}, {"type": "Charge", "state": "Done"}])
def test_a_bogus_transaction_is_refused(mock: StandIn, transaction: Document) -> None:
    payment = {"id": str(uuid.uuid4()), "version": 1, "amountPlanned": money(100), "transactions": []}
    mock.seed("payment", payment)
    amount = {"currencyCode": "EUR", "centAmount": 100}
    action = {"action": "addTransaction", "transaction": {"amount": amount, **transaction}}
    assert mock.update(f"payments/{payment['id']}", 1, action).status_code == 400

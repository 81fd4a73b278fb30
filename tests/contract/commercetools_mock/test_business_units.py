"""Business Units: what a draft becomes, actions, and what they announce."""

import uuid
from collections.abc import Callable
from typing import Any

from .stand_in import Document, StandIn, Webhook

Subscribe = Callable[..., Document]
BERLIN = {"country": "DE", "city": "Berlin"}


def key() -> str:
    return f"key-{uuid.uuid4()}"


def seeded(mock: StandIn, resource: str, **changed: Any) -> Document:
    document = {"id": str(uuid.uuid4()), "version": 1, "key": key(), **changed}
    mock.seed(resource, document)
    return document


def created(mock: StandIn, **changed: Any) -> Document:
    draft = {"key": key(), "unitType": "Company", "name": "Example Trading", **changed}
    answer = mock.api.post("/demo/business-units", json=draft)
    assert answer.status_code == 201, answer.text
    unit: Document = answer.json()
    return unit


def messages(mock: StandIn, unit: Document) -> list[Document]:
    where = f'resource(typeId = "business-unit" and id = "{unit["id"]}")'
    results: list[Document] = mock.get("messages", where=where, sort="sequenceNumber asc")["results"]
    return results


def test_a_company_is_created_active_with_its_groups_and_default_addresses(mock: StandIn) -> None:
    group = seeded(mock, "customer-group", name="Wholesale")
    assignment = {"customerGroup": {"typeId": "customer-group", "key": group["key"]}}
    unit = created(mock, addresses=[BERLIN], defaultBillingAddress=0, customerGroupAssignments=[assignment])
    assert (unit["status"], unit["storeMode"], unit["associateMode"]) == ("Active", "Explicit", "Explicit")
    assert unit["billingAddressIds"] == [unit["defaultBillingAddressId"]]
    found = mock.get(f"business-units/key={unit['key']}", expand="customerGroupAssignments[*].customerGroup")
    assert found["customerGroupAssignments"][0]["customerGroup"]["obj"]["key"] == group["key"]


def test_the_key_of_a_business_unit_is_taken_once(mock: StandIn) -> None:
    draft = {"key": created(mock)["key"], "unitType": "Company", "name": "Other"}
    answer = mock.api.post("/demo/business-units", json=draft)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "DuplicateField")


def test_a_seeded_business_unit_is_served_and_announced(mock: StandIn, subscribe: Subscribe, webhook: Webhook) -> None:
    subscribe(messages=[{"resourceTypeId": "business-unit"}])
    unit = {"id": str(uuid.uuid4()), "version": 3, "key": key(), "name": "Example Trading", "unitType": "Company"}
    mock.seed("business-units", unit, message="BusinessUnitCreated")
    (event,) = webhook.wait_for(1)
    assert (event["source"], event["data"]["businessUnit"]["id"]) == ("/demo/business-units", unit["id"])
    assert mock.get(f"business-units/{unit['id']}")["name"] == "Example Trading"


def test_every_change_of_a_business_unit_has_its_message(mock: StandIn) -> None:
    customer = seeded(mock, "customer", email=f"{uuid.uuid4()}@example.com", addresses=[])
    role = seeded(mock, "associate-role", permissions=[], buyerAssignable=True)
    unit = created(mock, addresses=[BERLIN], defaultShippingAddress=0)
    by_id = {"addressId": unit["addresses"][0]["id"]}
    reference = {"typeId": "customer", "id": customer["id"]}
    assignment = {"associateRole": {"typeId": "associate-role", "key": role["key"]}}
    associate = {"customer": reference, "associateRoleAssignments": [assignment]}
    actions: list[tuple[Document, str]] = [
        ({"action": "changeName", "name": "Other Trading"}, "BusinessUnitNameChanged"),
        ({"action": "setContactEmail", "contactEmail": "a@example.com"}, "BusinessUnitContactEmailSet"),
        ({"action": "changeStatus", "status": "Inactive"}, "BusinessUnitStatusChanged"),
        ({"action": "addAddress", "address": {**BERLIN, "key": "added"}}, "BusinessUnitAddressAdded"),
        ({"action": "changeAddress", **by_id, "address": {"country": "SE"}}, "BusinessUnitAddressChanged"),
        ({"action": "setDefaultBillingAddress", "addressKey": "added"}, "BusinessUnitDefaultBillingAddressSet"),
        ({"action": "setDefaultShippingAddress", "addressKey": "added"}, "BusinessUnitDefaultShippingAddressSet"),
        ({"action": "removeAddress", **by_id}, "BusinessUnitAddressRemoved"),
        ({"action": "addAssociate", "associate": associate}, "BusinessUnitAssociateAdded"),
        ({"action": "removeAssociate", "customer": reference}, "BusinessUnitAssociateRemoved"),
        ({"action": "setAssociates", "associates": [associate]}, "BusinessUnitAssociatesSet"),
    ]
    answer = mock.update(f"business-units/{unit['id']}", 1, *(action for action, _ in actions))
    assert answer.status_code == 200, answer.text
    told = messages(mock, unit)
    assert [one["type"] for one in told] == ["BusinessUnitCreated", *(name for _, name in actions)]
    by_type = {one["type"]: one for one in told}
    assert by_type["BusinessUnitStatusChanged"]["active"] == "Inactive"
    assert by_type["BusinessUnitAddressRemoved"]["addressRoles"] == ["Shipping"]
    assert by_type["BusinessUnitAssociateRemoved"]["associate"]["customer"] == reference


def test_a_status_that_does_not_exist_is_refused(mock: StandIn) -> None:
    unit = created(mock)
    answer = mock.update(f"business-units/{unit['id']}", 1, {"action": "changeStatus", "status": "Blocked"})
    assert answer.status_code == 400
    assert mock.get(f"business-units/{unit['id']}")["status"] == "Active"


def test_deleting_a_business_unit_needs_its_version_and_is_told(mock: StandIn) -> None:
    unit = created(mock)
    path = f"/demo/business-units/{unit['id']}"
    assert mock.api.delete(f"{path}?version=7").status_code == 409
    assert mock.api.delete(f"{path}?version=1").status_code == 200
    assert [one["type"] for one in messages(mock, unit)] == ["BusinessUnitCreated", "BusinessUnitDeleted"]

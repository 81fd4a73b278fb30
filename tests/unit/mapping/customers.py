"""Customer documents for tests of the mapping, what the API would make of actions, and whether those are published."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from shared.mapping.commercetools.customer_actions import customer_actions
from shared.mapping.commercetools.customer_fields import customer_fields
from shared.market_options.customers import CustomerSync
from shared.model.customer_fields import Fields
from tests.fakes.commercetools_customers import apply_action
from tests.published.commercetools import problems_of

type Json = dict[str, Any]

BILLING: Json = {
    "id": "a1",
    "key": "home",
    "company": "Example Trading",
    "streetName": "Example Street",
    "streetNumber": "1",
    "building": "C",
    "department": "Books",
    "postalCode": "10115",
    "city": "Berlin",
    "country": "DE",
    "phone": "+49 30 5550100",
}
SHIPPING: Json = {"id": "a2", "streetName": "Harbour", "postalCode": "20457", "city": "Hamburg", "country": "DE"}
OTHER: Json = {"id": "a3", "streetName": "Market", "streetNumber": "3", "city": "Cologne", "country": "DE", "fax": "1"}
CUSTOM_TYPE: Json = {
    "typeId": "type",
    "id": "type-1",
    "obj": {"id": "type-1", "key": "erp-customer", "fieldDefinitions": [{"name": "terms"}, {"name": "vip"}]},
}
RULES = CustomerSync.model_validate(
    {
        "type": "erp-customer",
        "carried": {"payment_terms": "terms", "credit_limit": "limit", "blocked": "blocked"},
    }
)
CUSTOM = {"vip": "cr_vip"}


def customer(**changed: Any) -> Json:
    """A company with a billing, a shipping and another address."""
    document: Json = {
        "id": "customer-1",
        "version": 4,
        "email": "books@example.com",
        "companyName": "Example Trading",
        "vatId": "DE123456789",
        "locale": "de-DE",
        "customerGroup": {"typeId": "customer-group", "id": "g1", "obj": {"id": "g1", "key": "wholesale"}},
        "addresses": [BILLING, SHIPPING, OTHER],
        "defaultBillingAddressId": "a1",
        "defaultShippingAddressId": "a2",
        **changed,
    }
    return copy.deepcopy({name: value for name, value in document.items() if value is not None})


def person(**changed: Any) -> Json:
    """A person without addresses."""
    names = {"firstName": "Anna Maria", "lastName": "van Example", "companyName": None, "vatId": None}
    empty: Json = {"addresses": [], "defaultBillingAddressId": None, "defaultShippingAddressId": None}
    return customer(**{**names, **empty, **changed})


def actions_for(document: Json, after: Mapping[str, Any], **before: Any) -> list[Json]:
    """The actions for these new values, checked against the published OpenAPI; `before` is what the document says."""
    known: Fields = {**customer_fields(document, RULES, CUSTOM), **before}
    actions = customer_actions(document, known, after, RULES, CUSTOM)
    assert isinstance(actions, list), actions
    check_published(f"customers/{document['id']}", document["version"], actions)
    return actions


def check_published(path: str, version: int, actions: list[Json]) -> None:
    """Refuse what the published OpenAPI does not allow."""
    body = {"version": version, "actions": actions}
    assert list(problems_of({"method": "POST", "path": f"/shop/{path}", "query": "", "body": body})) == []


def applied(document: Json, actions: list[Json], kind: str = "customers") -> Json:
    """What the API makes of a document."""
    changed = copy.deepcopy(document)
    for action in actions:
        apply_action(kind, changed, action, ())
    return changed


def names(actions: list[Json]) -> list[str]:
    """The actions by name."""
    return [action["action"] for action in actions]

"""What a commercetools project in memory does with Customers and Business Units. Unknown actions and queries fail."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

type Json = dict[str, Any]

KINDS = ("customers", "business-units")
_TEXT = r'"(?:[^"\\]|\\.)*"'
_EQUALS = re.compile(rf"(\w+) = ({_TEXT})")
_ID_IN = re.compile(rf"id in \(({_TEXT}(?:, {_TEXT})*)\)")
_STORES = re.compile(rf" and \(stores is empty or stores\(key in \(({_TEXT}(?:, {_TEXT})*)\)\)\)$")
_FIELDS = {
    "changeEmail": "email",
    "changeName": "name",
    "changeStatus": "status",
    "setCompanyName": "companyName",
    "setContactEmail": "contactEmail",
    "setExternalId": "externalId",
    "setFirstName": "firstName",
    "setKey": "key",
    "setLastName": "lastName",
    "setLocale": "locale",
    "setMiddleName": "middleName",
    "setVatId": "vatId",
}


class Refused(Exception):
    """The API would answer 400 with this code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def new_document(kind: str, draft: Json, number: int, others: Iterable[Json]) -> Json:
    """Store what a draft says."""
    times = dict.fromkeys(("createdAt", "lastModifiedAt"), "2026-11-24T12:00:00.000Z")
    document: Json = {"id": f"new-{number}", "version": 1, **times, **copy.deepcopy(draft)}
    document.pop("password", None)
    document["addresses"] = [
        {**one, "id": f"a-{number}-{place}"} for place, one in enumerate(draft.get("addresses", ()))
    ]
    for role in ("Billing", "Shipping"):
        place = document.pop(f"default{role}Address", None)
        if place is not None:
            document[f"default{role}AddressId"] = document["addresses"][place]["id"]
    if "customerGroup" in draft:
        document["customerGroup"] = _reference(draft["customerGroup"])
    if "custom" in draft:
        document["custom"]["type"] = _reference(draft["custom"]["type"])
    groups = draft.get("customerGroupAssignments", ())
    document["customerGroupAssignments"] = [{"customerGroup": _reference(one["customerGroup"])} for one in groups]
    _check_unique(kind, document, others)
    return document


def matching(documents: Iterable[Json], where: str) -> list[Json]:
    """Answer the queries that the connector sends; any other is an error in the test."""
    stores = _STORES.search(where)
    keys = set(_texts(stores[1])) if stores else None
    clause = _STORES.sub("", where)
    return [one for one in documents if _fits(one, clause) and (keys is None or _in_stores(one, keys))]


def shown(document: Json, expand: Iterable[str]) -> Json:
    """Leave out the objects that nobody asked to expand."""
    visible, asked = copy.deepcopy(document), set(expand)
    hidden = []
    if "customerGroup" not in asked:
        hidden.append(visible.get("customerGroup"))
    if "custom.type" not in asked:
        hidden.append((visible.get("custom") or {}).get("type"))
    if "customerGroupAssignments[*].customerGroup" not in asked:
        hidden += [one["customerGroup"] for one in visible.get("customerGroupAssignments", ())]
    for reference in hidden:
        if reference:
            reference.pop("obj", None)
    return visible


def apply_action(kind: str, document: Json, action: Json, others: Iterable[Json]) -> None:
    """Do what one update action says, as the API does."""
    name = action["action"]
    if name in _FIELDS:
        _set(document, _FIELDS[name], action.get(_FIELDS[name]))
        _check_unique(kind, document, others)
    elif name == "setCustomerGroup":
        _set(document, "customerGroup", _reference(action.get("customerGroup")))
    elif name == "setCustomerGroupAssignments":
        groups = action["customerGroupAssignments"]
        document["customerGroupAssignments"] = [{"customerGroup": _reference(one["customerGroup"])} for one in groups]
    elif name in ("setCustomType", "setCustomField"):
        _set_custom(document, action)
    else:
        _change_addresses(document, action)


def _change_addresses(document: Json, action: Json) -> None:
    addresses: list[Json] = document.setdefault("addresses", [])
    match action["action"]:
        case "addAddress":
            address = {name: value for name, value in action["address"].items() if name != "id"}
            addresses.append({**address, "id": f"a-{document['version']}-{len(addresses)}"})
        case "changeAddress":
            found = _address(document, action)
            addresses[addresses.index(found)] = {**action["address"], "id": found["id"]}
        case "removeAddress":
            found = _address(document, action)
            addresses.remove(found)
            for role in ("Billing", "Shipping"):
                if document.get(f"default{role}AddressId") == found["id"]:
                    del document[f"default{role}AddressId"]
        case "setDefaultBillingAddress" | "setDefaultShippingAddress" as name:
            none = not action.keys() & {"addressId", "addressKey"}
            role = name.removeprefix("set").replace("Default", "default", 1)
            _set(document, f"{role}Id", None if none else _address(document, action)["id"])
        case unknown:
            raise AssertionError(f"the fake does not know the action {unknown}")


def _address(document: Json, action: Json) -> Json:
    name = "id" if "addressId" in action else "key"
    wanted = action.get("addressId") or action.get("addressKey")
    found: list[Json] = [one for one in document["addresses"] if one.get(name) == wanted]
    if not found:
        raise Refused("InvalidOperation", f"there is no address with the {name} {wanted}")
    return found[0]


def _set_custom(document: Json, action: Json) -> None:
    if action["action"] == "setCustomType":
        document["custom"] = {"type": _reference(action["type"]), "fields": dict(action.get("fields", {}))}
        return
    if "custom" not in document:
        raise Refused("InvalidOperation", "the resource has no custom type")
    fields, name = document["custom"]["fields"], action["name"]
    if action.get("value") is not None:
        fields[name] = action["value"]
    elif fields.pop(name, None) is None:
        raise Refused("InvalidOperation", f"the field {name} does not exist")


def _set(document: Json, field: str, value: Any) -> None:
    document.pop(field, None)
    if value is not None:
        document[field] = value


def _reference(identifier: Mapping[str, Any] | None) -> Json | None:
    if identifier is None:
        return None
    key = identifier["key"]
    return {"typeId": identifier["typeId"], "id": f"id-of-{key}", "obj": {"id": f"id-of-{key}", "key": key}}


def _check_unique(kind: str, document: Json, others: Iterable[Json]) -> None:
    for other in others:
        if other["id"] == document["id"]:
            continue
        if document.get("key") and other.get("key") == document["key"]:
            raise Refused("DuplicateField", "the key is taken")
        if kind == "customers" and other["email"].lower() == document["email"].lower() and _meet(document, other):
            raise Refused("DuplicateField", "the e-mail is taken")


def _meet(one: Json, other: Json) -> bool:
    ours, theirs = _stores(one), _stores(other)
    return bool(ours & theirs) or not (ours or theirs)


def _stores(document: Json) -> set[str]:
    return {store["key"] for store in document.get("stores", ())}


def _in_stores(document: Json, keys: set[str]) -> bool:
    return not _stores(document) or bool(_stores(document) & keys)


def _fits(document: Json, clause: str) -> bool:
    if found := _ID_IN.fullmatch(clause):
        return document["id"] in _texts(found[1])
    equals = _EQUALS.fullmatch(clause)
    assert equals, f"the fake does not know the query {clause}"
    field, value = equals[1], json.loads(equals[2])
    own = document["email"].lower() if field == "lowercaseEmail" else document.get(field)
    return bool(own == value)


def _texts(listed: str) -> list[str]:
    texts: list[str] = json.loads(f"[{listed}]")
    return texts

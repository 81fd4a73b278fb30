"""Update actions that bring changed fields of the back-end into a Customer. Pure.

`before` and `after` hold the changed fields in the back-end's words. Only what differs between the two is written, so
that a value which the back-end shows cut or in capitals is never written over the full one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from shared.mapping.commercetools.address_actions import address_actions, without_country
from shared.mapping.commercetools.custom_field_actions import carried_values, custom_field_actions
from shared.mapping.commercetools.customer_fields import customer_fields
from shared.market_options.customers import CustomerSync
from shared.model.back_end import MissingReference
from shared.model.customer_fields import Fields, is_empty, same

type Action = dict[str, Any]
type Document = Mapping[str, Any]

_TEXTS = {
    "company": ("setCompanyName", "companyName"),
    "first_name": ("setFirstName", "firstName"),
    "last_name": ("setLastName", "lastName"),
    "vat_id": ("setVatId", "vatId"),
    "locale": ("setLocale", "locale"),
}


def customer_actions(
    document: Document, before: Fields, after: Fields, rules: CustomerSync, custom: Mapping[str, str]
) -> list[Action] | MissingReference:
    """List the actions that a Customer still needs; none when it is so already.

    A MissingReference says what cannot be written: an empty e-mail, an address without a country, a custom field that
    the customer's type lacks. `rules` and `custom` are those that `customer_fields` was given, and `before` is made of
    this very document: the back-end has no ids for addresses, they are recognised by what `before` shows of them.
    """
    changed = differences(before, after)
    if "email" in changed and is_empty(changed["email"]):
        return no_email()
    refused = without_country(before, changed)
    if refused is not None:
        return refused
    carried = custom_field_actions(document, carried_values(changed, rules, custom, document), rules)
    if isinstance(carried, MissingReference):
        return carried
    now = customer_fields(document, rules, custom)
    named = {**changed, **_names(document, now, changed)}
    return [
        *_email_action(now, changed),
        *(_text_action(name, named[name]) for name in _TEXTS if name in named and not same(named[name], now[name])),
        *_middle_name_action(document, named),
        *_group_action(now, changed),
        *address_actions(document, before, own_addresses(changed, rules)),
        *carried,
    ]


def differences(before: Fields, after: Fields) -> Fields:
    """Leave out what is the same before and after."""
    return {name: value for name, value in after.items() if name not in before or not same(before[name], value)}


def own_addresses(changed: Fields, rules: CustomerSync) -> Fields:
    """Leave out the phone when a custom field carries it."""
    return {name: value for name, value in changed.items() if name != "phone" or "phone" not in rules.carried}


def no_email() -> MissingReference:
    """Say that an e-mail address cannot be taken away."""
    return MissingReference(
        kind="email",
        key="email",
        text="the e-mail address was removed in the back-end, and commercetools has no customer without one",
        hint="fill it in again in the back-end, or let commercetools own the field email",
    )


def _email_action(now: Fields, changed: Fields) -> list[Action]:
    """Change the e-mail, unless it differs in case only: commercetools compares without it."""
    wanted = str(changed.get("email", now["email"]))
    if wanted.casefold() == str(now["email"]).casefold():
        return []
    return [{"action": "changeEmail", "email": wanted}]


def _text_action(name: str, value: JsonValue) -> Action:
    action, field = _TEXTS[name]
    return {"action": action} if is_empty(value) else {"action": action, field: value}


def _middle_name_action(document: Document, named: Fields) -> list[Action]:
    """Take away a middle name that is a part of the first name now."""
    if "middle_name" not in named or not document.get("middleName"):
        return []
    return [{"action": "setMiddleName"}]


def _names(document: Document, now: Fields, changed: Fields) -> Fields:
    """Find out which names a changed whole name means; names of their own say it better."""
    whole = str(changed.get("name") or "").strip()
    if not whole or whole == now["name"] or changed.keys() & {"company", "first_name", "last_name"}:
        return {}
    return {"company": whole} if document.get("companyName") else person_names(whole, document)


def person_names(whole: str, document: Document) -> Fields:
    """Split a whole name: the first or last name that it still has stays, else the last word is the last name.

    `middle_name` is there, and None, when the middle name is a part of the first name from now on.
    """
    middle = f" {document['middleName']}" if document.get("middleName") else ""
    first, last = document.get("firstName") or "", document.get("lastName") or ""
    given = f"{first}{middle}".strip()
    if last and whole.endswith(f" {last}"):
        rest = whole.removesuffix(f" {last}")
    elif given and whole.startswith(f"{given} "):
        rest, last = given, whole.removeprefix(f"{given} ")
    else:
        rest, _, last = whole.rpartition(" ")
    if middle and rest.endswith(middle):
        return {"first_name": rest.removesuffix(middle), "last_name": last}
    return {"first_name": rest or None, "last_name": last, "middle_name": None}


def _group_action(now: Fields, changed: Fields) -> list[Action]:
    if "customer_group" not in changed or "customer_group" not in now:
        return []
    if same(changed["customer_group"], now["customer_group"]):
        return []
    key = changed["customer_group"]
    return [
        {"action": "setCustomerGroup"} | ({"customerGroup": {"typeId": "customer-group", "key": key}} if key else {})
    ]

"""A Business Unit (Company or Division) as a company's fields, and the update actions for it. Pure.

Its contacts are the customers who are its associates. They are told to the back-end only: who they are is changed on
their own Customer documents. A Business Unit has neither VAT id nor locale of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.mapping.commercetools.address_actions import address_actions, without_country
from shared.mapping.commercetools.custom_field_actions import carried_values, custom_field_actions
from shared.mapping.commercetools.customer_actions import differences, own_addresses
from shared.mapping.commercetools.customer_documents import BusinessUnitDocument
from shared.mapping.commercetools.customer_fields import (
    address_fields,
    carried_fields,
    contacts_of,
    group_field,
    stripped,
)
from shared.mapping.commercetools.errors import UnmappableCustomer, parsed
from shared.market_options.customers import CustomerSync
from shared.model.back_end import MissingReference
from shared.model.customer_fields import Fields, is_empty, same

type Action = dict[str, Any]
type Document = Mapping[str, Any]


def business_unit_fields(
    document: Document, associates: Sequence[Document], rules: CustomerSync, custom: Mapping[str, str]
) -> Fields:
    """Read what keeping in step needs; `associates` are the Customer documents behind `associate_ids`.

    `document` has `BUSINESS_UNIT_EXPANSIONS`. A unit in several customer groups tells none: a back-end knows one.
    Raises UnmappableCustomer with the path of what is missing.
    """
    unit = parsed(BusinessUnitDocument, dict(document), UnmappableCustomer)
    groups = [assignment.customer_group for assignment in unit.customer_group_assignments]
    return {
        "name": stripped(unit.name),
        "company": stripped(unit.name),
        "email": stripped(unit.contact_email),
        **(group_field(groups[0] if groups else None) if len(groups) < 2 else {}),
        **address_fields(document, rules),
        "contacts": contacts_of(associates),
        **carried_fields(document, rules, custom),
        "blocked": unit.status == "Inactive",
    }


def business_unit_actions(
    document: Document, before: Fields, after: Fields, rules: CustomerSync, custom: Mapping[str, str]
) -> list[Action] | MissingReference:
    """List the actions that a Business Unit still needs; see `customer_actions`."""
    changed = differences(before, after)
    refused = without_country(before, changed)
    if refused is not None:
        return refused
    # The status says whether it is blocked.
    values = carried_values({name: changed[name] for name in changed if name != "blocked"}, rules, custom, document)
    carried = custom_field_actions(document, values, rules)
    if isinstance(carried, MissingReference):
        return carried
    now = business_unit_fields(document, (), rules, custom)
    return [
        *_name_action(now, changed),
        *_contact_email_action(now, changed),
        *_group_action(now, changed),
        *address_actions(document, before, own_addresses(changed, rules)),
        *_status_action(now, changed),
        *carried,
    ]


def _name_action(now: Fields, changed: Fields) -> list[Action]:
    """Change the name; a unit without one does not exist."""
    wanted = changed.get("company") or changed.get("name")
    return [] if not wanted or wanted == now["name"] else [{"action": "changeName", "name": wanted}]


def _contact_email_action(now: Fields, changed: Fields) -> list[Action]:
    wanted = str(changed.get("email", now["email"]) or "")
    if wanted.casefold() == str(now["email"] or "").casefold():
        return []
    return [{"action": "setContactEmail"} | ({"contactEmail": wanted} if wanted else {})]


def _group_action(now: Fields, changed: Fields) -> list[Action]:
    if "customer_group" not in changed or "customer_group" not in now:
        return []
    key = changed["customer_group"]
    if same(key, now["customer_group"]):
        return []
    groups = [] if is_empty(key) else [{"customerGroup": {"typeId": "customer-group", "key": key}}]
    return [{"action": "setCustomerGroupAssignments", "customerGroupAssignments": groups}]


def _status_action(now: Fields, changed: Fields) -> list[Action]:
    if "blocked" not in changed or bool(changed["blocked"]) == now["blocked"]:
        return []
    return [{"action": "changeStatus", "status": "Inactive" if changed["blocked"] else "Active"}]

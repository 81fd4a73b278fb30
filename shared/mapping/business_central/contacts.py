"""Persons at a company ⇄ contacts of Business Central. Pure.

A contact has one name here: the last word of it is the last name, as everywhere where a back-end knows but one. Who
has no name is called by the e-mail address. Persons that are no longer wanted stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from shared.mapping.business_central.fields import CONTACT_LIMITS
from shared.mapping.fitting import fit
from shared.markets import Market
from shared.model.back_end import MissingReference
from shared.model.customer_fields import same

type Row = Mapping[str, Any]

PERSON = "Person"


@dataclass(frozen=True, slots=True)
class ContactEdit:
    """A contact to be changed, or added where `row` is None."""

    row: Row | None
    body: Mapping[str, Any]


def shape_contacts(contacts: JsonValue, market: Market) -> list[JsonValue] | MissingReference:
    """Say what Business Central would make of these persons; who has neither name nor e-mail address is left out."""
    shaped: list[JsonValue] = []
    for contact in contacts if isinstance(contacts, list) else []:
        fitted = fit(_texts(contact if isinstance(contact, dict) else {}), CONTACT_LIMITS, market.order.cut)
        if isinstance(fitted, MissingReference):
            return fitted
        texts, _ = fitted
        if texts:
            shaped.append(contact_of(texts))
    return shaped


def contact_of(row: Row) -> dict[str, JsonValue]:
    """Read a contact."""
    email = (row.get("email") or "").lower()
    first, _, last = (row.get("displayName") or "").strip().rpartition(" ")
    is_named = last and last.lower() != email
    parts = {
        "email": email,
        "first_name": first.strip() if is_named else "",
        "last_name": last if is_named else "",
        "phone": row.get("phoneNumber") or "",
    }
    return {name: value for name, value in parts.items() if value}


def contact_edits(wanted: JsonValue, rows: Sequence[Row]) -> list[ContactEdit]:
    """List what makes these persons known: first who is known already, by e-mail address or else by name."""
    left = list(rows)
    edits: list[ContactEdit] = []
    for contact in wanted if isinstance(wanted, list) else []:
        person = contact if isinstance(contact, dict) else {}
        row = _known(person, left)
        if row is not None:
            left.remove(row)
        if row is None or not same(contact_of(row), person):
            edits.append(ContactEdit(row, _body(person)))
    return edits


def _known(person: Mapping[str, JsonValue], rows: Sequence[Row]) -> Row | None:
    same_person = [row for row in rows if same(contact_of(row), dict(person))]
    name = "email" if person.get("email") else "last_name"
    alike = [row for row in rows if same(contact_of(row).get(name), person.get(name))]
    if name == "last_name":
        alike = [row for row in alike if same(contact_of(row).get("first_name"), person.get("first_name"))]
    return next(iter(same_person or alike), None)


def _body(person: Mapping[str, JsonValue]) -> dict[str, Any]:
    texts = _texts(person)
    return {name: texts[name] or "" for name in CONTACT_LIMITS}


def _texts(person: Mapping[str, JsonValue]) -> dict[str, str | None]:
    email = str(person.get("email") or "").strip().lower()
    name = " ".join(str(part).strip() for part in (person.get("first_name"), person.get("last_name")) if part)
    phone = person.get("phone")
    return {"displayName": name or email, "email": email, "phoneNumber": str(phone) if phone else None}

"""A customer as both sides can compare it: one value per field, in the words and lengths of the back-end.

`Fields` maps names to plain JSON values; a field that is not there cannot be held by that side, None says it is empty.
An address is an object of `ADDRESS_PARTS` without empty parts; `addresses` (all but the default ones) is a list of
them, `contacts` a list of objects of `CONTACT_PARTS`. Own fields of a project are named `custom.NAME`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

type Fields = Mapping[str, JsonValue]

# What a customer may have; `name` is the company's or the whole person's name, for back-ends that know no other.
FIELD_NAMES = (
    "name",
    "first_name",
    "last_name",
    "company",
    "email",
    "phone",
    "vat_id",
    "locale",
    "customer_group",
    "payment_terms",
    "credit_limit",
    "blocked",
    "billing_address",
    "shipping_address",
    "addresses",
    "contacts",
)
ADDRESS_PARTS = (
    "company",
    "first_name",
    "last_name",
    "street",
    "additional",
    "postal_code",
    "city",
    "state",
    "country",
    "phone",
)
CONTACT_PARTS = ("email", "first_name", "last_name", "phone")
SETS = frozenset({"addresses", "contacts"})  # merged member by member
CUSTOM = "custom."


@dataclass(frozen=True, slots=True)
class CustomerState:
    """A customer of the back-end as it is now. `kind` is its own word where it has several (account, contact).

    `etag` makes the next write conditional; `modified_at` is None where the back-end does not say. `details` is what
    only this connector needs to write it again, such as the ids behind addresses.
    """

    id: str
    number: str
    fields: Fields
    kind: str = ""
    etag: str = ""
    modified_at: datetime | None = None
    details: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One record of the back-end that changed. `version` differs whenever the record does."""

    id: str
    version: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of changes; once it is safely queued the pull goes on from `cursor`, also in another run.

    `whole` says that the pages together list everything there is, ordered by id: what did not change has to be sorted
    out by its version, and what is missing was deleted.
    """

    changes: Sequence[RecordChange]
    cursor: str
    whole: bool = False


def is_empty(value: JsonValue) -> bool:
    """Tell whether a field says nothing; False and 0 say something."""
    return value is None or value in ("", [], {})


def same(one: JsonValue, other: JsonValue) -> bool:
    """Compare two values: empty ones are alike, and members of a list have no order."""
    return canonical(one) == canonical(other)


def canonical(value: JsonValue) -> str:
    """Spell a value so that equal ones are spelled alike."""
    if is_empty(value):
        return ""
    if isinstance(value, list):
        return json.dumps(sorted(canonical(item) for item in value))
    if isinstance(value, dict):
        return json.dumps({name: canonical(part) for name, part in sorted(value.items()) if not is_empty(part)})
    return json.dumps(value)

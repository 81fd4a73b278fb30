"""Lenient read models of what keeping customers in step reads: expanded references, Business Units."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.mapping.commercetools.documents import (
    AddressDocument,
    CustomDocument,
    CustomerDocument,
    GroupAssignmentDocument,
    ReferenceDocument,
)

# What has to be expanded when a document is read: groups are compared by key, custom types are named in questions.
CUSTOMER_EXPANSIONS = ("customerGroup", "custom.type")
BUSINESS_UNIT_EXPANSIONS = ("customerGroupAssignments[*].customerGroup", "custom.type")


class ExpandedReference(ReferenceDocument):
    """A Reference whose object may stand beside its id."""

    obj: ReferenceDocument | None = None

    @property
    def known_key(self) -> str | None:
        """The key of what it points at, as far as it was expanded and has one."""
        return self.obj.key if self.obj else self.key


class ExpandedAssignmentDocument(GroupAssignmentDocument):
    """Membership of a customer group."""

    customer_group: ExpandedReference


class ExpandedCustomerDocument(CustomerDocument):
    """A Customer with its group."""

    customer_group: ExpandedReference | None = None


class AssociateDocument(BaseModel):
    """Somebody who acts for a Business Unit."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    customer: ReferenceDocument


class BusinessUnitDocument(BaseModel):
    """A Company or a Division."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True, defer_build=True)

    id: str
    version: int
    key: str
    name: str
    unit_type: str = "Company"
    status: str = "Active"
    contact_email: str | None = None
    addresses: tuple[AddressDocument, ...] = ()
    default_billing_address_id: str | None = None
    default_shipping_address_id: str | None = None
    customer_group_assignments: tuple[ExpandedAssignmentDocument, ...] = ()
    associates: tuple[AssociateDocument, ...] = ()
    stores: tuple[ReferenceDocument, ...] = ()
    custom: CustomDocument | None = None


def associate_ids(document: dict[str, Any]) -> tuple[str, ...]:
    """List the ids of the customers who act for a Business Unit, each once, in its order."""
    ids = (associate.get("customer", {}).get("id") for associate in document.get("associates", ()))
    return tuple(dict.fromkeys(found for found in ids if found))

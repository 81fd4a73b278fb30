"""Customer document to canonical customer."""

from typing import Any

from shared.mapping.commercetools.addresses import address_from
from shared.mapping.commercetools.documents import CustomerDocument
from shared.mapping.commercetools.errors import UnmappableCustomer, parsed
from shared.model.customer import Customer


def customer_from_document(doc: dict[str, Any], project: str) -> Customer:
    """Map a Customer document, or raise UnmappableCustomer with the path of what is missing."""
    customer = parsed(CustomerDocument, doc, UnmappableCustomer)
    return Customer(
        project=project,
        id=customer.id,
        version=customer.version,
        email=customer.email,
        key=customer.key,
        number=customer.customer_number,
        external_id=customer.external_id,
        title=customer.title,
        salutation=customer.salutation,
        first_name=customer.first_name,
        middle_name=customer.middle_name,
        last_name=customer.last_name,
        company=customer.company_name,
        vat_id=customer.vat_id,
        locale=customer.locale,
        group=_group(customer),
        addresses=tuple(map(address_from, customer.addresses)),
        default_billing_address_id=customer.default_billing_address_id,
        default_shipping_address_id=customer.default_shipping_address_id,
        stores=tuple(store.key for store in customer.stores if store.key),
        custom=customer.custom.fields_ if customer.custom else {},
    )


def _group(customer: CustomerDocument) -> str | None:
    assigned = (assignment.customer_group.id for assignment in customer.customer_group_assignments)
    return customer.customer_group.id if customer.customer_group else next(assigned, None)

"""commercetools documents to the canonical model."""

from shared.mapping.commercetools.customers import customer_from_document
from shared.mapping.commercetools.errors import UnmappableCustomer, UnmappableError, UnmappableOrder
from shared.mapping.commercetools.orders import order_from_document

__all__ = ["UnmappableCustomer", "UnmappableError", "UnmappableOrder", "customer_from_document", "order_from_document"]

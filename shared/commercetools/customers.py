"""Customers and Business Units of a project: read, found by exact values, created, updated.

Nothing is searched: every look-up is an exact comparison. `lowercaseEmail` is a field of queries only, which the
OpenAPI does not list but the SDKs of the maker do (commercetools-dotnet-core-sdk issue 138); without it, the case of
an e-mail would matter.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from shared.commercetools.client import CommercetoolsClient, Document
from shared.mapping.commercetools.customer_documents import BUSINESS_UNIT_EXPANSIONS, CUSTOMER_EXPANSIONS

type Action = Mapping[str, Any]

CUSTOMERS = "customers"
BUSINESS_UNITS = "business-units"
MOST_CANDIDATES = 20  # more than that are shown to nobody
IDS_AT_ONCE = 50  # keeps the address of a query short


async def read_customer(
    client: CommercetoolsClient, customer_id: str, correlation_id: str, expand: Sequence[str] = CUSTOMER_EXPANSIONS
) -> Document | None:
    """Read a Customer with its group and custom type; None when it does not exist any more."""
    return await client.find(f"{CUSTOMERS}/{customer_id}", correlation_id, expand=expand)


async def read_business_unit(
    client: CommercetoolsClient, unit_id: str, correlation_id: str, expand: Sequence[str] = BUSINESS_UNIT_EXPANSIONS
) -> Document | None:
    """Read a Business Unit with its groups and custom type; None when it does not exist any more."""
    return await client.find(f"{BUSINESS_UNITS}/{unit_id}", correlation_id, expand=expand)


async def read_customers(
    client: CommercetoolsClient, customer_ids: Sequence[str], correlation_id: str
) -> list[Document]:
    """Read several Customers, in the order asked for; those that do not exist are left out."""
    found: dict[str, Document] = {}
    for start in range(0, len(customer_ids), IDS_AT_ONCE):
        listed = ", ".join(quoted(one) for one in customer_ids[start : start + IDS_AT_ONCE])
        page = await client.query(CUSTOMERS, correlation_id, where=f"id in ({listed})")
        found |= {document["id"]: document for document in page}
    return [found[one] for one in customer_ids if one in found]


async def find_customers(
    client: CommercetoolsClient,
    correlation_id: str,
    *,
    external_id: str | None = None,
    customer_number: str | None = None,
    email: str | None = None,
    vat_id: str | None = None,
    stores: Collection[str] = (),
) -> list[Document]:
    """Find Customers by exactly one value, oldest first, `MOST_CANDIDATES` at most; e-mails without regard to case.

    With `stores` (keys) only customers of these stores, and those of every store: an e-mail is unique in the project
    or in a store, so the same one in another store is somebody else. Raises ValueError without exactly one value.
    """
    values = {"externalId": external_id, "customerNumber": customer_number, "vatId": vat_id}
    values["lowercaseEmail"] = email.lower() if email is not None else None
    given = {name: value for name, value in values.items() if value}
    if len(given) != 1:
        raise ValueError("give exactly one of external_id, customer_number, email and vat_id, and not empty")
    ((name, value),) = given.items()
    return await _query(client, CUSTOMERS, f"{name} = {quoted(value)}", stores, CUSTOMER_EXPANSIONS, correlation_id)


async def find_business_unit(client: CommercetoolsClient, key: str, correlation_id: str) -> Document | None:
    """Find a Business Unit by its key."""
    where = f"key = {quoted(key)}"
    found = await _query(client, BUSINESS_UNITS, where, (), BUSINESS_UNIT_EXPANSIONS, correlation_id)
    return found[0] if found else None


async def create_customer(client: CommercetoolsClient, draft: Mapping[str, Any], correlation_id: str) -> Document:
    """Create a Customer; it comes back without expansions. Permanent, DuplicateField: its e-mail is taken."""
    answer = await client.create(CUSTOMERS, draft, correlation_id)
    customer: Document = answer["customer"]
    return customer


async def create_business_unit(client: CommercetoolsClient, draft: Mapping[str, Any], correlation_id: str) -> Document:
    """Create a Business Unit. Permanent, DuplicateField: its key is taken."""
    return await client.create(BUSINESS_UNITS, draft, correlation_id, expand=BUSINESS_UNIT_EXPANSIONS)


async def update_customer(
    client: CommercetoolsClient,
    document: Document,
    actions_for: Callable[[Document], Sequence[Action]],
    correlation_id: str,
    *,
    attempts: int = 1,
) -> Document:
    """Apply what is necessary. Raises Conflict when somebody else was faster: read, merge and decide again.

    More than one attempt is for actions that need nothing but the document.
    """
    path = f"{CUSTOMERS}/{document['id']}"
    return await client.update(
        path, document, actions_for, correlation_id, expand=CUSTOMER_EXPANSIONS, attempts=attempts
    )


async def update_business_unit(
    client: CommercetoolsClient,
    document: Document,
    actions_for: Callable[[Document], Sequence[Action]],
    correlation_id: str,
    *,
    attempts: int = 1,
) -> Document:
    """Apply what is necessary; see `update_customer`."""
    path = f"{BUSINESS_UNITS}/{document['id']}"
    return await client.update(
        path, document, actions_for, correlation_id, expand=BUSINESS_UNIT_EXPANSIONS, attempts=attempts
    )


def quoted(value: str) -> str:
    """Spell a text as a query predicate takes it."""
    return json.dumps(value, ensure_ascii=False)


async def _query(
    client: CommercetoolsClient,
    path: str,
    where: str,
    stores: Collection[str],
    expand: Sequence[str],
    correlation_id: str,
) -> list[Document]:
    if stores:
        keys = ", ".join(quoted(key) for key in sorted(stores))
        where += f" and (stores is empty or stores(key in ({keys})))"
    return await client.query(
        path, correlation_id, where=where, sort=("createdAt asc", "id asc"), limit=MOST_CANDIDATES, expand=expand
    )

"""Exact queries for many values at once, walked page by page.

Values travel as input variables of the predicate, one `var.v=…` each (docs.commercetools.com, Query Predicates; the
maker's Java SDK sends lists so), because a predicate that names them twice would be twice as long. Addresses above some
15,000 characters are refused with 413 or 414 (commercetools-sync-java, pull request 688), so long values make more
requests of fewer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from shared.commercetools.client import MAX_PAGE, CommercetoolsClient, Document, Parameter

MOST_VALUES = 500  # in one request
LONGEST_ADDRESS = 12_000  # characters of values, as they are encoded
_PER_VALUE = len("&var.v=")


def portions(values: Iterable[str]) -> Iterator[list[str]]:
    """Split values, each of them once, so that every portion fits into one request."""
    portion: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        size = _PER_VALUE + len(quote(value, safe=""))
        if portion and (len(portion) == MOST_VALUES or length + size > LONGEST_ADDRESS):
            yield portion
            portion, length = [], 0
        portion.append(value)
        length += size
    if portion:
        yield portion


async def all_of(
    client: CommercetoolsClient,
    path: str,
    where: str,
    values: Iterable[str],
    correlation_id: str,
    *,
    per_value: int | None = None,
    **params: Parameter,
) -> list[Document]:
    """Find every document for which `where`, a predicate with `:v` for the values, holds.

    `per_value` is how many there can be for one value. It saves the request that only finds a full page to be the last.
    """
    found: list[Document] = []
    for portion in portions(values):
        most = None if per_value is None else per_value * len(portion)
        async for page in pages(client, path, [where], correlation_id, {"var.v": portion, **params}, most=most):
            found += page
    return found


async def pages(
    client: CommercetoolsClient,
    path: str,
    where: Sequence[str],
    correlation_id: str,
    params: Mapping[str, Parameter] | None = None,
    *,
    size: int = MAX_PAGE,
    most: int | None = None,
) -> AsyncIterator[list[Document]]:
    """Walk a query by id, so that nothing is skipped or read twice however long it takes, beyond 10,000 too.

    `most` is how many documents there can be at all, if that is known.
    """
    after: list[str] = []
    seen = 0
    while True:
        query: dict[str, Parameter] = {"where": [*where, *after], "sort": "id asc", "limit": size, "withTotal": "false"}
        answer = await client.get(path, correlation_id, **query, **(params or {}))
        results: list[Document] = answer["results"]
        if results:
            yield results
        seen += len(results)
        if len(results) < size or seen == most:
            return
        after = [f'id > "{results[-1]["id"]}"']

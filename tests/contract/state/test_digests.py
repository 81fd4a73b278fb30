"""Digests of long lists: read page by page, they tell what is new, changed or gone."""

from __future__ import annotations

from tests.contract.state.stores import Store

SCOPE = "finance:demf:customers"


async def test_a_page_returns_the_digests_of_its_ids(store: Store) -> None:
    await store.state.digests.put(SCOPE, {"A": "1", "B": "2", "C": "3"})
    page = await store.state.digests.page(SCOPE, ["A", "B"], "")
    assert page.known == {"A": "1", "B": "2"}
    assert list(page.missing) == []


async def test_ids_between_two_pages_that_the_list_does_not_have_are_missing(store: Store) -> None:
    await store.state.digests.put(SCOPE, dict.fromkeys("ABCDEF", "1"))
    first = await store.state.digests.page(SCOPE, ["A", "C"], "")
    assert list(first.missing) == ["B"]
    second = await store.state.digests.page(SCOPE, ["E"], first.after)
    assert list(second.missing) == ["D"]
    assert list(await store.state.digests.rest(SCOPE, second.after)) == ["F"]


async def test_an_id_out_of_order_is_found_on_its_page(store: Store) -> None:
    await store.state.digests.put(SCOPE, dict.fromkeys("ABCD", "1"))
    first = await store.state.digests.page(SCOPE, ["A", "D"], "")
    second = await store.state.digests.page(SCOPE, ["B"], first.after)
    assert second.known == {"B": "1"}
    assert list(second.missing) == []


async def test_what_is_put_replaces_and_what_is_removed_is_forgotten(store: Store) -> None:
    await store.state.digests.put(SCOPE, {"A": "1", "B": "1"})
    await store.state.digests.put(SCOPE, {"A": "2"}, removed=["B", "never there"])
    page = await store.state.digests.page(SCOPE, ["A", "B"], "")
    assert page.known == {"A": "2"}


async def test_lists_keep_apart(store: Store) -> None:
    await store.state.digests.put(SCOPE, {"A": "1"})
    assert (await store.state.digests.page("another", ["A"], "")).known == {}
    assert list(await store.state.digests.rest("another", "")) == []


async def test_more_digests_than_a_transaction_takes_and_ids_that_keys_cannot_hold(store: Store) -> None:
    digests = {f"NO/{number:04d}#\u00e4": str(number) for number in range(250)}
    await store.state.digests.put(SCOPE, digests)
    page = await store.state.digests.page(SCOPE, list(digests), "")
    assert page.known == digests
    assert list(page.missing) == []


async def test_an_empty_page_tells_nothing(store: Store) -> None:
    await store.state.digests.put(SCOPE, {"A": "1"})
    page = await store.state.digests.page(SCOPE, [], "")
    assert (dict(page.known), list(page.missing), page.after) == ({}, [], "")

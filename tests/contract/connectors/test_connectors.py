"""What every connector does in the same way, each against its simulator in this process."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from local.orders import Line
from shared.errors import NotFound, OutcomeUnknown, Permanent, Throttled, Transient
from shared.flows.order_totals import Agree, compare_totals
from shared.markets import ItemTarget
from shared.model.back_end import CustomerDraft, Party
from shared.model.money import Money
from tests.contract.connectors.harness import TRACE, BackEndUnderTest, an_order, totals_in, totals_of

SHIRTS = Line("TSHIRT-BLK-M", "T-shirt", 3, 1999, discount=1000)
ORDERS = {
    "the demo order": (),
    "one line": (Line("GIFT-MUG", "Mug", 1, 799),),
    "an odd discount": (replace(SHIRTS, quantity=7, discount=1),),
    "free goods": (SHIRTS, replace(SHIRTS, sku="GIFT-MUG", quantity=1, cents=500, discount=500)),
    "two rates": (Line("BOOK-001", "Book", 3, 333, rate="0.07"), Line("SOCKS-3PACK", "Socks", 11, 99)),
    "no tax": (Line("BOOK-001", "Book", 1, 2495, rate="0"),),
}


@pytest.mark.parametrize("lines", ORDERS.values(), ids=ORDERS)
async def test_the_totals_of_an_order_equal_those_of_commercetools(
    back_end: BackEndUnderTest, lines: tuple[Line, ...]
) -> None:
    document, order = an_order("1001", *lines)
    draft, record = await back_end.created(order)
    verdict = compare_totals(draft, record, back_end.market.totals)
    assert isinstance(verdict, Agree), verdict
    assert totals_in(record)[2] == totals_of(document)[2]


async def test_a_created_order_is_found_by_its_reference(back_end: BackEndUnderTest) -> None:
    _, order = an_order("1001")
    draft, record = await back_end.created(order)
    assert record.number
    assert record.untouched
    assert record.reference == draft.reference
    assert await back_end.connector.find_orders(back_end.market, draft.reference, TRACE) == [record]
    assert await back_end.connector.read_order(back_end.market, record.id, TRACE) == record


async def test_a_reference_that_nothing_carries_finds_nothing(back_end: BackEndUnderTest) -> None:
    assert await back_end.connector.find_orders(back_end.market, "NOT-THERE", TRACE) == []


async def test_orders_keep_apart(back_end: BackEndUnderTest) -> None:
    first, second = [await back_end.created(an_order(number)[1]) for number in ("1001", "1002")]
    assert first[1].id != second[1].id
    assert await back_end.connector.find_orders(back_end.market, second[0].reference, TRACE) == [second[1]]


async def test_the_lines_of_an_order_come_back_in_their_order(back_end: BackEndUnderTest) -> None:
    draft, record = await back_end.created(an_order("1001")[1])
    assert [line.gross for line in record.lines] == [line.gross for line in draft.lines]


async def test_a_whole_order_is_not_repaired(back_end: BackEndUnderTest) -> None:
    draft, record = await back_end.created(an_order("1001")[1])
    assert await back_end.connector.repair_order(back_end.market, record, draft, TRACE) == record
    assert len(back_end.rows(back_end.orders)) == 1


@pytest.mark.parametrize("status", [502, 504])
async def test_an_order_whose_answer_was_lost_is_found_afterwards(back_end: BackEndUnderTest, status: int) -> None:
    draft = await back_end.drafted(an_order("1001")[1])
    customer = await back_end.customer()
    await back_end.connector.find_orders(back_end.market, draft.reference, TRACE)
    back_end.fail("status_after", status)
    with pytest.raises(OutcomeUnknown):
        await back_end.connector.create_order(back_end.market, draft, customer, None, TRACE)
    (found,) = await back_end.connector.find_orders(back_end.market, draft.reference, TRACE)
    whole = await back_end.connector.repair_order(back_end.market, found, draft, TRACE)
    assert whole.totals.gross == draft.expected.gross
    assert len(back_end.rows(back_end.orders)) == 1


async def test_an_order_that_was_refused_leaves_nothing(back_end: BackEndUnderTest) -> None:
    draft = await back_end.drafted(an_order("1001")[1])
    back_end.fail("status", 400)
    with pytest.raises(Permanent):
        await back_end.connector.create_order(back_end.market, draft, await back_end.customer(), None, TRACE)
    assert await back_end.connector.find_orders(back_end.market, draft.reference, TRACE) == []


async def test_a_wrong_id_finds_nothing_and_creates_nothing(back_end: BackEndUnderTest) -> None:
    _, record = await back_end.created(an_order("1001")[1])
    wrong = replace(record, id=back_end.wrong_id)
    with pytest.raises(NotFound):
        await back_end.connector.read_order(back_end.market, back_end.wrong_id, TRACE)
    with pytest.raises(Permanent):
        await back_end.connector.add_rounding_line(back_end.market, wrong, Money(Decimal("0.01"), "EUR"), TRACE)
    await back_end.connector.delete_order(back_end.market, wrong, TRACE)
    assert len(back_end.rows(back_end.orders)) == 1
    assert await back_end.connector.read_order(back_end.market, record.id, TRACE) == record


async def test_a_deleted_order_is_gone_with_its_lines_and_may_be_deleted_again(back_end: BackEndUnderTest) -> None:
    draft, record = await back_end.created(an_order("1001")[1])
    await back_end.connector.delete_order(back_end.market, record, TRACE)
    await back_end.connector.delete_order(back_end.market, record, TRACE)
    assert await back_end.connector.find_orders(back_end.market, draft.reference, TRACE) == []
    assert back_end.rows(back_end.orders) == []
    assert back_end.rows(back_end.lines) == []


@pytest.mark.parametrize("cents", [1, -2])
async def test_a_rounding_line_closes_a_gap(back_end: BackEndUnderTest, cents: int) -> None:
    _, record = await back_end.created(an_order("1001")[1])
    gap = Money.from_cents(cents, "EUR")
    changed = await back_end.connector.add_rounding_line(back_end.market, record, gap, TRACE)
    assert changed.totals.gross == record.totals.gross + gap
    assert changed.totals.tax == record.totals.tax


# -- customers


async def test_a_customer_is_found_by_number(back_end: BackEndUnderTest) -> None:
    (found,) = await back_end.connector.find_customers(back_end.market, TRACE, number=back_end.number)
    assert (found.number, found.email, found.blocked) == (back_end.number, back_end.email, False)


async def test_a_customer_is_found_by_the_exact_e_mail(back_end: BackEndUnderTest) -> None:
    (found,) = await back_end.connector.find_customers(back_end.market, TRACE, email=back_end.email)
    assert found.number == back_end.number
    part = back_end.email.partition("@")[0]
    assert await back_end.connector.find_customers(back_end.market, TRACE, email=part) == []


async def test_customers_who_share_an_e_mail_are_all_returned(back_end: BackEndUnderTest) -> None:
    found = await back_end.connector.find_customers(back_end.market, TRACE, email=back_end.shared_email)
    assert len({record.number for record in found}) == 2


async def test_a_blocked_customer_says_so(back_end: BackEndUnderTest) -> None:
    (found,) = await back_end.connector.find_customers(back_end.market, TRACE, number=back_end.blocked_number)
    assert found.blocked


async def test_an_unknown_customer_is_not_found(back_end: BackEndUnderTest) -> None:
    assert await back_end.connector.find_customers(back_end.market, TRACE, number="77777") == []
    assert await back_end.connector.find_customers(back_end.market, TRACE, email="o'nobody@example.com") == []


@pytest.mark.parametrize("company", [None, "Example Trading"])
async def test_a_new_customer_is_found_by_e_mail_and_can_order(back_end: BackEndUnderTest, company: str | None) -> None:
    address = an_order("1001")[1].billing_address
    party = Party("key", False, company or "New Customer", "new@example.com", company, address=address)
    drafted = back_end.connector.draft_customer(party, back_end.market)
    assert isinstance(drafted, CustomerDraft)
    created = await back_end.connector.create_customer(back_end.market, drafted, TRACE)
    (found,) = await back_end.connector.find_customers(back_end.market, TRACE, email="new@example.com")
    assert (found.id, found.number) == (created.id, created.number)
    draft = await back_end.drafted(an_order("1001")[1])
    record = await back_end.connector.create_order(back_end.market, draft, created, None, TRACE)
    assert record.totals.gross == draft.expected.gross


async def test_a_new_customer_is_found_by_the_number_that_the_record_has(back_end: BackEndUnderTest) -> None:
    drafted = back_end.connector.draft_customer(Party("key", False, "New Customer", "new@example.com"), back_end.market)
    assert isinstance(drafted, CustomerDraft)
    created = await back_end.connector.create_customer(back_end.market, drafted, TRACE)
    (found,) = await back_end.connector.find_customers(back_end.market, TRACE, number=created.number)
    assert found.id == created.id


# -- items


async def test_items_are_found_by_number_and_missing_ones_left_out(back_end: BackEndUnderTest) -> None:
    targets = {"shirt": ItemTarget(item=back_end.item), "none": ItemTarget(item="NO-SUCH-ITEM")}
    found = await back_end.connector.find_items(back_end.market, targets, TRACE)
    assert found["shirt"].number == back_end.item
    assert not found["shirt"].blocked
    assert "none" not in found


async def test_a_blocked_item_says_so(back_end: BackEndUnderTest) -> None:
    targets = {"old": ItemTarget(item=back_end.blocked_item)}
    found = await back_end.connector.find_items(back_end.market, targets, TRACE)
    assert found["old"].blocked


async def test_items_that_were_found_are_not_asked_for_again(back_end: BackEndUnderTest) -> None:
    targets = {"shirt": ItemTarget(item=back_end.item)}
    first = await back_end.connector.find_items(back_end.market, targets, TRACE)
    sent = len(back_end.app.log)
    assert await back_end.connector.find_items(back_end.market, targets, TRACE) == first
    assert len(back_end.app.log) == sent


# -- errors


async def test_too_many_requests_say_when_to_come_back(back_end: BackEndUnderTest) -> None:
    back_end.fail("status", 429, method="GET", retry_after=7)
    with pytest.raises(Throttled) as raised:
        await back_end.connector.find_customers(back_end.market, TRACE, email=back_end.email)
    assert raised.value.retry_after == 7


async def test_a_throttled_write_says_when_to_come_back_and_wrote_nothing(back_end: BackEndUnderTest) -> None:
    draft = await back_end.drafted(an_order("1001")[1])
    back_end.fail("status", 429, retry_after=3)
    with pytest.raises(Throttled) as raised:
        await back_end.connector.create_order(back_end.market, draft, await back_end.customer(), None, TRACE)
    assert raised.value.retry_after == 3
    assert back_end.rows(back_end.orders) == []


async def test_a_service_that_is_unavailable_is_tried_again(back_end: BackEndUnderTest) -> None:
    draft = await back_end.drafted(an_order("1001")[1])
    back_end.fail("status", 503)
    with pytest.raises(Transient):
        await back_end.connector.create_order(back_end.market, draft, await back_end.customer(), None, TRACE)
    assert back_end.rows(back_end.orders) == []


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_read_that_failed_is_tried_again(back_end: BackEndUnderTest, status: int) -> None:
    back_end.fail("status", status, method="GET")
    with pytest.raises(Transient):
        await back_end.connector.find_customers(back_end.market, TRACE, email=back_end.email)


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_write_that_a_gateway_gave_up_may_have_happened(back_end: BackEndUnderTest, status: int) -> None:
    draft = await back_end.drafted(an_order("1001")[1])
    back_end.fail("status", status)
    with pytest.raises(OutcomeUnknown):
        await back_end.connector.create_order(back_end.market, draft, await back_end.customer(), None, TRACE)

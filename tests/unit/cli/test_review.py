from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.model.back_end import CustomerRecord, ItemRecord
from shared.state.records import Failure, IdPair, Question
from tests.unit.cli.desk import NOW, Desk, audit_entry, dead_letter, failure, waiting

UNKNOWN_SKU = Question(
    scope="germany",
    kind="item",
    key="MUG",
    text="no item for SKU MUG",
    commercetools={"sku": "MUG", "orderNumber": "WEB-7"},
    hint="resolve with --item NUMBER",
)
TWINS = Question(scope="germany", kind="customer", key="ct-1", text="2 customers have the same e-mail")
TOTALS = Question(scope="germany", kind="totals", key="order-7", text="totals differ")


def pair(desk: Desk, entity: str, key: str) -> IdPair | None:
    return desk.do(desk.state.id_map.by_commercetools_id("germany", entity, key))


def test_the_listing_shows_open_questions(desk: Desk) -> None:
    item = desk.ask(UNKNOWN_SKU, 7, 8)
    desk.now += timedelta(seconds=1)
    desk.ask(TWINS)

    rows = desk.json("review", "list")
    result = desk.run("review", "list", "--kind", "item")

    assert [row["question"]["kind"] for row in rows] == ["item", "customer"]
    assert rows[0]["id"] == item.id
    assert rows[0]["asked"] == 2
    assert rows[0]["first_asked_at"] == "2026-03-29T12:00:00Z"
    assert item.id in result.stdout
    assert "2 customers" not in result.stdout


def test_resolved_questions_are_listed_with_their_decision(desk: Desk) -> None:
    item = desk.ask(TOTALS)
    desk.do(desk.state.review.resolve(item.id, {"note": "tax corrected"}, "operator"))

    assert desk.json("review", "list") == []
    [row] = desk.json("review", "list", "--status", "resolved")
    assert (row["decision"], row["resolved_by"]) == ({"note": "tax corrected"}, "operator")
    assert "note tax corrected" in desk.run("review", "list", "--status", "resolved").stdout


def test_a_question_is_shown_with_both_sides_and_the_way_out(desk: Desk) -> None:
    item = desk.ask(UNKNOWN_SKU, 7)

    result = desk.run("review", "show", item.id)

    assert result.exit_code == 0
    for shown in ("no item for SKU MUG", "orderNumber: WEB-7", "order-7", "--item NUMBER [--variant CODE]"):
        assert shown in result.stdout


def test_an_item_decision_is_stored_audited_and_resubmits_what_waited(desk: Desk) -> None:
    desk.back_end.items["GIFT-MUG", None] = ItemRecord("bc-item", "GIFT-MUG")
    desk.add_dead_letter(7, reason="NeedsReview:item")
    desk.add_dead_letter(8)
    desk.do(desk.state.audit.append(audit_entry(7)))
    item = desk.ask(UNKNOWN_SKU, 7)

    result = desk.run("review", "resolve", item.id, "--item", "GIFT-MUG", "--actor", "operator")

    assert result.exit_code == 0, result.output
    assert pair(desk, "item", "MUG") == IdPair("germany", "item", "MUG", "GIFT-MUG", "GIFT-MUG")
    assert [message.sequence_number for message in desk.dead_letters.messages] == [8]
    resolved, resubmitted = desk.audit_of("order-7")[-2:]
    assert (resolved.step, resolved.closes) == ("review resolved", f"review:{item.id}")
    assert (resolved.actor, resolved.document_number, resolved.entity_type) == ("operator", "WEB-7", "order")
    assert "item GIFT-MUG" in resolved.why
    assert resolved.after == {"item": "GIFT-MUG"}
    assert (resubmitted.step, resubmitted.closes) == ("resubmitted", "dead-letter:orders/7")
    assert item.id in resubmitted.why
    assert desk.pauses == []


def test_a_variant_decision_keeps_item_and_variant(desk: Desk) -> None:
    desk.back_end.items["MUGS", "RED"] = ItemRecord("bc-item", "MUGS", "bc-variant")
    item = desk.ask(UNKNOWN_SKU)

    result = desk.run("review", "resolve", item.id, "--item", "MUGS", "--variant", "RED")

    assert result.exit_code == 0, result.output
    assert pair(desk, "item", "MUG") == IdPair("germany", "item", "MUG", "MUGS/RED", "MUGS", {"variant": "RED"})


def test_a_customer_decision_keeps_the_back_ends_id(desk: Desk) -> None:
    desk.back_end.customers = [CustomerRecord("bc-1", "C001", "one"), CustomerRecord("bc-2", "C002", "two")]
    item = desk.ask(TWINS)

    result = desk.run("review", "resolve", item.id, "--customer", "C002")

    assert result.exit_code == 0, result.output
    assert pair(desk, "customer", "ct-1") == IdPair("germany", "customer", "ct-1", "bc-2", "C002")


def test_a_note_resolves_any_question_and_stores_no_mapping(desk: Desk) -> None:
    desk.add_dead_letter(7)
    item = desk.ask(TOTALS, 7)

    result = desk.run("review", "resolve", item.id, "--note", "tax set-up corrected")

    assert result.exit_code == 0, result.output
    assert [sent[0] for sent in desk.dead_letters.sent] == ["orders"]
    assert desk.audit_of("order-7")[0].after == {"note": "tax set-up corrected"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--item", "NONE"), "has no item NONE"),
        (("--item", "OLD"), "item OLD is blocked"),
    ],
)
def test_an_item_that_cannot_be_used_is_refused_and_the_question_stays_open(
    desk: Desk, options: tuple[str, ...], message: str
) -> None:
    desk.back_end.items["OLD", None] = ItemRecord("bc-old", "OLD", blocked=True)
    item = desk.ask(UNKNOWN_SKU, 7)

    result = desk.run("review", "resolve", item.id, *options)

    assert result.exit_code == 1
    assert message in result.stderr
    assert pair(desk, "item", "MUG") is None
    assert [row["id"] for row in desk.json("review", "list")] == [item.id]


@pytest.mark.parametrize(("numbers", "message"), [([], "has no customer"), (["C1", "C1"], "has 2 customers")])
def test_a_customer_number_must_be_exactly_one(desk: Desk, numbers: list[str], message: str) -> None:
    desk.back_end.customers = [CustomerRecord(f"bc-{index}", number, "twin") for index, number in enumerate(numbers)]
    item = desk.ask(TWINS)

    result = desk.run("review", "resolve", item.id, "--customer", "C1")

    assert result.exit_code == 1
    assert message in result.stderr


@pytest.mark.parametrize(
    ("question", "options", "fitting"),
    [
        (UNKNOWN_SKU, ("--customer", "C1"), "--item NUMBER [--variant CODE]"),
        (TWINS, ("--item", "MUG"), "--customer NUMBER"),
        (TOTALS, ("--item", "MUG"), "--note TEXT"),
    ],
)
def test_the_wrong_option_for_a_question_names_the_fitting_one(
    desk: Desk, question: Question, options: tuple[str, ...], fitting: str
) -> None:
    item = desk.ask(question)

    result = desk.run("review", "resolve", item.id, *options)

    assert result.exit_code == 2
    assert fitting in result.stderr


@pytest.mark.parametrize(
    "options", [(), ("--item", "A", "--note", "b"), ("--variant", "RED", "--note", "b"), ("--variant", "RED")]
)
def test_exactly_one_decision_must_be_given(desk: Desk, options: tuple[str, ...]) -> None:
    item = desk.ask(UNKNOWN_SKU)

    assert desk.run("review", "resolve", item.id, *options).exit_code == 2


def test_a_taken_item_explains_where_several_skus_belong(desk: Desk) -> None:
    desk.back_end.items["GIFT-MUG", None] = ItemRecord("bc-item", "GIFT-MUG")
    desk.do(desk.state.id_map.put(IdPair("germany", "item", "CUP", "GIFT-MUG", "GIFT-MUG")))
    item = desk.ask(UNKNOWN_SKU)

    result = desk.run("review", "resolve", item.id, "--item", "GIFT-MUG")

    assert result.exit_code == 1
    assert "CUP and GIFT-MUG belong together already" in result.stderr
    assert "items: {MUG: {item: GIFT-MUG}} in market germany" in result.stderr
    assert [row["id"] for row in desk.json("review", "list")] == [item.id]


def test_an_unknown_id_suggests_close_ones(desk: Desk) -> None:
    item = desk.ask(UNKNOWN_SKU)
    typo = item.id[:-4] + "zz-1"

    close = desk.run("review", "show", typo)
    far = desk.run("review", "resolve", "?", "--note", "x")

    assert (close.exit_code, far.exit_code) == (1, 1)
    assert f"did you mean {item.id}" in close.stderr
    assert f"open are {item.id} (no item for SKU MUG)" in far.stderr


def test_the_beginning_of_an_id_is_enough(desk: Desk) -> None:
    item = desk.ask(UNKNOWN_SKU)

    assert desk.json("review", "show", item.id[:6])["id"] == item.id


def test_a_resolved_question_tells_who_resolved_it(desk: Desk) -> None:
    item = desk.ask(TOTALS, 7)
    desk.do(desk.state.review.resolve(item.id, {"note": "done"}, "somebody"))

    result = desk.run("review", "resolve", item.id, "--note", "again")

    assert result.exit_code == 1
    assert "somebody resolved" in result.stderr
    assert "dead-letters resubmit order-7" in result.stderr


def test_a_message_still_being_redelivered_is_waited_for(desk: Desk) -> None:
    item = desk.ask(TOTALS, 7)
    desk.do(desk.state.failures.put(just_failed(7)))

    def arrive_on_the_third() -> None:
        if len(desk.pauses) == 3:
            desk.dead_letters.messages.append(dead_letter(7))

    desk.on_pause = arrive_on_the_third
    result = desk.run("review", "resolve", item.id, "--note", "corrected")

    assert result.exit_code == 0, result.output
    assert len(desk.pauses) == 3
    assert [sent[2].original.message_id for sent in desk.dead_letters.sent] == ["message-7"]


def test_a_message_that_never_comes_is_named_after_fifteen_seconds(desk: Desk) -> None:
    item = desk.ask(TOTALS, 7)
    desk.do(desk.state.failures.put(just_failed(7)))

    result = desk.run("review", "resolve", item.id, "--note", "corrected")

    assert result.exit_code == 1
    assert sum(desk.pauses) <= 15
    assert "dead-letters resubmit message-7" in result.stdout
    assert desk.json("review", "list") == []


def test_a_message_that_was_resubmitted_by_command_seconds_before_is_said_and_not_waited_for(desk: Desk) -> None:
    desk.add_dead_letter(7, failed=False)
    desk.do(desk.state.failures.put(just_failed(7)))
    item = desk.ask(TOTALS, 7)
    assert desk.run("dead-letters", "resubmit", "7", "--why", "corrected").exit_code == 0

    result = desk.run("review", "resolve", item.id, "--note", "corrected")

    assert result.exit_code == 0, result.output
    assert desk.pauses == []
    assert "resubmitted before: orders order-7 (message message-7)" in result.stdout
    assert desk.json("review", "list") == []


def test_a_message_that_was_resubmitted_in_the_portal_is_said_as_soon_as_it_has_run(desk: Desk) -> None:
    item = desk.ask(TOTALS, 7)
    failed = replace(just_failed(7), correlation_id="shop/7")
    desk.do(desk.state.failures.put(failed))
    ran = audit_entry(7, correlation_id="shop/7", at=failed.failed_at - timedelta(milliseconds=5))
    desk.do(desk.state.audit.append(ran))

    def run_on_the_second() -> None:
        if len(desk.pauses) == 2:
            desk.do(desk.state.audit.append(replace(ran, outcome="Done", at=desk.now)))

    desk.on_pause = lambda: asyncio_run_elsewhere(run_on_the_second)
    answer = desk.json("review", "resolve", item.id, "--note", "corrected")

    assert len(desk.pauses) == 2
    assert [row["message_id"] for row in answer["resubmitted_before"]] == ["message-7"]
    assert (answer["resubmitted"], answer["missing"]) == ([], [])


def test_of_two_waiting_messages_the_one_that_was_resubmitted_is_not_taken_for_the_other(desk: Desk) -> None:
    desk.add_dead_letter(7, failed=False)
    desk.do(desk.state.failures.put(just_failed(7)))
    item = desk.ask(TOTALS, 7)
    desk.do(desk.state.failures.put(replace(just_failed(7), message_id="another", sequence_number=1)))
    desk.do(desk.state.review.ask(TOTALS, replace(waiting(7), message_id="another", sequence_number=1)))
    assert desk.run("dead-letters", "resubmit", "7", "--why", "corrected").exit_code == 0

    result = desk.run("review", "resolve", item.id, "--note", "corrected")

    assert result.exit_code == 1
    assert "resubmitted before: orders order-7 (message message-7)" in result.stdout
    assert "dead-letters resubmit another" in result.stdout


def test_a_message_that_somebody_settled_long_ago_is_not_waited_for(desk: Desk) -> None:
    desk.add_dead_letter(8)
    desk.do(desk.state.failures.put(failure(dead_letter(7), 7, "NeedsReview:totals")))
    item = desk.ask(TOTALS, 7, 8)

    result = desk.run("review", "resolve", item.id, "--note", "corrected")

    assert result.exit_code == 0, result.output
    assert desk.pauses == []
    assert [sent[2].original.message_id for sent in desk.dead_letters.sent] == ["message-8"]


def test_a_question_that_nothing_waits_for_is_audited_under_its_own_key(desk: Desk) -> None:
    item = desk.ask(TWINS)

    result = desk.run("review", "resolve", item.id, "--note", "merged in the back-end")

    assert result.exit_code == 0, result.output
    assert [entry.closes for entry in desk.audit_of("ct-1")] == [f"review:{item.id}"]
    assert "nothing to resubmit" in result.stdout


def test_a_question_of_a_market_that_is_gone_is_a_configuration_error(desk: Desk) -> None:
    item = desk.ask(Question(scope="atlantis", kind="item", key="MUG", text="no item for SKU MUG"))

    result = desk.run("review", "resolve", item.id, "--item", "GIFT-MUG")

    assert result.exit_code == 3
    assert "known markets: germany" in result.stderr


def test_a_resolution_is_printed_as_json(desk: Desk) -> None:
    desk.add_dead_letter(7)
    item = desk.ask(TOTALS, 7)

    answer = desk.json("review", "resolve", item.id, "--note", "corrected", "--actor", "operator")

    assert answer["review_item"]["status"] == "resolved"
    assert [row["new_message_id"] for row in answer["resubmitted"]] == ["copy-of-message-7"]
    assert answer["missing"] == []


def asyncio_run_elsewhere(work: Callable[[], None]) -> None:
    """Do something that awaits from inside a running event loop."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def just_failed(number: int) -> Failure:
    failed_at = NOW - timedelta(seconds=2)
    return Failure(
        "orders",
        f"message-{number}",
        1000 + number,
        "orders",
        f"order-{number}",
        "NeedsReview:totals",
        "",
        "",
        failed_at,
    )

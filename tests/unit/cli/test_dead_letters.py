from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from shared.state.records import Question
from tests.unit.cli.desk import Desk, audit_entry, dead_letter, envelope

UNKNOWN_SKU = Question(scope="germany", kind="item", key="MUG", text="no item for SKU MUG")


def test_the_listing_shows_our_reason_and_not_only_the_brokers(desk: Desk) -> None:
    desk.add_dead_letter(7)
    desk.do(desk.state.audit.append(audit_entry(7)))

    [row] = desk.json("dead-letters", "list")

    assert (row["reason"], row["detail"]) == ("NotFound", "what went wrong with 7")
    assert row["broker_reason"] == "MaxDeliveryCountExceeded"
    assert (row["entity_id"], row["document_number"], row["flow"]) == ("order-7", "WEB-7", "orders")
    assert row["failed_at"] == "2026-03-29T11:55:00Z"
    assert row["review_item"] == ""


def test_the_table_shows_entity_document_reason_and_age(desk: Desk) -> None:
    desk.add_dead_letter(7)
    desk.do(desk.state.audit.append(audit_entry(7)))

    result = desk.run("dead-letters", "list")

    assert result.exit_code == 0
    for shown in ("order-7", "WEB-7", "NotFound", "what went wrong with 7", "5 min"):
        assert shown in result.stdout


def test_a_message_that_failed_by_a_bug_shows_what_the_broker_says(desk: Desk) -> None:
    desk.add_dead_letter(7, failed=False)

    [row] = desk.json("dead-letters", "list")

    assert (row["reason"], row["detail"]) == ("MaxDeliveryCountExceeded", "delivered ten times")
    assert row["failed_at"] is None


def test_a_dead_letter_that_waits_for_a_person_names_its_review_item(desk: Desk) -> None:
    desk.add_dead_letter(7, reason="NeedsReview:item")
    item = desk.ask(UNKNOWN_SKU, 7)

    [row] = desk.json("dead-letters", "list")

    assert row["review_item"] == item.id


def test_a_body_that_is_no_envelope_is_listed_too(desk: Desk) -> None:
    desk.add_dead_letter(7, body=b"\xff no envelope", failed=False)

    [row] = desk.json("dead-letters", "list")

    assert (row["message_id"], row["entity_id"], row["flow"]) == ("message-7", "", "orders")


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (("--entity", "order-2"), [2]),
        (("--reason", "needsreview"), [3]),
        (("--reason", "NeedsReview:item"), [3]),
        (("--flow", "orders"), [1, 2, 3]),
        (("--flow", "prices"), []),
        (("--queue", "commercetools-events"), []),
    ],
)
def test_filters_narrow_the_listing(desk: Desk, options: tuple[str, ...], numbers: list[int]) -> None:
    desk.add_dead_letter(1)
    desk.add_dead_letter(2)
    desk.add_dead_letter(3, reason="NeedsReview:item")

    rows = desk.json("dead-letters", "list", *options)

    assert [row["sequence_number"] for row in rows] == numbers


def test_an_empty_listing_is_no_failure(desk: Desk) -> None:
    result = desk.run("dead-letters", "list")

    assert result.exit_code == 0
    assert "No dead letters." in result.stdout


def test_an_unknown_queue_names_the_known_ones(desk: Desk) -> None:
    result = desk.run("dead-letters", "list", "--queue", "odrers")

    assert result.exit_code == 2
    assert "queues: orders, customers, products, prices, inventory, commercetools-events" in result.stderr


@pytest.mark.parametrize("name", ["7", "message-7", "order-7", "WEB-7"])
def test_a_dead_letter_is_shown_by_any_of_its_names_with_its_whole_story(desk: Desk, name: str) -> None:
    desk.add_dead_letter(7)
    desk.add_dead_letter(8)
    desk.do(desk.state.audit.append(audit_entry(7)))

    result = desk.run("dead-letters", "show", name)

    assert result.exit_code == 0
    for shown in ("orders/7", '"entity_id": "order-7"', "what went wrong with 7", "DeadLetter", "Audit trail"):
        assert shown in result.stdout
    assert "order-8" not in result.stdout


def test_a_shown_dead_letter_has_body_and_audit_in_json(desk: Desk) -> None:
    desk.add_dead_letter(7)
    desk.do(desk.state.audit.append(audit_entry(7)))

    [shown] = desk.json("dead-letters", "show", "7")

    assert json.loads(shown["body"])["entity_id"] == "order-7"
    assert [entry["outcome"] for entry in shown["audit"]] == ["DeadLetter"]
    assert shown["properties"] == {"flow": "orders", "entity_id": "order-7"}


def test_showing_what_is_not_there_says_so(desk: Desk) -> None:
    result = desk.run("dead-letters", "show", "99")

    assert result.exit_code == 1
    assert "no dead letter for 99" in result.stderr


def test_a_resubmitted_message_is_audited_with_what_it_closes(desk: Desk) -> None:
    desk.add_dead_letter(7)
    desk.do(desk.state.audit.append(audit_entry(7, dynamics_id="bc-7")))

    result = desk.run("dead-letters", "resubmit", "7", "--actor", "operator", "--why", "the item exists now")

    assert result.exit_code == 0
    assert desk.dead_letters.messages == []
    entry = desk.audit_of("order-7")[-1]
    assert (entry.step, entry.outcome, entry.actor) == ("resubmitted", "Resubmitted", "operator")
    assert (entry.why, entry.closes) == ("the item exists now", "dead-letter:orders/7")
    assert (entry.market, entry.document_number, entry.dynamics_id) == ("germany", "WEB-7", "bc-7")
    assert entry.before == {"reason": "NotFound", "detail": "what went wrong with 7", "message_id": "message-7"}
    assert entry.after == {"queue": "orders", "message_id": "copy-of-message-7"}


def test_the_user_of_the_system_is_the_actor_unless_one_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "somebody")
    desk.add_dead_letter(7)

    assert desk.run("dead-letters", "resubmit", "7").exit_code == 0
    assert desk.audit_of("order-7")[-1].actor == "somebody"


def test_a_message_given_up_after_many_attempts_starts_from_the_first_again(desk: Desk) -> None:
    desk.add_dead_letter(7, body=envelope(7, attempt=20).model_dump_json(by_alias=True).encode())

    assert desk.run("dead-letters", "resubmit", "7").exit_code == 0

    [(_, copy, _)] = desk.dead_letters.sent
    assert json.loads(copy.body) == {**json.loads(envelope(7).model_dump_json(by_alias=True)), "attempt": 1}


def test_several_messages_are_resubmitted_only_after_a_yes(desk: Desk) -> None:
    desk.add_dead_letter(1)
    desk.add_dead_letter(2)

    refused = desk.run("dead-letters", "resubmit", "--all", answer="n\n")
    nobody = desk.run("dead-letters", "resubmit", "--all", answer="")
    untouched = len(desk.dead_letters.messages)
    agreed = desk.run("dead-letters", "resubmit", "--all", answer="y\n")

    assert (refused.exit_code, nobody.exit_code, untouched) == (1, 2, 2)
    assert "--yes" in nobody.stderr
    assert agreed.exit_code == 0
    assert desk.dead_letters.messages == []


def test_yes_asks_nothing(desk: Desk) -> None:
    for number in (1, 2, 3):
        desk.add_dead_letter(number, reason="NeedsReview:item" if number == 3 else "NotFound")

    rows = desk.json("dead-letters", "resubmit", "--reason", "NotFound", "--yes")

    assert [(row["sequence_number"], row["new_message_id"]) for row in rows] == [
        (1, "copy-of-message-1"),
        (2, "copy-of-message-2"),
    ]
    assert [message.sequence_number for message in desk.dead_letters.messages] == [3]


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    desk.add_dead_letter(7)

    result = desk.run("dead-letters", "resubmit", "--all", "--dry-run")

    assert result.exit_code == 0
    assert "order-7" in result.stdout
    assert len(desk.dead_letters.messages) == 1
    assert desk.audit_of("order-7") == []


@pytest.mark.parametrize("command", ["resubmit", "discard"])
def test_nothing_is_touched_unless_something_is_selected(desk: Desk, command: str) -> None:
    desk.add_dead_letter(7)

    result = desk.run("dead-letters", command, "--yes")

    assert result.exit_code == 2
    assert "--all" in result.stderr
    assert len(desk.dead_letters.messages) == 1


def test_one_wrong_id_among_many_stops_before_anything_is_sent(desk: Desk) -> None:
    desk.add_dead_letter(7)

    result = desk.run("dead-letters", "resubmit", "7", "8", "--yes")

    assert result.exit_code == 1
    assert "no dead letter for 8" in result.stderr
    assert len(desk.dead_letters.messages) == 1


def test_a_sequence_number_of_two_queues_must_name_its_queue(desk: Desk) -> None:
    desk.add_dead_letter(7)
    desk.dead_letters.messages.append(replace(dead_letter(7), queue="commercetools-events", message_id="other"))

    unclear = desk.run("dead-letters", "resubmit", "7", "--yes")
    clear = desk.run("dead-letters", "resubmit", "7", "--queue", "orders")

    assert unclear.exit_code == 2
    assert "commercetools-events, orders" in unclear.stderr
    assert clear.exit_code == 0
    assert [message.queue for message in desk.dead_letters.messages] == ["commercetools-events"]


def test_what_another_reader_holds_makes_the_result_partial(desk: Desk) -> None:
    desk.add_dead_letter(1)
    desk.add_dead_letter(2)
    desk.dead_letters.held = {2}

    result = desk.run("dead-letters", "resubmit", "--all", "--yes")

    assert result.exit_code == 1
    assert "1 of 2 were resubmitted" in result.stderr


def test_an_edited_body_is_sent_and_both_bodies_are_audited(desk: Desk, tmp_path: Path) -> None:
    desk.add_dead_letter(7)
    edited = tmp_path / "body.json"
    edited.write_text(envelope(9).model_dump_json(by_alias=True, indent=2))

    result = desk.run("dead-letters", "resubmit", "7", "--edit", str(edited))

    assert result.exit_code == 0, result.output
    [(_, copy, _)] = desk.dead_letters.sent
    assert json.loads(copy.body) == json.loads(envelope(9).model_dump_json(by_alias=True))
    assert copy.session_id == "orders:order-9"
    assert copy.properties == {"flow": "orders", "entity_id": "order-9"}
    entry = desk.audit_of("order-7")[-1]
    assert (entry.before["body"]["entity_id"], entry.after["body"]["entity_id"]) == ("order-7", "order-9")


def test_a_wrong_body_is_refused_naming_file_and_field(desk: Desk, tmp_path: Path) -> None:
    desk.add_dead_letter(7)
    edited = tmp_path / "body.json"
    edited.write_text('{"schema": 1, "flow": "ordres"}')
    broken = tmp_path / "broken.json"
    broken.write_text('{\n "schema": }')

    wrong = desk.run("dead-letters", "resubmit", "7", "--edit", str(edited))
    no_json = desk.run("dead-letters", "resubmit", "7", "--edit", str(broken))
    absent = desk.run("dead-letters", "resubmit", "7", "--edit", str(tmp_path / "absent.json"))

    assert (wrong.exit_code, no_json.exit_code, absent.exit_code) == (2, 2, 2)
    assert "body.json" in wrong.stderr
    assert "flow:" in wrong.stderr
    assert "line 2, column 12" in no_json.stderr
    assert "absent.json cannot be read" in absent.stderr
    assert desk.dead_letters.sent == []


def test_a_body_can_be_edited_in_the_editor(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.add_dead_letter(7)
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/order-7/order-9/ "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))

    result = desk.run("dead-letters", "resubmit", "7", "--editor")

    assert result.exit_code == 0, result.output
    [(_, copy, _)] = desk.dead_letters.sent
    assert json.loads(copy.body)["entity_id"] == "order-9"


def test_one_body_cannot_replace_two(desk: Desk, tmp_path: Path) -> None:
    desk.add_dead_letter(1)
    desk.add_dead_letter(2)

    result = desk.run("dead-letters", "resubmit", "--all", "--yes", "--edit", str(tmp_path / "body.json"))

    assert result.exit_code == 2
    assert "name one ID" in result.stderr


def test_a_discarded_message_is_gone_and_the_audit_says_why(desk: Desk) -> None:
    desk.add_dead_letter(7)

    result = desk.run("dead-letters", "discard", "7", "--why", "a test order", "--yes", "--actor", "operator")

    assert result.exit_code == 0
    assert desk.dead_letters.messages == []
    assert desk.dead_letters.sent == []
    entry = desk.audit_of("order-7")[-1]
    assert (entry.step, entry.outcome, entry.why) == ("discarded", "Discarded", "a test order")
    assert (entry.actor, entry.closes) == ("operator", "dead-letter:orders/7")


def test_discarding_asks_why_and_whether(desk: Desk) -> None:
    desk.add_dead_letter(7)

    result = desk.run("dead-letters", "discard", "7", answer="a test order\ny\n")

    assert result.exit_code == 0
    assert desk.audit_of("order-7")[-1].why == "a test order"


def test_discarding_without_a_reason_is_refused(desk: Desk) -> None:
    desk.add_dead_letter(7)

    result = desk.run("dead-letters", "discard", "7", "--yes")

    assert result.exit_code == 2
    assert "--why" in result.stderr
    assert len(desk.dead_letters.messages) == 1


def test_a_discarded_message_without_an_entity_is_audited_under_its_message_id(desk: Desk) -> None:
    desk.add_dead_letter(7, body=b"no envelope", failed=False)

    assert desk.run("dead-letters", "discard", "7", "--why", "poison", "--yes").exit_code == 0
    assert [entry.entity_type for entry in desk.audit_of("message-7")] == ["message"]


def test_square_brackets_in_a_reason_are_shown_as_they_are(desk: Desk) -> None:
    message = desk.add_dead_letter(7, failed=False)
    desk.dead_letters.messages = [replace(message, description="expected [bold]one[/bold] of [a, b]")]

    assert "expected [bold]one[/bold] of [a, b]" in desk.run("dead-letters", "list").stdout

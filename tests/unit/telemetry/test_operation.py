"""From correlation ids to operation ids."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.telemetry.operation import Operation, current, operation_id, trace_parent
from tests.fakes.unhurried import unhurried

UUID = "8C1EF2F5-3E0B-4B54-9C0C-5A1D2F6B7A10"


@unhurried
@given(st.text())
def test_any_text_makes_a_valid_trace_id_and_always_the_same(text: str) -> None:
    found = operation_id(text)
    assert re.fullmatch(r"[0-9a-f]{32}", found)
    assert found != "0" * 32
    assert operation_id(text) == found


@pytest.mark.parametrize("text", [UUID, UUID.lower(), UUID.replace("-", "")])
def test_what_is_a_trace_id_already_stays(text: str) -> None:
    assert operation_id(text) == "8c1ef2f53e0b4b549c0c5a1d2f6b7a10"


@pytest.mark.parametrize("text", ["0" * 32, "", "demo/1", "00000000-0000-0000-0000-000000000000"])
def test_what_is_none_is_hashed(text: str) -> None:
    assert operation_id(text) != text.replace("-", "")


def test_different_texts_are_different_operations() -> None:
    assert len({operation_id(f"demo/{number}") for number in range(1_000)}) == 1_000


def test_the_trace_parent_of_a_message_continues_the_running_operation() -> None:
    operation = Operation("intake", "demo/1")
    token = current.set(operation)
    try:
        assert trace_parent("demo/1") == f"00-{operation_id('demo/1')}-{operation.span_id}-01"
        assert operation.span_id not in trace_parent("demo/2")
    finally:
        current.reset(token)


def test_the_trace_parent_outside_of_an_operation_is_valid_too() -> None:
    assert re.fullmatch(rf"00-{operation_id('demo/1')}-(?!0{{16}})[0-9a-f]{{16}}-01", trace_parent("demo/1"))

"""The queue between the product and an exporter."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from queue import Queue

import pytest

from shared.telemetry.aggregates import Aggregates
from shared.telemetry.items import Event, Item, Measurement, Place
from shared.telemetry.pump import ATTEMPTS, BATCH, Pump

AT_ONCE = 0.001  # seconds between two exports
NEVER = 3_600.0


def event(name: str) -> Event:
    return Event(name, Place(), 0.0)


def measured(name: str, value: float, **dimensions: str) -> Measurement:
    return Measurement(name, 0.0, 1, value, value, value, dimensions)


class Receiver:
    """Keeps batches. `answers` are given one a call, then True. `opened` holds the exporter until it is set."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers = list(answers)
        self.batches: list[Sequence[Item]] = []
        self.calls: Queue[int] = Queue()
        self.opened = threading.Event()
        self.opened.set()

    @property
    def names(self) -> list[str]:
        return [item.name for batch in self.batches for item in batch if isinstance(item, Event | Measurement)]

    def called(self, times: int) -> None:
        for _ in range(times):
            self.calls.get(timeout=30)

    def export(self, batch: Sequence[Item]) -> bool:
        self.calls.put(len(batch))
        self.opened.wait()
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        if answer:
            self.batches.append(batch)
        return answer


def test_what_waits_is_sent_in_order_when_the_pump_is_closed() -> None:
    receiver = Receiver()
    pump = Pump(receiver.export, interval=NEVER)
    names = [str(number) for number in range(BATCH + 1)]
    for name in names:
        pump.put(event(name))
    pump.close()
    pump.close()
    assert receiver.names == names
    assert [len(batch) for batch in receiver.batches] == [BATCH, 1]


def test_a_full_queue_drops_what_is_new_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver()
    pump = Pump(receiver.export, capacity=2, interval=NEVER)
    for name in "abc":
        pump.put(event(name))
    pump.close()
    assert receiver.names == ["a", "b"]
    assert "1 items came too fast and are dropped" in caplog.text


def test_whoever_puts_does_not_wait_for_an_exporter_that_hangs() -> None:
    receiver = Receiver()
    receiver.opened.clear()
    pump = Pump(receiver.export, interval=AT_ONCE)
    pump.put(event("first"))
    receiver.called(1)
    pump.put(event("second"))
    receiver.opened.set()
    pump.close(30)
    assert receiver.names == ["first", "second"]


def test_closing_does_not_wait_longer_than_it_may() -> None:
    receiver = Receiver()
    receiver.opened.clear()
    pump = Pump(receiver.export, interval=NEVER)
    pump.put(event("first"))
    pump.close(AT_ONCE)
    assert receiver.names == []
    receiver.opened.set()


@pytest.mark.parametrize("failure", [False, RuntimeError("the exporter has a bug")])
def test_a_batch_that_was_not_sent_is_sent_again_and_once(failure: bool | Exception) -> None:
    receiver = Receiver(failure)
    pump = Pump(receiver.export, interval=AT_ONCE)
    pump.put(event("first"))
    receiver.called(2)
    pump.close(30)
    assert receiver.names == ["first"]


def test_a_batch_that_never_arrives_makes_room_for_the_next(caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver(*[False] * ATTEMPTS)
    pump = Pump(receiver.export, interval=AT_ONCE)
    pump.put(event("never"))
    receiver.called(ATTEMPTS)
    pump.put(event("next"))
    receiver.called(1)
    pump.close(30)
    assert receiver.names == ["next"]
    assert f"not sent in {ATTEMPTS} attempts" in caplog.text


def test_what_the_pump_says_of_itself_is_no_telemetry() -> None:
    assert not logging.getLogger("shared.telemetry.pump").name.startswith("ctd365")


def test_measurements_are_added_up_by_name_and_dimensions() -> None:
    receiver = Receiver()
    pump = Pump(receiver.export, interval=NEVER)
    for value in (1.0, 5.0):
        pump.put(measured("age_at_completion", value, flow="orders"))
    pump.put(measured("age_at_completion", 9.0, flow="customers"))
    pump.close()
    (batch,) = receiver.batches
    assert batch == (
        Measurement("age_at_completion", 0.0, 2, 6.0, 1.0, 5.0, {"flow": "orders"}),
        Measurement("age_at_completion", 0.0, 1, 9.0, 9.0, 9.0, {"flow": "customers"}),
    )


def test_of_a_gauge_the_last_value_counts() -> None:
    sums = Aggregates()
    for value in (7.0, 3.0):
        sums.add(measured("backlog", value, queue="orders"))
    assert sums.take() == [measured("backlog", 3.0, queue="orders")]


def test_values_are_differences_since_the_last_export() -> None:
    sums = Aggregates()
    sums.add(measured("done", 1))
    assert [item.total for item in sums.take()] == [1]
    sums.add(measured("done", 2))
    assert [item.total for item in sums.take()] == [2]
    assert sums.take() == []


def test_there_is_an_end_to_the_number_of_dimensions() -> None:
    sums = Aggregates(max_series=1)
    assert [sums.add(measured("done", 1, flow=flow)) for flow in ("orders", "customers", "orders")] == [
        True,
        False,
        True,
    ]

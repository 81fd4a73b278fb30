import asyncio
from dataclasses import dataclass

import pytest

from local.dynamics.odata.faults import Fault, FaultBook
from local.dynamics.odata.limits import Limiter, LimitExceededError, Limits
from tests.contract.dynamics_simulator.simulator import ROOT, US, BusinessCentral, bearer, error_of, item_line

CONTROL = "http://simulator"


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


async def _hold(limiter: Limiter) -> None:
    async with limiter.slot("an-app"):
        await asyncio.sleep(0)


async def program(bc: BusinessCentral, *faults: dict[str, object]) -> None:
    answer = await bc.http.post(f"{CONTROL}/__faults", json={"faults": faults})
    assert answer.status_code == 200, answer.text


async def statuses(bc: BusinessCentral, count: int, authorization: str | None = None) -> list[int]:
    headers = {"Authorization": authorization} if authorization else None
    answers = await asyncio.gather(*(bc.http.get(f"{ROOT}/companies", headers=headers) for _ in range(count)))
    return [answer.status_code for answer in answers]


async def test_a_fault_happens_once_and_without_doing_the_work(bc: BusinessCentral) -> None:
    await program(bc, {"method": "POST", "path": "salesOrders$", "status": 429, "retry_after": 7})
    assert (await bc.get("salesOrders")).status_code == 200
    refused = await bc.post("salesOrders", {"customerNumber": "10000"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert error_of(refused)[1] == "Application_TooManyRequests"
    assert bc.environment.seeder.rows("salesOrders") == []
    assert (await bc.post("salesOrders", {"customerNumber": "10000"})).status_code == 201


async def test_a_fault_happens_as_often_as_programmed(bc: BusinessCentral) -> None:
    await program(bc, {"times": 2, "status": 503})
    assert [await statuses(bc, 1) for _ in range(3)] == [[503], [503], [200]]


def test_a_fault_with_seconds_lasts_that_long() -> None:
    clock = Clock()
    book = FaultBook(clock)
    fault = Fault(seconds=20, status=429)
    book.add([fault])
    assert [book.take("GET", "/any") for _ in range(3)] == [fault] * 3
    clock.now = 19.9
    assert book.pending() == [fault]
    clock.now = 20.0
    assert book.take("GET", "/any") is None


async def test_status_after_does_the_work_and_answers_an_error(bc: BusinessCentral) -> None:
    await program(bc, {"method": "POST", "mode": "status_after", "status": 504})
    assert (await bc.post("salesOrders", {"customerNumber": "10000"})).status_code == 504
    assert len(bc.environment.seeder.rows("salesOrders")) == 1


@pytest.mark.parametrize(("mode", "orders"), [("drop_before", 0), ("drop_after", 1)])
async def test_dropped_connections_leave_the_outcome_unknown(bc: BusinessCentral, mode: str, orders: int) -> None:
    await program(bc, {"method": "POST", "mode": mode})
    with pytest.raises(ConnectionResetError):
        await bc.post("salesOrders", {"customerNumber": "10000"})
    assert len(bc.environment.seeder.rows("salesOrders")) == orders


async def test_a_held_answer_shows_the_work_as_done_meanwhile(bc: BusinessCentral) -> None:
    await program(bc, {"method": "POST", "mode": "delay_after", "delay_ms": 5000})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await bc.post("salesOrders", {"customerNumber": "10000"})
    assert len(bc.environment.seeder.rows("salesOrders")) == 1
    log = (await bc.http.get(f"{CONTROL}/__requests")).json()["requests"]
    assert (log[-1]["method"], log[-1]["status"]) == ("POST", 201)


async def test_a_patch_changes_only_the_answer(bc: BusinessCentral) -> None:
    await program(bc, {"method": "POST", "patch": {"totalTaxAmount": 99}})
    made = (await bc.post("salesOrders", {"customerNumber": "10000"})).json()
    assert made["totalTaxAmount"] == 99
    assert (await bc.read_order(made["id"]))["totalTaxAmount"] == 0


async def test_faults_are_listed_and_cleared(bc: BusinessCentral) -> None:
    await program(bc, {"status": 500}, {"status": 502})
    listed = (await bc.http.get(f"{CONTROL}/__faults")).json()["faults"]
    assert [fault["status"] for fault in listed] == [500, 502]
    assert (await bc.http.delete(f"{CONTROL}/__faults")).json() == {"faults": []}
    assert await statuses(bc, 1) == [200]


async def test_a_misspelt_fault_is_refused(bc: BusinessCentral) -> None:
    for fault in ({"sttus": 500}, {"mode": "explode"}):
        assert (await bc.http.post(f"{CONTROL}/__faults", json={"faults": [fault]})).status_code == 400


async def test_requests_are_recorded_and_cleared(bc: BusinessCentral) -> None:
    await bc.http.delete(f"{CONTROL}/__requests")
    await bc.get("customers?$top=1")
    await bc.post("salesOrders", {"colour": "red"})
    log = (await bc.http.get(f"{CONTROL}/__requests")).json()["requests"]
    assert [(entry["method"], entry["status"]) for entry in log] == [("GET", 200), ("POST", 400)]
    assert log[0]["path"].endswith("/customers")
    assert "top=1" in log[0]["query"]
    assert log[1]["body"] == {"colour": "red"}
    assert (await bc.http.delete(f"{CONTROL}/__requests")).json() == {"requests": []}


async def test_requests_above_the_limit_are_refused_per_user(bc: BusinessCentral) -> None:
    await bc.http.post(f"{CONTROL}/__limits", json={"requests": 3})
    assert [await statuses(bc, 1) for _ in range(4)] == [[200], [200], [200], [429]]
    assert await statuses(bc, 1, bearer("another-app")) == [200]


async def test_the_window_slides() -> None:
    clock = Clock()
    limiter = Limiter(Limits(requests=2, window_seconds=300), clock)
    for moment in (0.0, 200.0):
        clock.now = moment
        async with limiter.slot("an-app"):
            pass
    clock.now = 299.0
    with pytest.raises(LimitExceededError):
        async with limiter.slot("an-app"):
            pass
    clock.now = 300.0
    async with limiter.slot("an-app"):
        pass
    with pytest.raises(LimitExceededError):
        async with limiter.slot("an-app"):
            pass


async def test_a_caller_that_goes_away_gives_its_place_back() -> None:
    limiter = Limiter(Limits(in_flight=1))
    async with limiter.slot("an-app"):
        waiting = asyncio.create_task(_hold(limiter))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with asyncio.timeout(1), limiter.slot("an-app"):
        pass


async def test_parallel_requests_queue_and_overflow_per_user(bc: BusinessCentral) -> None:
    await bc.http.post(f"{CONTROL}/__limits", json={"in_flight": 2, "queue": 3})
    await bc.http.post(f"{CONTROL}/__settings", json={"latency_ms": 200})
    mine, other = await asyncio.gather(statuses(bc, 7), statuses(bc, 5, bearer("another-app")))
    assert (mine.count(200), mine.count(429)) == (5, 2)
    assert other == [200] * 5


async def test_the_standard_limits_are_those_of_the_product(bc: BusinessCentral) -> None:
    limits = (await bc.http.get(f"{CONTROL}/__limits")).json()
    assert limits == {"in_flight": 5, "queue": 95, "requests": 6000, "window_seconds": 300.0}


async def test_unknown_limits_and_settings_are_refused(bc: BusinessCentral) -> None:
    assert (await bc.http.post(f"{CONTROL}/__limits", json={"reqests": 1})).status_code == 400
    assert (await bc.http.post(f"{CONTROL}/__settings", json={"colour": 1})).status_code == 400


async def test_seeded_rows_are_stored_as_given_and_served(bc: BusinessCentral) -> None:
    order = {
        "number": "S-ORD-SEEDED",
        "customerNumber": "10000",
        "status": "Open",
        "totalTaxAmount": "1.23",
        "salesOrderLines": [{"lineType": "Item", "lineObjectNumber": "GIFT-MUG", "quantity": 1}],
    }
    answer = await bc.http.post(f"{CONTROL}/__seed/salesOrders", json=order)
    seeded = answer.json()["value"][0]
    read = await bc.read_order(seeded["id"])
    assert (read["number"], read["status"], read["totalTaxAmount"]) == ("S-ORD-SEEDED", "Open", 1.23)
    assert [line["lineObjectNumber"] for line in read["salesOrderLines"]] == ["GIFT-MUG"]


async def test_seeding_can_name_the_company(bc: BusinessCentral, us: BusinessCentral) -> None:
    row = {"displayName": "Example Shop", "email": "shop@example.com"}
    for company in ("CRONUS US", US):
        answer = await bc.http.post(f"{CONTROL}/__seed/customers", params={"company": company}, json=row)
        assert answer.json()["value"][0]["currencyCode"] == "USD"
    assert len(await us.rows("customers?$filter=email eq 'shop@example.com'")) == 2
    assert await bc.rows("customers?$filter=email eq 'shop@example.com'") == []


@pytest.mark.parametrize(("path", "row"), [("nothing", {}), ("items", {"colour": "red"}), ("items?company=X", {})])
async def test_wrong_seeds_are_refused(bc: BusinessCentral, path: str, row: dict[str, str]) -> None:
    assert (await bc.http.post(f"{CONTROL}/__seed/{path}", json=row)).status_code == 400


async def test_the_state_shows_the_rows_of_all_companies(bc: BusinessCentral, us: BusinessCentral) -> None:
    await bc.order(item_line(quantity=1))
    await us.order(item_line(quantity=1))
    rows = (await bc.http.get(f"{CONTROL}/__state/salesOrders")).json()["value"]
    assert [row["companyId"] for row in rows] == [bc.company, us.company]
    assert (await bc.http.get(f"{CONTROL}/__state/nothing")).status_code == 400

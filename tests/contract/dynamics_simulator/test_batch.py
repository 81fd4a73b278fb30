from typing import Any

import httpx
import pytest

from tests.contract.dynamics_simulator.simulator import EU, ROOT, BusinessCentral, error_of, item_line

ORDERS = f"companies({EU})/salesOrders"


def create(reference: str, customer: str = "10000") -> dict[str, Any]:
    body = {"customerNumber": customer, "externalDocumentNumber": reference, "salesOrderLines": [item_line(quantity=1)]}
    return {"method": "POST", "id": reference, "url": ORDERS, "headers": {}, "body": body}


async def send(bc: BusinessCentral, requests: list[dict[str, Any]], **headers: str) -> httpx.Response:
    return await bc.http.post(f"{ROOT}/$batch", json={"requests": requests}, headers=headers)


def statuses(answer: httpx.Response) -> list[tuple[str, int]]:
    assert answer.status_code == 200
    return [(part["id"], part["status"]) for part in answer.json()["responses"]]


def references(bc: BusinessCentral) -> list[str]:
    return [row["externalDocumentNumber"] for row in bc.environment.seeder.rows("salesOrders")]


async def test_a_batch_answers_every_part(bc: BusinessCentral) -> None:
    read = {"method": "GET", "id": "r", "url": f"{ROOT}/companies({EU})/customers?$filter=number eq '10000'"}
    answer = await send(bc, [create("A"), read])
    assert statuses(answer) == [("A", 201), ("r", 200)]
    assert answer.json()["responses"][1]["body"]["value"][0]["number"] == "10000"


async def test_a_batch_stops_at_the_first_error_and_keeps_what_was_done(bc: BusinessCentral) -> None:
    answer = await send(bc, [create("A"), create("B", "77777"), create("C")])
    assert statuses(answer) == [("A", 201), ("B", 400)]
    assert references(bc) == ["A"]


async def test_a_batch_goes_on_after_an_error_when_asked_to(bc: BusinessCentral) -> None:
    answer = await send(bc, [create("A"), create("B", "77777"), create("C")], Prefer="odata.continue-on-error")
    assert statuses(answer) == [("A", 201), ("B", 400), ("C", 201)]
    assert references(bc) == ["A", "C"]


async def test_snapshot_isolation_rolls_everything_back(bc: BusinessCentral) -> None:
    answer = await send(bc, [create("A"), create("B", "77777")], Isolation="snapshot")
    assert statuses(answer) == [("A", 201), ("B", 400)]
    assert references(bc) == []
    assert bc.environment.seeder.rows("salesOrderLines") == []
    assert (await send(bc, [create("A")], Isolation="snapshot")).status_code == 200
    assert references(bc) == ["A"]


async def test_parts_that_change_rows_need_if_match_too(bc: BusinessCentral) -> None:
    order = await bc.order()
    change = {"method": "PATCH", "id": "1", "url": f"{ORDERS}({order['id']})", "body": {"email": "a@example.com"}}
    assert statuses(await send(bc, [change])) == [("1", 400)]
    assert statuses(await send(bc, [change | {"headers": {"If-Match": "*"}}])) == [("1", 200)]


async def test_a_batch_of_more_than_a_hundred_parts_is_refused(bc: BusinessCentral) -> None:
    read = {"method": "GET", "url": "companies"}
    assert len(statuses(await send(bc, [read] * 100))) == 100
    assert error_of(await send(bc, [read] * 101))[0] == 400


@pytest.mark.parametrize("body", [{"requests": {}}, [], {"requests": ["GET"]}])
async def test_a_malformed_batch_is_refused(bc: BusinessCentral, body: Any) -> None:
    answer = await bc.http.post(f"{ROOT}/$batch", json=body)
    assert error_of(answer)[:2] == (400, "BadRequest")

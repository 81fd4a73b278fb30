import json
from typing import Any

import pytest

from tests.contract.dynamics_simulator.dataverse.simulator import ROOT, Dataverse, error_of, line, order_body

CHANGE_SET = "Content-Type: multipart/mixed; boundary=c1\r\n\r\n"


def part(method: str, url: str, body: Any = None, content_id: str = "", **headers: str) -> str:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {content_id}"] if content_id else []
    lines += ["", f"{method} {url} HTTP/1.1", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", json.dumps(body) if body is not None else ""])


def joined(*parts: str, boundary: str = "b1") -> str:
    return "".join(f"--{boundary}\r\n{one}\r\n" for one in parts) + f"--{boundary}--\r\n"


def change_set(*parts: str) -> str:
    return CHANGE_SET + joined(*parts, boundary="c1")


def an_order(content_id: str = "1", **values: Any) -> str:
    return part("POST", "/api/data/v9.2/salesorders", order_body(**values), content_id)


def a_line(order: str = "$1", content_id: str = "2", **values: Any) -> str:
    body = line(priceperunit=10) | {"salesorderid@odata.bind": order} | values
    return part("POST", f"{ROOT}/salesorderdetails", body, content_id)


async def test_a_change_set_writes_an_order_and_its_lines_by_content_id(dv: Dataverse) -> None:
    answer = await dv.batch(joined(change_set(an_order(), a_line(), a_line(content_id="3"))))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert answer.text.count("HTTP/1.1 204 No Content") == 3
    assert [row["totalamount"] for row in dv.state("salesorders")] == [20]


async def test_a_content_id_also_stands_in_a_url(dv: Dataverse) -> None:
    rename = part("PATCH", "$1", {"name": "renamed"}, "2", If_Match="*")
    assert (await dv.batch(joined(change_set(an_order(), rename)))).status_code == 200
    assert [row["name"] for row in dv.state("salesorders")] == ["renamed"]


async def test_a_change_set_that_fails_leaves_nothing_and_answers_its_error(dv: Dataverse) -> None:
    answer = await dv.batch(joined(change_set(an_order(), a_line(), a_line(content_id="3", quantity=None))))
    assert answer.status_code == 400
    assert answer.text.count("HTTP/1.1 ") == 1
    assert "The property 'quantity' of 'salesorderdetail' must have a value." in answer.text
    assert dv.state("salesorders") == []
    assert dv.state("salesorderdetails") == []


async def test_the_first_failure_ends_the_batch_unless_it_shall_go_on(dv: Dataverse) -> None:
    requests = joined(part("GET", f"{ROOT}/nothing"), part("GET", f"{ROOT}/uoms?$select=name"))
    stopped = await dv.batch(requests)
    assert (stopped.status_code, stopped.text.count("HTTP/1.1 ")) == (404, 1)
    went_on = await dv.batch(requests, Prefer="odata.continue-on-error")
    assert (went_on.status_code, went_on.text.count("HTTP/1.1 ")) == (200, 2)
    assert '"name": "PCS"' in went_on.text


async def test_what_was_written_before_a_failure_outside_of_a_change_set_stays(dv: Dataverse) -> None:
    alone = part("POST", f"{ROOT}/salesorders", order_body())
    await dv.batch(joined(alone, part("GET", f"{ROOT}/nothing")))
    assert len(dv.state("salesorders")) == 1


async def test_a_part_of_a_change_set_needs_a_content_id(dv: Dataverse) -> None:
    answer = await dv.batch(joined(change_set(an_order(content_id=""))))
    assert "Content-ID" in error_of(answer)[2]
    assert dv.state("salesorders") == []


async def test_a_change_set_takes_no_get(dv: Dataverse) -> None:
    assert error_of(await dv.batch(joined(change_set(part("GET", f"{ROOT}/uoms", content_id="1")))))[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        joined(an_order()).replace("\r\n", "\n"),
        "nothing at all",
        joined("Content-Type: text/plain\r\n\r\nhello"),
        joined(an_order()).removesuffix("--\r\n"),
    ],
)
async def test_a_malformed_batch_is_refused(dv: Dataverse, body: str) -> None:
    assert error_of(await dv.batch(body))[0] == 400
    assert dv.state("salesorders") == []


async def test_a_batch_of_more_than_a_thousand_requests_is_refused(dv: Dataverse) -> None:
    read = part("GET", f"{ROOT}/WhoAmI")
    assert (await dv.batch(joined(*[read] * 1000))).status_code == 200
    assert "exceeds the limit of 1000" in error_of(await dv.batch(joined(*[read] * 1001)))[2]


async def test_a_batch_in_json_is_refused(dv: Dataverse) -> None:
    assert error_of(await dv.post("$batch", {"requests": []}))[0] == 400

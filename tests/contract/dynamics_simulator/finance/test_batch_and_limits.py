import json
from typing import Any

import httpx

from local.dynamics.finance.environment import DATA
from tests.contract.dynamics_simulator.finance.simulator import CROSS, ROOT, Finance, cause

BATCH = f"{ROOT}/$batch"
HEADER = {"dataAreaId": "demf", "OrderingCustomerAccountNumber": "10000", "DefaultShippingWarehouseId": "MAIN"}
LINE = {"dataAreaId": "demf", "ItemNumber": "TSHIRT-BLK-M"}


def http_part(request: str, body: dict[str, Any] | None = None, content_id: str = "") -> str:
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    head += [f"Content-ID: {content_id}"] if content_id else []
    text = json.dumps(body) if body is not None else ""
    return "\r\n".join([*head, "", f"{request} HTTP/1.1", "Content-Type: application/json", "", text])


def multipart(boundary: str, *parts: str) -> str:
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


def change_set(*parts: str) -> str:
    return "Content-Type: multipart/mixed; boundary=changes\r\n\r\n" + multipart("changes", *parts)


async def send(finance: Finance, *parts: str) -> httpx.Response:
    headers = {"Content-Type": "multipart/mixed; boundary=batch"}
    return await finance.http.post(BATCH, content=multipart("batch", *parts).encode(), headers=headers)


async def test_header_and_lines_arrive_in_one_change_set_by_reference(finance: Finance) -> None:
    answer = await send(
        finance,
        change_set(
            http_part(f"POST SalesOrderHeadersV2?{CROSS}", HEADER, "1"),
            http_part(f"POST $1/SalesOrderLines?{CROSS}", LINE, "2"),
        ),
    )
    assert answer.status_code == 200
    assert answer.text.count("HTTP/1.1 201 Created") == 2
    (line,) = finance.environment.seeder.rows("SalesOrderLines")
    assert line["SalesOrderNumber"] == "SO-DEMF-000001"


async def test_a_refused_line_leaves_nothing_of_its_change_set(finance: Finance) -> None:
    answer = await send(
        finance,
        change_set(
            http_part(f"POST SalesOrderHeadersV2?{CROSS}", HEADER, "1"),
            http_part(f"POST $1/SalesOrderLines?{CROSS}", LINE | {"ItemNumber": "NO-SUCH-ITEM"}, "2"),
        ),
    )
    assert "HTTP/1.1 400 Bad Request" in answer.text
    assert "NO-SUCH-ITEM" in answer.text
    assert "HTTP/1.1 201" not in answer.text
    assert finance.environment.seeder.rows("SalesOrderHeadersV2") == []


async def test_an_environment_may_not_know_references(finance: Finance) -> None:
    await finance.http.post("http://simulator/__settings", json={"content_id_references": False})
    answer = await send(
        finance,
        change_set(
            http_part(f"POST SalesOrderHeadersV2?{CROSS}", HEADER, "1"),
            http_part(f"POST $1/SalesOrderLines?{CROSS}", LINE, "2"),
        ),
    )
    assert "HTTP/1.1 404" in answer.text
    assert finance.environment.seeder.rows("SalesOrderHeadersV2") == []


async def test_reads_stand_beside_change_sets_not_in_them(finance: Finance) -> None:
    read = f"GET Warehouses?{CROSS}"
    beside = await send(
        finance, change_set(http_part(f"POST SalesOrderHeadersV2?{CROSS}", HEADER, "1")), http_part(read)
    )
    assert "HTTP/1.1 200 OK" in beside.text
    inside = await send(finance, change_set(http_part(read, None, "1")))
    assert inside.status_code == 400


async def test_a_part_needs_cross_company_of_its_own(finance: Finance) -> None:
    answer = await send(finance, http_part("GET Warehouses(dataAreaId='demf',WarehouseId='MAIN')"))
    assert "HTTP/1.1 404" in answer.text


async def test_a_batch_in_another_format_is_refused(finance: Finance) -> None:
    answer = await finance.http.post(BATCH, json={"requests": []})
    assert answer.status_code == 400
    headers = {"Content-Type": "multipart/mixed; boundary=batch"}
    bare = multipart("batch", http_part("GET Warehouses")).replace("\r\n", "\n")
    assert (await finance.http.post(BATCH, content=bare.encode(), headers=headers)).status_code == 400


async def test_too_many_requests_are_refused_with_the_time_to_wait(finance: Finance) -> None:
    await finance.http.post("http://simulator/__limits", json={"requests": 1})
    assert (await finance.get("Warehouses")).status_code == 200
    answer = await finance.get("Warehouses")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    assert "under pressure" in cause(answer)[1]


async def test_faults_answer_in_finances_form(finance: Finance) -> None:
    fault = {"method": "GET", "path": "Warehouses", "status": 503}
    await finance.http.post("http://simulator/__faults", json={"faults": [fault]})
    assert cause(await finance.get("Warehouses"))[0] == 503
    assert (await finance.get("Warehouses")).status_code == 200


async def test_control_endpoints_seed_show_and_refuse_what_they_do_not_know(finance: Finance) -> None:
    row = {"CustomerAccount": "S-1", "PartyType": "Organization", "OrganizationName": "Seeded"}
    seeded = await finance.http.post("http://simulator/__seed/CustomersV3?company=demf", json=row)
    assert seeded.json()["value"][0]["dataAreaId"] == "demf"
    state = (await finance.http.get("http://simulator/__state/CustomersV3")).json()["value"]
    assert "S-1" in {one["CustomerAccount"] for one in state}
    for path, body in (
        ("__seed/CustomersV3", {"Colour": "red"}),
        ("__seed/NoSuchThings", {}),
        ("__settings", {"no_such_setting": 1}),
        ("__limits", {"no_such_limit": 1}),
    ):
        assert (await finance.http.post(f"http://simulator/{path}", json=body)).status_code == 400
    requests = (await finance.http.get("http://simulator/__requests")).json()["requests"]
    assert requests == []


def test_the_definitions_name_their_source_and_licence() -> None:
    source = json.loads((DATA / "finance.json").read_text(encoding="utf-8"))["source"]
    assert source["licence"] == "Apache-2.0"
    assert source["commit"] == "f8d02dbb731707114b535bd992d0484fb3659e88"
    assert "Apache License" in (DATA / "finance.LICENSE").read_text(encoding="utf-8")

from dataclasses import dataclass
from typing import Any

import httpx

from local.dynamics.business_central.environment import AUDIENCE, Environment
from local.dynamics.business_central.seed import stable_id
from local.dynamics.tokens import issue

EU = "e0000000-0000-4000-8000-0000000000e1"
US = "a0000000-0000-4000-8000-0000000000a1"
TOKEN_KEY = "a key for tests only"
ROOT = "http://simulator/v2.0/tenant/sandbox/api/v2.0"


def bearer(client_id: str = "an-app", audience: str = AUDIENCE, key: str = TOKEN_KEY, lifetime: int = 3600) -> str:
    return "Bearer " + issue(client_id, audience, "https://localhost/tenant/v2.0", key, lifetime)


@dataclass(frozen=True)
class BusinessCentral:
    """The simulator in this process, and the calls that most tests make."""

    environment: Environment
    http: httpx.AsyncClient
    company: str = EU

    def url(self, path: str) -> str:
        return f"{ROOT}/companies({self.company})/{path}"

    async def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.http.get(self.url(path), headers=headers)

    async def rows(self, path: str) -> list[dict[str, Any]]:
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["value"]
        return rows

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.http.post(self.url(path), json=body)

    async def patch(self, path: str, body: Any, if_match: str | None = "*") -> httpx.Response:
        return await self.http.patch(self.url(path), json=body, headers={"If-Match": if_match} if if_match else None)

    async def delete(self, path: str, if_match: str | None = "*") -> httpx.Response:
        return await self.http.delete(self.url(path), headers={"If-Match": if_match} if if_match else None)

    async def order(self, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
        body = {"customerNumber": "10000"} | header | {"salesOrderLines": list(lines)}
        answer = await self.post("salesOrders?$expand=salesOrderLines", body)
        assert answer.status_code == 201, answer.text
        order: dict[str, Any] = answer.json()
        order["salesOrderLines"].sort(key=lambda line: line["sequence"])
        return order

    async def read_order(self, order_id: str) -> dict[str, Any]:
        answer = await self.get(f"salesOrders({order_id})?$expand=salesOrderLines($orderby=sequence)")
        assert answer.status_code == 200, answer.text
        order: dict[str, Any] = answer.json()
        return order

    def id_of(self, entity_set: str, key: str) -> str:
        return stable_id(self.company, entity_set, key)


def item_line(number: str = "TSHIRT-BLK-M", **values: Any) -> dict[str, Any]:
    return {"lineType": "Item", "lineObjectNumber": number} | values


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]

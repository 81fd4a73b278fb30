from dataclasses import dataclass
from typing import Any

import httpx

from local.dynamics.finance.environment import AUDIENCE, Environment
from local.dynamics.tokens import issue

ROOT = "http://simulator/data"
TOKEN_KEY = "a key for tests only"
CROSS = "cross-company=true"


def bearer(audience: str = AUDIENCE) -> str:
    return "Bearer " + issue("an-app", audience, "https://localhost/tenant/v2.0", TOKEN_KEY)


@dataclass(frozen=True)
class Finance:
    """The simulator in this process, and the calls that most tests make: in demf, with cross-company=true."""

    environment: Environment
    http: httpx.AsyncClient
    company: str = "demf"

    async def get(self, path: str, **options: str) -> httpx.Response:
        return await self.http.get(f"{ROOT}/{path}", params={"cross-company": "true", **options})

    async def rows(self, path: str, **options: str) -> list[dict[str, Any]]:
        answer = await self.get(path, **options)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["value"]
        return rows

    async def post(self, entity_set: str, body: dict[str, Any]) -> httpx.Response:
        return await self.http.post(f"{ROOT}/{entity_set}?{CROSS}", json={"dataAreaId": self.company} | body)

    async def patch(self, path: str, body: Any, if_match: str | None = None) -> httpx.Response:
        headers = {"If-Match": if_match} if if_match else None
        return await self.http.patch(f"{ROOT}/{path}?{CROSS}", json=body, headers=headers)

    async def delete(self, path: str, if_match: str | None = None) -> httpx.Response:
        headers = {"If-Match": if_match} if if_match else None
        return await self.http.delete(f"{ROOT}/{path}?{CROSS}", headers=headers)

    async def order(self, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
        """An order with lines, read again."""
        body = {"OrderingCustomerAccountNumber": "10000", "DefaultShippingWarehouseId": "MAIN"} | header
        answer = await self.post("SalesOrderHeadersV2", body)
        assert answer.status_code == 201, answer.text
        number = answer.json()["SalesOrderNumber"]
        for line in lines:
            added = await self.post("SalesOrderLines", {"SalesOrderNumber": number} | line)
            assert added.status_code == 201, added.text
        return await self.read_order(number)

    async def read_order(self, number: str) -> dict[str, Any]:
        answer = await self.get(self.key("SalesOrderHeadersV2", SalesOrderNumber=number))
        assert answer.status_code == 200, answer.text
        order: dict[str, Any] = answer.json()
        return order

    def key(self, entity_set: str, **values: str) -> str:
        parts = ",".join(f"{name}='{value}'" for name, value in ({"dataAreaId": self.company} | values).items())
        return f"{entity_set}({parts})"


def item_line(number: str = "TSHIRT-BLK-M", **values: Any) -> dict[str, Any]:
    return {"ItemNumber": number} | values


def cause(answer: httpx.Response) -> tuple[int, str]:
    """Status and innermost message of an error."""
    error = answer.json()["error"]
    assert error["message"] == "An error has occurred."
    return answer.status_code, error["innererror"]["message"]

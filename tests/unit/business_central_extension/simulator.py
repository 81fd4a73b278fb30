"""The simulator's extension, and the calls that most tests make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.contract.dynamics_simulator.simulator import ROOT, BusinessCentral

HOST = "http://simulator"
OWN_ROOT = ROOT.replace("/api/v2.0", "/api/ctd365/commerce/v1.0")


@dataclass(frozen=True)
class Extension(BusinessCentral):
    """Paths without a leading dot are the standard API's, as in the tests of the simulator."""

    def own_url(self, path: str) -> str:
        return f"{OWN_ROOT}/companies({self.company})/{path}"

    async def own(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(self.own_url(path), headers=headers)

    async def own_rows(self, path: str) -> list[dict[str, Any]]:
        answer = await self.own(path)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["value"]
        return rows

    async def send(self, method: str, path: str, body: Any = None, if_match: str | None = "*") -> httpx.Response:
        headers = {"If-Match": if_match} if if_match and method in {"PATCH", "DELETE"} else None
        return await self.http.request(method, self.own_url(path), json=body, headers=headers)

    async def create(self, path: str, **body: Any) -> dict[str, Any]:
        answer = await self.send("POST", path, body)
        assert answer.status_code == 201, answer.text
        row: dict[str, Any] = answer.json()
        return row

    async def act(self, order_id: str, action: str) -> httpx.Response:
        return await self.send("POST", f"salesOrders({order_id})/Microsoft.NAV.{action}")

    async def control(self, path: str, body: Any) -> Any:
        answer = await self.http.post(f"{HOST}/__{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def available(self, item: str, variant: str = "", location: str = "") -> dict[str, Any]:
        place = f"itemNumber eq '{item}' and variantCode eq '{variant}' and locationCode eq '{location}'"
        [row] = await self.own_rows(f"itemAvailabilities?$filter={place}")
        return row

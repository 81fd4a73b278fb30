from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from local.dynamics.dataverse.environment import AUDIENCE, Environment, create_environment
from local.dynamics.dataverse.seed import stable_id
from local.dynamics.tokens import issue

TOKEN_KEY = "a key for tests only"
ROOT = "http://simulator/api/data/v9.2"
REPRESENTATION = {"Prefer": "return=representation"}


@dataclass
class Clock:
    """A clock that tests can move."""

    moment: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **step: int) -> None:
        self.moment += timedelta(**step)


@dataclass(frozen=True)
class Dataverse:
    """The simulator in this process, and the calls that most tests make."""

    environment: Environment
    http: httpx.AsyncClient
    clock: Clock

    async def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.http.get(f"{ROOT}/{path}", headers=headers)

    async def rows(self, path: str) -> list[dict[str, Any]]:
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["value"]
        return rows

    async def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.http.post(f"{ROOT}/{path}", json=body, headers=headers)

    async def patch(self, path: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.http.patch(f"{ROOT}/{path}", json=body, headers=headers)

    async def delete(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.http.delete(f"{ROOT}/{path}", headers=headers)

    async def order(self, *lines: dict[str, Any], **header: Any) -> dict[str, Any]:
        body = order_body(**header) | {"order_details": list(lines)}
        answer = await self.post("salesorders", body, REPRESENTATION)
        assert answer.status_code == 201, answer.text
        order: dict[str, Any] = answer.json()
        return order

    async def read_order(self, order_id: str) -> dict[str, Any]:
        answer = await self.get(f"salesorders({order_id})?$expand=order_details($orderby=lineitemnumber)")
        assert answer.status_code == 200, answer.text
        order: dict[str, Any] = answer.json()
        return order

    async def batch(self, body: str, boundary: str = "b1", **headers: str) -> httpx.Response:
        content_type = f"multipart/mixed; boundary={boundary}"
        return await self.http.post(
            f"{ROOT}/$batch", content=body.encode(), headers={"Content-Type": content_type, **headers}
        )

    def state(self, entity_set: str) -> list[dict[str, Any]]:
        return self.environment.seeder.rows(entity_set)


def make(http_name: str = "an-app", *, customised: bool = True) -> Dataverse:
    clock = Clock()
    environment = create_environment(TOKEN_KEY, clock=clock, customised=customised)
    token = issue(http_name, AUDIENCE, "https://localhost/tenant/v2.0", TOKEN_KEY)
    transport = httpx.ASGITransport(environment.app)
    http = httpx.AsyncClient(transport=transport, headers={"Authorization": f"Bearer {token}"})
    return Dataverse(environment, http, clock)


def bind(entity_set: str, key: str) -> str:
    return f"/{entity_set}({stable_id(entity_set, key)})"


def order_body(currency: str = "EUR", **values: Any) -> dict[str, Any]:
    return {
        "name": "1001",
        "customerid_contact@odata.bind": bind("contacts", "10000"),
        "transactioncurrencyid@odata.bind": bind("transactioncurrencies", currency),
        "pricelevelid@odata.bind": bind("pricelevels", f"Web {currency}"),
        **values,
    }


def line(number: str = "TSHIRT-BLK-M", **values: Any) -> dict[str, Any]:
    return {
        "productid@odata.bind": bind("products", number),
        "uomid@odata.bind": bind("uoms", "PCS"),
        "quantity": 1,
        "ispriceoverridden": True,
        **values,
    }


def error_of(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]

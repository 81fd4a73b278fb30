"""Whom Business Central's simulator notifies: answers handshakes, keeps notices, fails on demand."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx


class WebhookSubscriber:
    """Implements the simulator's `Sender`. `answers` are the statuses of the next calls; then all is well."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.handshakes: list[str] = []
        self.bodies: list[bytes] = []
        self.echo = True
        self.noticed = asyncio.Event()

    async def __call__(self, method: str, url: str, body: bytes | None) -> tuple[int, str]:
        assert method == "POST"
        status = self.answers.pop(0) if self.answers else 200
        token = httpx.URL(url).params.get("validationToken")
        if token is not None:
            self.handshakes.append(url)
            return status, token if self.echo else "something else"
        self.bodies.append(body or b"")
        self.noticed.set()
        return status, ""

    @property
    def notices(self) -> list[dict[str, Any]]:
        return [notice for body in self.bodies for notice in json.loads(body)["value"]]

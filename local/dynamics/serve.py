"""Runs an ASGI app on loopback, says when it is ready and stops with exit code 0 on SIGTERM."""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"


class _AnnouncingServer(uvicorn.Server):
    """Prints one JSON line when the port accepts connections."""

    announcement: Mapping[str, str] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(json.dumps(dict(self.announcement)), flush=True)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # uvicorn's signature
        # All state is in memory: nothing needs a graceful end, and a held answer must not delay it.
        os._exit(0)


def serve(app: ASGIApp, port: int, details: Mapping[str, str], certificate: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT; port 0 takes a free one."""
    # asyncio switches Nagle's algorithm off only for sockets that name their protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOOPBACK, port))
    bound = listener.getsockname()[1]
    base = f"https://localhost:{bound}" if certificate else f"http://{LOOPBACK}:{bound}"
    config = uvicorn.Config(
        app,
        log_level="warning",
        lifespan="off",
        ssl_certfile=str(certificate) if certificate else None,
        timeout_keep_alive=65,
    )
    server = _AnnouncingServer(config)
    server.announcement = {"url": base, **details}
    server.run(sockets=[listener])

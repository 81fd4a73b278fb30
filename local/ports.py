"""A port that belongs to the stack before, and between, the processes that listen on it."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

HOST = "127.0.0.1"


@dataclass(slots=True)
class ReservedPort:
    """Binds a free port and never listens: who sets SO_REUSEADDR may listen on it, nobody else is given it."""

    _socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((HOST, 0))

    @property
    def number(self) -> int:
        """The port."""
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        """The address of whoever listens there."""
        return f"http://{HOST}:{self.number}"

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()

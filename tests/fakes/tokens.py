"""A token provider that counts."""

from __future__ import annotations


class CountingTokens:
    """Implements `shared.dynamics.auth.TokenProvider`: token-1 until somebody asks for a new one, then token-2 …"""

    def __init__(self) -> None:
        self.issued = 1

    async def token(self, *, renew: bool = False) -> str:
        self.issued += renew
        return f"token-{self.issued}"

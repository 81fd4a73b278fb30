"""From a row of the market map to its limiter."""

from __future__ import annotations

from collections.abc import Callable

from shared.dynamics.auth import TokenProvider
from shared.dynamics.limiter.gate import SheetStore, User
from shared.dynamics.limiter.limiter import SharedLimiter
from shared.dynamics.limiter.limits import limits_of, rules_of
from shared.markets import BackEnd


def limiter_of(back_end: BackEnd, store: SheetStore, tokens_of: Callable[[BackEnd], TokenProvider]) -> SharedLimiter:
    """Share the limits of a back-end. Rows of the map with the same address and client share the same sheet."""
    root = back_end.url.rstrip("/").lower()
    users = [User(f"{root}|{user.client_id.lower()}", tokens_of(user)) for user in back_end.per_user()]
    return SharedLimiter(users, store, limits_of(back_end), rules_of(back_end))

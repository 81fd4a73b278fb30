"""The process's application, wired on first use: a cold start that only indexes functions does not wait for it."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.composition import App


@cache
def app() -> App:
    """Return the process's application; built once. Raises SettingsError or MarketMapError."""
    from shared.composition import build_app

    return build_app(os.environ)

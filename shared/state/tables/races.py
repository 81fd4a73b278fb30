"""How long the loser of a race waits before it reads again."""

from __future__ import annotations

import random

_LONGEST_PAUSE = 0.2


def pause(attempt: int) -> float:
    """Seconds to wait after losing round `attempt`, at random so that those who collided now do not collide again."""
    return random.uniform(0, min(_LONGEST_PAUSE, 0.01 * 2 ** min(attempt, 10)))  # noqa: S311

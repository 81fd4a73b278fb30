"""From missing references to questions."""

from __future__ import annotations

from shared.markets import Market
from shared.model.back_end import MissingReference
from shared.state.records import Question


def question_of(missing: MissingReference, market: Market) -> Question:
    """Turn what the mapping lacks into a question for a person."""
    return Question(
        market.name, missing.kind, missing.key, missing.text, commercetools=missing.facts, hint=missing.hint
    )

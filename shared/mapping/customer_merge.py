"""The three-way merge of a customer: what each side has to be told, by who owns which field. Pure.

A side has changed when its value differs from its own value at the last agreement; so a back-end that rewrites what it
is sent (upper case, cut) never looks changed, and no write is answered by another one. Of that agreement only prints
are kept: the merge needs to know whether a value is another one, not what it was, and snapshots hold no personal data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from shared.market_options.trade import FieldOwner, Ownership
from shared.model.customer_fields import SETS, Fields, canonical, is_empty, same

ONE_NAME = frozenset({"name", "company"})

type Winner = Literal["commercetools", "dynamics", "nobody"]


type Print = str | list[str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Prints of what both sides looked like when they last agreed; `salt` keeps prints of two customers apart.

    `decided` names the side whose change of a field a person has allowed, whoever owns it.
    """

    commercetools: Mapping[str, Print]
    dynamics: Mapping[str, Print]
    salt: str
    decided: Mapping[str, str] = field(default_factory=dict)

    def covers(self, name: str) -> bool:
        """Tell whether the field was there on both sides."""
        return name in self.commercetools and name in self.dynamics


@dataclass(frozen=True, slots=True)
class Side:
    """One side now, and when it was changed last, if it says so."""

    fields: Fields
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """What became of one field that differs. `conflict` says that both sides had changed it."""

    name: str
    commercetools: JsonValue
    dynamics: JsonValue
    winner: Winner
    why: str
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """What to write where; `undecided` is for a person. Nothing to write and nothing undecided: both sides agree."""

    to_commercetools: Fields = field(default_factory=dict)
    to_dynamics: Fields = field(default_factory=dict)
    decisions: tuple[FieldDecision, ...] = ()

    @property
    def undecided(self) -> tuple[FieldDecision, ...]:
        """Return the fields that a person must decide."""
        return tuple(decision for decision in self.decisions if decision.winner == "nobody")

    @property
    def conflicts(self) -> tuple[FieldDecision, ...]:
        """Return the fields that both sides had changed."""
        return tuple(decision for decision in self.decisions if decision.conflict)


def merge(commercetools: Side, dynamics: Side, agreed: Agreement | None, rules: Ownership) -> Merged:
    """Merge the fields that both sides can hold. Without an agreement the two meet for the first time."""
    to_commercetools: dict[str, JsonValue] = {}
    to_dynamics: dict[str, JsonValue] = {}
    decisions: list[FieldDecision] = []
    both = commercetools.fields.keys() & dynamics.fields.keys()
    for name in sorted(both):
        decision, value = _decide(name, commercetools, dynamics, agreed, _rule_of(name, both, rules))
        if decision is None:
            continue
        decisions.append(decision)
        if decision.winner == "nobody":
            continue
        if not same(value, commercetools.fields[name]):
            to_commercetools[name] = value
        if not same(value, dynamics.fields[name]):
            to_dynamics[name] = value
    return Merged(to_commercetools, to_dynamics, tuple(decisions))


def _rule_of(name: str, both: AbstractSet[str], rules: Ownership) -> FieldOwner:
    """Return who owns a field. Where a card has one name that is the company, too, one side owns both.

    With an owner for each, every put-back of one would be a change of the other, for ever.
    """
    if name in ONE_NAME and both >= ONE_NAME:
        return rules.fields.get("company") or rules.of("name")
    return rules.of(name)


def _decide(
    name: str, commercetools: Side, dynamics: Side, agreed: Agreement | None, rule: FieldOwner
) -> tuple[FieldDecision | None, JsonValue]:
    """Decide one field: None when there is nothing to do, else the decision and the value that both shall have."""
    ours, theirs = commercetools.fields[name], dynamics.fields[name]
    if same(ours, theirs):
        return None, ours
    if agreed is None or not agreed.covers(name):
        return _first_meeting(name, ours, theirs, commercetools, dynamics, rule)
    return _since_agreed(name, commercetools, dynamics, agreed, rule)


def _since_agreed(
    name: str, commercetools: Side, dynamics: Side, agreed: Agreement, rule: FieldOwner
) -> tuple[FieldDecision | None, JsonValue]:
    ours, theirs = commercetools.fields[name], dynamics.fields[name]
    ours_changed = print_of(name, ours, agreed.salt) != agreed.commercetools[name]
    theirs_changed = print_of(name, theirs, agreed.salt) != agreed.dynamics[name]
    if not ours_changed and not theirs_changed:
        return None, ours  # they differ as they did when they last agreed: the back-end's own spelling
    if name in SETS and rule.owner in ("latest", "review"):
        value = _merged_set(name, ours, theirs, agreed)
        return FieldDecision(name, ours, theirs, "commercetools", "members of both sides"), value
    if ours_changed and theirs_changed:
        return _conflict(name, commercetools, dynamics, rule)
    changed: Winner = "commercetools" if ours_changed else "dynamics"
    if rule.owner in ("latest", "review") or changed in (rule.owner, agreed.decided.get(name)):
        return FieldDecision(name, ours, theirs, changed, f"changed in {_side(changed)}"), _of(changed, ours, theirs)
    owner: Winner = "dynamics" if changed == "commercetools" else "commercetools"
    why = f"changed in {_side(changed)}, but {_side(owner)} owns it: put back"
    return FieldDecision(name, ours, theirs, owner, why), _of(owner, ours, theirs)


def _first_meeting(
    name: str, ours: JsonValue, theirs: JsonValue, commercetools: Side, dynamics: Side, rule: FieldOwner
) -> tuple[FieldDecision | None, JsonValue]:
    """Nobody knows who changed what: an empty field wipes nothing out, and is filled only by who owns it."""
    if is_empty(ours) or is_empty(theirs):
        filler: Winner = "dynamics" if is_empty(ours) else "commercetools"
        if rule.owner in ("latest", "review", filler):
            return FieldDecision(name, ours, theirs, filler, "was empty"), _of(filler, ours, theirs)
        return None, ours
    return _conflict(name, commercetools, dynamics, rule)


def _conflict(
    name: str, commercetools: Side, dynamics: Side, rule: FieldOwner
) -> tuple[FieldDecision | None, JsonValue]:
    ours, theirs = commercetools.fields[name], dynamics.fields[name]
    winner, why = _winner(rule, commercetools, dynamics)
    return FieldDecision(name, ours, theirs, winner, why, conflict=True), _of(winner, ours, theirs)


def _winner(rule: FieldOwner, commercetools: Side, dynamics: Side) -> tuple[Winner, str]:
    if rule.owner == "review" or rule.conflict == "review":
        return "nobody", "both sides differ, and the market map asks a person"
    if rule.owner != "latest":
        return rule.owner, f"both sides differ, and {_side(rule.owner)} owns it"
    ours, theirs = commercetools.modified_at, dynamics.modified_at
    if ours is None or theirs is None:
        return "nobody", "both sides differ, and one of them does not say when it was changed"
    winner: Winner = "commercetools" if ours >= theirs else "dynamics"
    return winner, f"both sides differ, and {_side(winner)} was changed last"


def _merged_set(name: str, ours: JsonValue, theirs: JsonValue, agreed: Agreement) -> JsonValue:
    """Keep what either side has added and drop what either side has removed."""
    mine, yours = _members(ours, agreed.salt), _members(theirs, agreed.salt)
    removed = (set(agreed.commercetools[name]) - mine.keys()) | (set(agreed.dynamics[name]) - yours.keys())
    return [member for mark, member in sorted((mine | yours).items()) if mark not in removed]


def _members(value: JsonValue, salt: str) -> dict[str, JsonValue]:
    return {_digest(item, salt): item for item in value} if isinstance(value, list) else {}


def print_of(name: str, value: JsonValue, salt: str) -> Print:
    """Return what is kept of a value; of a list, what is kept of each member."""
    return sorted(_members(value, salt)) if name in SETS else _digest(value, salt)


def prints_of(fields: Fields, salt: str) -> dict[str, Print]:
    """Return what is kept of all fields."""
    return {name: print_of(name, value, salt) for name, value in fields.items()}


def _digest(value: JsonValue, salt: str) -> str:
    return hashlib.sha256(f"{salt}|{canonical(value)}".encode()).hexdigest()[:32]


def _of(winner: Winner, ours: JsonValue, theirs: JsonValue) -> JsonValue:
    return theirs if winner == "dynamics" else ours


def _side(winner: str) -> str:
    return {"commercetools": "commercetools", "dynamics": "the back-end"}[winner]

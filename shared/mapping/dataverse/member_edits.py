"""Further addresses and contacts of a customer: which rows to write so that the wanted ones are there. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from shared.model.customer_fields import same

type Values = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Member:
    """A row that is there, and what it says."""

    id: str
    etag: str
    value: JsonValue


@dataclass(frozen=True, slots=True)
class MemberEdit:
    """One write: without a member a new row, with `wanted` None the row goes. `wanted` counts the wanted values."""

    member: Member | None
    wanted: int | None


def address_edits(wanted: Sequence[JsonValue], there: Sequence[Member]) -> list[MemberEdit]:
    """Keep rows that say what is wanted, rewrite the others, and add or remove what is left."""
    missing, spare = _left_over(wanted, there)
    edits = [MemberEdit(member, index) for index, member in zip(missing, spare, strict=False)]
    edits += [MemberEdit(None, index) for index in missing[len(spare) :]]
    return edits + [MemberEdit(member, None) for member in spare[len(missing) :]]


def contact_edits(wanted: Sequence[JsonValue], there: Sequence[Member]) -> list[MemberEdit]:
    """Rewrite the person with the same e-mail, else the same name, else add one. Nobody is removed."""
    missing, spare = _left_over(wanted, there)
    edits: list[MemberEdit] = []
    for index in missing:
        found = _same_person(wanted[index], spare)
        if found is not None:
            spare.remove(found)
        edits.append(MemberEdit(found, index))
    return edits


def _left_over(wanted: Sequence[JsonValue], there: Sequence[Member]) -> tuple[list[int], list[Member]]:
    missing: list[int] = []
    spare = list(there)
    for index, value in enumerate(wanted):
        found = next((member for member in spare if same(member.value, value)), None)
        if found is None:
            missing.append(index)
        else:
            spare.remove(found)
    return missing, spare


def _same_person(value: JsonValue, spare: Sequence[Member]) -> Member | None:
    keys: tuple[Callable[[JsonValue], str], ...] = (_email, _name)
    for key in keys:
        wanted = key(value)
        found = next((member for member in spare if wanted and key(member.value) == wanted), None)
        if found is not None:
            return found
    return None


def _email(value: JsonValue) -> str:
    return str(value.get("email") or "").casefold() if isinstance(value, dict) else ""


def _name(value: JsonValue) -> str:
    """Name somebody without an e-mail; with one, an equal name may be somebody else's."""
    if not isinstance(value, dict) or value.get("email"):
        return ""
    return f"{value.get('first_name') or ''} {value.get('last_name') or ''}".strip().casefold()

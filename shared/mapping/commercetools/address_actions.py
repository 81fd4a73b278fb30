"""Update actions that change the addresses of a Customer or Business Unit: both know the same ones. Pure.

The back-end knows no ids of ours: an address is recognised by its role, or by the parts that both sides show.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from shared.mapping.commercetools.address_parts import Parts, Raw, parts_of, with_parts
from shared.model.back_end import MissingReference
from shared.model.customer_fields import Fields, canonical, is_empty, same

type Action = dict[str, Any]

ROLES = ("billing", "shipping")
_OWN = frozenset({"id", "key", "externalId"})  # what a copy of an address must not share with it
_ENOUGH_ALIKE = 2  # equal parts that make a new address the correction of an old one


@dataclass
class _Book:
    """What is to become of the addresses of one document."""

    addresses: dict[str, Raw]
    defaults: dict[str, str | None]
    edited: dict[str, Raw] = field(default_factory=dict)
    added: list[tuple[Raw, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unset: list[str] = field(default_factory=list)

    @property
    def others(self) -> dict[str, Raw]:
        """The addresses without a role."""
        with_role = set(self.defaults.values())
        return {address_id: raw for address_id, raw in self.addresses.items() if address_id not in with_role}

    def default(self, role: str) -> Raw | None:
        """The address with a role."""
        return self.addresses.get(self.defaults[role] or "")

    def twins(self, address_id: str) -> list[str]:
        """List the other addresses without a role that read the same: they are told once."""
        parts = parts_of(self.addresses[address_id])
        return [other for other, raw in self.others.items() if other != address_id and same(parts_of(raw), parts)]

    @property
    def is_shared(self) -> bool:
        """Whether one address has both roles."""
        return self.defaults["billing"] == self.defaults["shipping"]


def address_actions(document: Raw, before: Fields, after: Fields) -> list[Action]:
    """List the actions that bring the changed address fields into the document.

    `phone` in `after` means the phone of the default billing address.
    """
    book = _book_of(document)
    _change_defaults(book, before, after)
    if "addresses" in after:
        _change_others(book, _members(before), _members(after))
    return list(_actions(book))


def without_country(before: Fields, after: Fields) -> MissingReference | None:
    """Find an address that could not be written: commercetools takes none without a country."""
    for name in ("billing_address", "shipping_address"):
        old, new = _parts(before, name), _parts(after, name)
        if new and not new.get("country") and (not old or old.get("country")):
            return _no_country(name, new)
    known = _by_spelling(_members(before))
    for spelling, member in _by_spelling(_members(after)).items():
        if not member.get("country") and spelling not in known:
            return _no_country("addresses", member)
    return None


def _no_country(name: str, parts: Parts) -> MissingReference:
    return MissingReference(
        kind="address_country",
        key=name,
        text=f"{name} has no country, and commercetools takes no address without one",
        hint="fill in the country in the back-end",
        facts={name: dict(parts)},
    )


def _book_of(document: Raw) -> _Book:
    addresses = {address["id"]: address for address in document.get("addresses", ()) if address.get("id")}
    return _Book(addresses, {role: document.get(f"default{role.title()}AddressId") for role in ROLES})


def _parts(fields: Fields, name: str) -> Parts:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _members(fields: Fields) -> list[Parts]:
    value = fields.get("addresses")
    return [member for member in value if isinstance(member, dict)] if isinstance(value, list) else []


def _change_defaults(book: _Book, before: Fields, after: Fields) -> None:
    targets = {role: _target(book, role, before, after) for role in ROLES}
    if book.is_shared and book.default("billing") is not None:
        _change_shared(book, targets)
    else:
        for role, target in targets.items():
            _change_default(book, role, target)
    if "phone" in after:
        _change_phone(book, before, after)


def _target(book: _Book, role: str, before: Fields, after: Fields) -> Raw | None:
    """Say what the address with a role shall be; None for none."""
    name = f"{role}_address"
    current = book.default(role)
    if name not in after or same(before.get(name), after[name]):
        return current
    if is_empty(after[name]):
        return None
    return with_parts(current or {}, _parts(before, name) if current else {}, _parts(after, name))


def _change_default(book: _Book, role: str, target: Raw | None) -> None:
    current, address_id = book.default(role), book.defaults[role]
    if target == current:
        return
    if current is None or address_id is None:
        book.added.append((cast("Raw", target), role))
    elif target is None:
        book.removed.append(address_id)
    else:
        book.edited[address_id] = target


def _change_shared(book: _Book, targets: Mapping[str, Raw | None]) -> None:
    """Change one address with two roles: where they part, the shipping role, or the one that changes, moves out."""
    current, address_id = book.default("billing"), cast("str", book.defaults["billing"])
    billing, shipping = (targets[role] for role in ROLES)
    if billing == shipping:
        _change_default(book, "billing", billing)
        return
    stays = "shipping" if shipping == current or billing is None else "billing"
    moves = "shipping" if stays == "billing" else "billing"
    if targets[stays] not in (current, None):
        book.edited[address_id] = cast("Raw", targets[stays])
    moving = targets[moves]
    if moving is None:
        book.unset.append(moves)
    else:
        book.added.append(({name: value for name, value in moving.items() if name not in _OWN}, moves))


def _change_phone(book: _Book, before: Fields, after: Fields) -> None:
    """Write the customer's phone into the default billing address, be it an old or a new one."""
    old, new = {"phone": before.get("phone")}, {"phone": after["phone"]}
    for position, (raw, role) in enumerate(book.added):
        if role == "billing":
            book.added[position] = (with_parts(raw, old, new), role)
            return
    address_id = book.defaults["billing"] or ""
    current = book.edited.get(address_id, book.addresses.get(address_id))
    if current is None or address_id in book.removed:
        return
    changed = with_parts(current, old, new)
    if changed != current:
        book.edited[address_id] = changed


def _change_others(book: _Book, before: Sequence[Parts], after: Sequence[Parts]) -> None:
    old, new = _by_spelling(before), _by_spelling(after)
    added = {spelling: member for spelling, member in new.items() if spelling not in old}
    settled = {canonical(parts_of(raw)): address_id for address_id, raw in book.others.items()}
    settled = {spelling: address_id for spelling, address_id in settled.items() if spelling in added}
    unsettled = {address_id: raw for address_id, raw in book.others.items() if address_id not in settled.values()}
    ids = dict(zip(old, _recognised(unsettled, list(old.values())), strict=True))
    gone = {spelling: address_id for spelling, address_id in ids.items() if address_id and spelling not in new}
    for spelling, member in added.items():
        if spelling not in settled:
            _add_or_correct(book, member, old, gone)
    for address_id in gone.values():
        book.removed += [address_id, *book.twins(address_id)]


def _add_or_correct(book: _Book, member: Parts, old: Mapping[str, Parts], gone: dict[str, str]) -> None:
    """Write an address that is new, over one that is gone when it reads much like it."""
    corrected = max(gone, key=lambda other: _alike(old[other], member), default=None)
    if corrected is None or _alike(old[corrected], member) < _ENOUGH_ALIKE:
        book.added.append((with_parts({}, {}, member), ""))
        return
    address_id = gone.pop(corrected)
    book.edited[address_id] = with_parts(book.addresses[address_id], old[corrected], member)
    book.removed += book.twins(address_id)


def _by_spelling(members: Sequence[Parts]) -> dict[str, Parts]:
    return {canonical(dict(member)): member for member in members}


def _recognised(others: Mapping[str, Raw], members: Sequence[Parts]) -> list[str]:
    """Find the address behind each member: the back-end shows it cut, in capitals, or without some parts.

    What is shown in other words altogether is told by its place, as long as nothing else is left; "" for none.
    """
    left: dict[str, Parts] = {}
    for address_id, parts in ((address_id, parts_of(raw)) for address_id, raw in others.items()):
        if parts not in left.values():  # what reads the same is shown once
            left[address_id] = parts
    found = [_behind(member, left) for member in members]
    unknown = [position for position, address_id in enumerate(found) if not address_id]
    if len(unknown) == len(left):
        for position, address_id in zip(unknown, left, strict=True):
            found[position] = address_id
    return found


def _behind(member: Parts, left: dict[str, Parts]) -> str:
    """Take the address out of those that are left that shows as this member."""
    best = max(left, key=lambda address_id: _likeness(left[address_id], member), default="")
    if not best or _likeness(left[best], member) < sum(not is_empty(value) for value in member.values()):
        return ""
    del left[best]
    return best


def _likeness(ours: Parts, shown: Parts) -> float:
    """Count the parts shown that may be ours, cut or in capitals; equal ones count a little more."""
    pairs = [(str(ours.get(name) or ""), str(value)) for name, value in shown.items() if not is_empty(value)]
    images = sum(_folded(one).startswith(_folded(other)) for one, other in pairs)
    return images + sum(one == other for one, other in pairs) / 100


def _folded(text: str) -> str:
    return "".join(text.casefold().split())


def _alike(one: Parts, other: Parts) -> int:
    return sum(not is_empty(value) and same(value, other.get(name)) for name, value in one.items() if name != "country")


def _actions(book: _Book) -> Iterator[Action]:
    for address_id, raw in book.edited.items():
        yield {"action": "changeAddress", "addressId": address_id, "address": _draft(raw)}
    taken = {str(raw.get("key")) for raw in book.addresses.values()}
    for raw, role in book.added:
        if not role:
            yield {"action": "addAddress", "address": _draft(raw)}
            continue
        key = _new_key(raw, role, taken)
        yield {"action": "addAddress", "address": _draft(raw) | {"key": key}}
        yield {"action": f"setDefault{role.title()}Address", "addressKey": key}
    for role in book.unset:
        yield {"action": f"setDefault{role.title()}Address"}
    for address_id in book.removed:
        yield {"action": "removeAddress", "addressId": address_id}


def _draft(raw: Raw) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name != "id"}


def _new_key(raw: Raw, role: str, taken: set[str]) -> str:
    """Name a new address, so that the same request can give it its role; the same address gets the same name."""
    key = f"{role}-{hashlib.sha256(canonical(dict(raw)).encode()).hexdigest()[:16]}"
    while key in taken:
        key += "-2"
    return key

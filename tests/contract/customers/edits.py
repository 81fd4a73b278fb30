"""What people change on either side: random fields out of those that both sides hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from pydantic import JsonValue

from shared.model.customer_fields import Fields, same
from tests.contract.customers.world import World
from tests.fakes.commercetools import Json

KEYS = ("customer-1", "customer-2")
OWNERS = ("commercetools", "dynamics", "latest", "review")
VAT_IDS = ("DE123456789", "DE987654321")  # both are known to Finance
LOCALES = ("de-DE", "en-US", "fr-FR")
PLACE: Json = {"streetName": "Market", "postalCode": "50667", "city": "Cologne", "country": "DE"}
NAMES = frozenset({"name", "company", "first_name", "last_name"})  # one is made of the others, or says the same


def _billing(document: Json) -> Json:
    found: Json = next(one for one in document["addresses"] if one["id"] == document["defaultBillingAddressId"])
    return found


def _others(document: Json) -> list[Json]:
    return [one for one in document["addresses"] if one["id"] != document["defaultBillingAddressId"]]


def _set(name: str) -> Callable[[Json, str], None]:
    def change(document: Json, value: str) -> None:
        document[name] = value

    return change


def _add_place(document: Json, value: str) -> None:
    if len(_others(document)) < 3:
        document["addresses"].append({**PLACE, "streetNumber": value, "id": f"by-hand-{document['version']}"})


def _remove_place(document: Json, value: str) -> None:
    for one in _others(document)[:1]:
        document["addresses"].remove(one)


# By field: how the shop changes it.
IN_SHOP: Mapping[str, tuple[Callable[[Json, str], None], ...]] = {
    "email": (_set("email"),),
    "phone": (lambda document, value: _billing(document).update(phone=value),),
    "vat_id": (_set("vatId"),),
    "locale": (_set("locale"),),
    "last_name": (_set("lastName"),),
    "company": (_set("companyName"),),
    "billing_address": (lambda document, value: _billing(document).update(streetNumber=value),),
    "addresses": (_add_place, _remove_place),
}


@dataclass
class Hands:
    """Edits a world at random; remembers what the owner of each field said last."""

    world: World
    dice: Random
    edits: int = 0
    touched: set[tuple[str, str]] = field(default_factory=set)
    wanted: dict[tuple[str, str], JsonValue] = field(default_factory=dict)

    async def edit(self, side: str = "") -> None:
        """Change one field of one customer on one side."""
        key = self.dice.choice(KEYS)
        chosen = side or self.dice.choice(("commercetools", "dynamics"))
        await (self._in_shop(key) if chosen == "commercetools" else self._in_back_end(key))

    async def _in_shop(self, key: str) -> None:
        held = await self._held(key)
        names = held if "name" not in held else [*held, "company" if key == "customer-2" else "last_name"]
        name = self.dice.choice([name for name in IN_SHOP if name in names])
        change = self.dice.choice(IN_SHOP[name])
        self.world.edit_shop(key, lambda document: change(document, self._value(name, key)))
        self._remember("commercetools", key, name, self.world.fields(key))

    async def _in_back_end(self, key: str) -> None:
        state = await self.world.state(key)
        name = self.dice.choice([one for one in await self._held(key) if one in {*IN_SHOP, "name"}])
        value = self._in_words_of_back_end(name, key, state.fields[name])
        if same(value, state.fields[name]):
            return
        await self.world.edit_back_end(key, {name: value})
        after = (await self.world.state(key)).fields
        if not same(after[name], state.fields[name]):  # Finance knows languages, and de-DE is no other one than de
            self._remember("dynamics", key, name, after)

    def _in_words_of_back_end(self, name: str, key: str, before: JsonValue) -> JsonValue:
        value = self._value(name, key)
        if name == "billing_address":
            return {**(before if isinstance(before, dict) else {}), "street": f"Example Street {value}"}
        if name != "addresses":
            return value
        kept = list(before) if isinstance(before, list) else []
        if kept and (len(kept) > 2 or self.dice.random() < 0.5):
            return kept[1:]
        place: JsonValue = {"street": f"Harbour {value}", "postal_code": "20457", "city": "Hamburg", "country": "DE"}
        return kept if place in kept else [*kept, place]

    async def _held(self, key: str) -> list[str]:
        fields = (await self.world.state(key)).fields
        return sorted(self.world.fields(key).keys() & fields.keys())

    def _value(self, name: str, key: str) -> str:
        """Few values, so that both sides say the same at times."""
        number = self.dice.randrange(1, 9)
        match name:
            case "email":
                return f"{key}-{number}@example.com"
            case "phone":
                return f"+49 30 555010{number}"
            case "vat_id":
                return self.dice.choice(VAT_IDS)
            case "locale":
                return self.dice.choice(LOCALES)
            case "last_name":
                return f"Customer{number}"
            case "company" | "name":
                return f"Example Trading {number}" if key == "customer-2" else f"Example Customer{number}"
            case _:
                return str(number)

    def _remember(self, side: str, key: str, name: str, fields: Fields) -> None:
        self.edits += 1
        self.touched |= {(key, one) for one in (NAMES if name in NAMES else {name})}
        owner = self.world.market.owner("customer").of(name).owner
        if owner == side and name in fields and name not in NAMES:
            self.wanted[key, name] = fields[name]

    async def check(self) -> None:
        """Both sides say the same of all that was touched, and of each field what its owner said last."""
        for key in KEYS:
            ours, theirs = self.world.fields(key), (await self.world.state(key)).fields
            names = [name for name in ours.keys() & theirs.keys() if (key, name) in self.touched]
            differing = {name: (ours[name], theirs[name]) for name in names if not same(ours[name], theirs[name])}
            assert differing == {}
            said = {name: value for (who, name), value in self.wanted.items() if who == key}
            lost = {name: (value, theirs[name]) for name, value in said.items() if not same(value, theirs[name])}
            assert lost == {}

    async def answer_questions(self) -> None:
        """Do what the hints say: correct one side, here the back-end, and resolve."""
        for item in await self.world.questions():
            key, _, what = item.question.key.partition("/")
            assert (item.question.kind, what) == ("customer_conflict", "fields")
            ours, theirs = self.world.fields(key), (await self.world.state(key)).fields
            differing = {name: ours[name] for name in item.question.commercetools if not same(ours[name], theirs[name])}
            if differing:
                await self.world.edit_back_end(key, differing)
                self.edits += 1
            await self.world.bench.state.review.resolve(item.id, {"note": "corrected in the back-end"}, "a person")
        await self.world.settle()


def random_rules(dice: Random) -> dict[str, object]:
    """An owner for every field, and another one for some."""
    names = [*IN_SHOP, "name"]
    own = {name: {"owner": dice.choice(OWNERS)} for name in dice.sample(names, dice.randrange(len(names)))}
    return {"owner": dice.choice(OWNERS), "fields": own}

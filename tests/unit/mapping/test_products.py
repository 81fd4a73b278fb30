"""Items → changes of products and drafts of new ones: owned fields only, by type, published as the market says."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from shared.mapping.commercetools.attributes import Attribute, Unmappable, attributes_by_name, is_equal, value_for
from shared.mapping.commercetools.product_documents import Product, by_sku, products_of
from shared.mapping.commercetools.product_drafts import product_draft, product_key, product_type_key, slug_of
from shared.mapping.commercetools.products import Matched, ProductChange, Vocabulary, product_change
from shared.market_options.trade import FieldOwner, Ownership
from shared.markets import Market
from shared.model.catalogue import ItemState
from tests.fakes import commercetools_catalogue as fake
from tests.fakes.markets import market
from tests.unit.mapping.catalogue import assert_actions_published, assert_published, item, selling

type Json = dict[str, Any]

COLOURS = [{"key": "red", "label": {"en": "Red"}}, {"key": "blue", "label": {"en": "Blue"}}]


def definition(name: str, kind: str, **changed: Any) -> Json:
    values = {"values": COLOURS} if kind in ("enum", "lenum") else {}
    known = {"name": name, "type": {"name": kind, **values}, "attributeConstraint": "None", "level": "Variant"}
    return {**known, **changed}


DEFINITIONS = [
    *(definition(kind, kind) for kind in ("text", "ltext", "number", "boolean", "enum", "lenum", "date", "datetime")),
    definition("money", "money"),
    definition("sellable", "boolean"),
    definition("unit", "text"),
    definition("brand", "text", attributeConstraint="SameForAll"),
    definition("family", "text", level="Product"),
]
ATTRIBUTES = attributes_by_name({"attributes": DEFINITIONS})
WORDS = Vocabulary(ATTRIBUTES, {"standard": "tax-1", "reduced": "tax-2"})


def data(*skus: str, **changed: Any) -> Json:
    master, *others = ({"id": place, "sku": sku, "attributes": []} for place, sku in enumerate(skus, start=1))
    names = {"name": {"en": "Example item", "de": "Beispiel"}, "description": {"en": "Told"}}
    return copy.deepcopy({**names, "attributes": [], "masterVariant": master, "variants": others, **changed})


def document(staged: Json, current: Json | None = None, *, published: bool = True) -> Json:
    states = {"staged": staged, "current": current or copy.deepcopy(staged), "published": published}
    known = {"id": "product-1", "version": 1, "productType": {"typeId": "product-type", "id": "type-1"}}
    tax_category = {"typeId": "tax-category", "id": "tax-1"}
    return {**known, "taxCategory": tax_category, "masterData": {**states, "hasStagedChanges": bool(current)}}


def shown(stored: Json) -> Product:
    staged, current = (fake.projection_of(stored, staged=staged) for staged in (True, False))
    return products_of([staged or {}], [current] if current else [])[0]


def changed(stored: Json, items: Sequence[Matched], where: Market) -> ProductChange:
    """What is to be done; it is valid, and when it is done nothing is left to do."""
    found = product_change(shown(stored), items, WORDS, where)
    if found.actions:
        assert_actions_published("products", found.actions)
    after = copy.deepcopy(stored)
    taxes = {f"tax-categories/{key}": {"id": id_, "key": key} for key, id_ in WORDS.tax_categories.items()}
    for action in found.actions:
        fake.apply_action("products", after, action, taxes)
    assert product_change(shown(after), items, WORDS, where).actions == []
    return found


def single(stored: Json, where: Market, **fields: Any) -> ProductChange:
    return changed(stored, [Matched(item(**{"description": "Told", **fields}), "A")], where)


def test_an_item_that_is_as_shown_needs_nothing() -> None:
    assert single(document(data("A")), selling()) == ProductChange()


def test_a_name_is_changed_in_the_markets_language_only() -> None:
    found = single(document(data("A")), selling(), name="Renamed")
    name = {"en": "Renamed", "de": "Beispiel"}
    assert found.actions == [{"action": "changeName", "name": name, "staged": False}]
    german = single(document(data("A")), selling(locale="de"), name="Umbenannt", description="")
    assert german.actions[0]["name"] == {"en": "Example item", "de": "Umbenannt"}


def test_texts_that_the_back_end_does_not_have_are_left_alone() -> None:
    assert changed(document(data("A")), [Matched(item(name="", description=""), "A")], selling()) == ProductChange()


def test_a_new_description_is_set() -> None:
    found = changed(document(data("A")), [Matched(item(description="New"), "A")], selling())
    assert found.actions == [{"action": "setDescription", "description": {"en": "New"}, "staged": False}]


def test_with_publish_never_changes_are_only_staged_and_what_is_current_does_not_count() -> None:
    found = single(document(data("A")), selling(publish="never"), name="Renamed")
    assert [action["staged"] for action in found.actions] == [True]


def test_what_a_merchandiser_staged_in_another_language_is_not_published_by_a_new_name() -> None:
    staged = data("A", name={"en": "Example item", "de": "Noch geheim"})
    found = single(document(staged, data("A")), selling(), name="Renamed")
    assert found.actions == [
        {"action": "changeName", "name": {"en": "Renamed", "de": "Noch geheim"}, "staged": True},
    ]


def test_a_name_that_is_staged_already_is_made_current() -> None:
    staged = data("A", name={"en": "Renamed", "de": "Beispiel"})
    found = single(document(staged, data("A")), selling(), name="Renamed")
    assert [action["staged"] for action in found.actions] == [False]


@pytest.mark.parametrize("name", ["name", "description", "tax_category", "text"])
def test_fields_that_commercetools_owns_are_never_written(name: str) -> None:
    owners = Ownership(owner="dynamics", fields={name: FieldOwner(owner="commercetools")})
    rules = selling(attributes={"Text": "text"}, tax_categories={"7": "reduced"})
    fields = item(name="Renamed", description="New", tax_code="7", attributes={"Text": "new"})
    everything = changed(document(data("A")), [Matched(fields, "A")], rules)
    without = changed(
        document(data("A")), [Matched(fields, "A")], rules.model_copy(update={"ownership": {"product": owners}})
    )
    assert len(everything.actions) == 4
    assert len(without.actions) == 3


def test_nothing_is_written_to_products_that_commercetools_owns() -> None:
    owned = selling(attributes={"Text": "text"}).model_copy(
        update={"ownership": {"product": Ownership(owner="commercetools")}}
    )
    assert single(document(data("A")), owned, name="Renamed", attributes={"Text": "new"}) == ProductChange()


def test_a_tax_category_follows_the_tax_code() -> None:
    rules = selling(tax_categories={"19": "standard", "7": "reduced", "0": "missing"})
    assert single(document(data("A")), rules, tax_code="19").actions == []
    (action,) = single(document(data("A")), rules, tax_code="7").actions
    assert action == {"action": "setTaxCategory", "taxCategory": {"typeId": "tax-category", "key": "reduced"}}
    for code, text in (("0", "does not exist"), ("5", "has no tax category")):
        found = single(document(data("A")), rules, tax_code=code)
        assert (found.actions, [text in problem.text for problem in found.problems]) == ([], [True])
    assert single(document(data("A")), rules, tax_code="") == ProductChange()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("text", "new", "new"),
        ("ltext", "new", {"en": "new"}),
        ("number", "2.50", 2.5),
        ("number", "3", 3),
        ("boolean", "Yes", True),
        ("boolean", "false", False),
        ("enum", "red", "red"),
        ("lenum", "blue", "blue"),
        ("date", "2026-12-01T00:00:00Z", "2026-12-01"),
        ("datetime", "2026-12-01T08:00:00Z", "2026-12-01T08:00:00Z"),
    ],
)
def test_attributes_are_set_by_their_type(name: str, text: str, value: Any) -> None:
    found = single(document(data("A")), selling(attributes={"Field": name}), attributes={"Field": text})
    assert found.actions == [
        {"action": "setAttribute", "name": name, "staged": False, "sku": "A", "value": value},
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("number", "many"),
        ("number", "NaN"),
        ("boolean", "maybe"),
        ("lenum", "green"),
        ("date", "soon"),
        ("datetime", "soon"),
        ("datetime", "2026-12-01T08:00:00"),
        ("money", "1"),
    ],
)
def test_a_value_that_does_not_fit_is_told_and_the_rest_is_written(name: str, text: str) -> None:
    rules = selling(attributes={"Field": name, "Other": "text"})
    found = single(document(data("A")), rules, attributes={"Field": text, "Other": "new"})
    assert [action["name"] for action in found.actions] == ["text"]
    assert [(problem.item, problem.field) for problem in found.problems] == [("ITEM", name)]


def test_an_attribute_that_the_type_lacks_is_told() -> None:
    found = single(document(data("A")), selling(attributes={"Field": "absent"}), attributes={"Field": "x"})
    assert (found.actions, [problem.field for problem in found.problems]) == ([], ["absent"])


def test_an_enumeration_is_compared_by_its_key() -> None:
    there = data("A")
    there["masterVariant"]["attributes"] = [{"name": "lenum", "value": COLOURS[0]}]
    rules = selling(attributes={"Colour": "lenum"})
    assert single(document(there), rules, attributes={"Colour": "red"}).actions == []


def test_a_field_that_the_back_end_emptied_is_removed_and_one_that_it_does_not_tell_is_kept() -> None:
    there = data("A")
    there["masterVariant"]["attributes"] = [{"name": "text", "value": "old"}]
    rules = selling(attributes={"Field": "text"})
    removal = {"action": "setAttribute", "name": "text", "staged": False, "sku": "A"}
    assert single(document(there), rules, attributes={"Field": ""}).actions == [removal]
    assert single(document(there), rules, attributes={}).actions == []
    assert single(document(data("A")), rules, attributes={"Field": ""}).actions == []


def test_each_variant_gets_its_own_attributes_and_all_share_those_that_are_the_same() -> None:
    rules = selling(attributes={"Size": "text", "Brand": "brand", "Family": "family"})
    shared = {"Brand": "Example", "Family": "Chairs"}
    items = [
        Matched(item(attributes=shared, description="Told"), None),
        Matched(item(variant="S", attributes={"Size": "small", **shared}), "A"),
        Matched(item(variant="L", attributes={"Size": "large", **shared}), "B"),
    ]
    found = changed(document(data("A", "B")), items, rules)
    assert [(action["action"], action.get("sku"), action["value"]) for action in found.actions] == [
        ("setAttributeInAllVariants", None, "Example"),
        ("setProductAttribute", None, "Chairs"),
        ("setAttribute", "A", "small"),
        ("setAttribute", "B", "large"),
    ]


def test_the_name_of_a_variant_is_not_that_of_a_product_with_several() -> None:
    variant = Matched(item(variant="S", name="Small"), "A")
    assert changed(document(data("A", "B")), [variant], selling()).actions == []
    assert [action["action"] for action in changed(document(data("A")), [variant], selling()).actions] == ["changeName"]


def test_the_unit_has_an_attribute_where_the_market_names_one() -> None:
    found = single(document(data("A")), selling(unit_attribute="unit"), unit="PCS")
    assert [(action["name"], action["value"]) for action in found.actions] == [("unit", "PCS")]


@pytest.mark.parametrize("blocked", [True, False])
def test_a_blocked_item_is_marked_as_not_sellable(blocked: bool) -> None:
    rules = selling(blocked="attribute", sellable_attribute="sellable")
    found = single(document(data("A")), rules, blocked=blocked)
    assert [(action["name"], action["value"]) for action in found.actions] == [("sellable", not blocked)]


def test_a_product_is_unpublished_once_all_that_it_sells_is_blocked() -> None:
    rules = selling(blocked="unpublish")
    small, large = (Matched(item(variant=name, blocked=True), sku) for name, sku in (("S", "A"), ("L", "B")))
    both = document(data("A", "B"))
    assert changed(both, [small], rules).actions == []
    assert changed(both, [small, large], rules).actions == [{"action": "unpublish"}]
    assert changed(document(data("A", "B"), published=False), [small, large], rules).actions == []
    whole = Matched(item(blocked=True, description="Told"), None)
    assert changed(both, [whole], rules).actions == [{"action": "unpublish"}]


def test_blocked_items_change_nothing_where_the_market_ignores_them() -> None:
    assert single(document(data("A")), selling(), blocked=True) == ProductChange()


@pytest.mark.parametrize(("publish", "expected"), [("always", ["publish"]), ("keep", []), ("never", [])])
def test_an_unpublished_product_is_published_only_if_the_market_wants_all_published(
    publish: str, expected: list[str]
) -> None:
    found = single(document(data("A"), published=False), selling(publish=publish))
    assert [action["action"] for action in found.actions] == expected


def test_a_blocked_item_is_not_published_again() -> None:
    rules = selling(publish="always", blocked="unpublish")
    assert single(document(data("A"), published=False), rules, blocked=True).actions == []


def test_products_are_found_by_any_of_their_skus() -> None:
    product = shown(document(data("A", "B")))
    assert by_sku([product]) == {"A": product, "B": product}
    assert (product.version, product.product_type_id, product.tax_category_id) == (1, "type-1", "tax-1")
    assert product.price_mode == "Embedded"


def drafted(items: Sequence[ItemState], where: Market, attributes: Mapping[str, Attribute] = ATTRIBUTES) -> Json:
    draft, problems = product_draft(items, attributes, where)
    assert problems == []
    assert draft is not None
    assert_published("products", draft)
    return draft


def test_a_new_item_becomes_a_product_with_one_variant() -> None:
    rules = selling(
        product_type="main", attributes={"Colour": "lenum"}, tax_categories={"19": "standard"}, publish="always"
    )
    draft = drafted([item(description="Told", tax_code="19", attributes={"Colour": "red"})], rules)
    assert draft == {
        "key": "ITEM",
        "productType": {"typeId": "product-type", "key": "main"},
        "name": {"en": "Example item"},
        "slug": {"en": draft["slug"]["en"]},
        "description": {"en": "Told"},
        "taxCategory": {"typeId": "tax-category", "key": "standard"},
        "masterVariant": {"sku": "ITEM", "attributes": [{"name": "lenum", "value": "red"}]},
        "variants": [],
        "publish": True,
        "priceMode": "Standalone",
    }


def test_the_variants_of_a_new_item_are_its_variants_in_commercetools() -> None:
    items = [item(variant="S", name="Small"), item(), item(variant="L", name="Large")]
    draft = drafted(items, selling(product_type="main", match_attribute="text"))
    assert draft["name"] == {"en": "Example item"}
    assert [one["sku"] for one in (draft["masterVariant"], *draft["variants"])] == ["ITEM-S", "ITEM-L"]
    assert draft["masterVariant"]["attributes"] == [{"name": "text", "value": "ITEM"}]


def test_a_new_product_is_published_only_if_all_are_and_it_may_be_sold() -> None:
    published = [
        drafted([item(blocked=blocked)], selling(product_type="main", publish=publish))["publish"]
        for publish, blocked in (("always", False), ("always", True), ("keep", False), ("never", False))
    ]
    assert published == [True, False, False, False]


def test_the_type_of_a_new_product_follows_its_category() -> None:
    rules = selling(product_type="main", types={"CHAIR": "chairs"})
    assert [product_type_key([item(category=name)], rules) for name in ("CHAIR", "TABLE")] == ["chairs", "main"]


@pytest.mark.parametrize(
    ("fields", "rules", "field"), [({}, {}, "product_type"), ({"name": ""}, {"product_type": "main"}, "name")]
)
def test_without_a_type_or_a_name_there_is_no_draft(fields: Json, rules: Json, field: str) -> None:
    draft, problems = product_draft([item(**fields)], ATTRIBUTES, selling(**rules))
    assert (draft, [problem.field for problem in problems]) == (None, [field])


def test_attributes_that_do_not_fit_are_left_out_of_a_draft_and_told() -> None:
    rules = selling(product_type="main", attributes={"A": "number", "B": "absent", "C": "family", "D": "text"})
    texts = {"A": "many", "B": "x", "C": "x", "D": "fits"}
    draft, problems = product_draft([item(attributes=texts)], ATTRIBUTES, rules)
    assert draft is not None
    assert draft["masterVariant"]["attributes"] == [{"name": "text", "value": "fits"}]
    assert [problem.field for problem in problems] == ["number", "absent", "family"]


def test_a_market_with_embedded_books_makes_products_with_embedded_prices() -> None:
    books = tuple(book.model_copy(update={"kind": "embedded"}) for book in selling().price_books)
    embedded = selling(product_type="main").model_copy(update={"price_books": books})
    assert drafted([item()], embedded)["priceMode"] == "Embedded"
    assert "priceMode" not in drafted([item()], market(products=embedded.products))


def test_keys_and_slugs_are_valid_and_differ_for_different_numbers() -> None:
    numbers = ["ITEM-1", "item-1", "Item-1", "A/1", "A 1", "A-1", "Ä", "Ö", "1", "X" * 300, "X" * 301]
    slugs, keys = [slug_of(number) for number in numbers], [product_key(number) for number in numbers]
    for texts in (slugs, keys):
        assert len(set(texts)) == len(numbers)
        assert [text for text in texts if not 2 <= len(text) <= 256 or not text.replace("-", "a").isalnum()] == []
    assert product_key("ITEM-1") == "ITEM-1"


def test_true_is_not_the_number_one() -> None:
    assert not is_equal(ATTRIBUTES["number"], 1, True)
    assert is_equal(ATTRIBUTES["number"], 1, 1.0)


def test_other_languages_of_a_localised_attribute_stay() -> None:
    assert value_for(ATTRIBUTES["ltext"], "new", "en", {"en": "old", "de": "alt"}) == {"en": "new", "de": "alt"}


def test_an_unknown_kind_says_that_it_cannot_be_filled() -> None:
    with pytest.raises(Unmappable, match="type nested"):
        value_for(Attribute("parts", "nested", is_shared=False, is_of_product=False), "x", "en")

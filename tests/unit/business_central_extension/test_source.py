"""The extension cannot be compiled here: its syntax, ids and agreement with the simulator are checked instead."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from pathlib import Path

import pytest

from tests.unit.business_central_extension.al import (
    API_PAGES,
    EXTENSION,
    OBJECTS,
    SOURCES,
    AlObject,
    definitions,
    of_type,
    properties,
    text,
    tree,
    walk,
)

APP = json.loads((EXTENSION / "app.json").read_text(encoding="utf-8"))
PAGES = {page.properties["EntitySetName"]: page for page in API_PAGES}
ENTITY_SETS = sorted(definitions())
PERMISSION_KINDS = {"page", "query", "codeunit", "table"}


def by_file(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", SOURCES, ids=by_file)
def test_every_file_parses(path: Path) -> None:
    wrong = [f"{node.start_point}: {node.type}" for node in walk(tree(path)) if node.is_error or node.is_missing]
    assert not wrong


def test_the_parser_refuses_what_is_no_al(tmp_path: Path) -> None:
    broken = tmp_path / "Broken.Page.al"
    broken.write_text(SOURCES[0].read_text(encoding="utf-8").removesuffix("}\n"), encoding="utf-8")
    assert tree(broken).has_error


def test_the_app_file_names_the_app() -> None:
    assert str(uuid.UUID(APP["id"])) == APP["id"]
    assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", APP["version"])
    assert (APP["publisher"], APP["target"]) == ("ctd365", "Cloud")
    assert [sorted(span) for span in APP["idRanges"]] == [["from", "to"]]


def test_ids_are_unique_and_in_the_range_of_a_per_tenant_extension() -> None:
    [span] = APP["idRanges"]
    assert (span["from"], span["to"]) == (50100, 50149)
    assert {found.id for found in OBJECTS} <= set(range(span["from"], span["to"] + 1))
    assert max(Counter(found.id for found in OBJECTS).values()) == 1


def test_names_are_unique_prefixed_and_as_long_as_the_platform_allows() -> None:
    names = Counter((found.kind, found.name) for found in OBJECTS)
    assert max(names.values()) == 1
    assert [found.name for found in OBJECTS if not found.name.startswith("CTD365 ")] == []
    longest = {"permissionset": 20}
    assert [found.name for found in OBJECTS if len(found.name) > longest.get(found.kind, 30)] == []


def test_every_file_is_named_after_the_kind_of_its_object() -> None:
    kinds = {found.path.name.split(".")[1].lower(): found.kind for found in OBJECTS}
    assert all(suffix == kind for suffix, kind in kinds.items())


def test_every_page_has_its_own_entity_set_and_entity_name() -> None:
    assert len(PAGES) == len(API_PAGES)
    assert len({page.properties["EntityName"] for page in API_PAGES}) == len(API_PAGES)


@pytest.mark.parametrize("page", API_PAGES, ids=lambda page: page.properties["EntitySetName"])
def test_every_page_is_below_the_same_root_and_captioned(page: AlObject) -> None:
    own = page.properties
    root = tuple(own[name] for name in ("APIPublisher", "APIGroup", "APIVersion"))
    assert root == ("ctd365", "commerce", "v1.0")
    assert own["DelayedInsert"] == "true"
    captions = [
        properties(field.child_by_field_name("body")).get("Caption") for field in of_type(page.node, "page_field")
    ]
    assert all(captions)


def test_simulator_and_extension_have_the_same_entity_sets() -> None:
    assert sorted(PAGES) == ENTITY_SETS


@pytest.mark.parametrize("name", ENTITY_SETS)
def test_simulator_and_extension_have_the_same_fields(name: str) -> None:
    assert list(PAGES[name].fields()) == list(definitions()[name]["fields"])


@pytest.mark.parametrize("name", ENTITY_SETS)
def test_what_can_be_written_in_the_simulator_can_be_written_in_the_extension(name: str) -> None:
    page, definition = PAGES[name], definitions()[name]
    flags = {"Insert": "insertable", "Modify": "modifiable", "Delete": "deletable"}
    assert {change: page.allows(change) for change in flags} == {
        change: definition[flag] for change, flag in flags.items()
    }
    if definition["insertable"]:
        fixed = {field for field, is_fixed in page.fields().items() if is_fixed}
        assert fixed == {field for field, part in definition["fields"].items() if part.get("readOnly")}


@pytest.mark.parametrize("name", ENTITY_SETS)
def test_actions_and_parts_are_the_same(name: str) -> None:
    page, definition = PAGES[name], definitions()[name]
    assert page.actions() == definition["actions"]
    assert sorted(page.parts()) == sorted(definition["navigation"])
    for part, link in page.parts().items():
        navigation = definition["navigation"][part]
        child = PAGES[navigation["entitySet"]].sources()[navigation["childField"]]
        parent = page.sources()[navigation["parentField"]]
        assert f'"{child}" = field("{parent}")' in link


@pytest.mark.parametrize("name", ENTITY_SETS)
def test_keys_are_the_same(name: str) -> None:
    page, definition = PAGES[name], definitions()[name]
    key = [part.strip('"') for part in page.properties["ODataKeyFields"].split(", ")]
    assert key == [page.sources()[field] for field in definition.get("key", ["id"])]


@pytest.mark.parametrize("name", [name for name in ENTITY_SETS if name != "itemAvailabilities"])
def test_every_page_over_a_table_shows_its_id_and_when_it_was_changed(name: str) -> None:
    sources = PAGES[name].sources()
    assert (sources["id"], sources["systemModifiedAt"]) == ("SystemId", "SystemModifiedAt")


def test_the_permission_sets_name_every_object() -> None:
    listed = {
        (text(entry.children[0]).lower(), text(entry.child_by_field_name("table_name")))
        for found in OBJECTS
        if found.kind == "permissionset"
        for entry in of_type(found.node, "tabledata_permission")
    }
    wanted = {(found.kind, found.name) for found in OBJECTS if found.kind in PERMISSION_KINDS}
    assert wanted <= listed


def test_the_readme_says_what_has_not_been_done() -> None:
    readme = (EXTENSION / "README.md").read_text(encoding="utf-8")
    assert "unbuilt" in readme.lower()
    assert [name for name in ENTITY_SETS if f"`{name}`" not in readme] == []

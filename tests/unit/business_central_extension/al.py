"""The AL source of the companion extension, as far as its tests look at it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tree_sitter_al
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).parents[3]
EXTENSION = ROOT / "business-central-extension"
DEFINITIONS = ROOT / "local" / "dynamics" / "data" / "business_central_companion.json"
SOURCES = sorted(EXTENSION.rglob("*.al"))
PARSER = Parser(Language(tree_sitter_al.language()))


def text(node: Node | None) -> str:
    """Source of a node without quotes."""
    assert node is not None
    assert node.text is not None
    source = node.text.decode()
    return source[1:-1] if node.type in {"string_literal", "quoted_identifier"} else source


def tree(path: Path) -> Node:
    return PARSER.parse(path.read_bytes()).root_node


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def of_type(node: Node, *types: str) -> Iterator[Node]:
    return (found for found in walk(node) if found.type in types)


def properties(body: Node | None) -> dict[str, str]:
    """Properties of one body, not of what lies deeper."""
    assert body is not None
    own = (child for child in body.children if child.type == "property")
    return {text(part.child_by_field_name("name")): text(part.child_by_field_name("value")) for part in own}


@dataclass(frozen=True)
class AlObject:
    """One declared object."""

    path: Path
    kind: str
    id: int
    name: str
    node: Node

    @property
    def properties(self) -> dict[str, str]:
        return properties(self.node.child_by_field_name("body"))

    @property
    def is_api_page(self) -> bool:
        return self.kind == "page" and self.properties.get("PageType") == "API"

    def fields(self) -> dict[str, bool]:
        """Names of a page's fields, in order; True for those that say Editable = false."""
        found = of_type(self.node, "page_field")
        return {
            text(field.child_by_field_name("name")): properties(field.child_by_field_name("body")).get("Editable")
            == "false"
            for field in found
        }

    def sources(self) -> dict[str, str]:
        """What each field shows: the table field's name, or the page's variable."""
        found = of_type(self.node, "page_field")
        return {text(field.child_by_field_name("name")): _member(field) for field in found}

    def parts(self) -> dict[str, str]:
        """Entity set and link of each part."""
        found = of_type(self.node, "part_section")
        bodies = [properties(part.child_by_field_name("body")) for part in found]
        return {body["EntitySetName"]: body["SubPageLink"] for body in bodies}

    def actions(self) -> list[str]:
        """Bound actions: procedures that stand below [ServiceEnabled], as OData writes them."""
        enabled = False
        names = []
        for node in walk(self.node):
            if node.type == "attribute_content":
                enabled = text(node.child_by_field_name("name")) == "ServiceEnabled"
            elif node.type == "procedure" and node.is_named:
                name = text(node.child_by_field_name("name"))
                names += [name[0].lower() + name[1:]] if enabled else []
                enabled = False
        return names

    def allows(self, change: str) -> bool:
        return self.properties.get(f"{change}Allowed", "true") == "true" and self.properties.get("Editable") != "false"


def _member(field: Node) -> str:
    source = field.child_by_field_name("source")
    assert source is not None
    return text(source.child_by_field_name("member")) if source.type == "member_expression" else text(source)


def al_object(path: Path) -> AlObject:
    """The one object of a file."""
    found = [
        node for node in tree(path).children if node.type.endswith("_declaration") and "namespace" not in node.type
    ]
    assert len(found) == 1, f"{path.name} declares {len(found)} objects"
    number, name = (text(found[0].child_by_field_name(field)) for field in ("object_id", "object_name"))
    return AlObject(path, found[0].type.removesuffix("_declaration"), int(number), name, found[0])


OBJECTS = [al_object(path) for path in SOURCES]
API_PAGES = [found for found in OBJECTS if found.is_api_page]


def definitions() -> dict[str, Any]:
    """Entity sets of the simulator, without the list of companies, which no page of the extension serves."""
    sets: dict[str, Any] = json.loads(DEFINITIONS.read_text(encoding="utf-8"))["entitySets"]
    return {name: definition for name, definition in sets.items() if name != "companies"}

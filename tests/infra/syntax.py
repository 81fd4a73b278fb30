"""Templates read by a grammar, for places where there is no compiler: names and types, not meanings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from tree_sitter import Language, Node, Parser

# What the compiler understands and the grammar (tree-sitter-bicep 1.1.0) does not, in older words on the same lines.
_OLDER_WORDS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"^import \{[^}]*\}", re.MULTILINE), lambda found: _joined(found[0])),
    (re.compile(r"^(var \w+) \w+(?:\[\])?(?= =)", re.MULTILINE), r"\1"),
    (re.compile(r"^( +)\.\.\.(\w+)$", re.MULTILINE), r"\1spread: \2"),
)


@dataclass(frozen=True)
class Declared:
    """What a template declares: parameters, resources (symbol to type@version), modules, and what is not understood."""

    parameters: frozenset[str]
    resources: dict[str, str]
    modules: frozenset[str]
    errors: tuple[str, ...]


@cache
def _parser() -> Parser:
    return Parser(Language(import_module("tree_sitter_bicep").language()))


def read(path: Path) -> Declared:
    """Read a template file."""
    return read_text(path.read_text(encoding="utf-8"))


def read_text(text: str) -> Declared:
    """Read a template; `errors` has line and text of each place that is no Bicep."""
    root = _parser().parse(_in_older_words(text).encode()).root_node
    found = list(_declarations(root, "", ""))
    return Declared(
        parameters=frozenset(symbol for kind, symbol, _ in found if kind == "parameter_declaration"),
        resources={symbol: text for kind, symbol, text in found if kind == "resource_declaration"},
        modules=frozenset(symbol for kind, symbol, _ in found if kind == "module_declaration"),
        errors=tuple(_errors(root)),
    )


def _in_older_words(text: str) -> str:
    for pattern, words in _OLDER_WORDS:
        text = pattern.sub(words, text)
    return text


def _joined(statement: str) -> str:
    """Put commas between the names of an import; the number of lines stays."""
    names = re.findall(r"\w+", statement)[1:]
    return f"import {{ {', '.join(names)} " + "\n" * statement.count("\n") + "}"


def _declarations(node: Node, symbol: str, kind: str) -> Iterator[tuple[str, str, str]]:
    """Kind, symbol (`outer::inner`) and type of every declaration."""
    for child in node.named_children:
        if not child.type.endswith("_declaration"):
            yield from _declarations(child, symbol, kind)
            continue
        name = _text(child.named_children[0])
        own = _text(child.named_children[1]).strip("'") if len(child.named_children) > 1 else ""
        path, full = (f"{symbol}::{name}", _nested(kind, own)) if symbol else (name, own)
        yield child.type, path, full
        yield from _declarations(child, path, full)


def _nested(outer: str, own: str) -> str:
    """Type of a resource inside another: the outer's type goes before it, and its version where it has none."""
    kind, _, version = outer.partition("@")
    inner, _, other = own.partition("@")
    return f"{kind}/{inner}@{other or version}"


def _errors(node: Node) -> Iterator[str]:
    if node.type == "ERROR" or node.is_missing:
        yield f"line {node.start_point[0] + 1}: {_text(node)[:60]!r}"
    for child in node.children:
        yield from _errors(child)


def _text(node: Node) -> str:
    return (node.text or b"").decode()

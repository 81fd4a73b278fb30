"""Names and dimensions are defined once: the code uses no others, and the documents show all of them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from shared.settings import ROOT
from shared.telemetry.names import EVENTS, METRICS, SIGNALS, table

DEFINED = {
    "event": {signal.name: set(signal.dimensions) for signal in EVENTS},
    "metric": {signal.name: set(signal.dimensions) for signal in METRICS},
}


def used() -> Iterator[tuple[str, str, str, set[str]]]:
    """Every call of `event` and `metric` in the product: place, kind, name and dimensions."""
    for path in sorted((ROOT / "shared").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            kind, first = node.func.attr, node.args[0]
            if kind in DEFINED and isinstance(first, ast.Constant) and isinstance(first.value, str):
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield place, kind, first.value, {word.arg for word in node.keywords if word.arg}


def test_the_code_says_nothing_that_names_py_does_not_define() -> None:
    places = list(used())
    assert {"outcome", "accepted", "sweep"} <= {name for _, _, name, _ in places}
    unknown = [
        f"{place}: {kind} {name} {sorted(dimensions)}: define it in shared/telemetry/names.py"
        for place, kind, name, dimensions in places
        if not dimensions <= DEFINED[kind].get(name, set())
    ]
    assert unknown == []
    assert [f"{place}: {name}" for place, kind, name, _ in places if name not in DEFINED[kind]] == []


def test_every_event_that_is_defined_is_said() -> None:
    own = ROOT / "shared" / "telemetry" / "names.py"
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "shared").rglob("*.py") if path != own)
    assert [name for name in DEFINED["event"] if f'"{name}"' not in code] == []


def test_names_and_dimensions_are_unique_and_say_what_they_are() -> None:
    assert [name for name, times in Counter(signal.name for signal in SIGNALS).items() if times > 1] == []
    assert [signal.name for signal in SIGNALS if len(set(signal.dimensions)) != len(signal.dimensions)] == []
    assert [signal.name for signal in SIGNALS if not signal.description] == []
    assert [signal.name for signal in METRICS if not signal.unit] == []


def test_the_documents_show_the_table_as_it_is() -> None:
    assert table() in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

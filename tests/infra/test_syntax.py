"""Templates are read by a grammar everywhere; where there is a compiler, it must see the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.infra.compiler import INFRA, build, find_compiler
from tests.infra.conftest import NEEDS_THE_COMPILER
from tests.infra.syntax import read, read_text

TEMPLATES = sorted(INFRA.rglob("*.bicep"))
COMPILED = pytest.mark.skipif(
    find_compiler() is None,
    reason=f"NO BICEP COMPILER: build, lint, format and {', '.join(NEEDS_THE_COMPILER)} ARE NOT CHECKED",
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_the_grammar_understands_every_line(path: Path) -> None:
    assert read(path).errors == ()


@COMPILED
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_the_compiler_sees_the_same_parameters_resources_and_modules(path: Path) -> None:
    declared = read(path)
    template = json.loads(build(path).stdout)
    resources = {name: f"{item['type']}@{item['apiVersion']}" for name, item in _resources(template).items()}
    modules = {name for name, kind in resources.items() if kind.startswith("Microsoft.Resources/deployments@")}
    assert declared.parameters == template.get("parameters", {}).keys()
    assert declared.modules == modules
    assert declared.resources == {name: kind for name, kind in resources.items() if name not in modules}


def _resources(template: dict[str, object]) -> dict[str, dict[str, str]]:
    """By symbol; a template without resources has an empty list instead."""
    found = template["resources"]
    return found if isinstance(found, dict) else {}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("param name string = 'a'\nresource x 'T/y@2020-01-01' = {\n  name: \n", 3),
        ("param name string = \nvar other = {\n", 1),
        ("import {\n  one\n  two\n} from 'roles.bicep'\nmodule\n", None),
    ],
)
def test_the_grammar_says_where_a_template_is_broken(text: str, line: int | None) -> None:
    errors = read_text(text).errors
    assert errors
    assert line is None or any(error.startswith(f"line {line}:") for error in errors)


def test_a_resource_inside_another_has_the_whole_type() -> None:
    text = "resource app 'Microsoft.Web/sites@2024-11-01' existing = {\n  name: 'a'\n  resource host 'host' existing = {\n    name: 'b'\n  }\n}\n"
    assert read_text(text).resources == {
        "app": "Microsoft.Web/sites@2024-11-01",
        "app::host": "Microsoft.Web/sites/host@2024-11-01",
    }

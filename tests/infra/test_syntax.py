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
    "line", ["param name string = ", "var other = {", "resource x = {}", "module 'a.bicep' = {}", "output one string ="]
)
def test_the_grammar_says_where_a_template_is_broken(line: str) -> None:
    before = "import {\n  one\n  two\n} from 'roles.bicep'\n\nparam first string\n\n"
    (error, *_) = read_text(before + line).errors
    assert error.startswith(("line 8:", "line 9:")), error


def test_a_resource_inside_another_has_the_whole_type() -> None:
    inner = "  resource host 'host' existing = {\n    name: 'b'\n  }\n"
    text = f"resource app 'Microsoft.Web/sites@2024-11-01' existing = {{\n  name: 'a'\n{inner}}}\n"
    assert read_text(text).resources == {
        "app": "Microsoft.Web/sites@2024-11-01",
        "app::host": "Microsoft.Web/sites/host@2024-11-01",
    }

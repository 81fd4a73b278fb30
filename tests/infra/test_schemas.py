"""The files that Azure's tools read follow the published schemas (tests/data/schemas)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from jsonschema.validators import validator_for

from tests.infra.compiler import ROOT

SCHEMAS = ROOT / "tests" / "data" / "schemas"
FILES = {
    "host.json": "host",
    "azure.yaml": "azure.yaml",
    "local.settings.json.example": "local.settings",
    "infra/workbook.json": "workbook",
}


def _document(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))  # JSON is YAML


def _problems(name: str, document: Any) -> list[str]:
    """What the schema says against a document. No other schema is fetched: a reference to one raises."""
    schema = json.loads((SCHEMAS / f"{FILES[name]}.schema.json").read_text(encoding="utf-8"))
    validator = validator_for(schema)(schema)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]


@pytest.mark.parametrize("name", FILES)
def test_a_file_follows_its_published_schema(name: str) -> None:
    assert _problems(name, _document(name)) == []


def _slow(host: Any) -> None:
    host["extensions"]["serviceBus"]["maxConcurrentSessions"] = "eight"


def _nameless(azure: Any) -> None:
    del azure["name"]


def _numeric(settings: Any) -> None:
    settings["IsEncrypted"] = "no"


def _itemless(workbook: Any) -> None:
    workbook["items"][0]["type"] = "text"


@pytest.mark.parametrize(
    ("name", "damage"), list(zip(FILES, [_slow, _nameless, _numeric, _itemless], strict=True)), ids=list(FILES)
)
def test_the_schema_sees_a_mistake(name: str, damage: Callable[[Any], None]) -> None:
    document = _document(name)
    damage(document)
    assert _problems(name, document) != []

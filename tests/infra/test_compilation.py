"""The real compiler builds, lints and formats every file without a word."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infra.compiler import INFRA, ROOT, bicep, build
from tests.infra.conftest import PROD_ENV

TEMPLATES = [INFRA / "main.bicep", INFRA / "events.bicep"]
PARAMETERS = sorted(INFRA.glob("*.bicepparam"))
PATTERNS = ("infra/**/*.bicep", "infra/*.bicepparam")
EVERYTHING = [*sorted(INFRA.rglob("*.bicep")), *PARAMETERS]


def _name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_a_template_builds_without_errors_or_warnings(path: Path) -> None:
    done = build(path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["resources"]


@pytest.mark.parametrize("path", [*TEMPLATES, *PARAMETERS], ids=_name)
def test_the_linter_has_nothing_to_say(path: Path) -> None:
    done = bicep("lint", str(path), "--diagnostics-format", "sarif", env=PROD_ENV)
    results = [result for run in json.loads(done.stderr or done.stdout)["runs"] for result in run["results"]]
    assert (done.returncode, results) == (0, [])


def test_every_file_has_the_house_format(tmp_path: Path) -> None:
    shutil.copytree(INFRA, tmp_path / "infra")
    assert [bicep("format", "--pattern", pattern, cwd=tmp_path).returncode for pattern in PATTERNS] == [0, 0]
    changed = [path for path in EVERYTHING if path.read_bytes() != (tmp_path / path.relative_to(ROOT)).read_bytes()]
    assert [path.name for path in changed] == []


def test_a_missing_production_value_stops_the_build(tmp_path: Path) -> None:
    incomplete = {name: value for name, value in PROD_ENV.items() if name != "BC_URL"}
    file = str(INFRA / "main.prod.bicepparam")
    done = bicep("build-params", file, "--outfile", str(tmp_path / "out.json"), env=incomplete)
    assert done.returncode == 1
    assert "BC_URL" in done.stderr


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_no_output_holds_a_secret(path: Path) -> None:
    template = json.loads(build(path).stdout)
    outputs = json.dumps(list(_outputs(template))).casefold()
    assert outputs != "[]" or path.name == "events.bicep"
    for word in ("listkeys", "listsecrets", "listsas", "securestring", "secureobject", "key1", "accountkey"):
        assert word not in outputs


def _outputs(node: Any) -> Iterator[Any]:
    """Outputs of a template and of the modules inside it."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "outputs":
                yield value
            yield from _outputs(value)
    elif isinstance(node, list):
        for item in node:
            yield from _outputs(item)


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_every_parameter_is_described(path: Path) -> None:
    template = json.loads(build(path).stdout)
    bare = [name for name, item in template["parameters"].items() if not item.get("metadata", {}).get("description")]
    assert bare == []


def test_events_are_delivered_as_cloudevents_with_an_entra_token_and_dead_lettered() -> None:
    template = json.loads(build(INFRA / "events.bicep").stdout)
    resources = template["resources"]
    items = resources.values() if isinstance(resources, dict) else resources
    (subscription,) = [item for item in items if item["type"].endswith("/eventSubscriptions")]
    properties = subscription["properties"]
    assert properties["eventDeliverySchema"] == "CloudEventSchemaV1_0"
    assert "azureActiveDirectoryApplicationIdOrUri" in json.dumps(template["variables"])
    destination = json.dumps(properties["destination"])
    assert "/api/commercetools/events?code=" in destination
    assert template["parameters"]["functionKeyName"]["defaultValue"] == "default"
    assert ".functionKeys[parameters('functionKeyName')]" in destination
    assert properties["deadLetterWithResourceIdentity"]["deadLetterDestination"]["endpointType"] == "StorageBlob"

"""What can be checked without a compiler: the files are there, refer to each other, and hold no secrets."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from shared.messaging.queues import QUEUES
from shared.settings import Settings
from shared.state.tables.state import TABLE_NAMES
from tests.infra.code import LOCAL_ONLY, bindings, placeholders
from tests.infra.compiler import INFRA, ROOT

FILES = sorted(INFRA.rglob("*.bicep")) + sorted(INFRA.glob("*.bicepparam"))
_REFERENCE = re.compile(r"(?:module \w+|from|using|load\w+\()\s*'([^']+)'")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_that_a_template_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = _REFERENCE.findall(text)
    assert text.strip()
    assert [name for name in named if not (path.parent / name).is_file()] == []


def test_no_template_takes_a_module_from_a_registry() -> None:
    assert [path.name for path in FILES if re.search(r"'(br|ts)[:/]", path.read_text(encoding="utf-8"))] == []


def test_every_module_is_used() -> None:
    used = {name for path in FILES for name in _REFERENCE.findall(path.read_text(encoding="utf-8"))}
    modules = {f"modules/{path.name}" for path in (INFRA / "modules").glob("*.bicep")}
    assert modules - used == set()


def test_azd_deploys_the_template_that_the_workflows_deploy() -> None:
    azure = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))
    assert (INFRA / f"{azure['infra']['module']}.bicep").is_file()
    tag = re.search(r"'azd-service-name': '(\w+)'", (INFRA / "modules" / "function-app.bicep").read_text("utf-8"))
    assert tag
    assert list(azure["services"]) == [tag[1]]


def test_what_azd_hands_to_the_event_template_are_outputs_and_parameters() -> None:
    main = (INFRA / "main.bicep").read_text(encoding="utf-8")
    events = (INFRA / "events.bicep").read_text(encoding="utf-8")
    hook = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))["hooks"]["postdeploy"]["posix"]["run"]
    given = dict(re.findall(r'(\w+)="\$\{?(\w+)', hook))
    outputs = set(re.findall(r"^output (\w+)", main, re.MULTILINE))
    required = set(re.findall(r"^param (\w+) [^=\n]+$", events, re.MULTILINE))
    assert required <= given.keys()
    assert {value for name, value in given.items() if name in required} <= outputs


def test_the_linter_raises_every_rule_or_says_off() -> None:
    config = json.loads((ROOT / "bicepconfig.json").read_text(encoding="utf-8"))
    levels = {rule["level"] for rule in config["analyzers"]["core"]["rules"].values()}
    assert levels == {"error", "off"}


def test_the_queues_file_has_the_queues_of_the_code() -> None:
    listed = json.loads((INFRA / "queues.json").read_text(encoding="utf-8"))
    assert [(item["name"], item["requiresSession"], item["maxDeliveryCount"]) for item in listed] == [
        (queue.name, queue.requires_session, queue.max_delivery_count) for queue in QUEUES
    ]


def test_the_tables_file_has_the_tables_of_the_code() -> None:
    assert sorted(json.loads((INFRA / "tables.json").read_text(encoding="utf-8"))) == sorted(TABLE_NAMES)


def test_the_template_or_its_parameters_name_everything_that_must_be_set() -> None:
    required = {str(field.alias) for field in Settings.model_fields.values() if field.is_required()}
    template = (INFRA / "main.bicep").read_text(encoding="utf-8")
    for file in sorted(INFRA.glob("*.bicepparam")):
        named = set(re.findall(r"\w+", template + file.read_text(encoding="utf-8")))
        assert (required | bindings() | placeholders()) - LOCAL_ONLY - named == set(), file.name

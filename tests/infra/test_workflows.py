"""The workflows: linted, pinned, with the least permissions, handing over each variable that the templates read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.infra.compiler import INFRA, ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
LOADED = {path.name: yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) for path in WORKFLOWS}
_READ = re.compile(r"readEnvironmentVariable\('(\w+)'(, )?")


def _tool(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is not installed: make install"
    return found


def test_zizmor_finds_nothing() -> None:
    done = subprocess.run([_tool("zizmor"), "--offline", str(FOLDER)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_workflows_follow_githubs_schema() -> None:
    command = [_tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit(path: Path) -> None:
    uses = re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))
    assert [name for name in uses if not name.startswith("./") and not re.search(r"@[0-9a-f]{40}$", name)] == []


@pytest.mark.parametrize("name", ["stage.yml", "what-if.yml"])
def test_a_workflow_hands_over_every_variable_that_production_reads(name: str) -> None:
    read = {found[0] for found in _READ.findall((INFRA / "main.prod.bicepparam").read_text(encoding="utf-8"))}
    (job,) = LOADED[name]["jobs"].values()
    assert read - job["env"].keys() == set()
    assert job["env"].keys() - read == {"AZURE_RESOURCE_GROUP"}


def test_azure_is_reached_by_oidc_alone() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    assert re.findall(r"\bsecrets\.\w+", text) == []
    for name, workflow in LOADED.items():
        for job in workflow["jobs"].values():
            logs_in = any("azure/login" in step.get("uses", "") for step in job.get("steps", []))
            calls_stage = "stage.yml" in job.get("uses", "")
            may = job.get("permissions", {}).get("id-token") == "write"
            assert may == (logs_in or calls_stage), name


def test_production_goes_from_shadow_to_one_market_to_all_with_approvals_between() -> None:
    jobs = LOADED["deploy.yml"]["jobs"]
    order = ["all"]
    while "needs" in jobs[order[0]]:
        order.insert(0, jobs[order[0]]["needs"])
    assert order == ["test", "package", "shadow", "approve-one-market", "one-market", "approve-all", "all"]
    stages = [jobs[name]["with"]["stage"] for name in order if "with" in jobs[name]]
    assert stages == ["shadow", "one_market", "all"]
    assert jobs["approve-one-market"]["environment"] == "approve-one-market"
    assert jobs["approve-all"]["environment"] == "approve-all"


def test_the_stages_of_the_workflows_are_those_of_the_template() -> None:
    allowed = re.search(r"@allowed\(\[([^\]]+)\]\)\s*param rolloutStage", (INFRA / "main.bicep").read_text("utf-8"))
    assert allowed
    stages = set(re.findall(r"'(\w+)'", allowed[1]))
    assert set(LOADED["rollback.yml"]["on"]["workflow_dispatch"]["inputs"]["stage"]["options"]) == stages
    used = {job["with"]["stage"] for job in LOADED["deploy.yml"]["jobs"].values() if "with" in job}
    assert used <= stages

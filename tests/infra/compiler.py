"""The Bicep compiler, where there is one, and deployments evaluated by it without Azure."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-000000000002"
GROUP = "rg-test"
# What Azure makes of an expression, where the code reads it: the published form.
_AT_RUN_TIME = {
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=00000000-0000-4000-8000-000000000000;"
    "IngestionEndpoint=https://westeurope.in.example.com/"
}
_BESIDE_THE_CHECKOUT = ROOT.parent / "shared" / "tools" / "bicep"
# Known in Azure only; the code checks its form.
_AT_RUN_TIME = {
    "APPLICATIONINSIGHTS_CONNECTION_STRING": (
        f"InstrumentationKey={SUBSCRIPTION};IngestionEndpoint=https://westeurope-1.in.applicationinsights.azure.com/"
    )
}
_SCOPE = re.compile(r"^\[extensionResourceId\('([^']+)'")


def find_compiler() -> str | None:
    """`bicep` of PATH, the environment variable BICEP, or the tool beside the checkout."""
    candidates = (shutil.which("bicep"), os.environ.get("BICEP"), str(_BESIDE_THE_CHECKOUT))
    return next((name for name in candidates if name and Path(name).is_file()), None)


def bicep(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the compiler. Warnings are on stderr and leave the exit code at 0."""
    compiler = find_compiler()
    assert compiler is not None
    surroundings = {**os.environ, **(env or {})}
    return subprocess.run(
        [compiler, *arguments], capture_output=True, text=True, check=False, env=surroundings, cwd=cwd
    )


@dataclass(frozen=True)
class Deployment:
    """What a parameter file would deploy: loops and conditions resolved, run-time values left as expressions."""

    resources: tuple[Mapping[str, Any], ...]

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        return [resource for resource in self.resources if resource["type"] == kind]

    def one(self, kind: str) -> Mapping[str, Any]:
        (resource,) = self.of(kind)
        return resource

    @property
    def settings(self) -> dict[str, str]:
        listing = self.one("Microsoft.Web/sites")["properties"]["siteConfig"]["appSettings"]
        return {item["name"]: _at_run_time(item["name"], item["value"]) for item in listing}

    def roles(self) -> Iterator[tuple[str, str, str]]:
        """Scope below the resource group, role id, and kind of principal."""
        for resource in self.of("Microsoft.Authorization/roleAssignments"):
            found = _SCOPE.match(resource["id"])
            scope = found[1] if found else resource["id"].split("/providers/Microsoft.Authorization/")[0]
            role = resource["properties"]["roleDefinitionId"].rsplit("/", 1)[1]
            below = scope.split(f"/resourceGroups/{GROUP}/providers/")[1]
            yield below, role, resource["properties"]["principalType"]


def _at_run_time(name: str, value: str) -> str:
    return _AT_RUN_TIME.get(name, value) if value.startswith("[reference(") else value


@cache
def build(template: Path) -> subprocess.CompletedProcess[str]:
    """Compile a template; ARM JSON on stdout."""
    return bicep("build", str(template), "--stdout")


def evaluate(directory: Path, parameters: str, env: Mapping[str, str]) -> Deployment:
    """Evaluate a parameter file's text against the templates, in a copy of the folder."""
    shutil.copytree(INFRA, directory / "infra", dirs_exist_ok=True)
    shutil.copy(ROOT / "bicepconfig.json", directory)
    file = directory / "infra" / "case.bicepparam"
    file.write_text(parameters, encoding="utf-8")
    where = ("--subscription-id", SUBSCRIPTION, "--tenant-id", TENANT, "--resource-group", GROUP)
    done = bicep("snapshot", str(file), *where, "--location", "westeurope", "--mode", "overwrite", env=env)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    snapshot = json.loads(file.with_name("case.snapshot.json").read_text(encoding="utf-8"))
    assert snapshot["diagnostics"] == []
    return Deployment(tuple(snapshot["predictedResources"]))

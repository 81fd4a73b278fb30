"""The scripts of the workflows, run with stand-ins for `az`, `curl` and `python`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.infra.compiler import ROOT

SCRIPTS = sorted((ROOT / ".github" / "scripts").glob("*.sh"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_executable_and_parses(path: Path) -> None:
    done = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert path.stat().st_mode & 0o111
    assert "set -euo pipefail" in path.read_text(encoding="utf-8")


def test_the_package_holds_the_application_and_its_market_maps_only(tmp_path: Path) -> None:
    kept = ["function_app.py", "host.json", "infra/market-map.yaml", "requirements.txt", "shared/settings.py"]
    script = ".github/scripts/package.sh"
    for name in [*kept, script, "infra/main.bicep", "local/host.py", "tests/test_it.py", "local.settings.json.example"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    shutil.copy(ROOT / script, tmp_path / script)
    git = ["git", "-c", "user.name=Example", "-c", "user.email=someone@example.com", "-C", str(tmp_path)]
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "all", "--no-verify"]):
        subprocess.run([*git, *arguments], check=True)
    subprocess.run([str(tmp_path / script), str(tmp_path / "out" / "package.zip")], check=True)
    with zipfile.ZipFile(tmp_path / "out" / "package.zip") as package:
        assert sorted(name for name in package.namelist() if not name.endswith("/")) == kept


def _provision(tmp_path: Path, mode: str, file: str, env: dict[str, str]) -> tuple[int, str, str]:
    """Run the script with an `az` that records how it was called."""
    fake = tmp_path / "az"
    fake.write_text('#!/bin/sh\necho "$@" >>"$CALLS"\necho \'{"azurE_FUNCTION_NAME": {"value": "func"}}\'\n', "utf-8")
    fake.chmod(0o755)
    calls, outputs = tmp_path / "calls", tmp_path / "outputs"
    surroundings = {
        "PATH": f"{tmp_path}:{Path(sys.executable).parent}:/usr/bin:/bin",
        "CALLS": str(calls),
        "GITHUB_ENV": str(outputs),
        "AZURE_RESOURCE_GROUP": "rg",
        **env,
    }
    command = [str(ROOT / ".github" / "scripts" / "provision.sh"), mode, file]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    return done.returncode, done.stdout, calls.read_text("utf-8") if calls.exists() else ""


def test_provisioning_stops_at_once_when_a_production_value_is_empty(tmp_path: Path) -> None:
    status, said, calls = _provision(
        tmp_path, "create", "infra/main.prod.bicepparam", {"CT_API_URL": "x", "BC_URL": ""}
    )
    assert status == 1
    assert "BC_URL" in said
    assert "CT_API_URL" not in said
    assert calls == ""


def test_what_if_changes_nothing(tmp_path: Path) -> None:
    status, _, calls = _provision(tmp_path, "what-if", "infra/main.bicepparam", {})
    assert status == 0
    assert calls.startswith("deployment group what-if --resource-group rg ")


def test_outputs_of_the_template_reach_the_next_steps_under_their_own_names(tmp_path: Path) -> None:
    status, _, calls = _provision(tmp_path, "create", "infra/main.bicepparam", {})
    assert status == 0
    assert calls.startswith("deployment group create --resource-group rg ")
    assert (tmp_path / "outputs").read_text("utf-8") == "AZURE_FUNCTION_NAME=func\n"


FAKE_AZ = """#!/bin/sh
case "$*" in
*"keys list"*) echo key ;;
*"appsettings list"*)
  printf '%s\\t%s\\n' CT_CLIENT_SECRET '@Microsoft.KeyVault(VaultName=kv;SecretName=ct-client-secret)' PILOT_MODE on ;;
*"secret show --vault-name kv --name ct-client-secret"*) echo hidden ;;
*) exit 9 ;;
esac
"""
FAKE_CURL = """#!/bin/sh
case "$*" in *"x-functions-key: key"*) printf "$WITH_KEY" ;; *) printf "$WITHOUT_KEY" ;; esac
"""
FAKE_PYTHON = '#!/bin/sh\necho "doctor said: $* $CT_CLIENT_SECRET $PILOT_MODE"\n'


def _smoke(tmp_path: Path, env: dict[str, str]) -> tuple[int, str]:
    for name, text in {"az": FAKE_AZ, "curl": FAKE_CURL, "python": FAKE_PYTHON}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    names = ("AZURE_RESOURCE_GROUP", "AZURE_FUNCTION_NAME", "FUNCTION_HOST_NAME")
    surroundings = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "SMOKE_WAIT_SECONDS": "0",
        "WITH_KEY": "200",
        "WITHOUT_KEY": "401",
        **dict.fromkeys(names, "example"),
        **env,
    }
    command = [str(ROOT / ".github" / "scripts" / "smoke.sh")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    return done.returncode, done.stdout


def test_the_smoke_test_asks_the_doctor_about_the_settings_as_deployed(tmp_path: Path) -> None:
    status, said = _smoke(tmp_path, {})
    reference = "@Microsoft.KeyVault(VaultName=kv;SecretName=ct-client-secret)"
    assert status == 0
    assert said.splitlines()[-1] == f"doctor said: -m shared.cli doctor --offline {reference} on"


def test_an_online_smoke_test_reads_the_secrets_and_masks_them(tmp_path: Path) -> None:
    status, said = _smoke(tmp_path, {"DOCTOR": "online"})
    assert status == 0
    assert said.splitlines()[-2:] == ["::add-mask::hidden", "doctor said: -m shared.cli doctor hidden on"]


@pytest.mark.parametrize("env", [{"WITH_KEY": "503"}, {"WITHOUT_KEY": "200"}], ids=["down", "open to strangers"])
def test_the_smoke_test_fails_when_the_intake_is(tmp_path: Path, env: dict[str, str]) -> None:
    status, said = _smoke(tmp_path, env)
    assert status == 1
    assert f"::error::The intake answered {next(iter(env.values()))}" in said

"""The Node that comes from the Python package, and the lock file it installs from."""

import json
import subprocess
import sys

import pytest

from local.node import node_path, npm_command

from .stand_in import ROOT


def run_module(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.node", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_node_is_new_enough_for_the_mock() -> None:
    version = subprocess.run([node_path(), "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert int(version.lstrip("v").split(".")[0]) >= 22


def test_npm_runs_with_that_node() -> None:
    answer = subprocess.run([*npm_command(), "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip()[0].isdigit()


def test_the_module_runs_npm_and_passes_its_exit_code_on() -> None:
    assert run_module("npm", "--version").returncode == 0
    assert run_module("node", "-e", "process.exit(3)").returncode == 3


@pytest.mark.parametrize("arguments", [[], ["yarn", "install"]])
def test_the_module_says_how_to_use_it(arguments: list[str]) -> None:
    answer = run_module(*arguments)
    assert answer.returncode == 1
    assert "usage: python -m local.node" in answer.stderr


def test_the_lock_file_pins_every_package_by_hash_and_names_no_download_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name and not package.get("link")}
    assert installed["node_modules/@labdigital/commercetools-mock"]["version"] == "4.4.0"
    assert installed["node_modules/azurite"]["version"] == "3.37.0"
    assert [name for name, package in installed.items() if "resolved" in package] == []
    bundled = {name for name, package in installed.items() if package.get("inBundle")}
    assert [name for name, package in installed.items() if "integrity" not in package and name not in bundled] == []

"""The code that wrote a recording, taken out of git."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from xml.etree import ElementTree as ET

from shared.settings import ROOT
from tests.releases.versions import RECORDED

# What the older code's own tests need beside the code; the rest of the tree stays in git.
PARTS = ("shared", "local", "tests", "infra", "package.json", "host.json", "pyproject.toml", ".python-version")


def commit_of(version: str) -> str | None:
    """The commit that added a recording; None where git or its history is missing."""
    folder = str((RECORDED / version).relative_to(ROOT))
    found = _git("log", "--diff-filter=A", "--format=%H", "--", folder).stdout.decode().split()
    if not found or _git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        return None
    return found[-1]


def take_out(commit: str, folder: Path) -> None:
    """Put the tree of a commit into a folder, with the Node modules of this checkout."""
    listed = _git("ls-tree", "--name-only", commit).stdout.decode().split()
    parts = [name for name in PARTS if name in listed]
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit, *parts).stdout)) as archive:
        archive.extractall(folder, filter="data")
    if (ROOT / "node_modules").is_dir():
        (folder / "node_modules").symlink_to(ROOT / "node_modules")


def run_tests(folder: Path, *arguments: str) -> dict[str, str]:
    """Run tests of a tree that was taken out: `passed` or `failed` by name. Raises where pytest cannot run them."""
    report = folder / "report.xml"
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--junitxml={report}")
    done = _python(folder, "-m", "pytest", *options, *arguments)
    if done.returncode not in (0, 1):  # 1: some tests failed
        raise RuntimeError(f"pytest of {folder} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    cases = ET.parse(report).iter("testcase")
    return {str(case.get("name")): "failed" if len(case) else "passed" for case in cases}


def where_code_comes_from(folder: Path) -> Path:
    """Where a tree that was taken out finds `shared.settings`."""
    done = _python(folder, "-c", "import shared.settings as found; print(found.__file__)")
    return Path(done.stdout.strip())


def _python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**surroundings, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)

"""The reverse, with the older code itself: it reads what this version writes, and passes its own tests with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.contract.state.stores import unused_prefix
from tests.releases.old_tree import commit_of, run_tests, take_out
from tests.releases.record import record
from tests.releases.versions import RECORDED, VERSIONS, recorded

ROWS = "tests/releases/test_rows_of_other_versions.py"
SETTINGS = "tests/releases/test_settings_of_other_versions.py"
NEWER = "v999"
# These compare with what the older code writes itself, which has no new fields.
ABOUT_WRITING = "not written and not writes"


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def old_tree(version: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    commit = commit_of(version)
    if commit is None:
        pytest.skip(
            f"NO GIT HISTORY: the code of {version} DID NOT RUN; only its recording was read. Fetch all commits"
        )
    folder = tmp_path_factory.mktemp(f"code-of-{version}")
    take_out(commit, folder)
    return folder


def _added_settings(version: str) -> dict[str, dict[str, str]]:
    """The settings of that version, and every one that this version has besides, with some value."""
    newer = {str(field.alias): "1" for field in Settings.model_fields.values() if not field.is_required()}
    known: dict[str, dict[str, str]] = recorded(version, "settings.json")
    old = {name for environment in known.values() for name in environment}
    added = {name: value for name, value in newer.items() if name not in old}
    return {kind: {**environment, **added} for kind, environment in known.items()}


@pytest.fixture
async def fed(old_tree: Path, version: str, connection_string: str) -> Path:
    """The older tree, with what this version writes as a recording among its own."""
    bodies, tables = await record(connection_string, unused_prefix())
    folder = old_tree / "tests" / "data" / "recorded" / NEWER
    folder.mkdir(exist_ok=True)
    contents = {"envelopes": [json.loads(body) for body in bodies], "tables": tables}
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "settings.json").write_text((RECORDED / version / "settings.json").read_text("utf-8"), encoding="utf-8")
    return old_tree


async def test_the_older_code_carries_on_with_what_this_version_wrote(fed: Path) -> None:
    done = run_tests(fed, ROWS, "-k", f"{NEWER} or envelope", "-k", ABOUT_WRITING)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[100%]" in done.stdout

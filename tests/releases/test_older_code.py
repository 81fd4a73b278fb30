"""The reverse, with the older code itself: it reads what this version writes, and passes its own tests with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.settings import Settings
from tests.contract.state.stores import unused_prefix
from tests.releases.old_tree import commit_of, run_tests, take_out, where_code_comes_from
from tests.releases.record import record
from tests.releases.versions import VERSIONS, recorded

ROWS = "tests/releases/test_rows_of_other_versions.py"
SETTINGS = "tests/releases/test_settings_of_other_versions.py"
NEWER = "v999"
# Compares with what the older code writes itself, which lacks the new fields.
ABOUT_WRITING = "test_what_is_written_today"


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


def _settings(version: str, old_tree: Path) -> dict[str, dict[str, str]]:
    """The settings of that version, and every one that its code has never heard of."""
    known = (old_tree / "shared" / "settings.py").read_text(encoding="utf-8")
    aliases = {str(field.alias) for field in Settings.model_fields.values()}
    unheard_of = {alias: "set by a newer version" for alias in aliases if f'"{alias}"' not in known}
    environments: dict[str, dict[str, str]] = recorded(version, "settings.json")
    return {kind: {**unheard_of, **environment} for kind, environment in environments.items()}


@pytest.fixture
async def fed(old_tree: Path, version: str, connection_string: str) -> Path:
    """The older tree, with what this version writes as a recording among its own."""
    bodies, tables = await record(connection_string, unused_prefix())
    contents = {
        "envelopes": [json.loads(body) for body in bodies],
        "tables": tables,
        "settings": _settings(version, old_tree),
    }
    folder = old_tree / "tests" / "data" / "recorded" / NEWER
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return old_tree


def test_the_code_that_runs_is_the_older_one(old_tree: Path) -> None:
    assert where_code_comes_from(old_tree) == old_tree / "shared" / "settings.py"


async def test_the_older_code_carries_on_with_what_this_version_wrote(fed: Path) -> None:
    verdicts = run_tests(fed, ROWS, "-k", f"{NEWER} and not {ABOUT_WRITING}")
    assert {name: verdict for name, verdict in verdicts.items() if verdict != "passed"} == {}
    names = {name.partition("[")[0] for name in verdicts}
    assert names >= {
        "test_what_was_done_is_not_done_again",
        "test_both_directions_of_the_id_map_are_read",
        "test_the_audit_is_read_by_entity_by_number_and_by_day",
        "test_envelopes_of_that_version_are_read",
    }


async def test_the_older_code_starts_with_the_settings_of_this_version(fed: Path) -> None:
    verdicts = run_tests(fed, SETTINGS, "-k", f"{NEWER} and not market_map")  # the map comes with the code
    assert {name: verdict for name, verdict in verdicts.items() if verdict != "passed"} == {}
    assert verdicts


async def test_rows_that_the_older_code_could_not_read_are_noticed(fed: Path) -> None:
    file = fed / "tests" / "data" / "recorded" / NEWER / "tables.json"
    tables = json.loads(file.read_text(encoding="utf-8"))
    tables["idmap"] = [{**row, "PartitionKey": f"moved|{row['PartitionKey']}"} for row in tables["idmap"]]
    file.write_text(json.dumps(tables), encoding="utf-8")
    verdicts = run_tests(fed, ROWS, "-k", f"{NEWER} and both_directions")
    assert set(verdicts.values()) == {"failed"}

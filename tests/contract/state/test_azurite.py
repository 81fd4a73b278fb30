from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from local import azurite
from shared.state.tables import TablesState


def test_azurite_says_when_it_is_ready_and_ends_cleanly_on_sigterm() -> None:
    command = [sys.executable, "-m", "local.azurite", "--in-memory"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.terminate()
        assert process.wait(20) == 0
    assert "TableEndpoint=http://127.0.0.1:" in ready["tables_connection_string"]


async def test_tables_in_a_folder_outlive_the_process(tmp_path: Path) -> None:
    found = None
    for value in ("first", "second"):
        with azurite.start(location=tmp_path) as running:
            state = TablesState.from_connection_string(running.tables_connection_string)
            await state.ensure()
            found = await state.cursors.get("cursor")
            await state.cursors.put("cursor", value)
            await state.close()
    assert found == "first"


def test_a_port_that_is_taken_is_reported_with_azurites_own_words() -> None:
    with azurite.start() as running, pytest.raises(azurite.AzuriteFailed, match=f"(?s)port {running.port}.*EADDRINUSE"):
        azurite.start(running.port)


def test_the_account_key_is_another_one_for_each_start_and_stays_out_of_the_repr() -> None:
    with azurite.start() as first, azurite.start() as second:
        assert first.account_key != second.account_key
        assert first.account_key not in repr(first)

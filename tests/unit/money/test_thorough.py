"""`make thorough` runs every property of money, each with ten thousand cases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hypothesis import settings

ROOT = Path(__file__).resolve().parents[3]
CHECKED = "\n@checked\n"


def listed() -> Iterator[Path]:
    """The test modules that the target names."""
    found = re.search(r"^MONEY_PROPERTIES := (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert found
    for pattern in found[1].split():
        for path in ROOT.glob(pattern):
            yield from [path] if path.is_file() else path.rglob("test_*.py")


def test_every_module_with_a_property_of_money_is_in_the_target() -> None:
    modules = (ROOT / "tests").rglob("test_*.py")
    with_properties = {path for path in modules if CHECKED in path.read_text("utf-8")}
    assert with_properties
    assert with_properties - set(listed()) == set()


def test_no_property_in_the_target_has_a_number_of_cases_of_its_own() -> None:
    for path in listed():
        text = path.read_text("utf-8")
        assert text.count("\n@given(") == text.count(f"{CHECKED}@given("), path.name


def test_the_profile_asks_for_ten_thousand_cases() -> None:
    assert settings.get_profile("thorough").max_examples == 10_000

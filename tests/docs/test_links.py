"""What the documents point at is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.settings import ROOT, Settings
from tests.docs.pages import PAGES, anchors, links, paths_named


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_the_pages_were_found() -> None:
    assert {"README.md", "docs/security.md", "docs/flows/orders.md"} <= {name(page) for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = [
        f"{target}#{heading}"
        for target, heading in links(page)
        if not target.exists() or (heading and heading not in anchors(target))
    ]
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_path_that_is_named_exists(page: Path) -> None:
    assert [path for path in paths_named(page) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=name)
def test_every_page_can_be_reached_from_another_one(page: Path) -> None:
    assert any(page == target for other in PAGES if other != page for target, _ in links(other))


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = {target for target, _ in links(folder / "README.md")}
    assert listed == set(folder.glob("0*.md"))


def test_every_setting_with_a_default_is_documented() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    optional = {field.alias for field in Settings.model_fields.values() if field.default not in (None, "")}
    tuned = {alias for alias in optional if alias and alias.isupper() and alias != "MARKET_MAP"}
    assert [alias for alias in sorted(tuned) if f"`{alias}`" not in page] == []

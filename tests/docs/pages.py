"""The documents of the repository, the commands that they show, and their links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.settings import ROOT

PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "local/**/*.md", "tests/data/**/*.md")
    for page in ROOT.glob(pattern)
    if "node_modules" not in page.parts
)
TOOLS = ("ctd365", "python", "make", "az", "azd", "gh", ".venv/bin/")
MADE_BY_THE_READER = ("infra/market-map.yaml",)
EVERYTHING_NEEDS_AZURE = "Every command on this page needs Azure, except `make infra`."
_FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Command:
    """One line of a shell block. `note` is the comment behind it."""

    page: str
    text: str
    note: str

    @property
    def words(self) -> list[str]:
        return self.text.split()

    @property
    def test(self) -> str | None:
        """The test that the note names."""
        found = re.search(r"tests/[\w/.]*\w", self.note)
        return found[0] if found else None


def commands() -> Iterator[Command]:
    """Every command of every page; a page that needs Azure as a whole says so in its first lines."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if EVERYTHING_NEEDS_AZURE in " ".join(text.split()):
            continue
        for language, block in _FENCE.findall(text):
            if language in {"", "sh", "bash", "shell", "console"}:
                yield from _lines(str(page.relative_to(ROOT)), block)


def _lines(page: str, block: str) -> Iterator[Command]:
    for line in block.splitlines():
        text, _, note = line.partition(" #")
        if text.strip() and not text.strip().startswith("#"):
            yield Command(page, text.strip(), note.strip())


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Every relative link of a page: the file that it names, and the heading or nothing."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in _LINK.findall(text):
        if "://" not in target and not target.startswith("mailto:"):
            path, _, heading = target.partition("#")
            yield (page.parent / path).resolve() if path else page, heading


def anchors(page: Path) -> set[str]:
    """The names under which a page's headings can be linked to."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def paths_named(page: Path) -> Iterator[str]:
    """Every path of the repository that a page names in code style."""
    for code in re.findall(r"`([^`\n]+)`", _FENCE.sub("", page.read_text(encoding="utf-8"))):
        is_path = re.fullmatch(r"(?:shared|tests|local|infra|docs|\.github)/[\w./-]+", code)
        if is_path and "NAME" not in code and code not in MADE_BY_THE_READER:
            yield code

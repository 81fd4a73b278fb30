"""What a check-up finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rich.text import Text

from shared.cli.output import show_json, show_table, show_text

Status = Literal["ok", "failed", "note"]
_COLOURS: dict[Status, str] = {"ok": "green", "failed": "red", "note": "yellow"}
_ORDER: dict[Status, int] = {"failed": 0, "note": 1, "ok": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. A `note` is worth knowing and fails nothing; a failure says how to mend it."""

    check: str
    where: str
    status: Status
    detail: str
    fix: str = ""


def ok(check: str, where: str, detail: str) -> Finding:
    """Say that a check passed."""
    return Finding(check, where, "ok", detail)


def failed(check: str, where: str, detail: str, fix: str) -> Finding:
    """Say what is wrong and how to mend it."""
    return Finding(check, where, "failed", detail, fix)


def note(check: str, where: str, detail: str, fix: str = "") -> Finding:
    """Say what is worth knowing."""
    return Finding(check, where, "note", detail, fix)


def failures(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that must be mended."""
    return [finding for finding in findings if finding.status == "failed"]


def print_findings(findings: Sequence[Finding], as_json: bool) -> None:
    """Print findings, failures first."""
    if as_json:
        show_json({"passed": not failures(findings), "findings": [_plain(finding) for finding in findings]})
        return
    rows = sorted(findings, key=lambda finding: _ORDER[finding.status])
    columns = ("", "Check", "Where", "Found", "Fix")
    show_table("Doctor", columns, (_cells(finding) for finding in rows))
    bad = len(failures(findings))
    text = f"{bad} of {len(findings)} checks failed" if bad else f"all {len(findings)} checks passed"
    show_text(text, "bold red" if bad else "bold green")


def _plain(finding: Finding) -> dict[str, Any]:
    return asdict(finding)


def _cells(finding: Finding) -> tuple[str | Text, ...]:
    mark = Text(finding.status, style=_COLOURS[finding.status])
    return (mark, finding.check, finding.where, finding.detail, finding.fix)

"""KQL bound by Microsoft's language service, where Node finds it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.node import node_path
from tests.infra.compiler import INFRA, ROOT

PACKAGE = "@kusto/language-service-next"
_HERE = Path(__file__).resolve().parent
_KEY = re.compile(r'customDimensions\["(\w+)"\]')


def find_language_service() -> Path | None:
    """Return the node_modules folder that holds the package."""
    folders = (os.environ.get("KUSTO_NODE_MODULES"), str(ROOT / "node_modules"))
    return next((Path(folder) for folder in folders if folder and (Path(folder) / PACKAGE).is_dir()), None)


def queries() -> dict[str, str]:
    """Every query of the alerts and the workbook, as the service would get it."""
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted((INFRA / "queries").glob("*.kql"))}
    for item in workbook_items("KqlItem/1.0"):
        found[f"workbook {item['title']}"] = item["query"].replace("{TimeRange:grain}", "1h")
    return found


def workbook_items(version: str) -> Iterator[dict[str, Any]]:
    workbook = json.loads((INFRA / "workbook.json").read_text(encoding="utf-8"))
    return (item["content"] for item in workbook["items"] if item["content"].get("version") == version)


def dimensions(query: str) -> set[str]:
    """Keys of customDimensions that a query reads."""
    return set(_KEY.findall(query))


def analyse(modules: Path) -> dict[str, dict[str, list[str]]]:
    """Errors and result columns of every query."""
    asked = json.dumps({"modules": str(modules), "queries": queries()})
    command = [str(node_path()), str(_HERE / "kusto.mjs"), str(_HERE / "kusto_tables.json")]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    answer: dict[str, dict[str, list[str]]] = json.loads(done.stdout)
    return answer

"""Order and Cart documents from files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.cli.exits import CommandError, usage_error
from shared.mapping.commercetools.errors import UnmappableError
from shared.mapping.commercetools.orders import order_from_document
from shared.model.money import MoneyError
from shared.model.order import Order


def one_line(text: str) -> str:
    """Put a text that may span lines on one."""
    return " ".join(text.split())


def read_document(path: Path) -> dict[str, Any]:
    """Read the JSON of an Order or a Cart."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise usage_error(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise usage_error(f"{path} is no JSON: {one_line(str(error))}") from error
    if not isinstance(document, dict):
        raise usage_error(f"{path} holds a {type(document).__name__}, not the JSON object of an Order or a Cart")
    return document


def mapped(document: Mapping[str, Any], project: str) -> Order:
    """Map a document, or end with the one line that names the component."""
    try:
        return order_from_document(dict(document), project)
    except (UnmappableError, MoneyError) as error:
        raise CommandError(one_line(str(error))) from error

"""Is what left for Business Central valid against the metadata derived from Microsoft's published source?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

METADATA = Path(__file__).parent.parent.parent / "local" / "dynamics" / "data" / "business_central.json"
ENTITY_PATH = re.compile(r"/companies\([0-9a-f-]{36}\)/(?P<path>\w+(?:\([0-9a-f-]{36}\))?(?:/\w+)?)$")
# What belongs to the environment and to no company.
ENVIRONMENT_PATH = re.compile(r"/api/v2\.0/(?P<path>subscriptions)(?:\('\w+'\))?$")

type Row = dict[str, Any]


def problems_of_requests(requests: Iterable[Row]) -> list[str]:
    """List every deviation of recorded requests from the metadata."""
    return [problem for request in requests for problem in problems_of(request)]


def problems_of(request: Row) -> Iterator[str]:
    """List the deviations of one request {method, path, query, body}."""
    where = f"{request['method']} {request['path']}"
    name = _entity_set(request["path"])
    if name is None or name not in _entity_sets():
        yield f"{where}: no such entity set"
        return
    if request["method"] in {"POST", "PATCH"}:
        yield from (f"{where}: {problem}" for problem in _body_problems(name, request["body"]))


def _entity_set(path: str) -> str | None:
    found = ENTITY_PATH.search(path) or ENVIRONMENT_PATH.search(path)
    return re.sub(r"\(.*?\)", "", found["path"]).split("/")[-1] if found else None


def _body_problems(name: str, body: Mapping[str, Any]) -> Iterator[str]:
    metadata = _entity_sets()[name]
    for field, value in body.items():
        if field in metadata.get("navigation", {}):
            child = metadata["navigation"][field]["entitySet"]
            yield from (problem for row in value for problem in _body_problems(child, row))
        elif field not in metadata["fields"]:
            yield f"{name}.{field} does not exist"
        else:
            yield from _value_problems(f"{name}.{field}", metadata["fields"][field], value)


def _value_problems(field: str, definition: Mapping[str, Any], value: Any) -> Iterator[str]:
    if definition.get("readOnly"):
        yield f"{field} is read-only"
    if isinstance(value, str) and len(value) > definition.get("maxLength", len(value)):
        yield f"{field} has {len(value)} characters, {definition['maxLength']} are allowed"
    expected = {"Edm.String": str, "Edm.Boolean": bool, "Edm.Decimal": int | float, "Edm.Guid": str, "Edm.Date": str}
    wanted = expected.get(definition["type"])
    if wanted is not None and not isinstance(value, wanted):
        yield f"{field} is {type(value).__name__}, expected {definition['type']}"


@cache
def _entity_sets() -> Row:
    metadata: Row = json.loads(METADATA.read_text(encoding="utf-8"))["entitySets"]
    return metadata

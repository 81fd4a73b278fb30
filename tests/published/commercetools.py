"""Is what left for commercetools valid against its published OpenAPI?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator, FormatChecker

SUBSET = Path(__file__).parent.parent / "data" / "commercetools" / "openapi-subset.json"

type Row = dict[str, Any]


def problems_of_requests(requests: Iterable[Row]) -> list[str]:
    """List every deviation of recorded requests from the published paths, parameters and body schemas."""
    return [problem for request in requests for problem in problems_of(request)]


def problems_of(request: Row) -> Iterator[str]:
    """List the deviations of one request {method, path, query, body}."""
    where = f"{request['method']} {request['path']}"
    operation = _operation(request["method"], request["path"])
    if operation is None:
        yield f"{where}: no such operation is published"
        return
    for name in _query_names(request.get("query")):
        if not _is_published(name, operation["query"]):
            yield f"{where}: query parameter {name} is not published"
    if operation["body"] and request["method"] == "POST":
        for error in _validator(operation["body"]).iter_errors(request["body"]):
            yield f"{where}: {error.json_path}: {error.message[:200]}"


def _is_published(name: str, published: Iterable[str]) -> bool:
    """Names between slashes are regular expressions: the variables of a predicate, with values of any number."""
    return any(re.fullmatch(one.strip("/"), name) if one.startswith("/") else one == name for one in published)


@cache
def _subset() -> Row:
    subset: Row = json.loads(SUBSET.read_text(encoding="utf-8"))
    return subset


def _operation(method: str, path: str) -> Row | None:
    for template, methods in sorted(_subset()["operations"].items(), key=lambda item: item[0].count("{")):
        pattern = "/".join(re.sub(r"\\\{\w+\\\}", "[^/=]+", re.escape(part)) for part in template.split("/"))
        if re.fullmatch(pattern, path) and method in methods:
            found: Row = methods[method]
            return found
    return None


@cache
def _validator(name: str) -> Draft202012Validator:
    definitions = _subset()["definitions"]
    target = f"{name}__any" if f"{name}__any" in definitions else name
    schema = {"definitions": definitions, "$ref": f"#/definitions/{target}"}
    return Draft202012Validator(schema, format_checker=FormatChecker())


def _query_names(query: Any) -> set[str]:
    if isinstance(query, dict):
        return set(query)
    return {name for name, _ in parse_qsl(str(query or "").lstrip("?"), keep_blank_values=True)}

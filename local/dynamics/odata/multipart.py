"""$batch in the multipart/mixed format: parts one after the other, change sets all or nothing."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from local.dynamics.odata.errors import ServiceError
from local.dynamics.odata.product import Request, Response, json_number
from local.dynamics.odata.service import ODataService

CRLF = b"\r\n"
# The URL of an entity that was written, by which later parts of the change set refer to it.
_LOCATIONS = ("OData-EntityId", "Location")


@dataclass(frozen=True)
class Part:
    """One request inside a batch."""

    content_id: str
    request: Request


type Parts = list[Part | list[Part]]


def handle_multipart(service: ODataService, request: Request) -> Response:
    """Answer a batch; the first failure ends it unless the caller prefers to go on."""
    try:
        parts = parse_multipart(service, request)
    except ServiceError as error:
        return Response(error.status, service.product.error_body(error))
    go_on = "odata.continue-on-error" in request.headers.get("prefer", "")
    boundary = f"batchresponse_{uuid.uuid4()}"
    chunks: list[bytes] = []
    status = 200
    for part in parts:
        chunk, failed = _run(service, part)
        chunks.append(chunk)
        if failed and not go_on:
            status = failed
            break
    content_type = f"multipart/mixed; boundary={boundary}"
    return Response(status, _joined(chunks, boundary), {"Content-Type": content_type})


def parse_multipart(service: ODataService, request: Request) -> Parts:
    """Return the parts and change sets of a batch or raise the product's error."""
    boundary = _boundary(service, request.headers.get("content-type", ""))
    parts: Parts = []
    for headers, content in _split(service, request.body, boundary):
        nested = headers.get("content-type", "")
        if nested.startswith("multipart/mixed"):
            inner = _split(service, content, _boundary(service, nested))
            parts.append([_part(service, request, *piece, in_change_set=True) for piece in inner])
        else:
            parts.append(_part(service, request, headers, content, in_change_set=False))
    size = sum(len(part) if isinstance(part, list) else 1 for part in parts)
    if size > service.product.batch_limit:
        raise service.product.messages.error("batch_too_large", size=size, limit=service.product.batch_limit)
    return parts


def _boundary(service: ODataService, content_type: str) -> bytes:
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    if found is None:
        raise _bad(service, "the Content-Type has no boundary")
    return found[1].encode()


def _split(service: ODataService, body: bytes, boundary: bytes) -> list[tuple[dict[str, str], bytes]]:
    pieces = (CRLF + body).split(CRLF + b"--" + boundary)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise _bad(service, "the parts must be separated by the boundary, with CRLF line ends")
    result = []
    for piece in pieces[1:-1]:
        if not piece.startswith(CRLF):
            raise _bad(service, "a boundary must be followed by CRLF")
        headers, separator, content = piece[len(CRLF) :].partition(CRLF + CRLF)
        if not separator:
            raise _bad(service, "a part needs headers, an empty line and a request, with CRLF line ends")
        result.append((_headers(headers), content))
    return result


def _headers(block: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in block.decode().split("\r\n") if line)
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _part(
    service: ODataService, outer: Request, headers: dict[str, str], content: bytes, *, in_change_set: bool
) -> Part:
    if headers.get("content-type") != "application/http":
        raise _bad(service, "a part must be application/http")
    head, _, body = content.partition(CRLF + CRLF)
    first, _, rest = head.partition(CRLF)
    method, url, *_version = [*first.decode().split(" "), "", ""]
    if in_change_set and method == "GET":
        raise _bad(service, "a change set takes no GET")
    content_id = headers.get("content-id", "")
    if in_change_set and not content_id:
        raise _bad(service, "a part of a change set needs a Content-ID header")
    own = replace(outer, method=method, path=url, query={}, headers=_headers(rest), body=body.removesuffix(CRLF))
    return Part(content_id, own)


def _bad(service: ODataService, reason: str) -> ServiceError:
    return service.product.messages.error("bad_batch", reason=reason)


def _run(service: ODataService, part: Part | list[Part]) -> tuple[bytes, int]:
    """Return the answer of a part and the status of its failure, 0 when it went well."""
    if isinstance(part, Part):
        response = _answer(service, part, {})
        return _chunk(part, response), response.status if response.status >= 400 else 0
    boundary = f"changesetresponse_{uuid.uuid4()}"
    chunks = []
    with service.product.store.transaction() as transaction:
        urls: dict[str, str] = {}
        for member in part:
            response = _answer(service, member, urls)
            if response.status >= 400:
                transaction.undo()
                return _chunk(member, response), response.status
            chunks.append(_chunk(member, response))
            if url := next(filter(None, map(response.headers.get, _LOCATIONS)), None):
                urls[member.content_id] = url
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return head + _joined(chunks, boundary), 0


def _answer(service: ODataService, part: Part, urls: dict[str, str]) -> Response:
    request = part.request
    path, body = request.path, request.body.decode()
    for content_id, url in urls.items():
        # URLs hold no backslash, so they can stand in a replacement as they are
        path = re.sub(rf"^/?\${re.escape(content_id)}(?=$|/)", url, path)
        body = re.sub(rf'"/?\${re.escape(content_id)}(?=["/])', f'"{url}', body)
    parts = urlsplit(path)
    relative = parts.path.removeprefix(urlsplit(request.root).path).lstrip("/")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return service.handle(replace(request, path=relative, query=query, body=body.encode()))


def _chunk(part: Part, response: Response) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {part.content_id}"] if part.content_id else []
    body = b""
    headers = {"OData-Version": "4.0", **response.headers}
    if response.body is not None:
        body = json.dumps(response.body, default=json_number, ensure_ascii=False).encode()
        headers["Content-Type"] = "application/json; odata.metadata=minimal"
    lines += ["", f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _joined(chunks: list[bytes], boundary: str) -> bytes:
    mark = f"--{boundary}".encode()
    return b"".join(mark + CRLF + chunk + CRLF for chunk in chunks) + mark + b"--" + CRLF

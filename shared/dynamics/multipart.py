"""$batch as multipart/mixed: requests one after the other, change sets all or nothing. CRLF line ends are required."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.errors import OutcomeUnknown

CRLF = "\r\n"
_STATUS = re.compile(r"HTTP/\d\.\d (\d{3})")
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a batch; the path is below the service root."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


# A list inside the list is a change set; its parts get the Content-IDs 1, 2, 3 … counted through the whole batch.
type Parts = Sequence[Part | Sequence[Part]]


def write_batch(parts: Parts, root: str, headers: Mapping[str, str]) -> tuple[bytes, str]:
    """Return the body and its Content-Type."""
    boundary = f"batch_{uuid.uuid4()}"
    chunks: list[str] = []
    count = 0
    for entry in parts:
        if isinstance(entry, Part):
            chunks.append(_part(entry, root, headers, None))
            continue
        members = [_part(part, root, headers, count + index) for index, part in enumerate(entry, start=1)]
        count += len(members)
        inner = f"changeset_{uuid.uuid4()}"
        chunks.append(f"Content-Type: multipart/mixed; boundary={inner}{CRLF}{CRLF}{_joined(members, inner)}")
    return _joined(chunks, boundary).encode(), f"multipart/mixed; boundary={boundary}"


def _part(part: Part, root: str, headers: Mapping[str, str], content_id: int | None) -> str:
    body = "" if part.body is None else json.dumps(part.body)
    own = {"Accept": "application/json", **headers, **part.headers}
    if part.body is not None:
        own |= {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    lines += [f"Content-ID: {content_id}"] if content_id is not None else []
    # $1 stands for what an earlier part of the change set made, root included.
    url = part.path if part.path.startswith("$") else f"{root.rstrip('/')}/{part.path}"
    lines += ["", f"{part.method} {url} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in own.items()]
    return CRLF.join([*lines, "", body])


def _joined(chunks: list[str], boundary: str) -> str:
    return "".join(f"--{boundary}{CRLF}{chunk}{CRLF}" for chunk in chunks) + f"--{boundary}--{CRLF}"


def read_batch(response: httpx.Response, service: str) -> list[httpx.Response]:
    """Return the answers of the parts, those of change sets in their place. What cannot be read may have happened."""
    try:
        return _answers(response.content, response.headers["Content-Type"])
    except (KeyError, ValueError) as error:
        text = f"the answer of the batch cannot be read: {error}"
        raise OutcomeUnknown(service, "POST $batch", text, status=response.status_code) from error


def _answers(content: bytes, content_type: str) -> list[httpx.Response]:
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise ValueError("no boundary")
    pieces = (b"\r\n" + content).split(f"\r\n--{found[1]}".encode())
    if not pieces[-1].startswith(b"--"):
        raise ValueError("the closing boundary is missing")
    answers: list[httpx.Response] = []
    for piece in pieces[1:-1]:
        head, _, rest = piece.lstrip(b"\r\n").partition(b"\r\n\r\n")
        headers = _headers(head)
        nested = headers.get("content-type", "")
        answers += _answers(rest, nested) if nested.startswith("multipart/mixed") else [_answer(rest)]
    return answers


def _answer(content: bytes) -> httpx.Response:
    head, _, body = content.partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    status = _STATUS.match(first.decode())
    if status is None:
        raise ValueError(f"no status line: {first[:80]!r}")
    return httpx.Response(int(status[1]), headers=_headers(rest), content=body)


def _headers(block: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in block.decode().split(CRLF) if line)
    return {name.strip().lower(): value.strip() for name, _, value in lines if name.strip().lower() != "content-length"}

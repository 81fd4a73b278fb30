"""What may leave in telemetry: path templates, and texts without e-mail addresses, queries and secrets. Pure."""

from __future__ import annotations

import re

from shared.model.personal import MASK

MAX_TEXT = 1_024  # characters of a dimension
_WORD = re.compile(r"\$?[A-Za-z][A-Za-z._-]*\d{0,2}|v\d+\.\d+")
_CALL = re.compile(r"([A-Za-z][A-Za-z._]*\d{0,2})\(.*\)")
_KEYED = re.compile(r"([A-Za-z-]{1,30})=.*")
_MAIL = re.compile(r"[^\s\"'<>(),;:=]+@[^\s\"'<>(),;]+")
_QUERY = re.compile(r"\?[^\s\"']+")
_SECRET = re.compile(r"(?i)\b(bearer|sig=|sharedaccesskey=|accountkey=|code=|client_secret=)[ ]?[^\s;&\"']+")


def path_template(path: str) -> str:
    """Replace everything in a URL's path that is no name of a resource: ids, keys and what is in brackets.

    `/demo/orders/4711/` becomes `/demo/orders/{id}/`, `/data/Orders(Number='7')` becomes `/data/Orders({key})`.
    """
    path = re.sub(r"\([^()]*\)", "()", path.partition("?")[0])  # a key may contain a slash
    return "/".join(map(_segment, path.split("/")))


def _segment(text: str) -> str:
    if not text or _WORD.fullmatch(text):
        return text
    if found := _CALL.fullmatch(text):
        return f"{found[1]}({{key}})"
    if found := _KEYED.fullmatch(text):
        return f"{found[1]}={{key}}"
    return "{id}"


def clean(value: str | float) -> str:
    """Make a dimension's text: without e-mail addresses, queries and secrets, of a bounded length."""
    text = str(value)
    if isinstance(value, str):
        text = _QUERY.sub("?...", _SECRET.sub(rf"\1{MASK}", _MAIL.sub(MASK, text)))
    return text[:MAX_TEXT]

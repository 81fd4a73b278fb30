r"""Partition and row keys out of any text.

Azure Tables forbids / \ # ? and control characters in keys, and both SDKs and emulators have stumbled over % and
quotes. So everything outside a small safe set becomes ~XX per UTF-8 byte, and | is left over to join the parts of a
key without two different tuples ever meeting.
"""

from __future__ import annotations

import hashlib

_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:@")
# A key may have 1 KiB of UTF-16, that is 512 characters; the rest is left for prefixes and digests.
_LONGEST = 400
_KEPT_OF_A_LONG_KEY = 200


def escape(text: str) -> str:
    """Escape one part of a key, reversibly."""
    # surrogatepass: a lone surrogate in somebody's id must not stop the message that carries it.
    return "".join(chr(byte) if byte in _SAFE else f"~{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def key(*parts: str) -> str:
    """Join parts to one key. Too long a key keeps its readable beginning and ends in a digest of the whole."""
    joined = "|".join(escape(part) for part in parts)
    if len(joined) <= _LONGEST:
        return joined or "~"
    # escape() never yields "~~", so a shortened key cannot be mistaken for a whole one.
    return f"{joined[:_KEPT_OF_A_LONG_KEY]}~~{hashlib.sha256(joined.encode('ascii')).hexdigest()}"

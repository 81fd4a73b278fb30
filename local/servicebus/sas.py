"""Shared access signatures: the keys that may sign, and the check of a token."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote_plus

from .errors import BrokerError, Condition

KEY_NAME = "RootManageSharedAccessKey"
_SCHEME = "SharedAccessSignature "


def new_key() -> str:
    """Make a key like those of the portal: 32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True, slots=True)
class SharedAccessKey:
    """The one key of the namespace."""

    key: str = field(default_factory=new_key, repr=False)
    name: str = KEY_NAME

    def signature(self, resource: str, expiry: str) -> str:
        """Sign a resource (as it stands in the token, decoded) and an expiry."""
        text = f"{quote_plus(resource)}\n{expiry}".encode()
        return base64.b64encode(hmac.new(self.key.encode(), text, hashlib.sha256).digest()).decode()

    def check(self, token: object, now: float) -> None:
        """Accept a valid token; refuse any other with ``amqp:unauthorized-access``."""
        if not isinstance(token, str) or not token.startswith(_SCHEME):
            raise _unauthorized("MalformedToken: expected 'SharedAccessSignature sr=...&sig=...&se=...&skn=...'")
        parts = dict(parse_qsl(token.removeprefix(_SCHEME)))
        resource, expiry = parts.get("sr", ""), parts.get("se", "")
        expected = self.signature(resource, expiry)
        is_signed = hmac.compare_digest(expected.encode(), parts.get("sig", "").encode())
        if parts.get("skn") != self.name or not is_signed:
            raise _unauthorized("InvalidSignature: The token has an invalid signature. Check the shared access key.")
        if not expiry.isdecimal() or int(expiry) < now:
            raise _unauthorized("ExpiredToken: The token is expired. Check the clock of the client.")


def _unauthorized(description: str) -> BrokerError:
    return BrokerError(Condition.UNAUTHORIZED, description)

"""HubSpot's request signatures: v1 in hex, v3 in base64 with a timestamp.

Construction: HubSpot's page on validating requests. Twelve escapes of the URI are decoded first.
"""

import base64
import hashlib
import hmac
import re

_DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ESCAPES = re.compile("|".join(_DECODED), re.IGNORECASE)


def signed_uri(uri: str) -> str:
    """The URI as it goes into the v3 signature."""
    return _ESCAPES.sub(lambda found: _DECODED[found.group().upper()], uri)


def v1(secret: str, body: bytes) -> str:
    """Hex SHA-256 of secret and body."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def v3(secret: str, method: str, uri: str, body: bytes, timestamp_ms: int) -> str:
    """Base64 HMAC-SHA256 of method, URI, body and timestamp in milliseconds."""
    text = method.encode() + signed_uri(uri).encode() + body + str(timestamp_ms).encode()
    digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()

"""JSON Web Tokens, and which of them still hold."""

import base64
import hashlib
import hmac
import json
import secrets
import time


class Tokens:
    """The tokens of one kind that were handed out."""

    def __init__(self) -> None:
        """Start with a signing key of its own and no token."""
        self._key = secrets.token_bytes(32)
        self._expiries: dict[str, tuple[str, float]] = {}
        self.issued = 0

    def issue(self, subject: str, lifetime: float) -> str:
        """Hand out a token for a subject."""
        self.issued += 1
        now = int(time.time())
        exp = now + (int(lifetime) if lifetime == int(lifetime) else lifetime)
        token = self._sign(
            {"sub": subject, "jti": secrets.token_hex(8), "iat": now, "exp": exp}
        )
        # Kept apart from `exp`: whole seconds would cut short tokens of few seconds.
        self._expiries[token] = (subject, time.monotonic() + lifetime)
        return token

    def expiry(self, token: str, subject: str) -> float | None:
        """Return when a token ends in monotonic time; None if it is not ours."""
        owner, expires = self._expiries.get(token, (None, 0.0))
        return expires if owner == subject else None

    def subject(self, token: str) -> str | None:
        """Return whom a token is for, if it still holds."""
        owner, expires = self._expiries.get(token, (None, 0.0))
        return owner if time.monotonic() < expires else None

    def _sign(self, claims: dict[str, str | float]) -> str:
        head = _encode(b'{"alg":"HS256","typ":"JWT"}')
        signed = f"{head}.{_encode(json.dumps(claims).encode())}"
        digest = hmac.new(self._key, signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_encode(digest)}"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

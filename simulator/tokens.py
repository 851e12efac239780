"""JSON Web Tokens and how long they are valid."""

import base64
import hashlib
import hmac
import json
import secrets
import time


class Tokens:
    """The issued tokens of one kind."""

    def __init__(self) -> None:
        """Initialize with a new signing key."""
        self._key = secrets.token_bytes(32)
        self._expiries: dict[str, tuple[str, float]] = {}
        self.issued = 0

    def issue(self, subject: str, lifetime: float) -> str:
        """Return a new token for a subject."""
        self.issued += 1
        now = int(time.time())
        exp = now + (int(lifetime) if lifetime == int(lifetime) else lifetime)
        token = self._sign(
            {"sub": subject, "jti": secrets.token_hex(8), "iat": now, "exp": exp}
        )
        # Not `exp`, which is rounded to seconds and would shorten brief lifetimes.
        self._expiries[token] = (subject, time.monotonic() + lifetime)
        return token

    def expiry(self, token: str, subject: str) -> float:
        """Return when a token expires in monotonic time; 0 if it is not one of ours."""
        owner, expires = self._expiries.get(token, (None, 0.0))
        return expires if owner == subject else 0.0

    def subject(self, token: str) -> str | None:
        """Return the subject of a token that is valid."""
        owner, expires = self._expiries.get(token, (None, 0.0))
        return owner if time.monotonic() < expires else None

    def revoke(self) -> None:
        """Invalidate all tokens issued so far, whatever their `exp` says."""
        self._expiries.clear()

    def _sign(self, claims: dict[str, str | float]) -> str:
        head = _encode(b'{"alg":"HS256","typ":"JWT"}')
        signed = f"{head}.{_encode(json.dumps(claims).encode())}"
        digest = hmac.new(self._key, signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_encode(digest)}"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

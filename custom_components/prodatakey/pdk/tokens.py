"""Tokens and how long they live."""

import base64
from dataclasses import dataclass, field
import time

import orjson

# Tokens are renewed after this part of their life.
RENEW_AT = 0.9
DEFAULT_LIFETIME = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token with its life on the monotonic clock, in seconds."""

    value: str = field(repr=False)
    received: float
    lifetime: float

    @property
    def seconds_to_renewal(self) -> float:
        """Return the seconds left until it should be replaced; negative when late."""
        return self.received + RENEW_AT * self.lifetime - time.monotonic()

    @property
    def seconds_to_end(self) -> float:
        """Return the seconds left of its life; negative when it is over."""
        return self.received + self.lifetime - time.monotonic()

    @property
    def has_expired(self) -> bool:
        """Return whether its life is over."""
        return self.seconds_to_end <= 0

    @property
    def bearer(self) -> str:
        """Return the value of the Authorization header."""
        return f"Bearer {self.value}"


def jwt_lifetime(token: str) -> float:
    """Return the seconds between a token's issue and its end, read from the token."""
    try:
        part = token.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return lifetime(claims["exp"] - claims["iat"])
    except IndexError, KeyError, TypeError, ValueError:
        return DEFAULT_LIFETIME


def lifetime(seconds: object) -> float:
    """Return a token's life in seconds, as told or as documented."""
    if isinstance(seconds, int | float) and seconds > 0:
        return float(seconds)
    return DEFAULT_LIFETIME

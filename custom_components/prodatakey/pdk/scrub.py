"""Remove secrets, and what looks like one, from texts of the network."""

from collections.abc import Iterable
import re
import string

from .parser import clean_text

# So much of a text of the network is looked at, and then shown.
MAX_SCRUBBED_LENGTH = 2000
MAX_TEXT_LENGTH = 250
_WORD_CHARACTERS = f"{string.ascii_letters}{string.digits}_-."
# A part of a text that may be a part of a secret.
_PART = re.compile(r"[\w-]{12,}", re.ASCII)
# A JWT, also without its end, and the end of one. Names of topics have shorter parts.
_JWT = re.compile(
    r"(?:[\w-]++\.){0,2}(?:eyJ[\w-]*+|[\w-]{43,}+)(?:\.[\w-]*+){0,2}|eyJ[\w-]*+",
    re.ASCII,
)
REDACTED = "**REDACTED**"
# Stands for the rest of a text.
CUT = "…"


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Return a text of the network without secrets and what looks like a token.

    It is cleaned, and cut: before, so that no text can block the event loop, and after,
    so that no part of a secret is left at its end.
    """
    known = tuple(filter(None, secrets))
    if len(text) > MAX_SCRUBBED_LENGTH:
        # its last word may be the beginning of a secret
        text = text[:MAX_SCRUBBED_LENGTH].rstrip(_WORD_CHARACTERS) + CUT
    for secret in known:
        text = _replace_word(text, secret)

    def replace_part(part: re.Match[str]) -> str:
        is_secret = any(part[0] in secret for secret in known)
        return REDACTED if is_secret else part[0]

    text = _PART.sub(replace_part, clean_text(text, MAX_SCRUBBED_LENGTH + len(CUT)))
    return _JWT.sub(REDACTED, text)[:MAX_TEXT_LENGTH]


def _replace_word(text: str, secret: str) -> str:
    """Return a text without a secret, except inside of longer words.

    Not a pattern for each secret: Python would keep it, in a cache for all integrations.
    """
    replaced, *others = text.split(secret)
    for other in others:
        ends = (replaced[-1:], other[:1])
        is_inside = any(end.isalnum() or end == "_" for end in ends)
        replaced += (secret if is_inside else REDACTED) + other
    return replaced

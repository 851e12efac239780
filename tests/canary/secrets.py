"""What must be found nowhere, and a search for it."""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

CLIENT_ID = "canary-client"
CLIENT_SECRET = "canary/S3cret+0123456789=="
WRONG_SECRET = "canary-wr0ng-9876543210"
PIN = "4815162342"
CARD = "9081726354"
FIRST_NAME = "Xanthippe"
LAST_NAME = "Quockerwodger"
PERSON_ID = 77_031_945
DOOR = "Canary cage"
# Where Home Assistant keeps what a user entered: the one place for the secret.
ENTRY_STORAGE = ".storage/core.config_entries"


def _forms(text: str) -> Iterator[bytes]:
    """Yield a text as it may be written in a log, a URL, a header or JSON."""
    yield text.encode()
    yield quote(text, safe="").encode()
    yield text.replace("/", "\\/").encode()
    yield base64.b64encode(text.encode()).rstrip(b"=")


NEEDLES: Mapping[str, tuple[bytes, ...]] = {
    "client secret": (
        *_forms(CLIENT_SECRET),
        base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).rstrip(b"="),
    ),
    "wrong secret": (
        *_forms(WRONG_SECRET),
        base64.b64encode(f"{CLIENT_ID}:{WRONG_SECRET}".encode()).rstrip(b"="),
    ),
    # how the second part of each of pdk.io's tokens begins; Home Assistant's begin otherwise
    "token": (base64.b64encode(b'{"sub": "')[:12],),
    "PIN": (PIN.encode(),),
    "card": (CARD.encode(),),
    "person": (FIRST_NAME.encode(), LAST_NAME.encode(), str(PERSON_ID).encode()),
}


def hits(folder: Path) -> dict[str, list[str]]:
    """Return which secrets are in which files; every byte of every file is searched."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        for name, needles in NEEDLES.items():
            if any(needle in content for needle in needles):
                found.setdefault(name, []).append(str(path.relative_to(folder)))
    return found


def size(folder: Path) -> int:
    """Return how many bytes there are to search."""
    return sum(
        path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    )

"""What must not be written anywhere, and a search for it."""

import base64
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from simulator.scenario import stable_id
from tests.common import WORKSHOP

CLIENT_ID = "canary-client"
CLIENT_SECRET = "canary/S3cret+0123456789=="
WRONG_SECRET = "canary-wr0ng-9876543210"
# too long to be found by chance in an id, a port or a time
PIN = "4815162342"
CARD = "9081726354"
FIRST_NAME = "Xanthippe"
LAST_NAME = "Quockerwodger"
PERSON_ID = 77_031_945
HOLDER_ID = stable_id(WORKSHOP, "holder", PERSON_ID)
DOOR = "Canary cage"
# Where Home Assistant keeps what a user entered: the one place for the secret.
ENTRY_STORAGE = ".storage/core.config_entries"


def _forms(secret: str) -> tuple[bytes, ...]:
    """Return a secret as it may be written in a log, a URL, a header or JSON."""
    return (
        secret.encode(),
        quote(secret, safe="").encode(),
        secret.replace("/", "\\/").encode(),
        base64.b64encode(secret.encode()).rstrip(b"="),
        base64.b64encode(f"{CLIENT_ID}:{secret}".encode()).rstrip(b"="),
    )


NEEDLES: Mapping[str, tuple[bytes, ...]] = {
    "client secret": _forms(CLIENT_SECRET),
    "wrong secret": _forms(WRONG_SECRET),
    # how the second part of pdk.io's tokens begins; Home Assistant's begin otherwise
    "token": (base64.b64encode(b'{"sub": "')[:12],),
    "PIN": (PIN.encode(),),
    "card": (CARD.encode(),),
    "person": tuple(
        each.encode() for each in (FIRST_NAME, LAST_NAME, str(PERSON_ID), HOLDER_ID)
    ),
}


def _files(folder: Path) -> list[Path]:
    paths = sorted(folder.rglob("*"))
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def find_secrets(folder: Path) -> dict[str, list[str]]:
    """Return which secrets are in which files; every byte of every file is searched."""
    found: dict[str, list[str]] = {}
    for path in _files(folder):
        content = path.read_bytes()
        for name, needles in NEEDLES.items():
            if any(needle in content for needle in needles):
                found.setdefault(name, []).append(str(path.relative_to(folder)))
    return found


def size(folder: Path) -> int:
    """Return how many bytes there are to search."""
    return sum(path.stat().st_size for path in _files(folder))

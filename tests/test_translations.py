"""The texts of the integration, in each language."""

from collections.abc import Iterator
import json
import string

import pytest

from .common import COMPONENT, TEXTS, Json

LANGUAGES = ("de", "es", "fr", "it", "nl", "pt-BR")


def placeholders(texts: Json, prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield the key of each text with the placeholders in it."""
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from placeholders(value, f"{prefix}{key}.")
        else:
            fields = string.Formatter().parse(value)
            yield f"{prefix}{key}", {name for _, name, _, _ in fields if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_is_complete(language: str) -> None:
    """It has each text of the English file, with the same placeholders."""
    path = COMPONENT / "translations" / f"{language}.json"
    texts = json.loads(path.read_text("utf-8"))
    assert dict(placeholders(texts)) == dict(placeholders(TEXTS))


def test_every_language_is_tested() -> None:
    """No file is left out."""
    files = {path.stem for path in (COMPONENT / "translations").iterdir()}
    assert files == {"en", *LANGUAGES}
